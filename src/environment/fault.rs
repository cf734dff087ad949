//! Whether an environment can be used as it is. Everything is judged by looks: nothing in it is run.
//!
//! In image builds `COPY . .` lays a local environment over the one that was just made, and what comes out is neither. The
//! signs of that are looked for, since Python itself may start as if nothing were wrong.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Environment;
use crate::interpreter::{Interpreter, Layout};

/// Why an environment cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentFault {
    /// A run was killed while it put the environment there.
    Unfinished,
    /// `pyvenv.cfg` does not say where its Python is.
    NoHome,
    /// Its `python` was made a link to another interpreter, and its scripts still start the one before.
    OtherExecutable {
        /// The interpreter that it was made for.
        made_for: PathBuf,
        /// The one that it leads to.
        found: PathBuf,
    },
    /// There is no interpreter in it, or its link leads nowhere.
    NoInterpreter {
        /// The file that should be there.
        path: PathBuf,
        /// What does not exist, where `path` is a link that leads out of the environment.
        target: Option<PathBuf>,
    },
    /// `pyvenv.cfg` says that its Python is in a folder that does not exist.
    NoHomeFolder {
        /// The folder.
        home: PathBuf,
    },
    /// Its scripts start what is at another place: it was moved or copied, and is not made for that.
    Moved {
        /// Where it was made.
        from: PathBuf,
    },
    /// It also holds distributions for another Python: two environments lie in one folder.
    OtherLibrary {
        /// The folder of the other Python, relative to the environment, such as `lib/python3.12`.
        path: PathBuf,
    },
    /// It was made for another version of Python than its interpreter now has.
    OtherPython {
        /// The version that it was made for.
        made_for: String,
        /// The version that its interpreter has.
        found: String,
    },
}

impl Environment {
    /// Tells what keeps the environment from being used at all.
    pub fn fault(&self) -> Option<EnvironmentFault> {
        if self.is_unfinished {
            return Some(EnvironmentFault::Unfinished);
        }
        let Some(home) = &self.pyvenv_cfg.home else {
            return Some(EnvironmentFault::NoHome);
        };
        let path = self.python();
        if !path.is_file() {
            let last = self.base_executable();
            let target = (!last.starts_with(&self.root)).then_some(last);
            return Some(EnvironmentFault::NoInterpreter { path, target });
        }
        if !home.is_dir() {
            let home = home.clone();
            return Some(EnvironmentFault::NoHomeFolder { home });
        }
        let from = self.place_of_scripts();
        let moved = from.map(|from| EnvironmentFault::Moved { from });
        moved.or_else(|| self.other_executable())
    }

    /// Scripts that this program wrote start the interpreter that `python` was a link to when it made the environment.
    fn other_executable(&self) -> Option<EnvironmentFault> {
        self.pyvenv_cfg.lock2venv.as_ref()?;
        let made_for = self.pyvenv_cfg.executable.as_ref()?;
        let found = self.base_executable();
        let resolved = |path: &Path| fs::canonicalize(path).ok();
        let is_same = found == *made_for || resolved(&found) == resolved(made_for);
        (!is_same).then(|| EnvironmentFault::OtherExecutable {
            made_for: made_for.clone(),
            found,
        })
    }

    /// Tells whether `interpreter`, which is its own, is no longer the one it was made for, or not the only one.
    ///
    /// Costs a look into the folder `lib`.
    pub fn fault_with(&self, interpreter: &Interpreter) -> Option<EnvironmentFault> {
        if let Some(path) = self.other_library(&interpreter.layout) {
            return Some(EnvironmentFault::OtherLibrary { path });
        }
        let (major, minor, micro) = interpreter.version;
        let made_for = self.pyvenv_cfg.version.as_ref()?;
        let mut numbers = made_for.split('.').map(str::parse);
        let is_same = numbers.next() == Some(Ok(major)) && numbers.next() == Some(Ok(minor));
        (!is_same).then(|| EnvironmentFault::OtherPython {
            made_for: made_for.clone(),
            found: format!("{major}.{minor}.{micro}"),
        })
    }

    /// Returns where the scripts take the environment to be, when that is another place and they cannot find this one.
    fn place_of_scripts(&self) -> Option<PathBuf> {
        if self.pyvenv_cfg.is_relocatable {
            return None;
        }
        let script = fs::read_to_string(self.root.join("bin/activate")).ok()?;
        let values = script
            .lines()
            .filter_map(|line| line.split_once("VIRTUAL_ENV="));
        let paths = values.map(|(_, value)| value.trim().trim_matches(['\'', '"']));
        let mut paths =
            paths.filter(|path| path.starts_with('/') && !path.contains(['\'', '"', '$']));
        let from = PathBuf::from(paths.next()?);
        let is_here = fs::canonicalize(&from).is_ok_and(|from| from == self.root);
        (!is_here).then_some(from)
    }

    /// Finds the folder of another Python, with distributions, beside the one of `layout`.
    fn other_library(&self, layout: &Layout) -> Option<PathBuf> {
        let own = layout.purelib.parent()?;
        let lib = own.parent()?;
        let has_distributions = |folder: &Path| {
            let entries = fs::read_dir(self.root.join(folder).join("site-packages"));
            let mut entries = entries.into_iter().flatten().flatten();
            entries.any(|entry| {
                entry
                    .file_name()
                    .as_encoded_bytes()
                    .ends_with(b".dist-info")
            })
        };
        let mut others = Vec::new();
        for entry in fs::read_dir(self.root.join(lib)).ok()?.flatten() {
            let name = entry.file_name();
            let folder = lib.join(&name);
            let is_python = ["python", "pypy"]
                .iter()
                .any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()));
            if is_python && folder != own && has_distributions(&folder) {
                others.push(folder);
            }
        }
        others.sort_unstable();
        // An interpreter that was updated in place leaves one such folder, and has none of its own yet.
        let has_own = others.is_empty() || has_distributions(own);
        others.into_iter().next().filter(|_| has_own)
    }
}
