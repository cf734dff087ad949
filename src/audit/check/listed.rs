//! What the RECORDs of an environment list.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::report::Problem;
use super::subject::Subject;
use crate::install::{normal, source_of_bytecode};
use crate::installed::{Installed, InstalledDistribution};
use crate::wheel::{Record, RecordEntry, parse_entry_points};

/// What all distributions list; paths are relative to the environment.
#[derive(Default)]
pub(super) struct Inventory {
    /// What each file should be, by each distribution that lists it.
    pub(super) files: BTreeMap<String, Vec<Claim>>,
    /// The scripts of entry points, each with its distribution.
    pub(super) scripts: BTreeMap<String, String>,
    /// Folders and files of distributions that list nothing.
    pub(super) unlisted: HashSet<PathBuf>,
    pub(super) problems: Vec<Problem>,
}

/// What one distribution says of a file.
pub(super) struct Claim {
    pub(super) distribution: String,
    pub(super) entry: RecordEntry,
}

impl Inventory {
    /// Reads the RECORDs of `distributions`.
    pub(super) fn read(subject: &Subject, installed: &Installed) -> io::Result<Self> {
        let mut inventory = Self::default();
        let unfinished = installed.leftovers.iter().chain(&installed.unfinished);
        for path in unfinished.collect::<BTreeSet<_>>() {
            let path = shown(path.strip_prefix(&subject.root).unwrap_or(path));
            inventory.problems.push(Problem::Unfinished { path });
        }
        for distribution in &installed.distributions {
            inventory.add(subject, distribution)?;
        }
        inventory.drop_unproven_bytecode();
        Ok(inventory)
    }

    /// Tells whether some distribution lists the file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Lists the scripts that are not there, and that no RECORD lists.
    pub(super) fn missing_scripts(&self, root: &Path) -> Vec<Problem> {
        let scripts = self.scripts.iter();
        let unlisted = scripts.filter(|(path, _)| !self.has(path));
        let missing = unlisted.filter(|(path, _)| fs::symlink_metadata(root.join(path)).is_err());
        let problems = missing.map(|(path, distribution)| Problem::MissingScript {
            distribution: distribution.clone(),
            path: path.clone(),
        });
        problems.collect()
    }

    fn add(&mut self, subject: &Subject, distribution: &InstalledDistribution) -> io::Result<()> {
        let label = format!("{} {}", distribution.name, distribution.version);
        let info = &distribution.dist_info;
        let record = match fs::read(info.join("RECORD")) {
            Ok(text) => Record::parse(&text).map_err(Some),
            Err(cause) if is_absent(&cause) => Err(None),
            Err(cause) => return Err(cause),
        };
        let relative = info.strip_prefix(&subject.root).unwrap_or(info);
        let library = relative.parent().unwrap_or(Path::new(""));
        match record {
            Ok(record) => self.add_record(subject, &label, library, &record),
            Err(fault) => {
                self.unlisted.insert(relative.to_owned());
                self.problems.push(Problem::NoRecord {
                    distribution: label.clone(),
                    fault,
                });
            }
        }
        self.add_scripts(subject, &label, info);
        Ok(())
    }

    fn add_record(&mut self, subject: &Subject, label: &str, library: &Path, record: &Record) {
        for line in record.paths() {
            let Some(path) = normal(&subject.root, library, line) else {
                self.problems.push(Problem::Outside {
                    distribution: label.to_owned(),
                    path: line.to_owned(),
                });
                continue;
            };
            let entry = record.entry(line).cloned().unwrap_or_default();
            let claims = self.files.entry(subject.without_lib64(path)).or_default();
            claims.push(Claim {
                distribution: label.to_owned(),
                entry,
            });
        }
    }

    fn add_scripts(&mut self, subject: &Subject, label: &str, info: &Path) {
        let text = fs::read(info.join("entry_points.txt")).unwrap_or_default();
        let points = parse_entry_points(&String::from_utf8_lossy(&text));
        let place = |name: &str| shown(&subject.layout.scripts.join(name));
        for point in points.unwrap_or_default() {
            let renamed = name_by_pip(&point.name, subject.layout.python_version);
            if renamed.is_none_or(|name| !self.has(&place(&name))) {
                self.scripts.insert(place(&point.name), label.to_owned());
            }
        }
    }

    /// Takes out bytecode that pip lists without a digest: it may be missing, and is known by its source like any other.
    fn drop_unproven_bytecode(&mut self) {
        let unproven = self.files.iter().filter(|(path, claims)| {
            let is_proven = claims.iter().any(|claim| claim.entry.digest.is_some());
            let source = source_of_bytecode(path).filter(|_| !is_proven);
            source.is_some_and(|source| self.has(&source))
        });
        let unproven: Vec<String> = unproven.map(|(path, _)| path.clone()).collect();
        for path in unproven {
            self.files.remove(&path);
        }
    }
}

/// Returns the name by which pip makes a script whose name in the wheel ends in the version of the Python that built it (`pip3.11`,
/// `easy_install-3.9`): it takes that of the Python which it installs for.
fn name_by_pip(script: &str, (major, minor): (u32, u32)) -> Option<String> {
    let stem = ["pip", "easy_install-"]
        .into_iter()
        .find(|stem| script.starts_with(stem))?;
    let (built_major, built_minor) = script[stem.len()..].split_once('.')?;
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let is_versioned = is_number(built_major) && is_number(built_minor);
    is_versioned.then(|| format!("{stem}{major}.{minor}"))
}

/// Tells whether the file at `path` is one that RECORD cannot or need not have a digest of.
pub(super) fn needs_no_digest(path: &str) -> bool {
    [
        ".dist-info/RECORD",
        ".dist-info/RECORD.jws",
        ".dist-info/RECORD.p7s",
    ]
    .iter()
    .any(|ending| path.ends_with(ending))
}

pub(super) fn is_absent(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_names_scripts_by_the_version_of_python() {
        let name = |script: &str| name_by_pip(script, (3, 12));
        assert_eq!(name("pip3.11").as_deref(), Some("pip3.12"));
        let easy_install = name("easy_install-3.9");
        assert_eq!(easy_install.as_deref(), Some("easy_install-3.12"));
        for other in [
            "pip",
            "pip3",
            "pip-3.x",
            "pipx3.11",
            "tool3.11",
            "easy_install",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
