//! The wheels of the projects in `fixtures/wheel-projects`, held against those that the real Poetry built of them.

use std::fmt::Write as _;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use lock2venv::digest::{Algorithm, Digest};
use lock2venv::project_wheel::{self, Backend, BuildOptions, BuiltWheel, Error, Unsupported};
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
        project_wheel::build(&self.root, &BuildOptions::default())
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
    let nested = ["nested", "nested_later"].into_iter().flat_map(strings);
    let nested = nested.map(|nested| project.join(nested));
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

/// Drops lines that are there before: Poetry repeats a file that two scripts name.
fn without_repetition(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.split_inclusive('\n') {
        if !line.contains(".data/") || !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.concat()
}

#[track_caller]
fn equal(case: &Case, file: &str, ours: Option<&str>, faults: &mut Vec<String>) {
    let recorded = case.recorded(file).map(|text| without_repetition(&text));
    if recorded.as_deref() != ours {
        let (recorded, ours) = (recorded.unwrap_or_default(), ours.unwrap_or_default());
        let difference = diffy::create_patch(&recorded, ours);
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
        let wheel = project_wheel::build_editable(&case.root, &BuildOptions::default()).unwrap();
        let mut archive = Archive::of(&wheel);
        equal(case, "editable/FILES", Some(&archive.files()), &mut faults);
        let module = wheel.file_name().split('-').next().unwrap();
        let lines = archive.text(&format!("{module}.pth")).unwrap();
        equal(case, "editable/PTH", Some(&case.hide(&lines)), &mut faults);
    }
    report(&faults);
}

#[track_caller]
fn refuses(name: &str, expected: &str) {
    let case = Case::named(name);
    let recorded = case.recorded("refused.txt");
    assert!(recorded.is_some(), "Poetry does not refuse {name}");
    let error = case.build().unwrap_err();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    let text = format!("{error}{}", cause.unwrap_or_default());
    assert_eq!(case.hide(&text), expected);
}

#[test]
fn what_poetry_refuses_is_refused() {
    refuses(
        "refused-author",
        "`<ann@example.org>` is not of the form `Name <address>`",
    );
    refuses(
        "refused-license-files",
        "the pattern `MISSING*` of `license-files` matches no file",
    );
    refuses(
        "refused-license-table",
        "the project is invalid: [project.license] must be of type string if [project.license-files] is defined.",
    );
    refuses(
        "refused-no-module",
        "there is no module or package `demo`, and the project lists no `packages`",
    );
    refuses(
        "refused-no-version",
        "the project is invalid: The Poetry configuration is invalid:\n  - Either [project.version] or [tool.poetry.version] is required in package mode.\n",
    );
    refuses(
        "refused-not-a-package",
        "the project is not a package: `package-mode` is false",
    );
    refuses(
        "refused-outside",
        "`${PROJECT}/lib/shared/__init__.py` is outside the project",
    );
    refuses(
        "refused-package-missing",
        "the package `nope` does not exist",
    );
    refuses(
        "refused-package-without-python",
        "the folder `data` is not a package: it contains no `.py` file",
    );
    refuses("refused-readme-missing", "the readme `R.md` does not exist");
    refuses(
        "refused-reserved-group",
        "the project is invalid: Group 'console-scripts' is reserved and cannot be used as a custom entry-point group.",
    );
    refuses(
        "refused-script-file",
        "the script `a` does not name a file of the project",
    );
    refuses(
        "refused-two-modules",
        "`demo.py` and the folder `demo` both exist",
    );
    refuses(
        "refused-version",
        "the project is invalid: Invalid version 'one' on package demo",
    );
}

/// Builds a project of one module whose pyproject.toml is `pyproject`.
fn build_module(pyproject: &str) -> Result<BuiltWheel, Error> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pyproject.toml"), pyproject).unwrap();
    fs::write(folder.path().join("demo.py"), "").unwrap();
    project_wheel::build(folder.path(), &BuildOptions::default())
}

#[test]
fn what_only_python_can_build_is_refused() {
    let unsupported = |pyproject: &str| match build_module(pyproject) {
        Err(Error::Unsupported(what)) => what,
        other => panic!("{other:?}"),
    };
    let project = "[tool.poetry]\nname = 'demo'\nversion = '1'\n";
    for backend in ["hatchling.build", "poetry_dynamic_versioning.backend"] {
        let table = format!("[build-system]\nbuild-backend = '{backend}'");
        let expected = Unsupported::Backend(backend.to_owned());
        assert_eq!(unsupported(&format!("{project}{table}")), expected);
    }
    for build in [
        "'build.py'",
        "{script = 'build.py', generate-setup-file = true}",
    ] {
        let expected = Unsupported::BuildScript("build.py".to_owned());
        assert_eq!(unsupported(&format!("{project}build = {build}")), expected);
    }
}

