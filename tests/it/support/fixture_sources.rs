//! The cases of `fixtures/sources`: projects that Poetry locked and installed, with servers for what they need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;
use serde_json::Value;

use super::git_server::{Daemon, GitPlace};
use super::local_index::LocalIndex;
use super::workspace::{Output, Workspace};

/// A case in a workspace, and its servers.
pub(crate) struct SourceCase {
    pub(crate) workspace: Workspace,
    folder: PathBuf,
    index: LocalIndex,
    daemon: Option<Daemon>,
    _repositories: GitPlace,
}

/// What an environment holds of one distribution: documents and the sorted paths of RECORD, by name.
pub(crate) type Listing = BTreeMap<String, BTreeMap<String, String>>;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sources")
}

/// Lists the cases by name.
pub(crate) fn cases() -> Vec<String> {
    let entries = fs::read_dir(fixtures()).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    let cases = folders.filter(|folder| folder.join("poetry.lock").exists());
    let mut names: Vec<String> = cases
        .map(|case| case.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

impl SourceCase {
    pub(crate) fn new(name: &str) -> Self {
        let folder = fixtures().join(name);
        let workspace = Workspace::new();
        copy(&folder, &workspace.project());
        let index = LocalIndex::start();
        for folder in ["files", "backends"] {
            offer(&index, &fixtures().join(folder));
        }
        let repositories = GitPlace::new();
        let has_git = fs::read_to_string(folder.join("poetry.lock"))
            .unwrap()
            .contains("${GIT}");
        let case = Self {
            workspace,
            folder,
            index,
            daemon: has_git.then(|| serve(&repositories)),
            _repositories: repositories,
        };
        case.fill_in();
        case
    }

    /// Puts the addresses of the servers into both documents.
    fn fill_in(&self) {
        let project = self.workspace.project();
        let pyproject = self.filled("pyproject.toml");
        let lock = self.filled("poetry.lock");
        let parsed = Project::parse(&pyproject, &project, &Disk).unwrap();
        let hash = format!("content-hash = \"{}\"", parsed.content_hash().unwrap());
        let lines = lock.lines().map(|line| {
            let is_hash = line.starts_with("content-hash");
            if is_hash { hash.as_str() } else { line }
        });
        let lock: Vec<&str> = lines.collect();
        self.workspace.write("pyproject.toml", &pyproject);
        self.workspace.write("poetry.lock", lock.join("\n"));
        for file in fs::read_dir(fixtures().join("files")).unwrap() {
            let file = file.unwrap();
            let is_wanted = lock.iter().any(|line| {
                *line == format!("url = \"libs/{}\"", file.file_name().to_str().unwrap())
            });
            if is_wanted {
                let target = format!("libs/{}", file.file_name().to_str().unwrap());
                self.workspace
                    .write(&target, fs::read(file.path()).unwrap());
            }
        }
    }

    fn filled(&self, file: &str) -> String {
        self.fill(&fs::read_to_string(self.folder.join(file)).unwrap())
    }

    fn fill(&self, text: &str) -> String {
        let index = self.index.at("");
        let git = self
            .daemon
            .as_ref()
            .map_or_else(String::new, |daemon| daemon.url(""));
        let root = self.workspace.project();
        text.replace("${INDEX}", index.trim_end_matches('/'))
            .replace("${GIT}", git.trim_end_matches('/'))
            .replace("${ROOT}", root.to_str().unwrap())
    }

    /// Ends the git server, as if the network were gone.
    pub(crate) fn disconnect(&mut self) {
        self.daemon = None;
    }

    /// Installs with the variables that Poetry had, and `arguments` besides.
    pub(crate) fn install(&self, arguments: &[&str]) -> Output {
        self.run(&[&["install", "--no-root"], arguments].concat())
    }

    /// Runs the program with the variables that Poetry had.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.workspace.command(arguments);
        let variables = fs::read(self.folder.join("variables.json"));
        if let Ok(text) = variables {
            let variables: BTreeMap<String, String> = serde_json::from_slice(&text).unwrap();
            command.envs(variables);
        }
        Output::of(&mut command)
    }

    /// What Poetry installed.
    pub(crate) fn expected(&self) -> Listing {
        let text = fs::read(self.folder.join("installed.json")).unwrap();
        let recorded: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&text).unwrap();
        let mut listing = Listing::new();
        for mut one in recorded {
            let name = one.remove("distribution").unwrap();
            let paths = one.remove("record").unwrap();
            let paths: Vec<String> = serde_json::from_value(paths).unwrap();
            let documents = one.into_iter();
            let documents = documents.map(|(name, text)| (name, self.fill(text.as_str().unwrap())));
            let mut documents: BTreeMap<String, String> = documents.collect();
            documents.insert("RECORD".to_owned(), listed(paths));
            listing.insert(name.as_str().unwrap().to_owned(), documents);
        }
        listing
    }

    /// What the environment holds.
    pub(crate) fn installed(&self) -> Listing {
        let library = library(&self.workspace.project().join(".venv"));
        let mut listing = Listing::new();
        for entry in fs::read_dir(&library).unwrap() {
            let info = entry.unwrap().path();
            let name = info.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(name) = name.strip_suffix(".dist-info") else {
                continue;
            };
            let text = fs::read_to_string(info.join("RECORD")).unwrap();
            let paths = text.lines().map(|line| line.split(',').next().unwrap());
            let paths: Vec<String> = paths.map(str::to_owned).collect();
            assert!(
                !paths.iter().any(|path| path.contains("/.git")),
                "{paths:?}"
            );
            let mut documents = BTreeMap::new();
            for document in ["direct_url.json", "entry_points.txt"] {
                if let Ok(text) = fs::read_to_string(info.join(document)) {
                    documents.insert(document.to_owned(), text);
                }
            }
            for path in paths.iter().filter(|path| is_path_file(path)) {
                let text = fs::read_to_string(library.join(path)).unwrap();
                documents.insert(path.clone(), text);
            }
            documents.insert("RECORD".to_owned(), listed(paths));
            listing.insert(name.to_owned(), documents);
        }
        listing
    }
}

fn is_path_file(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "pth")
}

/// Joins paths of a RECORD, but for what Poetry never writes and what its own git leaves in submodules.
fn listed(paths: Vec<String>) -> String {
    let is_counted = |path: &String| !path.ends_with("/REQUESTED") && !path.contains("/.git");
    let mut paths: Vec<String> = paths.into_iter().filter(is_counted).collect();
    paths.sort();
    paths.join("\n")
}

fn library(environment: &Path) -> PathBuf {
    let mut folders = fs::read_dir(environment.join("lib")).unwrap();
    folders
        .next()
        .unwrap()
        .unwrap()
        .path()
        .join("site-packages")
}

/// Puts the files of a folder on an index.
fn offer(index: &LocalIndex, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let package = file.split('-').next().unwrap().replace('_', "-");
        index.add(&package, file, &fs::read(&path).unwrap());
    }
}

fn serve(repositories: &GitPlace) -> Daemon {
    for entry in fs::read_dir(fixtures().join("repositories")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let bundle = path.to_str().unwrap();
        repositories.git("", &["clone", "--quiet", "--mirror", bundle, name]);
    }
    Daemon::start(&repositories.path(""))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
