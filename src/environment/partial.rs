//! Hidden folders that are in the making, and the removal of those whose maker is dead.
//!
//! The maker of a folder holds a lock on it. The file system drops the lock with the process, however that ends; so a
//! folder that can be locked is one that nobody works on. On the few file systems without such locks (some network
//! ones) nothing is taken for dead.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Error;
use crate::platform::lock::{Held, Locked, is_still, try_lock};
use crate::platform::removal;

/// How the name of every such folder ends.
const ENDING: &str = ".partial";

/// How many names are tried; two makers of one name are unlikely, and one whose folder is mistaken for a dead one's more so.
const MOST_TRIES: usize = 16;

/// A hidden folder, removed when dropped unless it has become something else.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    /// Held for its lock alone.
    _lock: Locked,
    is_kept: bool,
}

impl Partial {
    /// Makes `.{name}.{random}.partial` in `folder`.
    pub(super) fn create(folder: &Path, name: &OsStr) -> Result<Self, Error> {
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..MOST_TRIES {
            let path = folder.join(hidden_name(name));
            match Self::create_at(path) {
                Ok(Some(partial)) => return Ok(partial),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    /// `None` when the folder was taken for a dead one's before it was locked.
    fn create_at(path: PathBuf) -> io::Result<Option<Self>> {
        // Without the path: nobody asked for this one.
        std::fs::create_dir(&path)?;
        let lock = lock(&path).inspect_err(|_| {
            // As empty as it was made: nobody else has it.
            let _ = std::fs::remove_dir(&path);
        })?;
        Ok(lock.map(|lock| Self {
            path,
            _lock: lock,
            is_kept: false,
        }))
    }

    /// Returns the folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder where it is: it has become something, or is gone.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

/// Locks a folder that was just made; `None` when it was taken for a dead one's.
fn lock(path: &Path) -> io::Result<Option<Locked>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => Locked(file?),
    };
    let is_ours = try_lock(&file.0)? != Held::ByOther && is_still(&file.0, path)?;
    Ok(is_ours.then_some(file))
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed now is removed by the next run; what only this once could not be, need not wait for it.
            drop(removal::remove(&self.path).or_else(|_| removal::remove(&self.path)));
        }
    }
}

/// Removes the folders that [`Partial::create`] made for `name` in `folder` and whose makers are dead.
///
/// What cannot be removed stays: it is in nobody's way.
pub(super) fn clean(folder: &Path, name: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let prefix = hidden_prefix(name);
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let file_name = entry.file_name();
        let is_one =
            file_name.as_encoded_bytes().starts_with(prefix.as_bytes()) && is_partial(&file_name);
        if is_folder && is_one {
            remove_when_dead(&entry.path());
        }
    }
}

/// Removes the folders in which earlier versions tried links, right in an environment that is locked: `.tmp` and six
/// characters, with nothing in them but what they tried.
pub(super) fn clean_probes(root: &Path) {
    const TRIED: [&str; 3] = ["probe", "plain", "program"];
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(".tmp"));
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && random.is_some_and(|random| random.len() == 6) {
            for name in TRIED {
                drop(fs::remove_file(entry.path().join(name)));
            }
            drop(fs::remove_dir(entry.path()));
        }
    }
}

fn remove_when_dead(path: &Path) {
    let Ok(lock) = File::open(path).map(Locked) else {
        return;
    };
    if matches!(try_lock(&lock.0), Ok(Held::Yes)) {
        drop(removal::remove(path));
    }
}

/// Tells whether `name` is that of a folder in the making: `.….{random}.partial`.
pub(super) fn is_partial(name: &OsStr) -> bool {
    let is_random = |text: &str| {
        let is_alphanumeric = |byte: u8| byte.is_ascii_alphanumeric();
        text.len() == N_RANDOM && text.bytes().all(is_alphanumeric)
    };
    let stem = name.to_str().and_then(|name| name.strip_suffix(ENDING));
    let parts = stem.and_then(|stem| stem.rsplit_once('.'));
    parts.is_some_and(|(start, random)| start.starts_with('.') && is_random(random))
}

const N_RANDOM: usize = 8;

fn hidden_name(name: &OsStr) -> String {
    let random: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(N_RANDOM)
        .collect();
    format!("{}{random}{ENDING}", hidden_prefix(name))
}

fn hidden_prefix(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    format!(".{}.", name.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_names_are_taken_for_own() {
        for name in [
            ".venv",
            "venv",
            ".venv.partial",
            ".venv.short.partial",
            "a.abcdefgh.partial",
            ".venv.abcd/fgh.partial",
        ] {
            assert!(!is_partial(OsStr::new(name)), "{name}");
        }
        for name in [".venv", "venv", "my.env"] {
            let hidden = hidden_name(OsStr::new(name));
            assert!(is_partial(OsStr::new(&hidden)), "{hidden}");
            assert!(hidden.starts_with('.'), "{hidden}");
        }
    }

    #[test]
    fn folders_of_the_living_stay_and_those_of_the_dead_go() {
        let folder = tempfile::tempdir().unwrap();
        let name = OsStr::new(".venv");
        let living = Partial::create(folder.path(), name).unwrap();
        let dead = folder.path().join(".venv.abcdefgh.partial");
        let other = folder.path().join(".other.abcdefgh.partial");
        for path in [&dead, &other] {
            fs::create_dir_all(path.join("bin")).unwrap();
        }
        clean(folder.path(), name);
        assert!(living.path().is_dir());
        assert!(!dead.exists());
        assert!(other.is_dir());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
