//! What a tree says of itself: a header, `.dist-info`, entry points, warnings, files, and the digest of all that.
//!
//! After the row of each file comes one with its CRC-32, which the archive had: whoever reads the bytes anyway can prove
//! them at the price of a memory copy.

use super::remark;
use super::writer::Saved;
use crate::archive::check_path;
use crate::digest::{Algorithm, Digest};
use crate::event::Warning;
use crate::install::contents::{Contents, Item, Places, join};
use crate::wheel::{EntryPoint, Scheme, Wheel, check_script_name};

pub(super) const NAME: &str = "manifest";
const HEADER: &str = "lock2venv tree 3";

const CRC: &str = "crc32";

/// Where a file of a tree lies, and when it was written, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct TreeFile {
    pub(super) chunk: usize,
    pub(super) modified: i128,
    /// Of its bytes.
    pub(super) crc: u32,
}

/// Renders the manifest; `None` when something is missing, or cannot stand in it.
pub(super) fn render(
    contents: &Contents,
    wheel: &Wheel,
    saved: &[Saved],
    warnings: &[Warning],
) -> Option<Vec<u8>> {
    let mut text = format!("{HEADER}\n");
    let mut line = |fields: &[&str]| {
        let is_clean = |field: &&str| !field.contains(char::is_control);
        let line = fields.iter().all(is_clean).then(|| fields.join("\t"))?;
        text.push_str(&line);
        text.push('\n');
        Some(())
    };
    line(&[wheel.root().name(), wheel.dist_info()])?;
    for point in &contents.entry_points {
        line(&["entry", &point.name, &point.module, &point.attribute])?;
    }
    for exception in &contents.exceptions {
        line(&remark::exception_row(exception))?;
    }
    for warning in warnings {
        line(&remark::warning_row(warning)?)?;
    }
    let mut files: Vec<Option<&Saved>> = vec![None; contents.items.len()];
    for saved in saved {
        *files.get_mut(saved.index)? = Some(saved);
    }
    for (item, saved) in contents.items.iter().zip(files) {
        let saved = saved?;
        let entry = wheel.archive().entries().get(item.index)?;
        let place = wheel.place(entry)?;
        let kind = match item.is_executable {
            _ if saved.is_original => "script",
            true => "program",
            false => "file",
        };
        let digest = Digest::from_bytes(Algorithm::Sha256, saved.digest.to_vec())?;
        line(&[
            kind,
            place.scheme.name(),
            place.path,
            &item.n_bytes.to_string(),
            &digest.hex(),
            &saved.chunk.to_string(),
            &saved.modified.to_string(),
        ])?;
        line(&[CRC, &format!("{:08x}", entry.crc())])?;
    }
    let digest = Digest::of(Algorithm::Sha256, text.as_bytes());
    text.push_str(&digest.hex());
    Some(text.into_bytes())
}

/// Reads a manifest; `None` when it is not whole, or not of this version.
pub(super) fn parse(
    text: &[u8],
    places: &Places,
) -> Option<(Contents, Vec<TreeFile>, Vec<Warning>)> {
    let (body, sum) = text.split_at_checked(text.len().checked_sub(64)?)?;
    let digest = Digest::of(Algorithm::Sha256, body);
    if digest.hex().as_bytes() != sum {
        return None;
    }
    let mut lines = str::from_utf8(body).ok()?.lines();
    if lines.next()? != HEADER {
        return None;
    }
    let (root, dist_info) = lines.next()?.split_once('\t')?;
    check_path(dist_info).ok()?;
    let library = places.folder(Scheme::from_name(root)?).to_owned();
    let mut contents = Contents {
        dist_info: join(&library, dist_info),
        library,
        entry_points: Vec::new(),
        exceptions: Vec::new(),
        items: Vec::new(),
    };
    let (mut files, mut warnings) = (Vec::<TreeFile>::new(), Vec::new());
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["entry", name, module, attribute] => {
                check_script_name(name).ok()?;
                contents.entry_points.push(EntryPoint {
                    name: name.to_owned(),
                    module: module.to_owned(),
                    attribute: attribute.to_owned(),
                });
            }
            [CRC, crc] => {
                files.last_mut()?.crc = u32::from_str_radix(crc, 16).ok()?;
            }
            [_, _, _] => match remark::parse_exception(&fields) {
                Some(exception) => contents.exceptions.push(exception),
                None => warnings.push(remark::parse_warning(&fields)?),
            },
            _ => {
                let (item, file) = parse_item(&fields, places, contents.items.len())?;
                contents.items.push(item);
                files.push(file);
            }
        }
    }
    Some((contents, files, warnings))
}

fn parse_item(fields: &[&str], places: &Places, index: usize) -> Option<(Item, TreeFile)> {
    let &[kind, scheme, path, size, digest, chunk, modified] = fields else {
        return None;
    };
    check_path(path).ok()?;
    let file = TreeFile {
        chunk: chunk.parse().ok()?,
        modified: modified.parse().ok()?,
        crc: 0,
    };
    let item = Item {
        path: places.path(Scheme::from_name(scheme)?, path),
        is_script: kind == "script",
        is_executable: kind != "file",
        n_bytes: size.parse().ok()?,
        digest: Some(Digest::parse(&format!("sha256:{digest}"))?),
        index,
    };
    Some((item, file))
}
