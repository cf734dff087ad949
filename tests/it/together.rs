//! Many processes on one cold cache: each file is fetched once, and nobody waits for who is dead or stuck.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use lock2venv::configuration::{Configuration, Documents};
use lock2venv::digest::Digest;
use lock2venv::event::Silent;
use lock2venv::http::Limits;
use lock2venv::index::{Client, IndexSettings};
use lock2venv::plan::{Distribution, Origin};
use lock2venv::prepare::{Building, Prepare, PrepareOptions, prepare};
use lock2venv::project_wheel;
use lock2venv::store::{Cache, Claiming};
use lock2venv::url::Url;

use crate::support::local_index::{Fault, LocalIndex};
use crate::support::project::{LockedProject, names_in};
use crate::support::wheel_builder::WheelBuilder;

/// A test that waits for longer fails.
const PATIENCE: Duration = Duration::from_mins(1);

const ACME: &str = "/files/acme-1.0-py3-none-any.whl";
const AWAITING: &str = "acme-1.0-py3-none-any.whl: another process is downloading it";

fn project() -> LockedProject {
    let wheel = |name: &str| {
        WheelBuilder::new(name, "1.0").file(&format!("{name}/__init__.py"), format!("# {name}\n"))
    };
    LockedProject::new(&["acme", "bolt", "coil", "dyno"].map(wheel))
}

/// A process that installs into an environment of its own.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(project: &LockedProject, venv: &str, more: &[&str]) -> Self {
        let arguments = [&["install", "-v", "--venv", venv][..], more].concat();
        let mut child = project.start(&arguments);
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // Lines that nobody waits for are read all the same.
                let _ = sender.send(line.unwrap());
            }
        });
        Self { child, lines }
    }

    /// Waits until the process says something.
    #[track_caller]
    fn wait_to_say(&self, text: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            if line.contains(text) {
                return;
            }
        }
    }

    /// Waits for the end, and returns what was said.
    #[track_caller]
    fn succeed(mut self) -> String {
        let status = self.child.wait().unwrap();
        let said: Vec<String> = self.lines.iter().collect();
        assert!(status.success(), "{said:#?}");
        said.join("\n")
    }
}

#[test]
fn processes_on_one_cold_cache_fetch_each_file_once() {
    for more in [&[][..], &["--link-mode", "copy"], &["--cache-archives"]] {
        let project = project();
        project.index.misbehave(ACME, Fault::Hold, 8);
        let first = Running::start(&project, "venv0", more);
        project.index.wait_for(ACME);
        let others: Vec<Running> = (1..8)
            .map(|number| Running::start(&project, &format!("venv{number}"), more))
            .collect();
        for other in &others {
            other.wait_to_say(AWAITING);
        }
        project.index.let_go();
        first.succeed();
        for other in others {
            other.succeed();
        }
        let names = ["acme", "bolt", "coil", "dyno"];
        let files = names.map(|name| format!("/files/{name}-1.0-py3-none-any.whl"));
        let pages = names.map(|name| format!("/simple/{name}/"));
        assert_eq!(project.index.take_paths(), [files, pages].concat());
        let claims = project.workspace.cache().join("v1/claims");
        assert_eq!(names_in(&claims), [""; 0], "claims are left");
        for number in 0..8 {
            let venv = project.workspace.project().join(format!("venv{number}"));
            let python = venv.join("bin/python");
            let code = "import acme, bolt, coil, dyno";
            let imported = std::process::Command::new(python)
                .args(["-c", code])
                .status();
            assert!(imported.unwrap().success());
        }
    }
}

#[test]
fn processes_that_start_at_once_fetch_each_file_once() {
    let project = project();
    let all: Vec<Running> = (0..8)
        .map(|number| Running::start(&project, &format!("venv{number}"), &[]))
        .collect();
    for running in all {
        running.succeed();
    }
    assert_eq!(project.index.take_paths().len(), 8);
}

#[test]
fn who_waits_for_a_process_that_is_killed_fetches_the_file() {
    let project = project();
    project.index.misbehave(ACME, Fault::Stall(100), 1);
    let mut first = Running::start(&project, "venv1", &[]);
    project.index.wait_for(ACME);
    let second = Running::start(&project, "venv2", &[]);
    second.wait_to_say(AWAITING);
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    second.succeed();
    let asked = project.index.take_paths();
    assert_eq!(asked.iter().filter(|path| *path == ACME).count(), 2);
    // The killed one may have had a wheel in place whose claim it had not given back: the next run alone clears up.
    project.run(&["install", "--venv", "venv2"]).succeeded();
    let claims = project.workspace.cache().join("v1/claims");
    assert_eq!(names_in(&claims), [""; 0], "claims are left");
}

#[test]
fn the_cache_can_be_cleared_meanwhile() {
    let project = project();
    project.index.misbehave(ACME, Fault::Hold, 1);
    let first = Running::start(&project, "venv1", &[]);
    project.index.wait_for(ACME);
    let waiting = Running::start(&project, "venv2", &[]);
    waiting.wait_to_say(AWAITING);
    project.run(&["cache", "clear"]).succeeded();
    // Nobody can tell any more that the first is at it.
    waiting.succeed();
    project.index.let_go();
    first.succeed();
    let claims = project.workspace.cache().join("v1/claims");
    assert_eq!(names_in(&claims), [""; 0], "claims are left");
}

#[test]
fn a_process_that_is_alive_and_makes_no_progress_is_passed_by() {
    let index = LocalIndex::start();
    let digests = [index.add("acme", "acme-1.0-py3-none-any.whl", b"bytes")];
    let folder = tempfile::tempdir().unwrap();
    let open = || Cache::open(&folder.path().join("cache"), folder.path()).unwrap();
    let stuck = open();
    let Claiming::Ours(claim) = stuck.claim(&digests) else {
        panic!("nobody else is here");
    };
    let distribution = distribution(digests.to_vec());
    let (sender, receiver) = mpsc::sync_channel(1);
    let options = PrepareOptions {
        patience: Duration::ZERO,
        ..PrepareOptions::default()
    };
    let job = Prepare {
        distributions: &[&distribution],
        project: None,
        client: &client(&index),
        cache: &open(),
        kept: None,
        folders: &project_wheel::BuildOptions::default(),
        building: Building::Refused,
        options: &options,
        reporter: &Silent,
    };
    prepare(&job, sender).unwrap();
    assert_eq!(receiver.iter().count(), 1);
    drop(claim);
}

fn distribution(digests: Vec<Digest>) -> Distribution {
    let mut distribution = WheelBuilder::new("acme", "1.0").distribution();
    if let Origin::Index { digests: known, .. } = &mut distribution.origin {
        *known = digests;
    }
    distribution
}

fn client(index: &LocalIndex) -> Client {
    let settings = IndexSettings {
        index_url: Some(Url::parse(&index.url()).unwrap()),
        sources: Vec::new(),
        configuration: Configuration::parse(&Documents::default(), []).unwrap(),
        base_delay: Duration::ZERO,
        limits: Limits::default(),
    };
    Client::new(settings).unwrap()
}
