//! `lock2venv download`: puts the locked files of a target into a folder.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Reset, Style};
use lock2venv::event::{Event, Reporter, SessionEvent};
use lock2venv::plan::Distribution;
use lock2venv::session::{DownloadPlaces, DownloadReport, Goal, Session, SourcesAs};

use crate::args::Download;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::install::interrupt;
use crate::install::project::{LockedProject, RootUse};
use crate::install::{ended, settings};
use crate::report::Terminal;

/// Fills the folder.
pub(crate) fn run(arguments: &Download, context: &Context) -> Result<(), Failure> {
    let locked = LockedProject::read(&arguments.groups, RootUse::LeftOut, context)?;
    let root = &locked.project.root;
    let configuration = context.configuration(root)?;
    let narration = Narration(Terminal::new(context.verbosity));
    let interruption = interrupt::watch(narration.0.freezer())?;
    let mut settings = settings::of_supply(&arguments.supply, context, configuration)?;
    settings.interruption = interruption;
    let goal = Goal {
        skips_directories: arguments.no_directory,
        project_origin: locked.origin,
        ..Goal::new(&locked.project, &locked.lock, &locked.choice)
    };
    let folder = context.working_folder.join(&arguments.folder);
    let places = DownloadPlaces {
        wheelhouse: &folder,
        environment: &root.join(".venv"),
    };
    let sources = if arguments.build {
        SourcesAs::Wheels
    } else {
        SourcesAs::Locked
    };
    let session = Session::new(settings);
    let report = session.download(&goal, places, sources, &narration);
    let report = report.map_err(ended)?;
    if !report.left_out.is_empty() {
        context.warn(&left_out(&report));
    }
    narration.0.line(&conclusion(&report, arguments));
    Ok(())
}

fn left_out(report: &DownloadReport) -> String {
    let names = report.left_out.iter().map(|name| format!("`{name}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    format!("directory dependencies are downloaded only with `--build`, as wheels: {names}")
}

fn conclusion(report: &DownloadReport, arguments: &Download) -> String {
    let ending = if report.n_new == 1 { "" } else { "s" };
    format!(
        "{} file{ending} downloaded into {}, {} there already",
        report.n_new,
        arguments.folder.display(),
        report.n_present
    )
}

/// Tells a terminal what is downloaded.
struct Narration(Terminal);

impl Reporter for Narration {
    fn report(&self, event: Event<'_>) {
        if let Event::Session(SessionEvent::Downloading { missing }) = event {
            let lines = missing.iter().map(|one| (one.name.clone(), line(one)));
            let lines: BTreeMap<_, _> = lines.collect();
            self.0.begin(missing.len(), lines);
        } else if matches!(event, Event::Session(SessionEvent::WorkEnded)) {
            self.0.finish();
        } else {
            self.0.report(event);
        }
    }
}

fn line(distribution: &Distribution) -> String {
    let (cyan, bold) = (AnsiColor::Cyan.on_default(), Style::new().bold());
    let (name, version) = (&distribution.name, distribution.version.text());
    format!("  - Downloading {cyan}{name}{Reset} ({bold}{version}{Reset})")
}
