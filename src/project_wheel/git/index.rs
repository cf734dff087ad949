//! The names in git's index ([index format], versions 2 to 4): the files that are tracked.
//!
//! [index format]: https://git-scm.com/docs/index-format

use std::collections::BTreeSet;
use std::io;
use std::ops::Bound;
use std::path::Path;

use super::read_if_present;

/// The paths that an index lists, relative to the root of the working tree; folders of a sparse index end with `/`.
#[derive(Debug, Default)]
pub(super) struct TrackedFiles(BTreeSet<Vec<u8>>);

impl TrackedFiles {
    /// Reads the index at `path`; none is an empty one.
    pub(super) fn read(path: &Path, has_sha256: bool) -> io::Result<Self> {
        let bytes = read_if_present(path)?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let n_hash_bytes = if has_sha256 { 32 } else { 20 };
        parse(&bytes, n_hash_bytes).ok_or_else(|| {
            let message = format!("`{}` has an unknown format of git index", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }

    /// Tells whether the file at `path` is tracked, by its own name or by a folder that a sparse index lists.
    pub(super) fn has(&self, path: &Path) -> bool {
        let is_sparse = |folder: &Path| self.0.contains(&as_folder(folder));
        self.lists(path) || path.ancestors().skip(1).any(is_sparse)
    }

    /// Tells whether anything below the folder at `path` is tracked.
    pub(super) fn has_below(&self, path: &Path) -> bool {
        if path.as_os_str().is_empty() {
            return !self.0.is_empty();
        }
        let prefix = as_folder(path);
        let range = (Bound::Included(prefix.clone()), Bound::Unbounded);
        let first = self.0.range(range).next();
        let is_sparse = |folder: &Path| self.0.contains(&as_folder(folder));
        first.is_some_and(|name| name.starts_with(&prefix))
            || path.ancestors().skip(1).any(is_sparse)
    }

    /// Tells whether `path` itself is listed, which for a folder means that it is a submodule.
    pub(super) fn lists(&self, path: &Path) -> bool {
        self.0.contains(path.as_os_str().as_encoded_bytes())
    }
}

fn as_folder(path: &Path) -> Vec<u8> {
    let mut bytes = path.as_os_str().as_encoded_bytes().to_owned();
    bytes.push(b'/');
    bytes
}

fn parse(bytes: &[u8], n_hash_bytes: usize) -> Option<TrackedFiles> {
    let (mut entries, checksum) = bytes.split_at_checked(bytes.len().checked_sub(n_hash_bytes)?)?;
    let _ = checksum;
    if take(&mut entries, 4)? != b"DIRC" {
        return None;
    }
    let version = number(&mut entries)?;
    let n_entries = number(&mut entries)?;
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut names = BTreeSet::new();
    let mut previous = Vec::new();
    for _ in 0..n_entries {
        previous = entry(&mut entries, version, n_hash_bytes, &previous)?;
        names.insert(previous.clone());
    }
    is_complete(entries).then_some(TrackedFiles(names))
}

/// Reads one entry and returns its name; `previous` is the name before it, which version 4 refers to.
fn entry(bytes: &mut &[u8], version: u32, n_hash_bytes: usize, previous: &[u8]) -> Option<Vec<u8>> {
    const IS_EXTENDED: u8 = 0x40;
    let start = bytes.len();
    take(bytes, 40 + n_hash_bytes)?;
    let flags = take(bytes, 2)?;
    if flags[0] & IS_EXTENDED != 0 {
        take(bytes, 2)?;
    }
    let kept: &[u8] = if version == 4 {
        let n_dropped = offset(bytes)?;
        previous.get(..previous.len().checked_sub(n_dropped)?)?
    } else {
        &[]
    };
    let n_own = memchr::memchr(0, bytes)?;
    let name = [kept, take(bytes, n_own)?].concat();
    let n_read = start - bytes.len();
    let n_padding = if version == 4 { 1 } else { 8 - n_read % 8 };
    take(bytes, n_padding)?;
    Some(name)
}

/// Tells whether the extensions leave the entries as they are: `link` says that most of them are in another file.
fn is_complete(mut extensions: &[u8]) -> bool {
    while !extensions.is_empty() {
        let signature = take(&mut extensions, 4);
        let length = number(&mut extensions).and_then(|length| usize::try_from(length).ok());
        let content = length.and_then(|length| take(&mut extensions, length));
        if content.is_none() || signature == Some(b"link") {
            return false;
        }
    }
    true
}

/// Reads a number of variable length, as pack files write offsets: seven bits a byte, each further byte counts from one more.
fn offset(bytes: &mut &[u8]) -> Option<usize> {
    let mut byte = take(bytes, 1)?[0];
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = take(bytes, 1)?[0];
        value = value.checked_add(1)?.checked_mul(128)? + usize::from(byte & 0x7f);
    }
    Some(value)
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(take(bytes, 4)?.try_into().ok()?))
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, has_sha256: bool) -> io::Result<TrackedFiles> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = folder.join("fixtures/wheel-projects/indexes").join(name);
        assert!(path.is_file(), "{}", path.display());
        TrackedFiles::read(&path, has_sha256)
    }

    #[track_caller]
    fn tracks(tracked: &TrackedFiles, expected: &[&str]) {
        let files = ["a", "b", "dir", "dir/b", "dir/b.c", "dir/c"];
        let mut found = files.to_vec();
        found.retain(|file| tracked.has(Path::new(file)));
        assert_eq!(found, expected);
    }

    #[test]
    fn all_forms_of_an_index_are_read() {
        for name in ["version-2", "version-3", "version-4", "with-extensions"] {
            tracks(&read(name, false).unwrap(), &["a", "dir/b", "dir/b.c"]);
        }
        tracks(&read("sha256", true).unwrap(), &["a", "dir/b", "dir/b.c"]);
    }

    #[test]
    fn a_folder_of_a_sparse_index_tracks_all_below_it() {
        let tracked = read("sparse", false).unwrap();
        tracks(&tracked, &["a", "dir/b", "dir/b.c", "dir/c"]);
        assert!(tracked.has_below(Path::new("dir")));
    }

    #[test]
    fn folders_with_tracked_files_are_known() {
        let tracked = read("version-4", false).unwrap();
        assert!(tracked.has_below(Path::new("")));
        assert!(tracked.has_below(Path::new("dir")));
        assert!(!tracked.has_below(Path::new("di")));
        assert!(!tracked.has_below(Path::new("dir/b")));
        assert!(!tracked.has_below(Path::new("a/b")));
    }

    #[test]
    fn no_index_tracks_nothing() {
        let tracked = TrackedFiles::read(Path::new("/nowhere/index"), false).unwrap();
        tracks(&tracked, &[]);
    }

    #[test]
    fn an_index_that_cannot_be_read_whole_is_an_error() {
        assert!(read("split", false).is_err());
        assert!(read("sha256", false).is_err());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wheel-projects/indexes");
        let bytes = std::fs::read(folder.join("version-4")).unwrap();
        for end in 1..bytes.len() {
            assert!(parse(&bytes[..end], 20).is_none(), "{end}");
        }
        let text = [b"not an index at all".as_slice(), &[0; 40]].concat();
        assert!(parse(&text, 20).is_none());
    }
}
