//! Where a `.pyc` is, and how it gets there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::platform::file::set_date;

/// How often something else may be where a file is created.
const MOST_ATTEMPTS: usize = 8;

/// Returns the path of the bytecode of `source` ([PEP 3147](https://peps.python.org/pep-3147/)).
pub(super) fn path(source: &str, cache_tag: &str) -> String {
    let (folder, file) = source.rsplit_once('/').unwrap_or(("", source));
    let stem = file.strip_suffix(".py").unwrap_or(file);
    let separator = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{separator}__pycache__/{stem}.{cache_tag}.pyc")
}

/// Creates a file of this `date`, in seconds since 1970, and its folder when that is missing. One that is there is replaced, never written to: it may be a link
/// to a file of the cache.
///
/// Nobody else compiles to this path, but a wheel that brings a file of this name may be unpacked at this moment.
pub(super) fn create(path: &Path, content: &[u8], date: i64) -> io::Result<()> {
    let open = || OpenOptions::new().write(true).create_new(true).open(path);
    let mut opened = open();
    for _ in 0..MOST_ATTEMPTS {
        let made_room = match opened.as_ref().map_err(io::Error::kind) {
            Err(io::ErrorKind::AlreadyExists) => {
                allow(fs::remove_file(path), io::ErrorKind::NotFound)
            }
            Err(io::ErrorKind::NotFound) => {
                let folder = path.parent().unwrap_or(path);
                allow(fs::create_dir(folder), io::ErrorKind::AlreadyExists)
            }
            Ok(_) | Err(_) => break,
        };
        made_room?;
        opened = open();
    }
    let mut file = opened?;
    file.write_all(content)?;
    set_date(&file, date)
}

fn allow(done: io::Result<()>, expected: io::ErrorKind) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == expected => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_at(source: &str, expected: &str) {
        assert_eq!(path(source, "cpython-311"), expected);
    }

    #[test]
    fn bytecode_is_in_a_folder_beside_its_source() {
        is_at("a.py", "__pycache__/a.cpython-311.pyc");
        is_at("lib/a/b.py", "lib/a/__pycache__/b.cpython-311.pyc");
        is_at("lib/a.b.py", "lib/__pycache__/a.b.cpython-311.pyc");
        is_at("bin/script", "bin/__pycache__/script.cpython-311.pyc");
    }

    #[test]
    fn what_is_at_the_path_is_replaced_and_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, kept) = (folder.path().join("deep/a.pyc"), folder.path().join("kept"));
        create(&path, b"first", 1).unwrap();
        fs::hard_link(&path, &kept).unwrap();
        create(&path, b"second", 1).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read(&kept).unwrap(), b"first");
    }
}
