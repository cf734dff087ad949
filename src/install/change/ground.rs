//! The environment that is changed: what is read in it, and what is inside of it.

use std::io;
use std::path::{Component, Path};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use crate::environment::Layout;
use crate::install::Error;

/// The folder of an environment, and the places inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    /// Absolute.
    pub(crate) folder: &'a Path,
    pub(crate) layout: &'a Layout,
}

impl Ground<'_> {
    /// Tells whether `path`, relative to the environment, is a link to a folder inside in which there are neither modules nor
    /// programs, so that files may be put there by that name: images of Debian have one in `/usr/local/man`.
    pub(crate) fn has_link_to_folder(self, path: &str) -> bool {
        let full = self.folder.join(path);
        let real = |path: &Path| fs::canonicalize(path).ok();
        let both = real(&full).zip(real(self.folder));
        let inside = both.and_then(|(path, root)| Some(path.strip_prefix(root).ok()?.to_owned()));
        let Some(inside) = inside.filter(|_| full.is_dir()) else {
            return false;
        };
        let layout = self.layout;
        let mut own = [&layout.purelib, &layout.platlib, &layout.scripts].into_iter();
        own.all(|own| !inside.starts_with(own) && !own.starts_with(&inside))
    }
}

/// Tells whether `path` lies in `root` when links are followed: what a link leads to is not the environment's.
pub(crate) fn is_really_inside(path: &Path, root: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let both = real(path).zip(real(root));
    both.is_some_and(|(path, root)| path.starts_with(root))
}

pub(crate) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if is_absent(&cause) => Ok(None),
        Err(cause) => Err(Error::io("read", path, cause)),
    }
}

/// A file where a folder was looked for is absent, too.
pub(crate) fn is_absent(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Resolves a line of RECORD without looking at the disk; `None` when it leads outside.
pub(crate) fn normal(root: &Path, library: &Path, line: &str) -> Option<String> {
    let joined = match Path::new(line).strip_prefix(root) {
        Ok(inside) => inside.to_owned(),
        Err(_) if Path::new(line).is_absolute() => return None,
        Err(_) => library.join(line),
    };
    let mut parts: Vec<&str> = Vec::new();
    for component in joined.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Returns the SHA-256 of the file at `path`; `None` when there is none.
pub(crate) fn digest_of_file(path: &Path) -> Result<Option<[u8; 32]>, Error> {
    match fs::read(path) {
        Ok(content) => Ok(Some(Sha256::digest(content).into())),
        Err(cause) if is_absent(&cause) || cause.kind() == io::ErrorKind::IsADirectory => Ok(None),
        Err(cause) => Err(Error::io("read", path, cause)),
    }
}
