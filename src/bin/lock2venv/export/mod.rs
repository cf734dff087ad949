//! `lock2venv export`.
//!
//! Messages that Poetry has too are printed in its words and layout: what it raises as an exception stands between empty lines,
//! what it prints itself does not.

mod addresses;

use std::fmt::Display;
use std::mem::ManuallyDrop;
use std::path::Path;

use lock2venv::configuration::{Configuration, Repository};
use lock2venv::export::{self, Credentials, Extent, Options};
use lock2venv::index::nearest_repository;
use lock2venv::lock::{Document, Lock};
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::project_wheel;
use lock2venv::pyproject::{Project, ProjectSource, Warning};
use lock2venv::select::{self, Choice, DefaultGroups, Request, Selection};
use lock2venv::url::Url;

use crate::args::{AppendProject, Export, Groups};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;
use crate::report::print_line;

/// Prints, writes or checks the export of the project.
pub(crate) fn run(arguments: &Export, context: &Context) -> Result<(), Failure> {
    let format = Format::of(arguments)?;
    let output = arguments.output.as_ref();
    let output = output.map(|path| context.working_folder.join(path));
    let text = text(format, arguments, context, output.as_deref())?;
    match output {
        None => print_data(text.as_bytes()),
        Some(path) if arguments.check => check(&path, &text),
        Some(path) => fs_err::write(&path, text).map_err(|error| Failure::output(&path, &error)),
    }
}

/// What the text is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Lines(Extent),
    Pylock,
}

impl Format {
    fn of(arguments: &Export) -> Result<Self, Failure> {
        let format = match arguments.format.as_str() {
            "requirements.txt" => Self::Lines(Extent::Requirements),
            "constraints.txt" => Self::Lines(Extent::Constraints),
            "pylock.toml" => Self::Pylock,
            other => return Err(exception(format!("Invalid export format: {other}")).misuse()),
        };
        let name = arguments.output.as_deref().and_then(Path::file_name);
        let name = name.map(|name| name.to_string_lossy());
        if format == Self::Pylock && name.is_some_and(|name| !is_pylock_name(&name)) {
            return Err(Failure::poetry(concat!(
                "The output file for pylock.toml export must be named \"pylock.toml\"",
                " or must follow the regex \"^pylock\\.([^.]+)\\.toml$\", e.g. \"pylock.dev.toml\""
            ))
            .misuse());
        }
        let takes_project = format == Self::Lines(Extent::Requirements);
        if arguments.append_project.is_some() && !takes_project {
            let text = format!("the project cannot be appended to {}", arguments.format);
            return Err(Failure::text(text).misuse());
        }
        Ok(format)
    }
}

fn is_pylock_name(name: &str) -> bool {
    let middle = name
        .strip_prefix("pylock.")
        .and_then(|rest| rest.strip_suffix(".toml"));
    name == "pylock.toml"
        || middle.is_some_and(|middle| !middle.is_empty() && !middle.contains('.'))
}

impl From<&Groups> for Request {
    fn from(groups: &Groups) -> Self {
        Self {
            with: groups.with.clone(),
            without: groups.without.clone(),
            only: groups.only.clone(),
            all_groups: groups.all_groups,
            extras: groups.extras.clone(),
            all_extras: groups.all_extras,
        }
    }
}

/// What Poetry raises as an exception.
fn exception(error: impl Display) -> Failure {
    Failure::poetry(format!("\n{error}"))
}

fn text(
    format: Format,
    arguments: &Export,
    context: &Context,
    output: Option<&Path>,
) -> Result<String, Failure> {
    let files = ProjectFiles::read(&context.project_folder).map_err(exception)?;
    let project = read_project(&files)?;
    let (choice, lock) = read_lock(&files, &project, arguments)?;
    // It is not freed: the process ends right after this, and a lock is many thousands of values.
    let lock = ManuallyDrop::new(lock);
    let selection = select::select(&project, &lock, &choice).map_err(exception)?;
    warn_of_paths(&selection, &project);
    let folder = output
        .and_then(Path::parent)
        .unwrap_or(&context.working_folder);
    match format {
        Format::Pylock => {
            let known = addresses::ask(&selection, &project, context)?;
            let info = |package: &_, file: &_| known.get(package, file);
            export::pylock(&project, &selection, &choice, folder, &info).map_err(exception)
        }
        Format::Lines(extent) => {
            let mut text = lines(&project, &selection, extent, arguments, (context, folder))?;
            if let Some(form) = arguments.append_project {
                append_project(&mut text, form, &project)?;
            }
            Ok(text)
        }
    }
}

fn read_project(files: &ProjectFiles) -> Result<Project, Failure> {
    let mut warnings = Vec::new();
    let project = files.project_warning(&mut warnings);
    for warning in &warnings {
        print_line(&warning.to_string());
    }
    project.map_err(exception)
}

/// Warns of locked paths that are not what they should be, as far as reading pyproject.toml did not yet.
fn warn_of_paths(selection: &Selection<'_>, project: &Project) {
    let packages = selection.packages.iter().map(|selected| selected.package);
    let mut warned = project.warnings.clone();
    for package in packages {
        let source = package.resolved_source.as_ref();
        let warning = Warning::of_path(package.name.as_str(), source, &Disk);
        if let Some(warning) = warning.filter(|warning| !warned.contains(warning)) {
            print_line(&warning.to_string());
            warned.push(warning);
        }
    }
}

