//! Manifests behind their digest, for [`crate::fuzz`].

use std::io;

use fs_err as fs;

use super::manifest::{self, StoredFiles};
use super::method::Method;
use super::pack::PackWriter;
use super::{KeptFiles, Listing};
use crate::digest::{Algorithm, Digest};
use crate::platform::handle::Handle;
use crate::store::layout::StorePlace;

fn parse(body: &[u8]) -> Option<(Listing, StoredFiles)> {
    let digest = Digest::of(Algorithm::Sha256, body);
    let text = [body, digest.hex().as_bytes()].concat();
    manifest::parse(&text, &|_, path| path.to_owned())
}

/// Reads a manifest of which `body` is all but the digest. Returns every path and name of a script that an environment would get.
pub fn manifest(body: &[u8]) -> Vec<String> {
    let Some((listing, _)) = parse(body) else {
        return Vec::new();
    };
    let scripts = listing.entry_points.into_iter().map(|point| point.name);
    let files = listing.files.into_iter().map(|file| file.path);
    files.chain(scripts).chain([listing.dist_info]).collect()
}

/// Reads each file that `rows` of a manifest find in the pack with `content`. Returns the size that is listed of each file that
/// could be read, and that of what was read.
pub fn wheel_pack(rows: &[u8], content: &[u8]) -> io::Result<Vec<(u64, usize)>> {
    let folder = tempfile::tempdir()?;
    let place = StorePlace {
        path: folder.path().join("wheel"),
        drafts: folder.path().to_owned(),
    };
    fs::create_dir(&place.path)?;
    let mut writer = PackWriter::create(&Handle::open(&place.path)?, 0)?;
    writer.append(content)?;
    let head = manifest::head_of_pack("demo-1.0.dist-info", &writer.finish()?);
    let mut body = head.unwrap_or_default();
    body.extend_from_slice(rows);
    Ok(parse(&body).map_or_else(Vec::new, |(listing, stored)| {
        read_all(&place, &listing, stored)
    }))
}

fn read_all(place: &StorePlace, listing: &Listing, stored: StoredFiles) -> Vec<(u64, usize)> {
    let Some(kept) = KeptFiles::find(place, Method::Copy, stored) else {
        return Vec::new();
    };
    let mut reader = kept.reader();
    let files = listing.files.iter().enumerate();
    let read = files.filter_map(|(index, file)| {
        let content = reader.read(index, &file.path).ok()?;
        Some((file.n_bytes, content.len()))
    });
    read.collect()
}
