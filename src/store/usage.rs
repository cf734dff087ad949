//! Who uses the cache and since when, and when each thing in it was used last: so that what is pruned is used by nobody.
//!
//! A use is marked by the modification time of what is used: of an archive's or a record's own file, of an unpacked wheel's or
//! a check-out's folder (its files may be those of environments, too). That costs one `utimensat`, and does not depend on how
//! the file system is mounted, as access times do.
//!
//! Each process has a file of its own in `v1/users`, which it keeps locked (`flock`) and which is as old as its run: whatever was
//! used since the oldest run began may be in use. What is used by its path, not by an open file, is looked for and marked behind a
//! [`Gate`]: nobody removes anything between the two.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::layout::Layout;
use super::locked::lock;
use crate::platform::file::{create_cautiously, open_cautiously, touch_at};
use crate::platform::lock::{Held, Locked, is_still, try_lock};
use crate::platform::owner::create_private_folder;

/// Files that others remove at the same moment are made again.
const MOST_TRIES: usize = 16;

/// Marks what is at `path` as used now. Where that cannot be written, those who prune are kept out: see [`Reading`].
pub(super) fn mark(path: &Path) {
    let _ = touch_at(path);
}

/// Returns when something was used last, by the clock of its file system, in nanoseconds since 1970.
pub(super) fn last_use(metadata: &std::fs::Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}

/// The sign that this process uses the cache; goes when dropped.
#[derive(Debug)]
pub(super) struct User {
    path: PathBuf,
    /// Held for its lock alone.
    _file: Locked,
}

impl User {
    /// `None` where there are no locks, and therefore nobody who prunes.
    pub(super) fn enter(layout: &Layout) -> Option<Self> {
        (0..MOST_TRIES).find_map(|_| Self::try_enter(layout).ok().flatten())
    }

    /// `None` when the file was taken for that of a dead process before it was locked.
    fn try_enter(layout: &Layout) -> io::Result<Option<Self>> {
        let path = layout.users().join(format!("{:016x}", fastrand::u64(..)));
        let file = match create_cautiously(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                create_private_folder(&layout.users())?;
                create_cautiously(&path)?
            }
            file => file?,
        };
        let is_entered = try_lock(&file)? == Held::Yes && is_still(&file, &path)?;
        Ok(is_entered.then(|| Self {
            path,
            _file: Locked(file),
        }))
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Returns when the oldest run began that uses the cache now, as [`last_use`] does. The files of dead processes are removed.
pub(super) fn oldest_run(layout: &Layout) -> Option<i128> {
    let files = std::fs::read_dir(layout.users()).into_iter().flatten();
    let began = files.flatten().filter_map(|file| began(&file.path()));
    began.min()
}

/// `None` for the file of a dead process, and for what is no such file.
fn began(path: &Path) -> Option<i128> {
    let file = Locked(open_cautiously(path).ok()?);
    match try_lock(&file.0).ok()? {
        Held::Yes => {
            let _ = std::fs::remove_file(path);
            None
        }
        Held::ByOther | Held::NoLocksHere => Some(last_use(&file.0.metadata().ok()?)),
    }
}

/// The sign that a process reads the cache and cannot mark what it uses; goes when dropped.
#[derive(Debug)]
pub(super) struct Reading {
    _drafts: Locked,
}

impl Reading {
    pub(super) fn enter(layout: &Layout) -> Option<Self> {
        let drafts = File::open(layout.drafts()).ok()?;
        drafts.lock_shared().ok()?;
        Some(Self {
            _drafts: Locked(drafts),
        })
    }
}

/// Keeps those out who cannot mark what they use.
pub(super) fn keep_readers_out(layout: &Layout) -> io::Result<(Held, Locked)> {
    let drafts = File::open(layout.drafts())?;
    Ok((try_lock(&drafts)?, Locked(drafts)))
}

/// What is passed to look for something that is used by its path, and closed to remove it.
///
/// All threads of a process share one lock: the first to pass takes it, the last gives it back. Each costs a system call.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// `None` where there is no folder, or no locks: nobody prunes there.
    folder: Option<File>,
    n_inside: Mutex<usize>,
}

/// Keeps the gate open.
#[derive(Debug)]
pub(crate) struct Inside<'g> {
    gate: &'g Gate,
}

impl Gate {
    pub(super) fn of(layout: &Layout) -> Self {
        Self {
            folder: File::open(layout.root()).ok(),
            n_inside: Mutex::new(0),
        }
    }

    /// Waits while something is being removed.
    pub(super) fn pass(&self) -> Inside<'_> {
        let mut n_inside = lock(&self.n_inside);
        if *n_inside == 0
            && let Some(folder) = &self.folder
        {
            let _ = folder.lock_shared();
        }
        *n_inside += 1;
        Inside { gate: self }
    }

    /// Waits until nobody is inside, and lets nobody pass.
    pub(super) fn close(layout: &Layout) -> io::Result<Locked> {
        let folder = File::open(layout.root())?;
        folder.lock()?;
        Ok(Locked(folder))
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let mut n_inside = lock(&self.gate.n_inside);
        *n_inside -= 1;
        if *n_inside == 0
            && let Some(folder) = &self.gate.folder
        {
            let _ = folder.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        _folder: tempfile::TempDir,
        layout: Layout,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        std::fs::create_dir_all(layout.drafts()).unwrap();
        Place {
            _folder: folder,
            layout,
        }
    }

    #[test]
    fn a_run_is_seen_as_long_as_it_lives() {
        let place = place();
        assert_eq!(oldest_run(&place.layout), None);
        let first = User::enter(&place.layout).unwrap();
        let began = last_use(&std::fs::metadata(&first.path).unwrap());
        let second = User::enter(&place.layout).unwrap();
        assert_eq!(oldest_run(&place.layout), Some(began));
        drop((first, second));
        std::fs::write(place.layout.users().join("dead"), "").unwrap();
        assert_eq!(oldest_run(&place.layout), None);
        assert_eq!(std::fs::read_dir(place.layout.users()).unwrap().count(), 0);
    }

    #[test]
    fn who_is_inside_keeps_the_gate_open() {
        let place = place();
        let gate = Gate::of(&place.layout);
        let folder = File::open(place.layout.root()).unwrap();
        let (one, other) = (gate.pass(), gate.pass());
        drop(one);
        assert_eq!(try_lock(&folder).unwrap(), Held::ByOther);
        drop(other);
        assert_eq!(try_lock(&folder).unwrap(), Held::Yes);
    }

    #[test]
    fn who_only_reads_keeps_those_out_who_prune() {
        let place = place();
        let reading = Reading::enter(&place.layout).unwrap();
        assert_eq!(keep_readers_out(&place.layout).unwrap().0, Held::ByOther);
        drop(reading);
        assert_eq!(keep_readers_out(&place.layout).unwrap().0, Held::Yes);
    }
}
