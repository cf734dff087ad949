//! What a Dockerfile depends on, as far as the project and its lock say it.

use std::path::{Component, Path, PathBuf};

use lock2venv::lock::Package;
use lock2venv::pyproject::Project;
use lock2venv::select::select;
use lock2venv::source::Location;
use toml::Value;

use super::{Dockerfile, python, words};
use crate::args::Groups;
use crate::diagnose::Failure;
use crate::install::project::LockedProject;

/// What an image of the project is made of.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The folder of the project.
    pub(super) root: PathBuf,
    /// The project's name.
    pub(super) name: String,
    /// The folder of the project as seen from that which the build is given; empty where they are the same.
    pub(super) prefix: PathBuf,
    /// The version of Python, such as `3.12`.
    pub(super) python: String,
    /// The image that has lock2venv in it.
    pub(super) image: String,
    /// Whether there is something to install of the project itself.
    pub(super) is_package: bool,
    /// The flags that choose groups and extras.
    pub(super) choice: String,
    /// The documents that the dependencies are installed by. The lock alone is enough where it says all there is to know.
    pub(super) documents: Vec<&'static str>,
    /// The sources that are not PyPI, by name.
    pub(super) sources: Vec<String>,
    /// Archives on this disk that the lock names, relative to the project.
    pub(super) archives: Vec<PathBuf>,
    /// Whether folders are among the dependencies.
    pub(super) has_folders: bool,
    /// What needs more than the slim image: git, or a compiler. Named for the comment.
    pub(super) sources_built: Vec<String>,
    /// The first program of the project, and how many more there are.
    pub(super) script: Option<String>,
    pub(super) n_more_scripts: usize,
    /// A module that looks as if it were to be started.
    pub(super) main: Option<&'static str>,
}

/// Sorts names, each of which counts once.
fn sort_out(names: &mut Vec<String>) {
    names.sort();
    names.dedup();
}

fn has_sdists_alone(package: &Package) -> bool {
    let mut files = package.files.iter();
    !package.files.is_empty() && !files.any(|file| file.name.ends_with(".whl"))
}

fn main_module(root: &Path) -> Option<&'static str> {
    let mut names = ["main.py", "app.py", "manage.py"].into_iter();
    names.find(|name| root.join(name).is_file())
}

impl Facts {
    pub(super) fn of(
        locked: &LockedProject,
        arguments: &Dockerfile,
        groups: &Groups,
    ) -> Result<Self, Failure> {
        let project = &locked.project;
        let selection = select(project, &locked.lock, &locked.choice)?;
        let packages: Vec<_> = selection.packages.iter().map(|one| one.package).collect();
        let mut facts = Self {
            root: project.root.clone(),
            name: project.name.to_string(),
            prefix: PathBuf::new(),
            python: python::choose(arguments.python.as_deref(), project, &packages)?,
            image: arguments.image.clone(),
            is_package: project.is_package,
            choice: flags(groups),
            documents: Vec::new(),
            sources: Vec::new(),
            archives: Vec::new(),
            has_folders: false,
            sources_built: Vec::new(),
            script: None,
            n_more_scripts: 0,
            main: main_module(&project.root),
        };
        let scripts = scripts(project);
        facts.n_more_scripts = scripts.len().saturating_sub(1);
        let own = scripts.iter().find(|script| **script == facts.name);
        facts.script = own.or_else(|| scripts.first()).cloned();
        let mut folders = Vec::new();
        for package in packages {
            let name = package.name.to_string();
            match package.source.as_ref().map(|source| &source.location) {
                Some(Location::Index(_)) => {
                    let source = package.source.as_ref();
                    facts
                        .sources
                        .extend(source.and_then(|source| source.reference.clone()));
                }
                Some(Location::Git(_)) => facts.sources_built.push(name),
                Some(Location::Directory(path)) => folders.push(path.clone()),
                Some(Location::File(path)) => facts.archives.push(path.clone()),
                Some(Location::Url(_)) | None => {}
            }
            if has_sdists_alone(package) {
                facts.sources_built.push(package.name.to_string());
            }
        }
        sort_out(&mut facts.sources);
        sort_out(&mut facts.sources_built);
        facts.has_folders = !folders.is_empty();
        let is_enough = locked.lock.has_groups && !groups.only.is_empty();
        facts.documents = documents(&facts, is_enough);
        let outside = || folders.iter().chain(&facts.archives);
        outside().try_for_each(|path| words::check_path(path))?;
        facts.prefix = last_of(&facts.root, outside().map(|path| n_above(path)).max());
        words::check_path(&facts.prefix)?;
        Ok(facts)
    }

    /// Returns the command that builds the image, from the project's folder.
    pub(super) fn command(&self) -> String {
        let secret = if self.sources.is_empty() {
            ""
        } else {
            " --secret id=poetry_auth,src=$HOME/.config/pypoetry/auth.toml"
        };
        let context = match self.prefix.components().count() {
            0 => ".".to_owned(),
            n_above => vec![".."; n_above].join("/"),
        };
        let file = if context == "." { "" } else { " -f Dockerfile" };
        let image = words::image_of(&self.name);
        format!("docker build{secret} -t {image}{file} {context}")
    }
}

/// Lists what the dependencies are installed by.
fn documents(facts: &Facts, is_lock_enough: bool) -> Vec<&'static str> {
    let has_settings = facts.root.join("poetry.toml").is_file();
    [
        (
            "pyproject.toml",
            !is_lock_enough || !facts.sources.is_empty(),
        ),
        ("poetry.lock", true),
        ("poetry.toml", has_settings),
    ]
    .into_iter()
    .filter_map(|(name, is_needed)| is_needed.then_some(name))
    .collect()
}

/// Counts how many folders up a path leads, from where it starts.
fn n_above(path: &Path) -> usize {
    let mut components = path.components();
    let n_above = components
        .by_ref()
        .take_while(|component| *component == Component::ParentDir);
    n_above.count()
}

/// Returns the last `number` parts of a path, or none.
fn last_of(path: &Path, number: Option<usize>) -> PathBuf {
    let number = number.unwrap_or(0);
    let parts: Vec<_> = path.components().collect();
    parts[parts.len().saturating_sub(number)..].iter().collect()
}

/// Writes the flags that choose what was chosen.
fn flags(groups: &Groups) -> String {
    let mut flags = String::new();
    let lists = [
        ("with", &groups.with),
        ("without", &groups.without),
        ("only", &groups.only),
    ];
    for (flag, names) in lists {
        if !names.is_empty() {
            flags.extend([" --", flag, " ", &words::quoted(&names.join(","))]);
        }
    }
    if groups.all_groups {
        flags.push_str(" --all-groups");
    }
    for extra in groups
        .extras
        .iter()
        .flat_map(|extras| extras.split_whitespace())
    {
        flags.extend([" --extras ", &words::quoted(extra)]);
    }
    if groups.all_extras {
        flags.push_str(" --all-extras");
    }
    flags
}

/// Lists the console scripts of the project in the order of the document.
fn scripts(project: &Project) -> Vec<String> {
    let table = project.document.table();
    let of_project = table.get("project").and_then(|table| table.get("scripts"));
    let of_poetry = || table.get("tool")?.get("poetry")?.get("scripts");
    let scripts = of_project.or_else(of_poetry).and_then(Value::as_table);
    let scripts = scripts.into_iter().flat_map(|table| table.keys().cloned());
    scripts.collect()
}
