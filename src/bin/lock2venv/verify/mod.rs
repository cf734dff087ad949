//! `lock2venv verify`: asks every index for every locked file, and says what is not as it was locked.

mod arguments;
mod attestations;
mod rows;
mod text;

use std::collections::BTreeMap;
use std::time::Instant;

use lock2venv::audit::verify::{Proof, VerifyOptions, VerifyPlan, VerifyReport};
use lock2venv::configuration::Configuration;
use lock2venv::index::{Client, IndexSettings};
use lock2venv::lock::Package;
use lock2venv::plan::index_sources;
use lock2venv::prepare;
use lock2venv::select::select;
use lock2venv::session::ProjectOrigin;
use lock2venv::url::Url;

use crate::args::{Groups, ReportFormat};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::install::project::{LockedProject, RootUse};
use crate::print_data;
use crate::report::Terminal;
use attestations::Attesting;

pub(crate) use arguments::Verify;

/// Verifies the whole lock, or what was chosen of it.
pub(crate) fn run(arguments: &Verify, context: &Context) -> Result<(), Failure> {
    let started = Instant::now();
    let locked = LockedProject::read(&wanted(&arguments.groups), RootUse::LeftOut, context)?;
    let configuration = context.configuration(&locked.project.root)?;
    let packages = packages(&arguments.groups, &locked)?;
    let sources = match locked.origin {
        ProjectOrigin::Pyproject => Some(locked.project.sources.as_slice()),
        ProjectOrigin::Lock => None,
    };
    let plan = VerifyPlan::new(packages, sources)?;
    let n_connections = configuration.max_workers()?;
    let options = VerifyOptions {
        n_connections: n_connections.unwrap_or(prepare::N_CONNECTIONS).max(1),
        proof: if arguments.download {
            Proof::Bytes
        } else {
            Proof::Digests
        },
    };
    let attesting = Attesting::read(arguments, &locked, context)?;
    let client = client(arguments, configuration, &locked)?;
    let terminal = Terminal::new(context.verbosity);
    terminal.begin(plan.n_pages(), BTreeMap::new());
    let mut report = plan.run(&client, options, &terminal);
    terminal.finish();
    if let Some(attesting) = &attesting {
        terminal.begin(report.n_provenances(), BTreeMap::new());
        let options = attesting.options(options.n_connections);
        plan.attest(&mut report, &client, options, &terminal);
        terminal.finish();
        attesting.write(&report, &arguments.groups)?;
    }
    print_data(&match arguments.format {
        ReportFormat::Json => report.to_json().into_bytes(),
        ReportFormat::Text => {
            text::render(&report, context.verbosity, started.elapsed()).into_bytes()
        }
    })?;
    judge(report, attesting.as_ref())
}

/// Every group when none is named, so that a lock without a pyproject.toml, which cannot say what is optional, is enough. What is
/// provided is taken out of everything, extras included.
fn wanted(groups: &Groups) -> Groups {
    if groups.are_named() {
        return groups.clone();
    }
    Groups {
        all_groups: true,
        all_extras: !groups.provided.is_empty(),
        provided: groups.provided.clone(),
        ..Groups::default()
    }
}

/// Lists the packages that are asked for: all of the lock, without what is provided, unless groups or extras were named.
fn packages<'a>(groups: &Groups, locked: &'a LockedProject) -> Result<Vec<&'a Package>, Failure> {
    if !groups.are_named() {
        return Ok(locked.lock.packages.iter().collect());
    }
    let selection = select(&locked.project, &locked.lock, &locked.choice)?;
    let selected = selection.packages.iter();
    Ok(selected.map(|selected| selected.package).collect())
}

fn client(
    arguments: &Verify,
    configuration: Configuration,
    locked: &LockedProject,
) -> Result<Client, Failure> {
    let sources = index_sources(&locked.project.sources);
    let mut settings = IndexSettings::new(configuration, sources)?;
    let url = arguments.index_url.as_deref().map(Url::parse).transpose();
    settings.index_url =
        url.map_err(|error| Failure::index_url("`--index-url`", &error).about(&["index_url"]))?;
    if let Some(n_bytes) = arguments.max_download {
        settings.limits.file_bytes = n_bytes;
    }
    Ok(Client::new(settings)?)
}

/// Makes it a failure when not everything is as locked, with what each index answered in place of a page.
fn judge(report: VerifyReport, attesting: Option<&Attesting>) -> Result<(), Failure> {
    if report.is_as_locked() {
        let unsatisfied = attesting.filter(|attesting| !attesting.is_satisfied(&report));
        return unsatisfied.map_or(Ok(()), |attesting| Err(attesting.failure(&report)));
    }
    let counts = report.counts();
    let headline = match counts.n_files - counts.n_same {
        0 => "not everything is as locked".to_owned(),
        number => format!("{number} of {} files could not be verified", counts.n_files),
    };
    let needs_bytes = counts.n_unproven > 0 && !report.has_downloaded;
    let failures = report.failures.into_iter();
    let failure = Failure::several(headline, failures.map(|failure| failure.error.into()));
    Err(if needs_bytes {
        failure.hint("where an index offers no digest that the lock has, `--download` hashes the files themselves")
    } else {
        failure
    })
}
