//! A Python of its own prefix, as images have one in `/usr/local`: the program is a copy, its standard library are links.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::locked_wheels::python;
use crate::support::requirement::missing_option;

/// The prefix of a Python.
pub(crate) struct PythonPrefix {
    folder: tempfile::TempDir,
    library: PathBuf,
    name: String,
}

impl PythonPrefix {
    /// Makes one, unless the Python of this machine is Debian's, which has its packages elsewhere wherever it is.
    pub(crate) fn new() -> Option<Self> {
        let code = "import site; print(site.getsitepackages())";
        let output = Command::new(python()).args(["-c", code]).output().unwrap();
        if String::from_utf8_lossy(&output.stdout).contains("dist-packages") {
            missing_option("Python that has its packages in `site-packages`");
            return None;
        }
        Some(Self::made())
    }

    fn made() -> Self {
        let code =
            "import sysconfig; print(sysconfig.get_path('stdlib'), sysconfig.get_python_version())";
        let output = Command::new(python()).args(["-c", code]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let (real, version) = said.trim().rsplit_once(' ').unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let name = format!("python{version}");
        let library = root.join("lib").join(&name);
        let scripts = root.join("bin");
        fs::create_dir_all(library.join("site-packages")).unwrap();
        fs::create_dir(&scripts).unwrap();
        // Copied by a program, or what another thread starts meanwhile holds the file open, and it cannot be run ("text file busy").
        let mut copy = Command::new("cp");
        let copied = copy.arg(python()).arg(scripts.join(&name)).status();
        assert!(copied.unwrap().success());
        for link in ["python", "python3"] {
            symlink(&name, scripts.join(link)).unwrap();
        }
        let own = [
            "site-packages",
            "dist-packages",
            "EXTERNALLY-MANAGED",
            "__pycache__",
        ];
        for entry in fs::read_dir(real).unwrap() {
            let entry = entry.unwrap();
            if own.iter().all(|own| entry.file_name() != *own) {
                symlink(entry.path(), library.join(entry.file_name())).unwrap();
            }
        }
        Self {
            folder,
            library,
            name,
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// The folder of its programs, for `PATH`.
    pub(crate) fn scripts(&self) -> PathBuf {
        self.root().join("bin")
    }

    /// The interpreter, as `#!` lines name it.
    pub(crate) fn executable(&self) -> PathBuf {
        self.scripts().join(&self.name)
    }

    pub(crate) fn library(&self) -> &Path {
        &self.library
    }

    pub(crate) fn packages(&self) -> PathBuf {
        self.library.join("site-packages")
    }

    /// Replaces a text in a module of the standard library, where it occurs.
    pub(crate) fn change(&self, module: &str, from: &str, to: &str) {
        let file = self.library.join(format!("{module}.py"));
        let path = if file.exists() {
            file
        } else {
            self.own_package(module).join("__init__.py")
        };
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// Makes a folder of links of the package `module`, if it is a link itself.
    fn own_package(&self, module: &str) -> PathBuf {
        let folder = self.library.join(module);
        let Ok(real) = fs::read_link(&folder) else {
            return folder;
        };
        fs::remove_file(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        for entry in fs::read_dir(real).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "__pycache__" {
                symlink(entry.path(), folder.join(entry.file_name())).unwrap();
            }
        }
        folder
    }
}
