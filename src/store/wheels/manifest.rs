//! What a cached wheel says of itself: a header, `.dist-info`, entry points, warnings, files, and the digest of all that.
//!
//! After the row of each file comes one with its CRC-32, which the archive had: whoever reads the bytes anyway can prove
//! them at the price of a memory copy.

use super::remark;
use crate::archive::check_path;
use crate::digest::{Algorithm, Digest};
use crate::event::Warning;
use crate::wheel::{EntryPoint, Exception, Scheme, Wheel, check_script_name};

/// How a manifest begins whose files are files of their own.
const TREE: &str = "lock2venv tree 4";

/// How a manifest begins whose files are parts of packs.
const PACK: &str = "lock2venv pack 2";

/// The row of a pack.
const CHUNK: &str = "chunk";

const CRC: &str = "crc32";

/// What a wheel holds.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The scheme of what does not lie in `.data`.
    pub(crate) root: Scheme,
    /// The name of the `.dist-info` folder.
    pub(crate) dist_info: String,
    /// The scripts to generate.
    pub(crate) entry_points: Vec<EntryPoint>,
    /// What the wheel was only accepted with because rules were lifted.
    pub(crate) exceptions: Vec<Exception>,
    /// What was not right about the wheel when it was unpacked.
    pub(crate) warnings: Vec<Warning>,
    /// The files, in the order in which they are read best.
    pub(crate) files: Vec<ListedFile>,
}

/// A file of a wheel.
#[derive(Debug)]
pub(crate) struct ListedFile {
    /// Where it goes, as whoever asked for the wheel says.
    pub(crate) path: String,
    /// Whether it becomes a script, which may have to be rewritten.
    pub(crate) is_script: bool,
    pub(crate) is_executable: bool,
    pub(crate) n_bytes: u64,
}

/// Where the cache has a file, and how it was when it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredFile {
    pub(super) chunk: usize,
    pub(super) keeping: Keeping,
    pub(super) n_bytes: u64,
    pub(super) sha256: [u8; 32],
    /// Of its bytes.
    pub(super) crc: u32,
    pub(super) is_executable: bool,
    /// The date that it has in its wheel, in seconds since 1970.
    pub(super) date: i64,
}

/// How the cache keeps a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// As a file of its own, written at this time, in nanoseconds since 1970.
    Alone { modified: i128 },
    /// In the pack of its chunk, from this byte on.
    Packed { offset: u64 },
}

/// A file that holds all files of a chunk, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pack {
    pub(super) chunk: usize,
    pub(super) n_bytes: u64,
    /// In nanoseconds since 1970.
    pub(super) modified: i128,
}

/// What a manifest says of the files in the cache.
#[derive(Debug, Default)]
pub(super) struct StoredFiles {
    /// By their numbers.
    pub(super) files: Vec<StoredFile>,
    /// None where files are kept alone.
    pub(super) packs: Vec<Pack>,
}

/// A file of a wheel, as its archive has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Original {
    /// Its number in the archive.
    pub(crate) entry: usize,
    pub(crate) is_executable: bool,
}

/// A file that is kept.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) index: usize,
    pub(super) chunk: usize,
    pub(super) keeping: Keeping,
    pub(super) digest: [u8; 32],
    /// Whether it is the original of a script that was rewritten.
    pub(super) is_original: bool,
}

/// What was kept of a wheel.
#[derive(Debug, Default)]
pub(super) struct SavedFiles {
    pub(super) files: Vec<Saved>,
    /// None where files are kept alone.
    pub(super) packs: Vec<Pack>,
}

/// The lines of a manifest.
struct Lines {
    text: String,
}

impl Lines {
    /// `None` when a field cannot stand in a line.
    fn add(&mut self, fields: &[&str]) -> Option<()> {
        let is_clean = |field: &&str| !field.contains(char::is_control);
        let line = fields.iter().all(is_clean).then(|| fields.join("\t"))?;
        self.text.push_str(&line);
        self.text.push('\n');
        Some(())
    }

    /// What is known of the wheel as a whole.
    fn add_wheel(&mut self, wheel: &Wheel, warnings: &[Warning]) -> Option<()> {
        self.add(&[wheel.root().name(), wheel.dist_info()])?;
        for point in wheel.entry_points() {
            self.add(&["entry", &point.name, &point.module, &point.attribute])?;
        }
        for exception in wheel.exceptions() {
            self.add(&remark::exception_row(exception))?;
        }
        for warning in warnings {
            self.add(&remark::warning_row(warning)?)?;
        }
        Some(())
    }

    fn add_pack(&mut self, pack: &Pack) -> Option<()> {
        self.add(&[
            CHUNK,
            &pack.chunk.to_string(),
            &pack.n_bytes.to_string(),
            &pack.modified.to_string(),
        ])
    }
}

/// Begins the manifest of a wheel with one pack.
pub(super) fn head_of_pack(dist_info: &str, pack: &Pack) -> Option<Vec<u8>> {
    let mut lines = Lines {
        text: format!("{PACK}\n"),
    };
    lines.add(&[Scheme::Purelib.name(), dist_info])?;
    lines.add_pack(pack)?;
    Some(lines.text.into_bytes())
}

