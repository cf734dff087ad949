//! A strict reader of source distributions ([source distribution format], PEP 625): `.tar.gz`, `.tar.bz2`, `.tar.xz`, `.zip`.
//!
//! [`unpack`] writes what an archive holds into a new folder that nobody else knows yet. How a `.tar` is compressed is read from
//! its first bytes, as Python's `tarfile` does for Poetry; a `.zip` goes through [`archive`]. Building is left to
//! [`build`](crate::build).
//!
//! Nothing reaches a place outside the folder. Every name is split and checked (no absolute name, no `..`), each folder on
//! the way is opened relative to the one above it and never through a link, and files are created where nothing is. Symbolic
//! links are kept where they lead to a place inside, as the `data` filter of PEP 706 keeps them, but they are created last, when no
//! file is written any more, and only after all of them together were followed through the whole tree. So no chain of links
//! leaves it (CVE-2007-4559, CVE-2025-8869, GHSA-w476-p2h3-79g9, GHSA-3wgq-wrwc-vqmv). Devices, pipes, sparse files, and entries below a
//! file or a link are refused.
//!
//! What a wheel records of its files does not depend on who builds it: modes are 644, or 755 where any executable bit
//! is set, whatever the umask, and never with set-uid bits. Modification times are those of the `.tar`, but not before 1980-01-02, which is what
//! ZIP can state in every time zone; files of a `.zip` are all dated 2016-01-01. Names are bytes: old archives have some that are not UTF-8.
//!
//! As in pip and Poetry, what follows the end of a tar archive is ignored, whether compressed or not, unless it is a ZIP archive: what is both is
//! refused (CVE-2026-3219). And the compressed data is read to its end,
//! since its checksum is there.
//!
//! A file costs an open, a write for each 64 KiB, a change of mode, one of times and a close; a folder that is entered costs two calls
//! for each part of its path.
//!
//! [source distribution format]: https://packaging.python.org/en/latest/specifications/source-distribution-format/

mod decoder;
mod error;
mod extended;
mod format;
mod name;
mod stream;
mod tar;
mod tree;
mod unique;
mod writer;
mod zip;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::archive::{self, SizeLimits};
use crate::platform::removal;
pub use error::{Error, Fault};
use format::Format;
use tree::Tree;
use writer::Writer;

/// A source distribution in a folder of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The folder of the project inside the folder that was given to [`unpack`]: what a build backend starts in.
    pub root: PathBuf,
}

/// Unpacks the archive in `source`, a file that is called `file_name`, into `folder`, which must not be there.
///
/// The project is the only folder at the top. Where there is more, it is the folder named as the archive, and where there is none of
/// that name either, `folder` itself if pyproject.toml or setup.py is directly in it; Poetry chooses the same way.
///
/// # Errors
///
/// Any [`Error`]. Nothing is left of `folder` then, unless it was there before.
pub fn unpack(
    source: impl Into<archive::Source>,
    file_name: &str,
    folder: &Path,
    limits: SizeLimits,
) -> Result<Unpacked, Error> {
    let format = Format::of(file_name).ok_or_else(|| Error::Format {
        file: file_name.to_owned(),
    })?;
    fs::create_dir(folder).map_err(Error::io("create", folder))?;
    let unpacked = fill(source.into(), format, folder, limits);
    if unpacked.is_err() {
        // The first error is the one to report.
        let _ = removal::remove(folder);
    }
    unpacked
}

fn fill(
    source: archive::Source,
    format: Format<'_>,
    folder: &Path,
    limits: SizeLimits,
) -> Result<Unpacked, Error> {
    let is_of_two_kinds = match format {
        Format::Tar { .. } => unique::ends_as_zip(&source),
        Format::Zip { .. } => unique::begins_as_tar(&source),
    };
    if is_of_two_kinds.map_err(Error::Read)? {
        return Err(Error::TwoKinds);
    }
    let mut writer = Writer::open(folder)?;
    let tree = match format {
        Format::Tar { .. } => tar::unpack(source, limits, &mut writer)?,
        Format::Zip { .. } => zip::unpack(source, limits, &mut writer)?,
    };
    let root = project(&tree, format.stem())?;
    Ok(Unpacked {
        root: folder.join(OsStr::from_bytes(root)),
    })
}

/// Finds the folder of the project, empty for the top itself.
fn project<'a>(tree: &'a Tree, stem: &'a str) -> Result<&'a [u8], Error> {
    let top: Vec<&[u8]> = tree.top().collect();
    if let [only] = top.as_slice()
        && tree.is_folder(only)
    {
        return Ok(only);
    }
    if tree.is_folder(stem.as_bytes()) {
        return Ok(stem.as_bytes());
    }
    let documents: [&[u8]; 2] = [b"pyproject.toml", b"setup.py"];
    if documents.iter().any(|document| tree.is_file(document)) {
        return Ok(b"");
    }
    Err(Error::NoProject {
        names: top.into_iter().map(error::text).collect(),
    })
}
