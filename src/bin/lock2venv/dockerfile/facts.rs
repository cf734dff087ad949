//! What a Dockerfile depends on, as far as the project and its lock say it.

use std::path::{Component, Path, PathBuf};

use lock2venv::project_files::Disk;
use lock2venv::project_wheel::BuildOptions;
use lock2venv::pyproject::Project;
use lock2venv::source::Location;
use lock2venv::url::Url;
use toml::Value;

use super::project::{OwnPart, needs_backend, started_module};
use super::python::{ImagePackage, ImagePython};
use super::words::SshHost;
use super::{Dockerfile, words};
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
    /// The version of Python.
    pub(super) python: ImagePython,
    /// The image that has lock2venv in it.
    pub(super) image: String,
    /// What there is to install of the project itself.
    pub(super) own: OwnPart,
    /// Whether a build backend has to run for that, or for a folder among the dependencies.
    pub(super) needs_backend: bool,
    /// The hosts that repositories come from by ssh.
    pub(super) ssh_hosts: Vec<SshHost>,
    /// The flags that choose groups and extras.
    pub(super) choice: String,
    /// The documents that the dependencies are installed by. The lock alone is enough where it says all there is to know.
    pub(super) documents: Vec<&'static str>,
    /// The sources that are asked over the network and are not PyPI, by name.
    pub(super) sources: Vec<String>,
    /// The folders of this machine that are sources, absolute; the build is given each as a context of its own.
    local_sources: Vec<PathBuf>,
    /// Archives on this disk that the lock names, relative to the project.
    pub(super) archives: Vec<PathBuf>,
    /// Whether folders are among the dependencies.
    pub(super) has_folders: bool,
    /// What needs more than the slim image: git, or a compiler. Named for the comment.
    pub(super) sources_built: Vec<String>,
    /// The first program of the project, and how many more there are.
    pub(super) script: Option<String>,
    pub(super) n_more_scripts: usize,
    /// A file that looks as if it were to be started.
    pub(super) main: Option<&'static str>,
    /// A package that `python -m` starts.
    pub(super) module: Option<String>,
}

/// Returns the folder that `url` leads to, if it is a `file:` URL: that of the page, if it names one.
fn local_folder(url: &Url) -> Result<Option<PathBuf>, Failure> {
    if url.scheme() != "file" {
        return Ok(None);
    }
    let root = ["/".to_owned()].into_iter();
    let mut folder: PathBuf = root.chain(url.segments()).collect();
    let ending = folder.extension();
    if ending.is_some_and(|ending| ending == "html" || ending == "htm") {
        folder.pop();
    }
    words::check_name(&folder)?;
    Ok(Some(folder))
}

