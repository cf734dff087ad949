//! What the command line and the surroundings say, as the settings of a session.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use lock2venv::archive::SizeLimits;
use lock2venv::builder::parse_constraints;
use lock2venv::configuration::Configuration;
use lock2venv::http::Network;
use lock2venv::install::{KeptForm, LinkMode};
use lock2venv::interpreter::{InterpreterRequest, managed_folders};
use lock2venv::plan::{Builds, WeakHashes};
use lock2venv::project_wheel::BuildOptions;
use lock2venv::session::{InterpreterLookup, SessionSettings};
use lock2venv::url::Url;

use super::strictness::Strictness;
use crate::args::{self, Install, Supply};
use crate::context::{Caller, Context};
use crate::diagnose::Failure;

/// The settings of an installation.
pub(super) fn of(
    arguments: &Install,
    context: &Context,
    configuration: Configuration,
) -> Result<SessionSettings, Failure> {
    let strictness = Strictness::parse(arguments.strict.as_deref())?;
    Ok(SessionSettings {
        is_strict: strictness.of_warnings,
        refuses_startup: strictness.of_startup,
        compiles: arguments.compile.clone().unwrap_or_default(),
        link_mode: link_mode(arguments.link_mode),
        kept_form: kept_form(arguments),
        ..of_supply(&arguments.supply, context, configuration)?
    })
}

/// The settings of whatever fetches and builds.
pub(crate) fn of_supply(
    supply: &Supply,
    context: &Context,
    configuration: Configuration,
) -> Result<SessionSettings, Failure> {
    let usual = SessionSettings::new(configuration);
    Ok(SessionSettings {
        cache_folder: cache_folder(supply, context)?,
        lookup: lookup(supply.python.as_deref(), context, &usual.configuration)?,
        index_url: index_url(supply.index_url.as_deref())?,
        network: if supply.offline {
            Network::Offline
        } else {
            Network::Online
        },
        max_download: supply.max_download,
        size_limits: size_limits(supply),
        build: building_environment(context)?,
        variables: std::env::vars_os().collect(),
        builds: if supply.no_build {
            Builds::Refused
        } else {
            Builds::Allowed
        },
        weak_hashes: if supply.allow_weak_hashes {
            WeakHashes::Allowed
        } else {
            WeakHashes::Refused
        },
        build_constraints: build_constraints(&supply.build_constraint, context)?,
        temporary_folder: Some(std::env::temp_dir()),
        find_links: find_links(supply, context)?,
        n_jobs: supply.jobs.map(usize::from).and_then(NonZeroUsize::new),
        ..usual
    })
}

/// Reads what the variables say of building a wheel alone. A date that no file can have is treated as by Poetry, with a warning.
pub(crate) fn building(context: &Context) -> BuildOptions {
    if let Some(headline) = odd_date(context) {
        context.warn(&headline);
    }
    BuildOptions::from_surroundings(&context.variables)
}

/// Reads what the variables say of what is made in an environment. A date that no file can have is refused, as [its specification]
/// wants; by the name of Poetry, which goes on, it counts for nothing.
///
/// [its specification]: https://reproducible-builds.org/specs/source-date-epoch/
fn building_environment(context: &Context) -> Result<BuildOptions, Failure> {
    let options = BuildOptions::from_surroundings(&context.variables);
    let Some(headline) = odd_date(context) else {
        return Ok(options);
    };
    if context.caller == Caller::Lock2venv {
        let hint = "set it to a date, such as that of the last commit (`git log -1 --format=%ct`), or unset it";
        return Err(Failure::text(headline).hint(hint).misuse());
    }
    context.warn(&format!("{headline}: it counts for nothing"));
    Ok(BuildOptions {
        source_date_epoch: None,
        ..options
    })
}

/// Says what is wrong with the date, if something is.
fn odd_date(context: &Context) -> Option<String> {
    let text = context.variable("SOURCE_DATE_EPOCH")?;
    if text.trim().parse::<u32>().is_ok() {
        return None;
    }
    Some(format!(
        "SOURCE_DATE_EPOCH is `{text}`, not a number of seconds since 1970, of at most {}",
        u32::MAX
    ))
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

/// Pages of links and `file://` URLs are no folders.
fn find_links(supply: &Supply, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let folders = supply.find_links.iter();
    let folders = folders.map(|folder| {
        let path = context.working_folder.join(folder);
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => Ok(path),
            Ok(_) => {
                let text = format!("`--find-links` names no folder: `{}`", folder.display());
                Err(Failure::text(text).misuse().about(&["find_links"]))
            }
            Err(error) => Err(Failure::input(&path, &error)
                .misuse()
                .about(&["find_links"])),
        }
    });
    folders.collect()
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

fn size_limits(supply: &Supply) -> SizeLimits {
    let SizeLimits { n_bytes, ratio } = SizeLimits::default();
    SizeLimits {
        n_bytes: supply.max_unpacked.unwrap_or(n_bytes),
        ratio: supply.max_ratio.unwrap_or(ratio),
    }
}

/// Who asks for copies asks for a cache that shares nothing with environments: archives are the least of that.
fn kept_form(arguments: &Install) -> KeptForm {
    let copies = arguments.link_mode == args::LinkMode::Copy;
    if arguments.cache_archives.unwrap_or(copies) {
        KeptForm::Archives
    } else {
        KeptForm::Unpacked
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

fn cache_folder(supply: &Supply, context: &Context) -> Result<Option<PathBuf>, Failure> {
    if context.keeps_nothing {
        return Ok(None);
    }
    let folder = context.cache_folder(supply.cache_dir.as_deref());
    let no_home = || {
        Failure::text("there is no home folder, so no cache folder")
            .hint("name one with `--cache-dir DIR`, or use `--no-cache`")
    };
    folder.map(Some).ok_or_else(no_home)
}
