//! What the distributions in an environment list, as far as it can be read: the files of each, and the modules and packages.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use crate::installed::{JOURNAL, name_and_version};
use crate::wheel::Record;

/// What distributions list: paths relative to the environment.
#[derive(Debug, Default)]
pub(super) struct Listed {
    files: HashSet<PathBuf>,
    /// Modules and packages at the top of a `site-packages` folder.
    tops: HashSet<PathBuf>,
}

impl Listed {
    /// Reads what the distributions in every `site-packages` folder of the environment at `root` list. What cannot be read
    /// lists nothing.
    pub(super) fn read(root: &Path) -> Self {
        let mut listed = Self::default();
        for library in libraries(root) {
            listed.read_library(root, &library);
        }
        listed
    }

    /// Tells whether a file is listed.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.files.contains(path)
    }

    /// Tells whether a folder, or a module without its ending, is at the top of what a distribution has in `site-packages`.
    pub(super) fn has_top(&self, path: &Path) -> bool {
        self.tops.contains(path)
    }

    fn read_library(&mut self, root: &Path, library: &Path) {
        for entry in names_in(&root.join(library)) {
            let folder = library.join(&entry);
            let files = match folder.extension().and_then(OsStr::to_str) {
                Some("dist-info") => {
                    let lists = ["RECORD", JOURNAL].map(|name| folder.join(name));
                    let files = lists.iter().flat_map(|list| recorded(root, library, list));
                    files.collect()
                }
                Some("egg-info") => noted(root, &folder),
                _ => continue,
            };
            self.add(library, files, top_level(root, &folder));
        }
    }

    fn add(&mut self, library: &Path, files: Vec<PathBuf>, names: impl Iterator<Item = String>) {
        for path in &files {
            let first = path.strip_prefix(library).ok();
            let first = first.and_then(|path| path.components().next());
            self.tops.extend(first.map(|first| library.join(first)));
        }
        self.tops.extend(names.map(|name| library.join(name)));
        self.files.extend(files);
    }
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
        .filter_map(|line| normal(root, library, Path::new(line)))
        .collect()
}

/// What `setup.py install` noted, which a pip before version 23 ran.
fn noted(root: &Path, egg_info: &Path) -> Vec<PathBuf> {
    let file = root.join(egg_info).join("installed-files.txt");
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines();
    lines
        .filter_map(|line| normal(root, egg_info, Path::new(line)))
        .collect()
}

/// The modules and packages that the document folder of a distribution tells of beside its list: those of `top_level.txt`, and
/// what has its name.
fn top_level(root: &Path, info: &Path) -> impl Iterator<Item = String> + use<> {
    let text = fs::read_to_string(root.join(info).join("top_level.txt")).unwrap_or_default();
    let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    let stem = info.file_stem().unwrap_or_default().to_string_lossy();
    let own = name_and_version(&stem).map(|(name, _)| name.replace(['-', '.'], "_"));
    let own: Vec<String> = own.collect();
    lines.into_iter().chain(own).filter(|name| !name.is_empty())
}

/// Resolves a line that is relative to `folder`, without looking at the disk; `None` when it leads outside.
pub(super) fn normal(root: &Path, folder: &Path, line: &Path) -> Option<PathBuf> {
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
