//! What an environment consists of: what may be removed when it is made again, and what is somebody's work.
//!
//! Known are the files and folders that venv, virtualenv, pip, uv, Poetry, Jupyter and this program make, and whatever a
//! distribution in it lists in its RECORD (or `installed-files.txt`). At the top of a `site-packages` folder the modules and
//! packages of distributions are known, and everything in them, since programs write there what nothing lists; so is what
//! installers leave; a module or a `.pth` file that nobody lists is somebody's. Nowhere known are checkouts of version
//! control (`pip install -e git+…` puts them into `src`), and what is mounted.
//!
//! Costs a look at every folder of the environment and the reading of every RECORD; done only before one is removed.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::listed::{Listed, normal};
use super::{Error, partial, takeover};
use crate::platform::removal::{self, is_mounted};

/// Files at the top that are an environment's: `.lock` is uv's, `.Python` and `pip-selfcheck.json` those of older tools.
const FILES: &[&str] = &[
    "pyvenv.cfg",
    ".gitignore",
    "CACHEDIR.TAG",
    ".lock",
    ".Python",
    ".DS_Store",
    "pip-selfcheck.json",
    takeover::JOURNAL,
];

/// Folders at the top, and what is known in them. Some tools make links of some of them.
const FOLDERS: &[(&str, KnownFolder<'_>)] = &[
    ("bin", KnownFolder::Programs),
    ("Scripts", KnownFolder::Programs),
    ("lib", KnownFolder::Libraries),
    ("lib64", KnownFolder::Libraries),
    ("Lib", KnownFolder::Libraries),
    ("include", KnownFolder::Folders(&["python", "pypy", "site"])),
    ("Include", KnownFolder::Folders(&["site"])),
    ("share", KnownFolder::Folders(&["jupyter", "python-wheels"])),
    ("etc", KnownFolder::Folders(&["jupyter", "ipython"])),
    ("local", KnownFolder::Folders(&[])),
    ("site-packages", KnownFolder::Library),
    ("lib-python", KnownFolder::Everything),
    ("lib_pypy", KnownFolder::Everything),
];

/// Names that hold somebody's work, wherever they are.
const CHECKOUTS: &[&str] = &[".git", ".hg", ".svn", ".bzr"];

/// How the names of programs begin that tools put into `bin`.
const PROGRAMS: &[&str] = &[
    "activate",
    "Activate.",
    "deactivate",
    "python",
    "pypy",
    "libpypy",
    "pip",
    "pydoc",
    "easy_install",
    "wheel",
];

/// Names of `site-packages` that installers write and no RECORD has: `~` begins those of pip's interrupted removals.
const OF_INSTALLERS: Names = Names {
    whole: &[
        "easy-install.pth",
        "setuptools.pth",
        "distutils-precedence.pth",
        "_distutils_hack",
        "_virtualenv.pth",
        "_virtualenv.py",
        "pip",
        "setuptools",
        "pkg_resources",
        "wheel",
        ".DS_Store",
    ],
    starts: &["~", "__editable__"],
    ends: &[
        ".dist-info",
        ".egg-info",
        ".egg-link",
        ".egg",
        "-nspkg.pth",
        ".pyc",
    ],
};

/// Enough for the lines by which a system starts a script.
const N_BYTES_OF_START: u64 = 512;

/// What is known in a folder besides what distributions list.
#[derive(Clone, Copy, Debug)]
enum KnownFolder<'a> {
    /// The environment's own files and folders, and those that are named here.
    Top(&'a HashSet<String>),
    /// Links, and programs for the Python of an environment.
    Programs,
    /// Folders whose names begin so.
    Folders(&'static [&'static str]),
    /// The library of a Python, and those of several.
    Libraries,
    /// What has a `site-packages` folder, and all else.
    Version,
    /// A `site-packages` folder: packages of distributions, and what installers leave.
    Library,
    /// Bytecode.
    Bytecode,
    /// All of it.
    Everything,
}

/// Names, in whole or in part.
struct Names {
    whole: &'static [&'static str],
    starts: &'static [&'static str],
    ends: &'static [&'static str],
}

impl Names {
    fn have(&self, name: &str) -> bool {
        self.whole.contains(&name)
            || self.starts.iter().any(|start| name.starts_with(start))
            || self.ends.iter().any(|end| name.ends_with(end))
    }
}

/// What was found in a folder.
#[derive(Default)]
struct ForeignFiles {
    has_known: bool,
    foreign: Vec<PathBuf>,
}

/// Finds what is in the environment at `root` and no part of it: sorted paths relative to `root`. A folder with nothing in
/// it is nobody's.
///
/// `begun` are names at the top that a run which was killed had looked at before it began to remove and replace them.
pub(super) fn foreign(root: &Path, begun: &HashSet<String>) -> Result<Vec<PathBuf>, Error> {
    let look = Look {
        root,
        listed: Listed::read(root),
        mounts: removal::mounts_below(root).into_iter().collect(),
    };
    let mut found = look.in_folder(Path::new(""), KnownFolder::Top(begun))?;
    found.foreign.sort_unstable();
    Ok(found.foreign)
}

/// One look through an environment.
struct Look<'a> {
    root: &'a Path,
    listed: Listed,
    /// What is mounted below it, relative to it: files too.
    mounts: HashSet<PathBuf>,
}

