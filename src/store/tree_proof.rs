//! What proves the files of a folder that is kept: one digest of all names, kinds, modes and contents, in a file beside them.
//!
//! A folder is published by a rename, which a power loss may keep while it loses the bytes of files. Costs a look at each entry, and
//! the reading of each file.

use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err as fs;

use crate::digest::{Algorithm, Hasher};

/// The file that holds the proof, at the top of the folder.
const NAME: &str = "proof";

const BUFFER_BYTES: usize = 64 << 10;

/// Writes the proof of what is in `folder`.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    fs::write(folder.join(NAME), text(folder)?)
}

/// Tells whether `folder` holds what it held when its proof was written.
pub(super) fn is_true(folder: &Path) -> io::Result<bool> {
    match fs::read_to_string(folder.join(NAME)) {
        Ok(proof) => Ok(proof == text(folder)?),
        Err(cause) if is_no_text(&cause) => Ok(false),
        Err(cause) => Err(cause),
    }
}

fn is_no_text(cause: &io::Error) -> bool {
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::InvalidData];
    kinds.contains(&cause.kind())
}

fn text(folder: &Path) -> io::Result<String> {
    let mut proof = TreeHasher {
        hasher: Hasher::new(Algorithm::Sha256),
        buffer: vec![0; BUFFER_BYTES],
    };
    proof.add_folder(folder, true)?;
    Ok(format!("{}\n", proof.hasher.finish()))
}

struct TreeHasher {
    hasher: Hasher,
    buffer: Vec<u8>,
}

impl TreeHasher {
    fn add_folder(&mut self, folder: &Path, is_top: bool) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_unstable_by_key(fs::DirEntry::file_name);
        entries.retain(|entry| !(is_top && entry.file_name() == NAME));
        self.add(b"folder", &(entries.len() as u64).to_le_bytes());
        for entry in entries {
            self.add(b"name", entry.file_name().as_bytes());
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                self.add_folder(&path, false)?;
            } else if kind.is_symlink() {
                self.add(b"link", fs::read_link(&path)?.as_os_str().as_bytes());
            } else if kind.is_file() {
                self.add_file(&path)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> io::Result<()> {
        let mut file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        self.add(b"mode", &metadata.permissions().mode().to_le_bytes());
        self.add(b"size", &metadata.len().to_le_bytes());
        loop {
            match file.read(&mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(n_read) => self.hasher.update(&self.buffer[..n_read]),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
    }

    /// Adds a word and a value, whose length comes first, so that no two folders are one text.
    fn add(&mut self, word: &[u8], value: &[u8]) {
        self.hasher.update(word);
        self.hasher.update(&(value.len() as u64).to_le_bytes());
        self.hasher.update(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_in_a_folder_breaks_its_proof() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(!is_true(folder.path()).unwrap());
        fs::create_dir(path("deep")).unwrap();
        fs::write(path("deep/file"), "here").unwrap();
        write(folder.path()).unwrap();
        assert!(is_true(folder.path()).unwrap());
        let changes: [&dyn Fn(); 5] = [
            &|| fs::write(path("deep/file"), "her").unwrap(),
            &|| fs::write(path("deep/file"), "\0\0\0\0").unwrap(),
            &|| fs::write(path("more"), "").unwrap(),
            &|| fs::remove_file(path("deep/file")).unwrap(),
            &|| fs::write(path(NAME), "").unwrap(),
        ];
        for change in changes {
            change();
            assert!(!is_true(folder.path()).unwrap());
            let _ = fs::remove_file(path("more"));
            fs::write(path("deep/file"), "here").unwrap();
            write(folder.path()).unwrap();
            assert!(is_true(folder.path()).unwrap());
        }
    }
}