#[test]
fn backends_are_told_apart() {
    let named = |table: &str| project_wheel::backend(&format!("[build-system]\n{table}")).unwrap();
    let other = |name: &str| Backend::Other(name.to_owned());
    assert_eq!(project_wheel::backend("").unwrap(), Backend::Unnamed);
    assert_eq!(named("requires = ['poetry-core']"), Backend::Unnamed);
    assert_eq!(
        named("build-backend = 'poetry.core.masonry.api'"),
        Backend::PoetryCore
    );
    assert_eq!(
        named("build-backend = 'poetry.masonry.api'"),
        Backend::PoetryCore
    );
    assert_eq!(named("build-backend = 'maturin'"), other("maturin"));
    assert_eq!(
        named("build-backend = 'poetry.core.masonry.api'\nbackend-path = ['tools']"),
        other("poetry.core.masonry.api")
    );
    assert!(project_wheel::backend("[build-system").is_err());
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    let case = Case::named("flat-package");
    let bytes = |options: &BuildOptions| {
        let mut bytes = Cursor::new(Vec::new());
        let wheel = project_wheel::build(&case.root, options).unwrap();
        wheel.write(&mut bytes).unwrap();
        bytes.into_inner()
    };
    let dated = BuildOptions {
        source_date_epoch: Some(1_700_000_000),
        ..BuildOptions::default()
    };
    assert_eq!(
        bytes(&BuildOptions::default()),
        bytes(&BuildOptions::default())
    );
    assert_eq!(bytes(&dated), bytes(&dated));
    assert_ne!(bytes(&dated), bytes(&BuildOptions::default()));
}

/// poetry-core gives RECORD, which is no file of its own when it is packed, permissions alone.
#[test]
fn modes_are_those_of_poetry_core() {
    let mut archive = Archive::of(&Case::named("scripts").build().unwrap());
    for at in 0..archive.0.len() {
        let file = archive.0.by_index(at).unwrap();
        let is_record = file.name().unwrap().ends_with("/RECORD");
        let file_type = file.unix_mode().unwrap() & 0o170_000;
        assert_eq!(file_type, if is_record { 0 } else { 0o100_000 });
    }
}

#[test]
fn saving_replaces_an_older_wheel_and_tells_the_digest() {
    let case = Case::named("module");
    let wheel = case.build().unwrap();
    let folder = case.project.join("dist");
    for content in ["an older one", ""] {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(wheel.file_name()), content).unwrap();
        let digest = wheel.save(&folder).unwrap();
        let bytes = fs::read(folder.join(wheel.file_name())).unwrap();
        assert_eq!(digest, Digest::of(Algorithm::Sha256, &bytes));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}

#[test]
fn the_users_own_patterns_are_asked_last() {
    let case = Case::named("git-ignored");
    let excludes = case.project.parent().unwrap().join("excludes");
    fs::write(&excludes, "__init__.py\ny.tmp\ninfo.txt\nz.*\n*.py\n").unwrap();
    let options = BuildOptions {
        git_excludes: project_wheel::GitExcludes::File(excludes),
        ..BuildOptions::default()
    };
    fs::write(case.project.join("demo/new.py"), "").unwrap();
    let wheel = project_wheel::build(&case.root, &options).unwrap();
    let mut files = wheel.files().iter().map(|file| file.path.as_str());
    assert!(
        files.clone().any(|path| path == "demo/__init__.py"),
        "tracked"
    );
    assert!(
        files.clone().any(|path| path == "demo/sub/y.tmp"),
        "taken back in the project"
    );
    assert!(
        !files.any(|path| path == "demo/new.py"),
        "ignored by the user alone"
    );
}

#[test]
fn two_files_with_one_path_are_refused() {
    let case = Case::named("packages-from-to");
    let pyproject = "[tool.poetry]\nname = 'demo'\nversion = '1'\npackages = [{include = 'a', from = 'lib'}, {include = 'a'}]";
    fs::write(case.root.join("pyproject.toml"), pyproject).unwrap();
    fs::create_dir(case.root.join("a")).unwrap();
    fs::write(case.root.join("a/__init__.py"), "another").unwrap();
    let error = case.build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "two files have the path `a/__init__.py` in the wheel"
    );
}

#[test]
fn a_target_above_the_wheel_is_refused() {
    for target in ["..", "/etc", "a/../../b"] {
        let pyproject = format!(
            "[tool.poetry]\nname = 'demo'\nversion = '1'\npackages = [{{include = 'demo.py', to = '{target}'}}]"
        );
        let error = build_module(&pyproject).unwrap_err();
        assert!(matches!(error, Error::ArchivePath(_)), "{target}: {error}");
    }
}
