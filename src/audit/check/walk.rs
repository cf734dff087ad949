//! What is in an environment and in no RECORD.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::listed::{Inventory, shown};
use super::subject::Subject;
use crate::install::source_of_bytecode;

/// Files at the top that tools make for the environment itself.
const OWN_FILES: &[&str] = &["pyvenv.cfg", ".gitignore", "CACHEDIR.TAG", ".lock"];

/// How the names of the environment's own programs begin that are text for shells.
const ACTIVATION: &[&str] = &["activate", "Activate.", "deactivate"];

/// What virtualenv puts beside the distributions.
const OF_VIRTUALENV: &[&str] = &["_virtualenv.py", "_virtualenv.pth"];

/// What a Python brings along there.
const OF_PYTHON: &str = "README.txt";

/// What no RECORD lists.
#[derive(Debug, Default)]
pub(super) struct Unlisted {
    /// Files that nobody knows, and folders (which end with `/`) of nothing else.
    pub(super) foreign: Vec<String>,
    /// How many files hold bytecode of listed modules.
    pub(super) n_bytecode: usize,
}

/// What was found in one folder.
#[derive(Default)]
struct Found {
    has_known: bool,
    foreign: Vec<String>,
}

/// Looks through the whole environment, or through the library of a Python itself; follows no link.
pub(super) fn unlisted(subject: &Subject, inventory: &Inventory) -> io::Result<Unlisted> {
    let mut walk = Walk {
        subject,
        inventory,
        python: subject.base().and_then(|path| fs::canonicalize(path).ok()),
        n_bytecode: 0,
    };
    let library = &subject.layout.purelib;
    let start = if subject.is_python {
        library
    } else {
        Path::new("")
    };
    let mut foreign = walk.in_folder(start)?.foreign;
    foreign.sort_unstable();
    Ok(Unlisted {
        foreign,
        n_bytecode: walk.n_bytecode,
    })
}

struct Walk<'a> {
    subject: &'a Subject,
    inventory: &'a Inventory,
    /// The interpreter that the environment was made of, links resolved.
    python: Option<PathBuf>,
    n_bytecode: usize,
}

impl Walk<'_> {
    fn in_folder(&mut self, folder: &Path) -> io::Result<Found> {
        let mut found = Found::default();
        for entry in fs::read_dir(self.subject.root.join(folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if self.inventory.unlisted.contains(&path) {
                found.has_known = true;
            } else if entry.file_type()?.is_dir() {
                let inside = self.in_folder(&path)?;
                found.has_known |= inside.has_known;
                // One name says as much as all the names below it.
                if inside.has_known {
                    found.foreign.extend(inside.foreign);
                } else if !inside.foreign.is_empty() {
                    found.foreign.push(format!("{}/", shown(&path)));
                }
            } else if self.is_known(&path) {
                found.has_known = true;
            } else {
                found.foreign.push(shown(&path));
            }
        }
        Ok(found)
    }

    fn is_known(&mut self, path: &Path) -> bool {
        let Some(name) = path.to_str() else {
            return false;
        };
        if self.inventory.has(name) || self.is_own(path) {
            return true;
        }
        let source = source_of_bytecode(name);
        let is_bytecode = source.is_some_and(|source| {
            self.inventory.has(&source) || self.is_of_virtualenv(Path::new(&source))
        });
        self.n_bytecode += usize::from(is_bytecode);
        is_bytecode
    }

    /// Tells whether a file is the environment's own: one that it is made of before anything is installed.
    fn is_own(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        let (folder, name) = (path.parent().unwrap_or(path), name.unwrap_or_default());
        let is_top = folder.as_os_str().is_empty();
        if is_top {
            return OWN_FILES.contains(&name) || (name == "lib64" && self.subject.has_lib64);
        }
        if self.subject.is_python {
            return folder == self.subject.layout.purelib && name == OF_PYTHON;
        }
        let is_script = folder == self.subject.layout.scripts;
        let is_activation = ACTIVATION.iter().any(|start| name.starts_with(start));
        (is_script && (is_activation || self.is_python(path, name))) || self.is_of_virtualenv(path)
    }

    fn is_of_virtualenv(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        path.parent() == Some(&self.subject.layout.purelib)
            && name.is_some_and(|name| OF_VIRTUALENV.contains(&name))
    }

    /// Tells whether a program is the Python that the environment was made of: a link to it, or a copy.
    fn is_python(&self, path: &Path, name: &str) -> bool {
        let is_named = name.starts_with("python") || name.starts_with("pypy");
        let path = self.subject.root.join(path);
        let Some(python) = self.python.as_ref().filter(|_| is_named) else {
            // What is wrong with its Python is a problem of its own.
            return is_named && path.is_symlink();
        };
        if path.is_symlink() {
            return fs::canonicalize(&path).is_ok_and(|target| target == *python);
        }
        let is_same_size = || {
            let sizes = [&path, python].map(|path| fs::metadata(path).map(|found| found.len()));
            matches!(sizes, [Ok(one), Ok(other)] if one == other)
        };
        let is_same = || fs::read(&path).ok() == fs::read(python).ok();
        is_same_size() && is_same()
    }
}
