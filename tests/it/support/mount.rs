//! Mounts for the length of a test: what containers do with volumes and layers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::requirement::missing;

/// Something mounted, taken away when dropped.
pub(crate) struct Mount {
    at: PathBuf,
}

impl Mount {
    /// Mounts an empty file system in memory; `None` where that is not allowed.
    pub(crate) fn memory(at: &Path) -> Option<Self> {
        Self::of(&["-t", "tmpfs", "tmpfs"], at)
    }

    /// Mounts the folder or file `what` once more, a file over one that is there; `None` where that is not allowed.
    pub(crate) fn bind(what: &Path, at: &Path) -> Option<Self> {
        Self::of(&["--bind", what.to_str().unwrap()], at)
    }

    /// Mounts the folder at `at` once more over itself, so that nobody can write to it.
    pub(crate) fn read_only(at: &Path) -> Option<Self> {
        let mount = Self::bind(at, at)?;
        let again = Self::of(&["-o", "remount,bind,ro"], at)?;
        std::mem::forget(again);
        Some(mount)
    }

    /// Says where it is since a folder above was renamed.
    pub(crate) fn moved(&mut self, at: PathBuf) {
        self.at = at;
    }

    fn of(arguments: &[&str], at: &Path) -> Option<Self> {
        if !at.is_file() {
            fs::create_dir_all(at).unwrap();
        }
        let mounted = Command::new("mount").args(arguments).arg(at).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            missing("the right to mount");
            return None;
        }
        Some(Self { at: at.to_owned() })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).output();
    }
}

/// A folder as a container sees it: what is in `lower` came from an earlier layer of its image.
pub(crate) struct Overlay {
    // Dropped in this order.
    _view: Mount,
    _layers: Mount,
    folder: PathBuf,
}

impl Overlay {
    /// Fills the lower layer by `fill`, and mounts; `None` where that is not allowed.
    pub(crate) fn new(folder: &Path, fill: impl FnOnce(&Path)) -> Option<Self> {
        let base = folder.join("layers");
        let layers = Mount::memory(&base)?;
        let [lower, upper, work] = ["lower", "upper", "work"].map(|name| base.join(name));
        for path in [&lower, &upper, &work] {
            fs::create_dir(path).unwrap();
        }
        fill(&lower);
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.display(),
            upper.display(),
            work.display()
        );
        let merged = folder.join("merged");
        let view = Mount::of(&["-t", "overlay", "-o", &options, "overlay"], &merged)?;
        Some(Self {
            _view: view,
            _layers: layers,
            folder: merged,
        })
    }

    /// What the container sees.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}
