//! Lists what an environment holds, with as few system calls as that takes.
//!
//! A distribution costs an open, two reads and a close of its `.dist-info`; metadata is read only where the folder's name
//! does not tell the name and the version.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{Error, egg, identity};
use crate::installed::{DROPPED, Installed, InstalledDistribution, JOURNAL, dist_info_stem};
use crate::interpreter::Layout;
use crate::platform::handle::Handle;

/// Lists the distributions of the environment at `root`.
pub(super) fn scan(root: &Path, layout: &Layout) -> Result<Installed, Error> {
    let mut installed = Installed::default();
    scan_folder(&root.join(&layout.purelib), &mut installed)?;
    if layout.platlib != layout.purelib {
        scan_folder(&root.join(&layout.platlib), &mut installed)?;
    }
    installed.sort();
    Ok(installed)
}

fn scan_folder(folder: &Path, installed: &mut Installed) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if super::is_absent(&error) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // Paths relative to an open folder spare the system the walk to it.
    let open = Handle::open(folder).map_err(|error| named(folder, &error))?;
    for entry in entries {
        let file_name = entry?.file_name();
        let Some(file_name) = file_name.to_str() else {
            continue;
        };
        let path = folder.join(file_name);
        if let Some(stem) = dist_info_stem(file_name) {
            let found = DistInfo {
                folder: &open,
                file_name,
                stem,
                path: &path,
            };
            let scanned = found.scan(installed);
            scanned.map_err(|error| named(&path, &error))?;
        } else if egg::is_egg(file_name) {
            scan_egg(path, installed);
        }
    }
    Ok(())
}

fn scan_egg(path: PathBuf, installed: &mut Installed) {
    if path.join(JOURNAL).exists() {
        installed.leftovers.push(path);
    } else if let Some((name, version)) = egg::identify(&path) {
        installed.distributions.push(InstalledDistribution {
            name,
            version,
            direct_url: egg::direct_url(&path),
            dist_info: path,
        });
    }
}

/// A `.dist-info` folder that was found.
struct DistInfo<'a> {
    /// The folder that holds it.
    folder: &'a Handle,
    file_name: &'a str,
    /// The name without its ending.
    stem: &'a str,
    path: &'a Path,
}

impl DistInfo<'_> {
    fn scan(&self, installed: &mut Installed) -> io::Result<()> {
        let Some(documents) = DistInfoDocuments::look(self.folder, self.file_name)? else {
            return Ok(());
        };
        let path = self.path.to_owned();
        if !documents.has_record {
            installed.leftovers.push(path);
            return Ok(());
        }
        let Some((name, version)) = identity::of_dist_info(self.stem, self.path) else {
            return Ok(());
        };
        if documents.has_journal || !documents.has_metadata {
            installed.unfinished.push(path.clone());
        }
        if documents.is_contested {
            installed.contested.push(path.clone());
        }
        installed.distributions.push(InstalledDistribution {
            name,
            version,
            direct_url: self.direct_url(&documents)?,
            dist_info: path,
        });
        Ok(())
    }

    fn direct_url(&self, documents: &DistInfoDocuments) -> io::Result<Option<String>> {
        if !documents.has_direct_url {
            return Ok(None);
        }
        let text = read(self.folder, &format!("{}/direct_url.json", self.file_name))?;
        Ok(Some(text))
    }
}

/// Which documents a `.dist-info` folder has.
#[derive(Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each tells of one document, and any of them may be there"
)]
struct DistInfoDocuments {
    /// RECORD is written last, so without it a change was interrupted.
    has_record: bool,
    has_metadata: bool,
    has_journal: bool,
    has_direct_url: bool,
    is_contested: bool,
}

impl DistInfoDocuments {
    /// `None` for what is not a folder.
    fn look(folder: &Handle, file_name: &str) -> io::Result<Option<Self>> {
        let mut documents = Self::default();
        let listed = folder.for_each_name(file_name, |name| match name.as_encoded_bytes() {
            b"RECORD" => documents.has_record = true,
            b"METADATA" => documents.has_metadata = true,
            b"direct_url.json" => documents.has_direct_url = true,
            name if name == JOURNAL.as_bytes() => documents.has_journal = true,
            name if name == DROPPED.as_bytes() => documents.is_contested = true,
            _ => {}
        });
        match listed {
            Ok(()) => Ok(Some(documents)),
            Err(error) if super::is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn read(folder: &Handle, path: &str) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&folder.read(path)?).into_owned())
}

/// Errors of calls relative to a folder do not name the path themselves.
fn named(path: &Path, error: &io::Error) -> Error {
    Error::Io(io::Error::new(
        error.kind(),
        format!("cannot read `{}`: {error}", path.display()),
    ))
}
