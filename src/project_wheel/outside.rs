//! What lies in a project's folder and is never part of the project: environments, caches of this program, repositories, and what was built.
//!
//! poetry-core knows nothing of the kind: without a repository that ignores them it packs whatever a pattern reaches. In a clean
//! checkout there is none of this, so the wheel is the same there.
//!
//! * A folder that holds `pyvenv.cfg` is a virtual environment, wherever it is and whoever made it.
//! * A folder whose `CACHEDIR.TAG` names this program is a cache of it.
//! * Hidden names that end in `.partial` are environments and wheels in the making.
//! * Wheels and source distributions that lie directly in `dist` were built from the project.
//! * `.git` is that of a repository, or of a submodule: git's own notes, the URL of its server among them.
//! * Whatever [`BuildOptions::outside`](super::BuildOptions::outside) names, which covers what has none of these marks yet.
//!
//! The project's own folder and those above it are never outside: a project may well lie in an environment
//! (`.venv/src/acme`).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Tells what is not part of one project.
#[derive(Clone, Debug, Default)]
pub(super) struct Outside {
    /// The project's folder, without symbolic links.
    root: PathBuf,
    /// Folders that the caller names, without symbolic links.
    named: Vec<PathBuf>,
}

/// How many bytes of a `CACHEDIR.TAG` are looked at.
const MAX_TAG_BYTES: usize = 4096;

impl Outside {
    pub(super) fn new(root: &Path, named: &[PathBuf]) -> Self {
        let resolved = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let mut named: Vec<PathBuf> = named.iter().map(resolved).collect();
        named.retain(|path| !root.starts_with(path));
        Self {
            root: root.to_owned(),
            named,
        }
    }

    /// Tells whether `path`, or a folder between it and the project's, is outside. Costs two calls for each folder.
    pub(super) fn covers(&self, path: &Path) -> bool {
        let ancestors = path.ancestors();
        let mut below = ancestors.take_while(|path| path.starts_with(&self.root));
        below.any(|path| self.is_marked(path) || self.is_unfit(path))
    }

    /// Tells by its path alone whether `path` is outside, when the folders above it are not.
    pub(super) fn is_unfit(&self, path: &Path) -> bool {
        if *path == *self.root {
            return false;
        }
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let is_partial = name.starts_with(b".") && name.ends_with(b".partial");
        let is_built = [&b".whl"[..], b".tar.gz"]
            .iter()
            .any(|suffix| name.ends_with(suffix));
        is_partial
            || name == b".git"
            || is_built && path.parent().is_some_and(|parent| self.is_dist(parent))
            || self.named.iter().any(|named| path == named)
    }

    fn is_dist(&self, folder: &Path) -> bool {
        folder.strip_prefix(&self.root) == Ok(Path::new("dist"))
    }

    /// Tells whether the folder is an environment or a cache of this program.
    pub(super) fn is_marked(&self, folder: &Path) -> bool {
        MARKS.iter().any(|name| self.marks(&folder.join(name)))
    }

    /// Tells whether `path`, which is there or not, makes the folder that holds it an environment or a cache of this program.
    pub(super) fn marks(&self, path: &Path) -> bool {
        if path.parent() == Some(&self.root) {
            return false;
        }
        match path.file_name().and_then(OsStr::to_str) {
            Some(ENVIRONMENT_MARK) => path.is_file(),
            Some(CACHE_MARK) => is_own_tag(path),
            Some(_) | None => false,
        }
    }
}

const ENVIRONMENT_MARK: &str = "pyvenv.cfg";
const CACHE_MARK: &str = "CACHEDIR.TAG";
const MARKS: [&str; 2] = [ENVIRONMENT_MARK, CACHE_MARK];

fn is_own_tag(path: &Path) -> bool {
    let Ok(text) = fs::read(path) else {
        return false;
    };
    let start = &text[..text.len().min(MAX_TAG_BYTES)];
    memchr::memmem::find(start, b"cache of lock2venv").is_some()
}