impl Look<'_> {
    fn in_folder(&self, folder: &Path, known: KnownFolder<'_>) -> Result<ForeignFiles, Error> {
        let mut found = ForeignFiles::default();
        for entry in fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let inside = if entry.file_type()?.is_dir() {
                self.at_folder(&path, known)?
            } else {
                self.at_file(&path, known)
            };
            found.has_known |= inside.has_known;
            found.foreign.extend(inside.foreign);
        }
        Ok(found)
    }

    fn at_folder(&self, path: &Path, known: KnownFolder<'_>) -> Result<ForeignFiles, Error> {
        let name = path.file_name().unwrap_or_default();
        let is_top = matches!(known, KnownFolder::Top(_));
        if is_top && (partial::is_partial(name) || name == "lost+found") {
            return Ok(ForeignFiles::known());
        }
        if is_checkout(name) || self.mounts.contains(path) || is_mounted(&self.root.join(path)) {
            return Ok(ForeignFiles::foreign(path));
        }
        let is_of_distribution = matches!(known, KnownFolder::Library) && self.listed.has_top(path);
        let known = if is_of_distribution {
            KnownFolder::Everything
        } else {
            known.inside(&name.to_string_lossy())
        };
        let found = self.in_folder(path, known)?;
        // One name says as much as all the names below it.
        if found.has_known || found.foreign.is_empty() {
            Ok(found)
        } else {
            Ok(ForeignFiles::foreign(path))
        }
    }

    /// Tells whether a file is a module that a distribution tells of, compiled or not.
    fn is_named(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let module = name.split('.').next().unwrap_or_default();
        let is_module = [".py", ".so", ".pyd"]
            .iter()
            .any(|ending| name.ends_with(ending));
        is_module && self.listed.has_top(&path.with_file_name(module))
    }

    /// Tells whether `path` is a link to something in the environment, as tools make them for second names of programs.
    fn is_link_inside(&self, path: &Path) -> bool {
        let folder = path.parent().unwrap_or(Path::new(""));
        let target = fs::read_link(self.root.join(path));
        target.is_ok_and(|target| normal(self.root, folder, &target).is_some())
    }

    fn at_file(&self, path: &Path, known: KnownFolder<'_>) -> ForeignFiles {
        let name = path.file_name().unwrap_or_default();
        let is_named = matches!(known, KnownFolder::Library) && self.is_named(path);
        let has = || known.has_file(&self.root.join(path), &name.to_string_lossy());
        let may_link = matches!(known, KnownFolder::Programs | KnownFolder::Library);
        let is_known = || is_named || has() || (may_link && self.is_link_inside(path));
        let is_free = !self.mounts.contains(path);
        if is_free && (self.listed.has(path) || (!is_checkout(name) && is_known())) {
            ForeignFiles::known()
        } else {
            ForeignFiles::foreign(path)
        }
    }
}

impl ForeignFiles {
    fn known() -> Self {
        Self {
            has_known: true,
            foreign: Vec::new(),
        }
    }

    fn foreign(path: &Path) -> Self {
        Self {
            has_known: false,
            foreign: vec![path.to_owned()],
        }
    }
}

impl KnownFolder<'_> {
    /// What is known in the folder `name` of this one.
    fn inside(self, name: &str) -> KnownFolder<'static> {
        let starts = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
        match self {
            Self::Version if name == "site-packages" => KnownFolder::Library,
            Self::Everything | Self::Version => KnownFolder::Everything,
            _ if name == "__pycache__" => KnownFolder::Everything,
            Self::Top(begun) if begun.contains(name) => KnownFolder::Everything,
            Self::Top(_) => {
                let folder = FOLDERS.iter().find(|(folder, _)| *folder == name);
                folder.map_or(KnownFolder::Folders(&[]), |(_, known)| *known)
            }
            Self::Libraries if name == "site-packages" => KnownFolder::Library,
            Self::Libraries if starts(&["python", "pypy"]) => KnownFolder::Version,
            Self::Library if OF_INSTALLERS.have(name) => KnownFolder::Everything,
            Self::Library | Self::Bytecode => KnownFolder::Bytecode,
            Self::Folders(names) if starts(names) => KnownFolder::Everything,
            Self::Folders(_) | Self::Libraries | Self::Programs => KnownFolder::Folders(&[]),
        }
    }

    fn has_file(self, path: &Path, name: &str) -> bool {
        match self {
            Self::Everything | Self::Version => true,
            Self::Top(begun) => {
                let is_folder = || FOLDERS.iter().any(|(folder, _)| *folder == name);
                FILES.contains(&name) || begun.contains(name) || (is_folder() && path.is_symlink())
            }
            Self::Programs => {
                let is_one = PROGRAMS.iter().any(|start| name.starts_with(start));
                is_one || (!path.is_symlink() && is_for_an_environment(path))
            }
            Self::Library => OF_INSTALLERS.have(name),
            Self::Bytecode => path.extension().is_some_and(|ending| ending == "pyc"),
            Self::Folders(_) | Self::Libraries => false,
        }
    }
}

fn is_checkout(name: &OsStr) -> bool {
    CHECKOUTS.iter().any(|checkout| name == *checkout)
}

/// Tells whether a script starts the Python of some environment, as those of installers do: `#!/…/.venv/bin/python`, or, where
/// that is too long or has spaces, a shell that starts it.
fn is_for_an_environment(path: &Path) -> bool {
    let mut start = Vec::new();
    let file = fs::File::open(path).map(|file| file.take(N_BYTES_OF_START));
    if file
        .and_then(|mut file| file.read_to_end(&mut start))
        .is_err()
    {
        return false;
    }
    let start = String::from_utf8_lossy(&start);
    let Some(text) = start.strip_prefix("#!") else {
        return false;
    };
    let (program, rest) = text.split_once('\n').unwrap_or((text, ""));
    let is_of_system = ["/usr/", "/bin/"]
        .iter()
        .any(|start| program.starts_with(start));
    let starts_python = program.contains("/bin/python") && !is_of_system;
    starts_python || rest.starts_with("'''exec' ")
}
