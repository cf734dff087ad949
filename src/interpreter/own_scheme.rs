//! Where a Python keeps what is installed for itself, outside of any environment.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Error, Interpreter, Layout, ask, parse_last_line};

/// The script that is run.
const QUESTION: &str = include_str!("own_scheme.py");

/// Where a Python keeps what is installed for itself; every path is absolute.
#[derive(Clone, Debug, Deserialize)]
pub struct OwnScheme {
    /// `sys.base_prefix`.
    pub prefix: PathBuf,
    purelib: PathBuf,
    platlib: PathBuf,
    scripts: PathBuf,
    data: PathBuf,
    include: PathBuf,
    /// The folders of installed modules that it has on `sys.path`.
    library_folders: Vec<PathBuf>,
    /// The file by which a package manager keeps installers out ([PEP 668]), if there is one.
    ///
    /// [PEP 668]: https://peps.python.org/pep-0668/
    managed_by: Option<PathBuf>,
}

/// Why packages cannot be installed into a Python itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnSchemeFault {
    /// A package manager keeps installers out.
    #[error("its packages belong to the package manager of the system: `{}`", marker.display())]
    Managed {
        /// The file that says so.
        marker: PathBuf,
    },
    /// It keeps its packages where no environment has them.
    #[error("it keeps packages in `{}`, not in `{}`", has.display(), usual.display())]
    OtherScheme {
        /// Where.
        has: PathBuf,
        /// Where they would be, by the layout of an environment.
        usual: PathBuf,
    },
    /// Its executable is not among its scripts.
    #[error("it is not in `{}`", scripts.display())]
    Apart {
        /// The folder of scripts.
        scripts: PathBuf,
    },
}

impl OwnScheme {
    /// Asks the base of `interpreter`, which costs the start of a Python. Nothing that is installed has a say.
    ///
    /// # Errors
    ///
    /// As [`Interpreter::query`].
    pub fn query(interpreter: &Interpreter) -> Result<Self, Error> {
        let path = &interpreter.base_executable;
        let said = ask(path, QUESTION)?;
        parse_last_line(path, &said)
    }

    /// Returns the layout of the installation of `interpreter`, whose scheme this is, below the prefix.
    ///
    /// # Errors
    ///
    /// What keeps it from being used as an environment.
    pub fn layout_of(&self, interpreter: &Interpreter) -> Result<Layout, OwnSchemeFault> {
        if let Some(marker) = self.managed_by.clone() {
            return Err(OwnSchemeFault::Managed { marker });
        }
        let of_environments = &interpreter.layout;
        let layout = self.layout_like(of_environments);
        let layout = layout.ok_or_else(|| OwnSchemeFault::OtherScheme {
            has: self.purelib.clone(),
            usual: self.prefix.join(&of_environments.purelib),
        })?;
        let scripts = self.scripts.clone();
        if interpreter.home() == scripts {
            Ok(layout)
        } else {
            Err(OwnSchemeFault::Apart { scripts })
        }
    }

    /// Returns the layout where that is the one of an environment; `None` for any other, such as Debian's with its
    /// `dist-packages`, or one with a `lib64` of its own.
    fn layout_like(&self, of_environments: &Layout) -> Option<Layout> {
        let is = |path: &Path, inside: &Path| path == self.prefix.join(inside);
        let library = &of_environments.purelib;
        let is_same = is(&self.purelib, library)
            && is(&self.platlib, library)
            && of_environments.platlib == *library
            && is(&self.scripts, &of_environments.scripts)
            && self.data == self.prefix
            && self.library_folders.contains(&self.purelib);
        let headers = self.include.strip_prefix(&self.prefix).ok()?;
        is_same.then(|| Layout {
            headers: headers.to_owned(),
            ..of_environments.clone()
        })
    }
}
