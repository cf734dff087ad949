//! `lock2venv build`: the project's own distributions, as `poetry build` makes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lock2venv::configuration::BuildSetting;
use lock2venv::event::{DistributionFormat, Event, Reporter, SessionEvent};
use lock2venv::http::Network;
use lock2venv::name::PackageName;
use lock2venv::project_files::ProjectFiles;
use lock2venv::session::{DistributionBuild, Error, Session, SessionSettings};

use crate::args::{Build, BuildFormat};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::install::{interrupt, settings};
use crate::report::Terminal;

/// Builds the distributions of the project.
pub(crate) fn run(arguments: &Build, context: &Context) -> Result<(), Failure> {
    let config_settings = config_settings(arguments, context)?;
    let project = ProjectFiles::read(&context.project_folder)?.project()?;
    for warning in &project.warnings {
        context.warn(&warning.to_string());
    }
    let narration = Narration {
        terminal: Terminal::new(context.verbosity),
        name: &project.name,
    };
    let mut settings = session_settings(arguments, context, &project.root)?;
    settings.interruption = interrupt::watch(narration.terminal.freezer())?;
    let (name, version) = (&project.name, project.version.normal());
    context.say(&format!("Building {name} ({version})"));
    let build = DistributionBuild {
        project: &project,
        formats: formats(arguments.format),
        folder: &project.root.join(&arguments.output),
        cleans: arguments.clean,
        config_settings: &config_settings,
    };
    let built = Session::new(settings).build(&build, &narration);
    narration.terminal.finish();
    built.map(drop).map_err(ended)
}

/// As an install ends: when the process was asked to end, nothing more is said here.
fn ended(error: Error) -> Failure {
    if matches!(error, Error::Interrupted(_)) {
        interrupt::wait_for_end();
    }
    error.into()
}

fn formats(format: BuildFormat) -> &'static [DistributionFormat] {
    match format {
        BuildFormat::All => &[DistributionFormat::Sdist, DistributionFormat::Wheel],
        BuildFormat::Sdist => &[DistributionFormat::Sdist],
        BuildFormat::Wheel => &[DistributionFormat::Wheel],
    }
}

/// Reads `key=value`; of equal keys the last one counts, as with Poetry.
fn config_settings(
    arguments: &Build,
    context: &Context,
) -> Result<BTreeMap<String, BuildSetting>, Failure> {
    let mut settings = BTreeMap::new();
    if let Some(label) = &arguments.local_version {
        context.warn(&format!(
            "`--local-version` is deprecated: use `--config-settings local-version={label}`"
        ));
        settings.insert(
            "local-version".to_owned(),
            BuildSetting::Text(label.clone()),
        );
    }
    for setting in &arguments.config_settings {
        let Some((key, value)) = setting.split_once('=') else {
            let failure = Failure::text(format!("`{setting}` is not of the form `key=value`"));
            return Err(failure.misuse().about(&["config_settings"]));
        };
        settings.insert(key.to_owned(), BuildSetting::Text(value.to_owned()));
    }
    Ok(settings)
}

fn session_settings(
    arguments: &Build,
    context: &Context,
    root: &Path,
) -> Result<SessionSettings, Failure> {
    let configuration = context.configuration(root)?;
    let usual = SessionSettings::new(configuration);
    Ok(SessionSettings {
        // A wheel that needs no backend needs no cache either: a home folder may be missing.
        cache_folder: cache_folder(arguments, context),
        lookup: settings::lookup(arguments.python.as_deref(), context, &usual.configuration)?,
        index_url: settings::index_url(arguments.index_url.as_deref())?,
        network: if arguments.offline {
            Network::Offline
        } else {
            Network::Online
        },
        build: settings::building(context),
        variables: std::env::vars_os().collect(),
        build_constraints: settings::build_constraints(&arguments.build_constraint, context)?,
        temporary_folder: Some(std::env::temp_dir()),
        ..usual
    })
}

fn cache_folder(arguments: &Build, context: &Context) -> Option<PathBuf> {
    if context.keeps_nothing {
        return None;
    }
    context.cache_folder(arguments.cache_dir.as_deref())
}

/// Tells a terminal what is built, in Poetry's words.
struct Narration<'a> {
    terminal: Terminal,
    name: &'a PackageName,
}

impl Reporter for Narration<'_> {
    fn report(&self, event: Event<'_>) {
        if let Event::Session(SessionEvent::BuildingDistribution { format }) = event {
            self.terminal.line(&format!("Building {format}"));
        } else if let Event::Session(SessionEvent::DistributionBuilt { path }) = event {
            let file = path.file_name().unwrap_or_default();
            self.terminal.line(&format!("  - Built {}", file.display()));
        } else if !matches!(event, Event::Building { name } if name == self.name) {
            // That line is there already, with the format.
            self.terminal.report(event);
        }
    }
}
