//! Copies of whole folders.

use std::io;
use std::path::Path;

use fs_err as fs;

/// Copies what is in `from` into `to`, an existing folder: files with their modes, links as they are.
///
/// What is neither file, folder nor link is left out. Costs a look at each entry and a copy of each file.
pub(crate) fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_into(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_copy_has_modes_and_links_and_follows_none() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("deep/er")).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(from.join("deep/er/script"), "run").unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        fs::set_permissions(from.join("deep/er/script"), mode).unwrap();
        symlink("/nowhere", from.join("deep/dead")).unwrap();
        symlink("..", from.join("deep/up")).unwrap();
        copy_into(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("deep/er/script")).unwrap(), b"run");
        let mode = fs::metadata(to.join("deep/er/script"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o755);
        assert_eq!(
            fs::read_link(to.join("deep/dead")).unwrap(),
            Path::new("/nowhere")
        );
        assert_eq!(fs::read_link(to.join("deep/up")).unwrap(), Path::new(".."));
    }
}
