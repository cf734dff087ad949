//! Files and folders that appear at their place whole or not at all: written under another name, then renamed.
//!
//! A draft is dropped with the process that writes it, unless that is killed; then it stays, under a name that begins with
//! [`PREFIX`]. Nothing is synced to the disk. A file costs what writing it costs, and one `rename`.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::owner::create_private_folder;
use super::{removal, system};

/// How the name of every draft begins.
pub(crate) const PREFIX: &str = ".partial-";

/// A file on its way; dropped unpublished, it leaves nothing.
#[derive(Debug)]
pub(crate) struct DraftFile {
    file: NamedTempFile,
}

/// A finished file that could not be put into its place.
#[derive(Debug)]
pub(crate) struct Unpublished {
    /// The file, which has no name any more when its handle is all that is kept of it.
    pub(crate) draft: DraftFile,
    /// Where it should be, or the folder that could not be created.
    pub(crate) path: PathBuf,
    /// Why it is not there.
    pub(crate) cause: io::Error,
}

impl DraftFile {
    /// Starts a file in `folder`, which is created for ourselves alone when it is not there. Others may read it as far as the
    /// `umask` and the folder let them.
    pub(crate) fn create_in(folder: &Path) -> io::Result<Self> {
        let file = in_folder(folder, || draft_file(folder, 0o644))?;
        Ok(Self { file })
    }

    /// As [`DraftFile::create_in`], but in a folder that has to be there, as one that was removed because of an interruption is
    /// not made again, and with the permissions that any new file has: others may write to it, too, as far as the `umask` lets
    /// them.
    pub(crate) fn create_for_all_in(folder: &Path) -> io::Result<Self> {
        let file = draft_file(folder, 0o666)?;
        Ok(Self { file })
    }

    /// Returns the open file.
    pub(crate) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Returns where it is now.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Renames it to `path`, over what may be there. The folder of `path` is created for ourselves alone when it is not there.
    pub(crate) fn publish(self, path: &Path) -> Result<File, Unpublished> {
        let unpublished = |error: tempfile::PersistError, path: &Path| Unpublished {
            draft: Self { file: error.file },
            path: path.to_owned(),
            cause: error.error,
        };
        let error = match self.file.persist(path) {
            Ok(file) => return Ok(file),
            Err(error) => error,
        };
        let Some(folder) = path.parent().filter(|_| is_absent(&error.error)) else {
            return Err(unpublished(error, path));
        };
        if let Err(cause) = create_private_folder(folder) {
            let error = tempfile::PersistError {
                error: cause,
                file: error.file,
            };
            return Err(unpublished(error, folder));
        }
        let published = error.file.persist(path);
        published.map_err(|error| unpublished(error, path))
    }

    /// Gives up its name, and keeps the open file.
    pub(crate) fn into_file(self) -> File {
        self.file.into_file()
    }
}

impl io::Write for DraftFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies a file to `path`, over what may be there, with the permissions that any new file has. The folder of `path` is created
/// where it is missing.
pub(crate) fn copy(file: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs_err::create_dir_all(folder)?;
    let mut draft = DraftFile::create_for_all_in(folder)?;
    io::copy(&mut fs_err::File::open(file)?, &mut draft)?;
    draft.publish(path).map_err(|failed| failed.cause)?;
    Ok(())
}

/// A folder on its way; dropped unpublished, it leaves nothing.
#[derive(Debug)]
pub(crate) struct DraftFolder {
    folder: TempDir,
}

impl DraftFolder {
    /// Starts a folder in `folder`, which is created for ourselves alone when it is not there.
    pub(crate) fn create_in(folder: &Path) -> io::Result<Self> {
        let create = || tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder);
        let folder = in_folder(folder, create)?;
        Ok(Self { folder })
    }

    /// As [`DraftFolder::create_in`], but nobody else may look into it.
    pub(crate) fn create_private_in(folder: &Path) -> io::Result<Self> {
        let create = || {
            tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(folder)
        };
        let folder = in_folder(folder, create)?;
        Ok(Self { folder })
    }

    /// Returns where it is now.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it and what is in it, through no link and into no mount; what cannot be removed stays a draft.
    pub(crate) fn remove(self) {
        let _ = removal::remove(&self.folder.keep());
    }

    /// Renames it to `path`, where nothing or an empty folder may be.
    pub(crate) fn publish(self, path: &Path) -> io::Result<()> {
        let rename = || fs_err::rename(self.folder.path(), path);
        in_folder(path.parent().unwrap_or(path), rename)?;
        let _ = self.folder.keep();
        Ok(())
    }
}

/// Exchanges what is at two paths, in one step.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(system::exchange(one, other)?)
}

/// Tells whether a folder cannot be renamed, or renamed over, whatever is in it: overlayfs refuses those of lower layers of
/// an image, and no system moves one that something is mounted on.
pub(crate) fn stays_in_place(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::CrossesDevices | io::ErrorKind::ResourceBusy
    )
}

/// Does `act`; when `folder` is missing, again after it is created.
fn draft_file(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
}

fn in_folder<T>(folder: &Path, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match act() {
        Err(cause) if is_absent(&cause) => create_private_folder(folder).and_then(|()| act()),
        done => done,
    }
}

fn is_absent(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_draft_for_all_makes_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        assert!(DraftFile::create_for_all_in(&gone).is_err());
        assert!(!gone.exists());
        assert!(DraftFile::create_in(&gone).is_ok());
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_appears_whole_and_its_folder_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = folder.path().join("drafts");
        let place = folder.path().join("deep/er/file");
        let mut draft = DraftFile::create_in(&drafts).unwrap();
        draft.write_all(b"whole").unwrap();
        assert!(names(&drafts)[0].starts_with(PREFIX));
        draft.publish(&place).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"whole");
        assert!(names(&drafts).is_empty());
        for made in ["drafts", "deep", "deep/er"] {
            assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
        }
    }

    #[test]
    fn a_file_takes_the_place_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        std::fs::write(&place, "old").unwrap();
        let mut draft = DraftFile::create_in(folder.path()).unwrap();
        draft.write_all(b"new").unwrap();
        draft.publish(&place).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = DraftFile::create_in(folder.path()).unwrap();
        let other = DraftFolder::create_in(folder.path()).unwrap();
        std::fs::write(other.path().join("file"), "").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop((file, other));
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_put_into_its_place_can_still_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::write(&taken, "").unwrap();
        let mut draft = DraftFile::create_in(folder.path()).unwrap();
        draft.write_all(b"whole").unwrap();
        let unpublished = draft.publish(&taken.join("file")).unwrap_err();
        assert_eq!(unpublished.cause.kind(), io::ErrorKind::NotADirectory);
        let file = unpublished.draft.into_file();
        assert_eq!(file.metadata().unwrap().len(), 5);
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn a_folder_appears_whole_where_nothing_is_and_stays_a_draft_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("deep/folder");
        for is_first in [true, false] {
            let draft = DraftFolder::create_in(folder.path()).unwrap();
            std::fs::write(draft.path().join("file"), format!("{is_first}")).unwrap();
            assert_eq!(draft.publish(&place).is_ok(), is_first);
        }
        assert_eq!(std::fs::read(place.join("file")).unwrap(), b"true");
        assert_eq!(names(folder.path()), ["deep"]);
    }
}
