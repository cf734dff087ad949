//! `lock2venv export`.
//!
//! Messages that Poetry has too are printed in its words and layout: what it raises as an exception stands between empty lines,
//! what it prints itself does not.

mod addresses;
mod append;
mod format;
mod output;

use std::fmt::Display;
use std::mem::ManuallyDrop;
use std::path::Path;

use lock2venv::configuration::{Configuration, Repository};
use lock2venv::export::{self, Credentials, ExportOptions, Extent};
use lock2venv::http::{Keyring, KeyringQuestion, nearest_repository};
use lock2venv::lock::{Lock, LockDocument};
use lock2venv::project_files::{self, Disk, ProjectFiles};
use lock2venv::pyproject::{Project, ProjectSource, ProjectWarning};
use lock2venv::select::{self, Choice, DefaultGroups, Request, Selection};

use crate::args::{Export, Groups};
use crate::context::Context;
use crate::diagnose::{Failure, advice};
use crate::install::settings;
use crate::provided::{self, Chosen};

use append::Appending;
use format::Format;
use output::Output;

/// Prints, writes or checks the export of the project.
pub(crate) fn run(arguments: &Export, context: &Context) -> Result<(), Failure> {
    let format = Format::of(arguments)?;
    let output = Output::of(arguments, context);
    if arguments.dev {
        context.warn("`--dev` does nothing, as in Poetry: use `--with dev`");
    }
    let text = text(format, arguments, context, &output)?;
    output.put(&text, context)
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

/// What Poetry raises as an exception, with our advice.
fn exception<E: Display + Into<Failure>>(error: E) -> Failure {
    let text = format!("\n{error}");
    error.into().in_poetrys_words(text)
}

fn text(
    format: Format,
    arguments: &Export,
    context: &Context,
    output: &Output<'_>,
) -> Result<String, Failure> {
    let files = ProjectFiles::read(&context.project_folder).map_err(not_read)?;
    output.check(&files.root)?;
    let project = read_project(&files, context)?;
    let (choice, lock) = read_lock(&files, &project, arguments, context)?;
    // It is not freed: the process ends right after this, and a lock is many thousands of values.
    let lock = ManuallyDrop::new(lock);
    let selection = select::select(&project, &lock, &choice).map_err(exception)?;
    warn_of_paths(&selection, &project, context);
    match format {
        Format::Pylock => {
            let known = addresses::ask(&selection, &project, context)?;
            let info = |package: &_, file: &_| known.get(package, file);
            // Poetry takes the folder of the output file as it was named, with `..` and links.
            let folder = output.path.as_deref().and_then(Path::parent);
            let folder = folder.unwrap_or(&context.working_folder);
            export::pylock(&project, &selection, &choice, folder, &info).map_err(exception)
        }
        Format::Lines(extent) => {
            let lines = Lines {
                project: &project,
                selection: &selection,
                extent,
                arguments,
            };
            lines.text(output, context)
        }
    }
}

/// What Poetry has words for is said in them; what cannot be read at all is said in ours.
fn not_read(error: project_files::Error) -> Failure {
    if matches!(error, project_files::Error::NotFound(_)) {
        exception(error)
    } else {
        error.into()
    }
}

fn read_project(files: &ProjectFiles, context: &Context) -> Result<Project, Failure> {
    let mut warnings = Vec::new();
    let project = files.project_warning(&mut warnings);
    for warning in &warnings {
        context.say(&warning.to_string());
    }
    project.map_err(exception)
}

/// Warns of locked paths that are not what they should be, as far as reading pyproject.toml did not yet.
fn warn_of_paths(selection: &Selection<'_>, project: &Project, context: &Context) {
    let packages = selection.packages.iter().map(|selected| selected.package);
    let mut warned = project.warnings.clone();
    for package in packages {
        let source = package.resolved_source.as_ref();
        let warning = ProjectWarning::of_path(package.name.as_str(), source, &Disk);
        if let Some(warning) = warning.filter(|warning| !warned.contains(warning)) {
            context.say(&warning.to_string());
            warned.push(warning);
        }
    }
}

/// Checks in the order in which Poetry does: is the lock fresh, are the options possible, can the lock be read.
fn read_lock(
    files: &ProjectFiles,
    project: &Project,
    arguments: &Export,
    context: &Context,
) -> Result<(Choice, Lock), Failure> {
    let Some(text) = &files.lock else {
        let failure = Failure::text("poetry.lock does not exist");
        return Err(failure.hint("run `poetry lock`"));
    };
    let document = LockDocument::parse(text).map_err(exception)?;
    let freshness = document.check_freshness(project);
    freshness.map_err(printed)?;
    let request = Request::from(&arguments.groups);
    let choice = Choice::new(project, &request, DefaultGroups::Main).map_err(misuse)?;
    if choice.has_ignored_groups {
        context.say(
            "The `--with` and `--without` options are ignored when used along with the `--only` option.",
        );
    }
    if let Some(warning) = document.warning() {
        context.say(&warning.to_string());
    }
    let mut lock = document.read(&project.root, &Disk).map_err(exception)?;
    let groups = &arguments.groups;
    let chosen = Chosen {
        document: &document,
        project,
        choice: &choice,
    };
    provided::leave_out(groups, &chosen, &mut lock, context)?;
    Ok((choice, lock))
}

/// What Poetry prints itself, with our advice.
fn printed<E: Display + Into<Failure>>(error: E) -> Failure {
    let text = error.to_string();
    error.into().in_poetrys_words(text)
}

fn misuse(error: select::Error) -> Failure {
    let is_printed = matches!(
        error,
        select::Error::ExtrasAndAllExtras | select::Error::GroupsAndAllGroups
    );
    let failure = if is_printed {
        printed(error)
    } else {
        exception(error)
    };
    failure.misuse()
}

/// An export that is made of lines.
struct Lines<'a> {
    project: &'a Project,
    selection: &'a Selection<'a>,
    extent: Extent,
    arguments: &'a Export,
}