/// Checks in the order in which Poetry does: is the lock fresh, are the options possible, can the lock be read.
fn read_lock(
    files: &ProjectFiles,
    project: &Project,
    arguments: &Export,
) -> Result<(Choice, Lock), Failure> {
    let Some(text) = &files.lock else {
        let failure = Failure::text("poetry.lock does not exist");
        return Err(failure.hint("run `poetry lock`"));
    };
    let document = Document::parse(text).map_err(exception)?;
    let freshness = document.check_freshness(project);
    freshness.map_err(|error| Failure::poetry(error.to_string()))?;
    let request = Request::from(&arguments.groups);
    let choice = Choice::new(project, &request, DefaultGroups::Main).map_err(misuse)?;
    if choice.has_ignored_groups {
        print_line(
            "The `--with` and `--without` options are ignored when used along with the `--only` option.",
        );
    }
    if let Some(warning) = document.warning() {
        print_line(&warning.to_string());
    }
    let lock = document.read(&project.root, &Disk).map_err(exception)?;
    Ok((choice, lock))
}

fn misuse(error: select::Error) -> Failure {
    let is_printed = matches!(
        error,
        select::Error::ExtrasAndAllExtras | select::Error::GroupsAndAllGroups
    );
    let failure = if is_printed {
        Failure::poetry(error.to_string())
    } else {
        exception(error)
    };
    failure.misuse()
}

fn lines(
    project: &Project,
    selection: &Selection<'_>,
    extent: Extent,
    arguments: &Export,
    (context, folder): (&Context, &Path),
) -> Result<String, Failure> {
    let configured = if arguments.with_credentials {
        Some(Configured::read(project, context)?)
    } else {
        None
    };
    let options = Options {
        without_hashes: arguments.without_hashes,
        without_urls: arguments.without_urls,
        credentials: configured.as_ref().map(|known| known as &dyn Credentials),
        paths_relative_to: arguments.relative_paths.then(|| folder.to_owned()),
    };
    let export = export::export(project, selection, extent, &options).map_err(exception)?;
    for warning in &export.warnings {
        print_line(&warning.to_string());
    }
    Ok(export.text)
}

/// The credentials of Poetry's configuration, and the repositories that they are for.
struct Configured {
    configuration: Configuration,
    repositories: Vec<Repository>,
}

impl Configured {
    /// Takes the repositories of the settings and the sources of the project; as in Poetry, the sources count only where no
    /// variable names a repository.
    fn read(project: &Project, context: &Context) -> Result<Self, Failure> {
        let read = Configuration::read(&project.root, context.variables.clone());
        let configuration = read.map_err(|error| Failure::new(&error))?;
        let repositories = configuration.repositories();
        let repositories = repositories.map_err(|error| Failure::new(&error))?;
        let mut configured = Self {
            configuration,
            repositories,
        };
        let mut variables = context.variables.keys();
        let is_of_repository =
            |name: &String| name.starts_with("POETRY_REPOSITORIES_") && name.ends_with("_URL");
        if !variables.any(is_of_repository) {
            let repositories = project.sources.iter().filter_map(repository);
            for repository in repositories {
                let mut known = configured.repositories.iter();
                if !known.any(|known| known.name == repository.name) {
                    configured.repositories.push(repository);
                }
            }
        }
        Ok(configured)
    }
}

fn repository(source: &ProjectSource) -> Option<Repository> {
    Some(Repository {
        name: source.name.clone(),
        url: Url::parse(source.url.as_deref()?).ok()?,
    })
}

impl Credentials for Configured {
    /// Poetry goes by the address: another repository may be nearer to it than the source itself, which has that address here
    /// whatever the settings say.
    fn of(&self, source: &ProjectSource) -> Option<(String, String)> {
        let own = repository(source)?;
        let url = own.url.clone();
        let mut repositories = self.repositories.clone();
        match repositories.iter_mut().find(|known| known.name == own.name) {
            Some(known) => *known = own,
            None => repositories.push(own),
        }
        let name = &nearest_repository(&repositories, &url)?.name;
        let (credentials, _) = self.configuration.credentials(name).ok()??;
        // Poetry takes one half alone for none.
        let is_whole = !credentials.username.is_empty() && !credentials.password.is_empty();
        is_whole.then_some((credentials.username, credentials.password))
    }
}

/// Appends the project, as its folder or as its wheel, which is built into `dist/`.
fn append_project(
    text: &mut String,
    form: AppendProject,
    project: &Project,
) -> Result<(), Failure> {
    match form {
        AppendProject::Path if text.contains(" \\\n    --hash=") => Err(Failure::text(
            "a folder cannot have a hash, and pip refuses it among requirements that have hashes",
        )
        .hint("append the project's wheel with its hash: `--append-project=wheel`")
        .hint("or leave the hashes out: `--without-hashes`")
        .misuse()),
        AppendProject::Path => {
            export::append(text, "./", None);
            Ok(())
        }
        AppendProject::Wheel => {
            let options = project_wheel::Options::default();
            let built = project_wheel::build(&project.root, &options);
            let wheel = built.map_err(|error| Failure::new(&error))?;
            let saved = wheel.save(&project.root.join("dist"));
            let digest = saved.map_err(|error| Failure::new(&error))?;
            let path = format!("./dist/{}", wheel.file_name());
            export::append(text, &path, Some(&digest));
            Ok(())
        }
    }
}

/// Compares `text` with the file at `path`; prints a diff when they differ.
fn check(path: &Path, text: &str) -> Result<(), Failure> {
    let there = match fs_err::read_to_string(path) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::output(path, &error)),
    };
    if there == text {
        return Ok(());
    }
    let name = path.display().to_string();
    let diff = similar::TextDiff::from_lines(&there, text);
    let diff = diff.unified_diff().header(&name, "poetry.lock").to_string();
    print_data(diff.as_bytes())?;
    let failure = Failure::text(format!("`{name}` is out of date"));
    Err(failure.hint("run the same command without `--check` to write it"))
}
