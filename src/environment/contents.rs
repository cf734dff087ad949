//! What an environment consists of: what may be removed when it is made again, and what is somebody's work.
//!
//! Known are the files and folders that venv, virtualenv, pip, uv, Poetry, Jupyter and this program make, and whatever a
//! distribution in it lists in its RECORD (or `installed-files.txt`). Below a `site-packages` folder everything is known,
//! since any run of pip leaves what nothing lists. Nowhere known are checkouts of version control (`pip install -e git+…`
//! puts them into `src`), and what is mounted.
//!
//! Costs a look at every folder of the environment and the reading of every RECORD; done only before one is removed.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::{Error, partial, takeover};
use crate::installed::JOURNAL;
use crate::removal::is_mounted;
use crate::wheel::Record;

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
const FOLDERS: &[(&str, Known<'_>)] = &[
    ("bin", Known::Programs),
    ("Scripts", Known::Programs),
    ("lib", Known::Folders(&["python", "pypy", "site-packages"])),
    ("lib64", Known::Folders(&["python", "pypy"])),
    ("Lib", Known::Folders(&["site-packages"])),
    ("include", Known::Folders(&["python", "pypy", "site"])),
    ("Include", Known::Folders(&["site"])),
    ("share", Known::Folders(&["jupyter", "python-wheels"])),
    ("etc", Known::Folders(&["jupyter", "ipython"])),
    ("local", Known::Folders(&[])),
    ("site-packages", Known::Everything),
    ("lib-python", Known::Everything),
    ("lib_pypy", Known::Everything),
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

/// Enough for the lines by which a system starts a script.
const N_BYTES_OF_START: u64 = 512;

/// What is known in a folder besides what distributions list.
#[derive(Clone, Copy, Debug)]
enum Known<'a> {
    /// The environment's own files and folders, and those that are named here.
    Top(&'a HashSet<String>),
    /// Links, and programs for the Python of an environment.
    Programs,
    /// Folders whose names begin so.
    Folders(&'static [&'static str]),
    /// All of it.
    Everything,
}

/// What was found in a folder.
#[derive(Default)]
struct Found {
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
        listed: listed(root),
    };
    let mut found = look.in_folder(Path::new(""), Known::Top(begun))?;
    found.foreign.sort();
    Ok(found.foreign)
}

/// One look through an environment.
struct Look<'a> {
    root: &'a Path,
    /// What its distributions list, relative to it.
    listed: HashSet<PathBuf>,
}

impl Look<'_> {
    fn in_folder(&self, folder: &Path, known: Known<'_>) -> Result<Found, Error> {
        let mut found = Found::default();
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

    fn at_folder(&self, path: &Path, known: Known<'_>) -> Result<Found, Error> {
        let name = path.file_name().unwrap_or_default();
        let is_top = matches!(known, Known::Top(_));
        if is_top && (partial::is_partial(name) || name == "lost+found") {
            return Ok(Found::known());
        }
        if is_checkout(name) || is_mounted(&self.root.join(path)) {
            return Ok(Found::foreign(path));
        }
        let found = self.in_folder(path, known.inside(&name.to_string_lossy()))?;
        // One name says as much as all the names below it.
        if found.has_known || found.foreign.is_empty() {
            Ok(found)
        } else {
            Ok(Found::foreign(path))
        }
    }

    fn at_file(&self, path: &Path, known: Known<'_>) -> Found {
        let name = path.file_name().unwrap_or_default();
        let is_known = || known.has_file(&self.root.join(path), &name.to_string_lossy());
        if self.listed.contains(path) || (!is_checkout(name) && is_known()) {
            Found::known()
        } else {
            Found::foreign(path)
        }
    }
}

impl Found {
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

impl Known<'_> {
    /// What is known in the folder `name` of this one.
    fn inside(self, name: &str) -> Known<'static> {
        let starts = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
        match self {
            Self::Everything => Known::Everything,
            _ if name == "__pycache__" => Known::Everything,
            Self::Top(begun) if begun.contains(name) => Known::Everything,
            Self::Top(_) => {
                let folder = FOLDERS.iter().find(|(folder, _)| *folder == name);
                folder.map_or(Known::Folders(&[]), |(_, known)| *known)
            }
            Self::Folders(names) if starts(names) => Known::Everything,
            Self::Folders(_) | Self::Programs => Known::Folders(&[]),
        }
    }

    fn has_file(self, path: &Path, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Top(begun) => {
                let is_folder = || FOLDERS.iter().any(|(folder, _)| *folder == name);
                FILES.contains(&name) || begun.contains(name) || (is_folder() && path.is_symlink())
            }
            Self::Programs => {
                let is_one = PROGRAMS.iter().any(|start| name.starts_with(start));
                is_one || path.is_symlink() || is_for_an_environment(path)
            }
            Self::Folders(_) => false,
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

/// Reads what the distributions in every `site-packages` folder of the environment list. What cannot be read lists nothing.
fn listed(root: &Path) -> HashSet<PathBuf> {
    let mut listed = HashSet::new();
    for library in libraries(root) {
        for entry in names_in(&root.join(&library)) {
            let folder = library.join(&entry);
            match folder.extension().and_then(OsStr::to_str) {
                Some("dist-info") => {
                    for name in ["RECORD", JOURNAL] {
                        listed.extend(recorded(root, &library, &folder.join(name)));
                    }
                }
                Some("egg-info") => listed.extend(noted(root, &folder)),
                _ => {}
            }
        }
    }
    listed
}

/// Every `site-packages` folder, relative to the environment, that no link leads to.
fn libraries(root: &Path) -> Vec<PathBuf> {
    let mut libraries = vec![
        PathBuf::from("Lib/site-packages"),
        PathBuf::from("site-packages"),
    ];
    for lib in ["lib", "lib64"].map(Path::new) {
        libraries.push(lib.join("site-packages"));
        let versions = names_in(&root.join(lib));
        libraries.extend(versions.map(|version| lib.join(version).join("site-packages")));
    }
    let is_real = |folder: &Path| {
        let metadata = fs::symlink_metadata(root.join(folder));
        metadata.is_ok_and(|metadata| metadata.is_dir())
    };
    libraries.retain(|library| library.ancestors().all(is_real));
    libraries
}

fn names_in(folder: &Path) -> impl Iterator<Item = OsString> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name())
}

fn recorded(root: &Path, library: &Path, record: &Path) -> Vec<PathBuf> {
    let text = fs::read(root.join(record)).unwrap_or_default();
    let record = Record::parse(&text).unwrap_or_default();
    let paths = record.paths();
    paths
        .filter_map(|line| normal(root, library, line))
        .collect()
}

/// What `setup.py install` noted, which a pip before version 23 ran.
fn noted(root: &Path, egg_info: &Path) -> Vec<PathBuf> {
    let file = root.join(egg_info).join("installed-files.txt");
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines();
    lines
        .filter_map(|line| normal(root, egg_info, line))
        .collect()
}

/// Resolves a line that is relative to `folder`, without looking at the disk; `None` when it leads outside.
fn normal(root: &Path, folder: &Path, line: &str) -> Option<PathBuf> {
    let line = Path::new(line);
    let joined = match line.strip_prefix(root) {
        Ok(inside) => inside.to_owned(),
        Err(_) => folder.join(line),
    };
    let mut path = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}