/// Sorts what counts once each.
fn sort_out<T: Ord>(names: &mut Vec<T>) {
    names.sort_unstable();
    names.dedup();
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
        options: &BuildOptions,
    ) -> Result<Self, Failure> {
        let project = &locked.project;
        let python = ImagePython::choose(arguments.python.as_deref(), locked)?;
        let packages = python.packages(locked)?;
        let mut facts = Self {
            root: project.root.clone(),
            name: project.name.to_string(),
            prefix: PathBuf::new(),
            python,
            image: arguments.image.clone(),
            own: OwnPart::Wheel,
            needs_backend: false,
            ssh_hosts: Vec::new(),
            choice: flags(groups),
            documents: Vec::new(),
            sources: Vec::new(),
            local_sources: Vec::new(),
            archives: Vec::new(),
            has_folders: false,
            sources_built: Vec::new(),
            script: None,
            n_more_scripts: 0,
            main: main_module(&project.root),
            module: started_module(project),
        };
        let scripts = scripts(project);
        facts.n_more_scripts = scripts.len().saturating_sub(1);
        let own = scripts.iter().find(|script| **script == facts.name);
        facts.script = own.or_else(|| scripts.first()).cloned();
        let mut folders = Vec::new();
        for wanted in &packages {
            folders.extend(facts.take(wanted)?);
        }
        sort_out(&mut facts.sources);
        sort_out(&mut facts.local_sources);
        sort_out(&mut facts.ssh_hosts);
        sort_out(&mut facts.sources_built);
        facts.own = OwnPart::of(project, options);
        let own = (facts.own == OwnPart::Wheel).then(|| project.root.clone());
        let mut built = folders
            .iter()
            .map(|path| project.root.join(path))
            .chain(own);
        facts.needs_backend = built.any(|folder| needs_backend(&folder, options));
        facts.has_folders = !folders.is_empty();
        facts.documents = documents(&facts, is_lock_enough(locked, groups, &facts)?);
        let outside = || folders.iter().chain(&facts.archives);
        outside().try_for_each(|path| words::check_path(path))?;
        facts.prefix = last_of(&facts.root, outside().map(|path| n_above(path)).max());
        words::check_path(&facts.prefix)?;
        Ok(facts)
    }

    /// Takes what an image needs for a package; returns its folder, if it comes from one.
    fn take(&mut self, wanted: &ImagePackage<'_>) -> Result<Option<PathBuf>, Failure> {
        let package = wanted.package;
        let source = package.source.as_ref();
        let name = || package.name.to_string();
        if self.python.builds(wanted) {
            self.sources_built.push(name());
        }
        match source.map(|source| &source.location) {
            Some(Location::Index(url)) => {
                let reference = source.and_then(|source| source.reference.clone());
                let reference = reference.unwrap_or_else(name);
                let url = url.parse().ok();
                let local = url.map(|url| local_folder(&url)).transpose()?;
                match local.flatten() {
                    Some(folder) => self.local_sources.push(folder),
                    None => self.sources.push(reference),
                }
            }
            Some(Location::Git(url)) => {
                self.sources_built.push(name());
                self.ssh_hosts
                    .extend(SshHost::of(&url.without_credentials()));
            }
            Some(Location::Directory(path)) => return Ok(Some(path.clone())),
            Some(Location::File(path)) => self.archives.push(path.clone()),
            Some(Location::Url(_)) | None => {}
        }
        Ok(None)
    }

    /// Lists the contexts that the build is given besides its own, by name.
    pub(super) fn contexts(&self) -> Vec<(String, &Path)> {
        let folders = self.local_sources.iter().enumerate();
        let named = folders.map(|(at, folder)| (format!("index-{}", at + 1), folder.as_path()));
        named.collect()
    }

    /// Returns the command that builds the image, from the project's folder.
    pub(super) fn command(&self) -> String {
        let secret = if self.sources.is_empty() {
            ""
        } else {
            " --secret id=poetry_auth,src=$HOME/.config/pypoetry/auth.toml"
        };
        let ssh = if self.ssh_hosts.is_empty() {
            ""
        } else {
            " --ssh default"
        };
        let context = match self.prefix.components().count() {
            0 => ".".to_owned(),
            n_above => vec![".."; n_above].join("/"),
        };
        let file = if context == "." { "" } else { " -f Dockerfile" };
        let image = words::image_of(&self.name);
        let contexts = self.contexts().into_iter();
        let contexts =
            contexts.map(|(name, folder)| format!(" --build-context {name}={}", folder.display()));
        let contexts: String = contexts.collect();
        format!("docker build{secret}{ssh}{contexts} -t {image}{file} {context}")
    }
}

/// Tells whether the lock alone says what the dependencies are, and what those that are built need for that.
fn is_lock_enough(locked: &LockedProject, groups: &Groups, facts: &Facts) -> Result<bool, Failure> {
    let project = &locked.project;
    let has_constraints = !project.build_constraints(&Disk)?.is_empty();
    let has_sources = project.sources.iter().any(|source| !source.is_pypi());
    let builds_by_pyproject = !facts.sources_built.is_empty() && (has_constraints || has_sources);
    let is_chosen_alone = !groups.only.is_empty() && groups.provided.is_empty();
    Ok(locked.lock.has_groups && is_chosen_alone && !builds_by_pyproject)
}

/// Lists what the dependencies are installed by.
fn documents(facts: &Facts, is_lock_enough: bool) -> Vec<&'static str> {
    let has_settings = facts.root.join("poetry.toml").is_file();
    [
        (
            "pyproject.toml",
            !is_lock_enough || !facts.sources.is_empty() || !facts.local_sources.is_empty(),
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

/// Writes the flags that choose what was chosen, and leave out what was left out.
fn flags(groups: &Groups) -> String {
    let mut flags = String::new();
    let lists = [
        ("with", &groups.with),
        ("without", &groups.without),
        ("only", &groups.only),
        ("provided", &groups.provided),
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

/// Lists the scripts of the project in the order of the document, by the names that they have once installed.
fn scripts(project: &Project) -> Vec<String> {
    let table = project.document.table();
    let of_project = table.get("project").and_then(|table| table.get("scripts"));
    let of_poetry = || table.get("tool")?.get("poetry")?.get("scripts");
    let scripts = of_project.or_else(of_poetry).and_then(Value::as_table);
    let scripts = scripts.into_iter().flatten();
    scripts
        .map(|(name, script)| file_of(script).unwrap_or(name).to_owned())
        .collect()
}

/// Returns the name of a script that is a file of the project: that of the file.
fn file_of(script: &Value) -> Option<&str> {
    let is_file = script.get("type").and_then(Value::as_str) == Some("file");
    let path = Path::new(script.get("reference")?.as_str()?);
    path.file_name()?.to_str().filter(|_| is_file)
}
