//! The wheels of the projects in `fixtures/wheel-projects`, held against those that the real Poetry built of them.

use std::fmt::Write as _;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use lock2venv::project_wheel::{self, BuiltWheel, Error, Options};
use zip::ZipArchive;

/// A recorded case, its project copied to a folder of its own.
struct Case {
    name: String,
    folder: PathBuf,
    project: PathBuf,
    root: PathBuf,
    _temporary: tempfile::TempDir,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wheel-projects")
}

fn cases() -> Vec<Case> {
    let mut folders: Vec<_> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("project").is_dir())
        .collect();
    folders.sort();
    folders.into_iter().map(Case::open).collect()
}

impl Case {
    fn named(name: &str) -> Self {
        Self::open(fixtures().join(name))
    }

    fn open(folder: PathBuf) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let project = temporary.path().canonicalize().unwrap().join("project");
        place(&folder.join("project"), &project).unwrap();
        let settings = fs::read_to_string(folder.join("case.toml")).unwrap_or_default();
        let settings: toml::Table = settings.parse().unwrap();
        if let Some(git) = settings.get("git") {
            make_repository(&project, git);
        }
        let root = settings
            .get("root")
            .map_or(".", |root| root.as_str().unwrap());
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            root: project.join(root).canonicalize().unwrap(),
            folder,
            project,
            _temporary: temporary,
        }
    }

    fn build(&self) -> Result<BuiltWheel, Error> {
        project_wheel::build(&self.root, &Options::default())
    }

    fn recorded(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    /// Hides where the project is, as the recorder does.
    fn hide(&self, text: &str) -> String {
        text.replace(self.root.to_str().unwrap(), "${ROOT}")
            .replace(self.project.to_str().unwrap(), "${PROJECT}")
    }
}

/// Copies a project; names that begin with `dot.` become hidden ones.
fn place(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap();
        let name = name
            .strip_prefix("dot")
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(&name);
        let target = target.join(name);
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        } else if kind.is_dir() {
            place(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn make_repository(project: &Path, git: &toml::Value) {
    let strings = |key: &str| -> Vec<String> {
        let array = git
            .get(key)
            .map_or(&[][..], |value| value.as_array().unwrap());
        array
            .iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    let nested = strings("nested")
        .into_iter()
        .map(|nested| project.join(nested));
    for folder in nested.chain([project.to_owned()]) {
        for part in ["objects", "refs", "info"] {
            fs::create_dir_all(folder.join(".git").join(part)).unwrap();
        }
        fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    }
    if let Some(exclude) = git.get("exclude") {
        fs::write(project.join(".git/info/exclude"), exclude.as_str().unwrap()).unwrap();
    }
    fs::write(project.join(".git/index"), index(strings("tracked"))).unwrap();
}

/// Writes an index of version 2 in which only the names are true.
fn index(mut names: Vec<String>) -> Vec<u8> {
    names.sort();
    let mut bytes = b"DIRC\0\0\0\x02".to_vec();
    bytes.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
    for name in names {
        bytes.extend([0; 60]);
        bytes.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        bytes.extend(name.as_bytes());
        bytes.resize(bytes.len() + 8 - (62 + name.len()) % 8, 0);
    }
    bytes.extend([0; 20]);
    bytes
}

/// The archive of a wheel, read back.
struct Archive(ZipArchive<Cursor<Vec<u8>>>);

impl Archive {
    fn of(wheel: &BuiltWheel) -> Self {
        let mut bytes = Cursor::new(Vec::new());
        wheel.write(&mut bytes).unwrap();
        Self(ZipArchive::new(bytes).unwrap())
    }

    fn files(&mut self) -> String {
        let mut text = String::new();
        for at in 0..self.0.len() {
            let file = self.0.by_index(at).unwrap();
            let mode = file.unix_mode().unwrap() & 0o777;
            writeln!(text, "{mode:o} {}", file.name().unwrap()).unwrap();
        }
        text
    }

    fn text(&mut self, path: &str) -> Option<String> {
        let mut text = String::new();
        self.0
            .by_name(path)
            .ok()?
            .read_to_string(&mut text)
            .unwrap();
        Some(text)
    }
}

/// Drops the digest and size of METADATA, which may name the project's folder.
fn without_digest_of_metadata(record: &str) -> String {
    let lines = record
        .lines()
        .map(|line| match line.split_once("/METADATA,") {
            Some((folder, _)) => format!("{folder}/METADATA,,\n"),
            None => format!("{line}\n"),
        });
    lines.collect()
}

#[track_caller]
fn equal(case: &Case, file: &str, ours: Option<&str>, faults: &mut Vec<String>) {
    let recorded = case.recorded(file);
    if recorded.as_deref() != ours {
        let (recorded, ours) = (recorded.unwrap_or_default(), ours.unwrap_or_default());
        let difference = similar::TextDiff::from_lines(recorded.as_str(), ours);
        let difference = difference
            .unified_diff()
            .header("poetry", "ours")
            .to_string();
        faults.push(format!("{} {file}\n{difference}", case.name));
    }
}

#[track_caller]
fn report(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} differ\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn wheels_are_those_of_poetry() {
    let mut faults = Vec::new();
    let cases = cases();
    for case in cases
        .iter()
        .filter(|case| case.recorded("refused.txt").is_none())
    {
        let wheel = match case.build() {
            Ok(wheel) => wheel,
            Err(error) => {
                faults.push(format!("{}: {error:?}", case.name));
                continue;
            }
        };
        let mut archive = Archive::of(&wheel);
        let name = format!("{}\n", wheel.file_name());
        equal(case, "wheel/NAME", Some(&name), &mut faults);
        equal(case, "wheel/FILES", Some(&archive.files()), &mut faults);
        for file in ["METADATA", "WHEEL", "entry_points.txt"] {
            let text = archive.text(&format!("{}/{file}", wheel.dist_info()));
            let text = text.map(|text| case.hide(&text));
            equal(case, &format!("wheel/{file}"), text.as_deref(), &mut faults);
        }
        let record = archive
            .text(&format!("{}/RECORD", wheel.dist_info()))
            .unwrap();
        let record = without_digest_of_metadata(&record);
        equal(case, "wheel/RECORD", Some(&record), &mut faults);
    }
    assert!(cases.len() > 60, "{} cases found", cases.len());
    report(&faults);
}

#[test]
fn editable_wheels_are_those_of_poetry_core() {
    let mut faults = Vec::new();
    for case in cases()
        .iter()
        .filter(|case| case.recorded("refused.txt").is_none())
    {
        let wheel = project_wheel::build_editable(&case.root, &Options::default()).unwrap();
        let mut archive = Archive::of(&wheel);
        equal(case, "editable/FILES", Some(&archive.files()), &mut faults);
        let module = wheel.file_name().split('-').next().unwrap();
        let lines = archive.text(&format!("{module}.pth")).unwrap();
        equal(case, "editable/PTH", Some(&case.hide(&lines)), &mut faults);
    }
    report(&faults);
}
