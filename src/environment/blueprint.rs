//! What an environment is made from, as plain data: nobody is asked, and no interpreter need be on this machine.

use std::path::{Path, PathBuf};

use crate::interpreter::{Interpreter, Layout};
use crate::platform::file::DEFAULT_DATE;

/// The Python that an environment is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blueprint {
    /// Where things are in the environment.
    pub layout: Layout,
    /// The interpreter that `python` is a link to, absolute.
    pub python: PathBuf,
    /// The folder of that interpreter, absolute: `home` in `pyvenv.cfg`.
    pub home: PathBuf,
    /// The other names of `python` beside it, such as `python3`.
    pub names: Vec<String>,
    /// The name of the implementation, such as `CPython`.
    pub implementation: String,
    /// Major, minor and micro version.
    pub version: (u32, u32, u32),
    /// Whether `lib64` is a link to `lib`, as in environments of 64-bit Pythons on Linux.
    pub has_lib64: bool,
    /// The date of its own files, links and folders, in seconds since 1970.
    pub date: i64,
    /// The folder that will be `/` where it is used, absolute with no links in it; `None` when it is used here.
    pub below: Option<PathBuf>,
}

impl Blueprint {
    /// Returns the blueprint of environments of `interpreter`, with the names that `python -m venv` gives it.
    pub fn of(interpreter: &Interpreter) -> Self {
        let markers = &interpreter.target.marker_environment;
        Self {
            layout: interpreter.layout.clone(),
            python: interpreter.base_executable.clone(),
            home: interpreter.home().to_owned(),
            names: names(interpreter),
            implementation: markers.platform_python_implementation.clone(),
            version: interpreter.version,
            has_lib64: markers.sys_platform == "linux" && interpreter.is_64_bit,
            date: DEFAULT_DATE,
            below: None,
        }
    }

    /// The same for the interpreter `python`, absolute, which is where the environment will be used.
    #[must_use]
    pub fn run_by(self, python: PathBuf) -> Self {
        let home = python.parent().map_or_else(PathBuf::new, Path::to_owned);
        Self {
            python,
            home,
            ..self
        }
    }

    /// Returns the path that an environment at `root` has where it is used.
    pub fn recorded(&self, root: &Path) -> PathBuf {
        let below = self.below.as_ref();
        let inside = below.and_then(|below| root.strip_prefix(below).ok());
        inside.map_or_else(|| root.to_owned(), |inside| Path::new("/").join(inside))
    }
}

fn names(interpreter: &Interpreter) -> Vec<String> {
    let (major, minor, _) = interpreter.version;
    let names = |stem: &str| [format!("{stem}{major}"), format!("{stem}{major}.{minor}")];
    let mut all = names("python").to_vec();
    if interpreter.target.marker_environment.implementation_name == "pypy" {
        all.push("pypy".to_owned());
        all.extend(names("pypy"));
    }
    all
}