impl Lines<'_> {
    fn text(&self, output: &Output<'_>, context: &Context) -> Result<String, Failure> {
        let (project, arguments) = (self.project, self.arguments);
        let configured = if arguments.with_credentials {
            Some(Configured::read(project, context)?)
        } else {
            None
        };
        let options = ExportOptions {
            without_hashes: arguments.without_hashes,
            without_urls: arguments.without_urls,
            credentials: configured.as_ref().map(|known| known as &dyn Credentials),
            paths_relative_to: arguments.relative_paths.then(|| output.base.clone()),
        };
        if arguments.append_project.is_some() {
            append::check(project)?;
        }
        let export = export::export(project, self.selection, self.extent, &options);
        let export = export.map_err(exception)?;
        for warning in &export.warnings {
            warn(warning, context);
        }
        let mut text = export.text;
        if let Some(form) = arguments.append_project {
            let appending = Appending {
                form,
                project,
                output,
                building: settings::building(context),
            };
            appending.append(&mut text, &options)?;
        }
        Ok(text)
    }
}

/// Says in Poetry's words what Poetry says too, and in ours, with what to do, what only we say.
fn warn(warning: &export::ExportWarning, context: &Context) {
    match advice(warning) {
        Some(advice) => context.warn(&format!("{warning}; {advice}")),
        None => context.say(&warning.to_string()),
    }
}

/// The credentials of Poetry's configuration, and the repositories that they are for.
struct Configured {
    configuration: Configuration,
    keyring: Keyring,
    repositories: Vec<Repository>,
}

impl Configured {
    /// Takes the repositories of the settings and the sources of the project; as in Poetry, the sources count only where no
    /// variable names a repository.
    fn read(project: &Project, context: &Context) -> Result<Self, Failure> {
        let configuration = context.configuration(&project.root)?;
        let mut configured = Self {
            repositories: configuration.repositories()?,
            keyring: Keyring::new(&configuration)?,
            configuration,
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
        url: source.url.as_ref()?.parse().ok()?,
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
        let configured = self.configuration.credentials(name).ok()?;
        let configured = configured.map(|(credentials, _)| credentials);
        // Poetry takes one half alone for none, and asks the keyring then.
        let is_whole = |known: &lock2venv::url::Credentials| {
            !known.username.is_empty() && !known.password.is_empty()
        };
        let username = configured.as_ref().map_or("", |known| &known.username);
        let question = KeyringQuestion::new(Some(name), &url, username);
        let found = configured.filter(is_whole);
        let found = found.or_else(|| self.keyring.credentials(&question).filter(is_whole))?;
        Some((found.username, found.password))
    }
}
