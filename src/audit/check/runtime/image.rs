//! An unpacked image: paths that are looked up as they would be there.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// Where interpreters usually are.
const FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/opt/python/bin"];

/// The folder that holds it.
pub(super) struct Image<'i> {
    root: &'i Path,
}

impl<'i> Image<'i> {
    pub(super) fn at(root: &'i Path) -> Self {
        Self { root }
    }

    /// Returns where a path of the image is on this machine; links are not followed.
    pub(super) fn on_disk(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Follows the links of `path`, an absolute path, inside of the image; returns the file or folder that it leads to.
    pub(super) fn find(&self, path: &Path) -> Option<PathBuf> {
        let mut found = PathBuf::from("/");
        let mut rest: VecDeque<OsString> = names(path).collect();
        let mut n_links = 0;
        while let Some(name) = rest.pop_front() {
            if name == ".." {
                found.pop();
                continue;
            }
            let next = found.join(&name);
            let on_disk = self.on_disk(&next);
            if !fs::symlink_metadata(&on_disk).ok()?.is_symlink() {
                found = next;
                continue;
            }
            n_links += 1;
            if n_links > MOST_LINKS {
                return None;
            }
            let target = fs::read_link(&on_disk).ok()?;
            if target.is_absolute() {
                found = PathBuf::from("/");
            }
            for name in names(&target).collect::<Vec<_>>().into_iter().rev() {
                rest.push_front(name);
            }
        }
        Some(found)
    }

    /// Tells whether a path without links is a file that somebody may run.
    pub(super) fn is_executable(&self, path: &Path) -> bool {
        let metadata = fs::symlink_metadata(self.on_disk(path));
        metadata.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    }

    /// Lists the interpreters that have a version in their name, where they usually are.
    pub(super) fn interpreters(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in FOLDERS {
            let entries = fs::read_dir(self.on_disk(Path::new(folder)));
            let names = entries
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name());
            let mut names: Vec<OsString> = names.filter(is_versioned).collect();
            names.sort_unstable();
            found.extend(names.into_iter().map(|name| Path::new(folder).join(name)));
        }
        found
    }
}

fn names(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

fn is_versioned(name: &OsString) -> bool {
    let version = name.to_str().and_then(|name| name.strip_prefix("python3."));
    version.is_some_and(|version| version.trim_end_matches('t').parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_to_places_in_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("usr/bin")).unwrap();
        std::fs::write(root.join("usr/bin/python3.12"), "").unwrap();
        symlink("/usr/bin/python3.12", root.join("usr/bin/python3")).unwrap();
        symlink("../../../usr/bin", root.join("bin")).unwrap();
        symlink("/loop", root.join("loop")).unwrap();
        let image = Image::at(root);
        let find = |path: &str| image.find(Path::new(path));
        let python = Some(PathBuf::from("/usr/bin/python3.12"));
        assert_eq!(find("/bin/python3"), python);
        assert_eq!(find("/usr/lib/../bin/python3"), None);
        assert_eq!(find("/usr/bin/../bin/./python3"), python);
        assert_eq!(find("/bin/python"), None);
        assert_eq!(find("/loop"), None);
        assert_eq!(image.interpreters(), python.into_iter().collect::<Vec<_>>());
    }
}
