//! One digest of an environment: equal for two that are the same to the byte and in every date and mode.
//!
//! It is the SHA-256 of one line for the environment's folder and one for each path below it, in order of the bytes of the paths
//! relative to it. A line is a type, the permissions in octal, the date in seconds since 1970 (rounded down), the content and the
//! path, parted by spaces, and ends with a zero byte:
//!
//! - `d 755 1580601600 - lib` for a folder (`.` is the environment itself),
//! - `f 644 1580601600 <SHA-256 in hexadecimal> pyvenv.cfg` for a file,
//! - `l - 1580601600 <target> lib64` for a symbolic link, whose permissions mean nothing.
//!
//! Owners, access times, links between files and extended attributes do not count: they differ between machines, or are lost where
//! an environment is copied into an image. Anything else (a pipe, a socket) is an error.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Error;
use crate::digest::{Algorithm, Digest, Hasher, hash};

/// Digests the folder `root`, an environment for instance.
///
/// # Errors
///
/// [`Error::Io`] when something cannot be read, or is neither file, folder nor link.
pub fn digest(root: &Path) -> Result<Digest, Error> {
    let mut paths = vec![PathBuf::new()];
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path.clone());
            }
            paths.push(path);
        }
    }
    paths.sort_unstable_by(|one, other| bytes(one).cmp(bytes(other)));
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for path in paths {
        add(&mut hasher, root, &path)?;
    }
    Ok(hasher.finish())
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

fn add(hasher: &mut Hasher, root: &Path, path: &Path) -> Result<(), Error> {
    let place = root.join(path);
    let metadata = fs::symlink_metadata(&place)?;
    let (kind, mode, content) = described(&place, &metadata)?;
    let name = if path.as_os_str().is_empty() {
        OsStr::new(".")
    } else {
        path.as_os_str()
    };
    hasher.update(format!("{kind} {mode} {} ", metadata.mtime()).as_bytes());
    hasher.update(&content);
    hasher.update(b" ");
    hasher.update(name.as_bytes());
    hasher.update(&[0]);
    Ok(())
}

/// Returns type, permissions and content of what is at `place`.
fn described(place: &Path, metadata: &Metadata) -> Result<(char, String, Vec<u8>), Error> {
    let mode = || format!("{:o}", metadata.mode() & 0o7777);
    if metadata.is_dir() {
        return Ok(('d', mode(), b"-".to_vec()));
    }
    if metadata.is_symlink() {
        let target = fs::read_link(place)?.into_os_string();
        return Ok(('l', "-".to_owned(), target.as_bytes().to_vec()));
    }
    if !metadata.is_file() {
        let text = format!("`{}` is neither file, folder nor link", place.display());
        return Err(io::Error::other(text).into());
    }
    let digest = hash(Algorithm::Sha256, File::open(place)?)?;
    Ok(('f', mode(), digest.hex().into_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::platform::file::set_date_at;

    fn made() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir(at("lib")).unwrap();
        fs::write(at("lib/a"), "1").unwrap();
        symlink("lib", at("lib64")).unwrap();
        for path in ["lib/a", "lib64", "lib", ""] {
            if path != "lib64" {
                let mode = if path == "lib/a" { 0o644 } else { 0o755 };
                fs::set_permissions(at(path), Permissions::from_mode(mode)).unwrap();
            }
            set_date_at(&at(path), 7).unwrap();
        }
        folder
    }

    #[test]
    fn it_is_that_of_the_documented_lines() {
        let one = Digest::of(Algorithm::Sha256, b"1").hex();
        let lines = format!("d 755 7 - .\0d 755 7 - lib\0f 644 7 {one} lib/a\0l - 7 lib lib64\0");
        let expected = Digest::of(Algorithm::Sha256, lines.as_bytes());
        assert_eq!(digest(made().path()).unwrap(), expected);
    }

    #[test]
    fn every_difference_counts() {
        let same = digest(made().path()).unwrap();
        let differs = |change: &dyn Fn(&Path)| {
            let folder = made();
            change(folder.path());
            assert_ne!(digest(folder.path()).unwrap(), same);
        };
        differs(&|root| set_date_at(&root.join("lib"), 8).unwrap());
        differs(&|root| set_date_at(&root.join("lib64"), 8).unwrap());
        differs(&|root| {
            fs::set_permissions(root.join("lib/a"), Permissions::from_mode(0o600)).unwrap();
        });
        differs(&|root| {
            fs::write(root.join("lib/a"), "2").unwrap();
            set_date_at(&root.join("lib/a"), 7).unwrap();
        });
    }
}
