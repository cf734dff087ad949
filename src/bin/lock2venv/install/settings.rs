//! What the command line and the surroundings say, as the settings of a session.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use lock2venv::archive::SizeLimits;
use lock2venv::builder::parse_constraints;
use lock2venv::configuration::Configuration;
use lock2venv::http::Network;
use lock2venv::install::LinkMode;
use lock2venv::interpreter::{InterpreterRequest, managed_folders};
use lock2venv::plan::Builds;
use lock2venv::project_wheel;
use lock2venv::session::{InterpreterLookup, SessionSettings};
use lock2venv::url::Url;

use crate::args::{self, Install};
use crate::context::Context;
use crate::diagnose::Failure;

pub(super) fn of(
    arguments: &Install,
    context: &Context,
    configuration: Configuration,
) -> Result<SessionSettings, Failure> {
    let usual = SessionSettings::new(configuration);
    Ok(SessionSettings {
        cache_folder: cache_folder(arguments, context)?,
        lookup: lookup(arguments.python.as_deref(), context, &usual.configuration)?,
        index_url: index_url(arguments.index_url.as_deref())?,
        network: if arguments.offline {
            Network::Offline
        } else {
            Network::Online
        },
        max_download: arguments.max_download,
        size_limits: size_limits(arguments),
        is_strict: arguments.strict,
        compiles: arguments.compile,
        link_mode: link_mode(arguments.link_mode),
        build: project_wheel::BuildOptions::from_surroundings(&context.variables),
        variables: std::env::vars_os().collect(),
        builds: if arguments.no_build {
            Builds::Refused
        } else {
            Builds::Allowed
        },
        build_constraints: build_constraints(&arguments.build_constraint, context)?,
        temporary_folder: Some(std::env::temp_dir()),
        n_jobs: arguments.jobs.map(usize::from).and_then(NonZeroUsize::new),
        ..usual
    })
}

pub(crate) fn lookup(
    python: Option<&str>,
    context: &Context,
    configuration: &Configuration,
) -> Result<InterpreterLookup, Failure> {
    let poetry = configuration.python_installation_dir()?;
    Ok(InterpreterLookup {
        request: python.map(InterpreterRequest::parse),
        virtual_env: context.variable("VIRTUAL_ENV").map(PathBuf::from),
        path: std::env::var_os("PATH"),
        managed: managed_folders(&context.variables, poetry),
        pyenv_version: context.variable("PYENV_VERSION").map(str::to_owned),
        working_folder: Some(context.working_folder.clone()),
    })
}

pub(crate) fn index_url(url: Option<&str>) -> Result<Option<Url>, Failure> {
    let url = url.map(Url::parse).transpose();
    url.map_err(|error| Failure::index_url("`--index-url`", &error).about(&["index_url"]))
}

pub(crate) fn build_constraints(
    files: &[PathBuf],
    context: &Context,
) -> Result<Vec<String>, Failure> {
    let mut constraints = Vec::new();
    for path in files {
        let path = context.working_folder.join(path);
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| Failure::input(&path, &error).misuse())?;
        constraints.extend(parse_constraints(&text));
    }
    Ok(constraints)
}

fn size_limits(arguments: &Install) -> SizeLimits {
    let SizeLimits { n_bytes, ratio } = SizeLimits::default();
    SizeLimits {
        n_bytes: arguments.max_unpacked.unwrap_or(n_bytes),
        ratio: arguments.max_ratio.unwrap_or(ratio),
    }
}

fn link_mode(mode: args::LinkMode) -> LinkMode {
    match mode {
        args::LinkMode::Auto => LinkMode::Auto,
        args::LinkMode::Reflink => LinkMode::Reflink,
        args::LinkMode::Hardlink => LinkMode::Hardlink,
        args::LinkMode::Copy => LinkMode::Copy,
    }
}

fn cache_folder(arguments: &Install, context: &Context) -> Result<Option<PathBuf>, Failure> {
    if context.keeps_nothing {
        return Ok(None);
    }
    let folder = context.cache_folder(arguments.cache_dir.as_deref());
    let no_home = || {
        Failure::text("there is no home folder, so no cache folder")
            .hint("name one with `--cache-dir DIR`, or use `--no-cache`")
    };
    folder.map(Some).ok_or_else(no_home)
}