/// Renders the manifest; `None` when something is missing, or cannot stand in it.
pub(super) fn render(
    wheel: &Wheel,
    originals: &[Original],
    saved: &SavedFiles,
    warnings: &[Warning],
) -> Option<Vec<u8>> {
    let header = if saved.packs.is_empty() { TREE } else { PACK };
    let mut lines = Lines {
        text: format!("{header}\n"),
    };
    lines.add_wheel(wheel, warnings)?;
    for pack in &saved.packs {
        lines.add_pack(pack)?;
    }
    let mut files: Vec<Option<&Saved>> = vec![None; originals.len()];
    for saved in &saved.files {
        *files.get_mut(saved.index)? = Some(saved);
    }
    for (original, saved) in originals.iter().zip(files) {
        let saved = saved?;
        let entry = wheel.archive().entries().get(original.entry)?;
        let place = wheel.place(original.entry)?;
        let kind = match original.is_executable {
            _ if saved.is_original => "script",
            true => "program",
            false => "file",
        };
        let digest = Digest::from_bytes(Algorithm::Sha256, saved.digest.to_vec())?;
        let position = match saved.keeping {
            Keeping::Alone { modified } => modified.to_string(),
            Keeping::Packed { offset } => offset.to_string(),
        };
        lines.add(&[
            kind,
            place.scheme.name(),
            place.path,
            &entry.n_bytes().to_string(),
            &digest.hex(),
            &saved.chunk.to_string(),
            &position,
            &entry.modified().to_string(),
        ])?;
        lines.add(&[CRC, &format!("{:08x}", entry.crc())])?;
    }
    let mut text = lines.text;
    let digest = Digest::of(Algorithm::Sha256, text.as_bytes());
    text.push_str(&digest.hex());
    Some(text.into_bytes())
}

/// Reads a manifest; `None` when it is not whole, or not of this version.
///
/// `locate` says where a file of a scheme goes.
pub(super) fn parse(
    text: &[u8],
    locate: &dyn Fn(Scheme, &str) -> String,
) -> Option<(Listing, StoredFiles)> {
    let (body, sum) = text.split_at_checked(text.len().checked_sub(64)?)?;
    let digest = Digest::of(Algorithm::Sha256, body);
    if digest.hex().as_bytes() != sum {
        return None;
    }
    let mut lines = str::from_utf8(body).ok()?.lines();
    let is_packed = match lines.next()? {
        TREE => false,
        PACK => true,
        _ => return None,
    };
    let mut manifest = Manifest {
        listing: listing(lines.next()?)?,
        stored: StoredFiles::default(),
        is_packed,
        locate,
    };
    for line in lines {
        manifest.take(line)?;
    }
    Some((manifest.listing, manifest.stored))
}

/// Begins the listing with the line about the wheel as a whole.
fn listing(line: &str) -> Option<Listing> {
    let (root, dist_info) = line.split_once('\t')?;
    check_path(dist_info).ok()?;
    Some(Listing {
        root: Scheme::from_name(root)?,
        dist_info: dist_info.to_owned(),
        entry_points: Vec::new(),
        exceptions: Vec::new(),
        warnings: Vec::new(),
        files: Vec::new(),
    })
}

/// What was read of a manifest so far.
struct Manifest<'l> {
    listing: Listing,
    stored: StoredFiles,
    is_packed: bool,
    locate: &'l dyn Fn(Scheme, &str) -> String,
}

impl Manifest<'_> {
    fn take(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["entry", name, module, attribute] => {
                check_script_name(name).ok()?;
                self.listing.entry_points.push(EntryPoint {
                    name: name.to_owned(),
                    module: module.to_owned(),
                    attribute: attribute.to_owned(),
                });
            }
            [CHUNK, chunk, n_bytes, modified] => self.stored.packs.push(Pack {
                chunk: chunk.parse().ok()?,
                n_bytes: n_bytes.parse().ok()?,
                modified: modified.parse().ok()?,
            }),
            [CRC, crc] => {
                self.stored.files.last_mut()?.crc = u32::from_str_radix(crc, 16).ok()?;
            }
            [_, _, _] => match remark::parse_exception(&fields) {
                Some(exception) => self.listing.exceptions.push(exception),
                None => self.listing.warnings.push(remark::parse_warning(&fields)?),
            },
            _ => {
                let (file, place) = parse_file(&fields, self.is_packed, self.locate)?;
                self.listing.files.push(file);
                self.stored.files.push(place);
            }
        }
        Some(())
    }
}

fn parse_file(
    fields: &[&str],
    is_packed: bool,
    locate: &dyn Fn(Scheme, &str) -> String,
) -> Option<(ListedFile, StoredFile)> {
    let &[kind, scheme, path, size, digest, chunk, position, date] = fields else {
        return None;
    };
    check_path(path).ok()?;
    let is_executable = kind != "file";
    let n_bytes = size.parse().ok()?;
    let digest = Digest::parse(&format!("sha256:{digest}"))?;
    let keeping = if is_packed {
        Keeping::Packed {
            offset: position.parse().ok()?,
        }
    } else {
        Keeping::Alone {
            modified: position.parse().ok()?,
        }
    };
    let stored = StoredFile {
        chunk: chunk.parse().ok()?,
        keeping,
        n_bytes,
        sha256: digest.bytes().try_into().ok()?,
        crc: 0,
        is_executable,
        date: date.parse().ok()?,
    };
    let listed = ListedFile {
        path: locate(Scheme::from_name(scheme)?, path),
        is_script: kind == "script",
        is_executable,
        n_bytes,
    };
    Some((listed, stored))
}
