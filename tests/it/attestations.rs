//! `lock2venv verify --attestations`: who published the packages of a lock, and whether that changed.

#![cfg(feature = "attestations")]

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use lock2venv::attestation::Record;
use lock2venv::audit::verify::{AttestOptions, Proof, VerifyOptions, VerifyPlan};
use lock2venv::configuration::{Configuration, Documents};
use lock2venv::event::Silent;
use lock2venv::index::{Client, IndexSettings};
use lock2venv::lock::{LockDocument, Text};
use lock2venv::project_files::Disk;
use lock2venv::url::Url;
use serde_json::{Value, json};

use crate::support::attested::{
    Attested, CIRCLE_CI, GITHUB, GITLAB, GOOGLE, fixture, trust, trusted_root,
};
use crate::support::local_index::{Fault, Form, LocalIndex};
use crate::support::project::LockedProject;
use crate::support::schema;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::{Output, Workspace};

const RECORD: &str = "lock2venv.attestations.toml";

/// A lock alone, and an index with the attestations of its files.
struct Scene {
    workspace: Workspace,
    index: LocalIndex,
}

impl Scene {
    fn new(files: &[Attested]) -> Self {
        let scene = Self {
            workspace: Workspace::new(),
            index: LocalIndex::start(),
        };
        let mut lock = String::new();
        for file in files {
            scene.index.add(file.package, file.file, b"");
            scene.index.claim(file.file, file.sha256);
            scene.attest(*file, Some(&file.provenance()));
            let Attested {
                package,
                version,
                file,
                sha256,
            } = file;
            let _ = write!(
                lock,
                "[[package]]\nname = \"{package}\"\nversion = \"{version}\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [{{file = \"{file}\", hash = \"sha256:{sha256}\"}}]\n"
            );
        }
        lock.push_str(
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \"*\"\ncontent-hash = \"\"\n",
        );
        scene.workspace.write("poetry.lock", lock);
        scene
    }

    fn attest(&self, file: Attested, provenance: Option<&Value>) {
        let text = provenance.map(Value::to_string);
        self.index
            .attest(file.file, text.as_deref().map(str::as_bytes));
    }

    fn verify(&self, arguments: &[&str]) -> Output {
        let root = fixture("trusted_root.json");
        let verify = [
            "verify",
            "--attestations",
            "--trusted-root",
            root.to_str().unwrap(),
        ];
        self.workspace
            .run_with_index(&self.index.url(), &[&verify, arguments].concat())
    }

    fn update(&self) -> Output {
        self.verify(&["--update-attestations"])
    }

    /// Runs with `--format json`; returns the summary and what is said of the first file.
    #[track_caller]
    fn document(&self, code: i32) -> (Value, Value) {
        let output = self.verify(&["--format", "json"]);
        assert_eq!(output.code, code, "{output:#?}");
        let mut document = schema::document(&output.stdout, "verify-1");
        assert_eq!(document["attestations"]["as_recorded"], code == 0);
        let file = document["packages"][0]["files"][0]["attestation"].take();
        (document["attestations"].take(), file)
    }

    /// Verifies by the library, with retries that follow at once; returns what is wrong with each file's attestations.
    fn problems(&self) -> Vec<String> {
        let text = Text::from(self.lock());
        let document = LockDocument::parse(&text).unwrap();
        let lock = document.read(&self.workspace.project(), &Disk).unwrap();
        let configuration = Configuration::parse(&Documents::default(), []).unwrap();
        let mut settings = IndexSettings::new(configuration, Vec::new()).unwrap();
        settings.index_url = Some(Url::parse(&self.index.url()).unwrap());
        settings.base_delay = Duration::ZERO;
        let client = Client::new(settings).unwrap();
        let plan = VerifyPlan::new(&lock.packages, None).unwrap();
        let options = VerifyOptions {
            n_connections: 1,
            proof: Proof::Digests,
        };
        let mut report = plan.run(&client, options, &Silent);
        let options = AttestOptions {
            root: &trust(&trusted_root()),
            record: &Record::default(),
            n_connections: 1,
        };
        plan.attest(&mut report, &client, options, &Silent);
        let files = report.packages.iter().flat_map(|package| &package.files);
        let attestations = files.map(|file| file.attestation.as_ref().unwrap());
        attestations
            .map(|attestation| attestation.problem().unwrap())
            .collect()
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.workspace.project().join("poetry.lock")).unwrap()
    }

    fn record(&self) -> Option<String> {
        fs::read_to_string(self.workspace.project().join(RECORD)).ok()
    }
}

const OF_GITHUB: &str = concat!(
    "{ kind = \"GitHub\", owner_id = \"2314423\", repository = \"trailofbits/pypi-attestations\", ",
    "repository_id = \"772247423\", workflow = \"release.yml\" }"
);

#[test]
fn publishers_are_recorded_when_asked_and_held_against_the_record_then() {
    let scene = Scene::new(&[GITHUB, GITLAB, GOOGLE, CIRCLE_CI]);
    let first = scene.verify(&[]).succeeded();
    assert!(first.stdout.starts_with("attestations of 4 of 4 files are right, 4 by publishers that were not recorded\n4 of 4 files"), "{first:?}");
    assert_eq!(scene.record(), None);
    scene.update().succeeded();
    let record = scene.record().unwrap();
    let package = format!(
        "\n[[packages]]\nname = \"pypi-attestations\"\nevery-file = true\nattestation-identities = [\n    {OF_GITHUB},\n]\n"
    );
    assert!(record.ends_with(&package), "{record}");
    for form in [Form::Json, Form::Html] {
        scene.index.set_form(form);
        let then = scene.verify(&[]).succeeded();
        assert!(
            then.stdout
                .starts_with("attestations of 4 of 4 files are right\n4 of 4 files"),
            "{then:?}"
        );
    }
    let (summary, file) = scene.document(0);
    assert_eq!(
        (&summary["verified"], &summary["new"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(file["result"], "verified");
    assert_eq!(
        file["identities"][0]["repository"],
        "trailofbits/pypi-attestations"
    );
    scene.update().succeeded();
    assert_eq!(scene.record().unwrap(), record);
}

#[test]
fn nobody_is_asked_for_attestations_unless_told() {
    let scene = Scene::new(&[GITHUB]);
    let output = scene
        .workspace
        .run_with_index(&scene.index.url(), &["verify"])
        .succeeded();
    assert!(output.stdout.starts_with("1 of 1 file"), "{output:?}");
    assert_eq!(scene.index.take_paths(), ["/simple/pypi-attestations/"]);
    let no_root = scene
        .workspace
        .run_with_index(&scene.index.url(), &["verify", "--attestations"]);
    no_root.failed(2, &["--trusted-root <FILE>"]);
    let alone = scene
        .workspace
        .run_with_index(&scene.index.url(), &["verify", "--update-attestations"]);
    alone.failed(2, &["--attestations"]);
    let root = scene.workspace.project().join("root.json");
    let arguments = ["verify", "--attestations", "--trusted-root", "root.json"];
    let missing = scene
        .workspace
        .run_with_index(&scene.index.url(), &arguments);
    missing.failed(1, &["root.json"]);
    fs::write(&root, "{}").unwrap();
    let odd = scene
        .workspace
        .run_with_index(&scene.index.url(), &arguments);
    odd.failed(1, &["not a trusted root of Sigstore", "root.json"]);
    assert!(scene.index.take_paths().is_empty());
}

#[test]
fn variables_that_say_no_ask_for_nothing() {
    let scene = Scene::new(&[GITHUB]);
    let run = |variable: &str, value: &str, arguments: &[&str]| {
        let mut command = scene.workspace.command(arguments);
        command.env("LOCK2VENV_INDEX_URL", scene.index.url());
        Output::of(command.env(variable, value))
    };
    for value in ["false", "0", "No"] {
        run("LOCK2VENV_ATTESTATIONS", value, &["verify"]).succeeded();
        run("LOCK2VENV_UPDATE_ATTESTATIONS", value, &["verify"]).succeeded();
        let update = ["verify", "--update-attestations"];
        run("LOCK2VENV_ATTESTATIONS", value, &update).failed(2, &["--attestations"]);
    }
    run("LOCK2VENV_ATTESTATIONS", "yes", &["verify"]).failed(2, &["--trusted-root <FILE>"]);
}

#[test]
fn what_is_provided_stays_in_the_record() {
    let wheels = ["acme", "boto3"].map(|name| WheelBuilder::new(name, "1.0"));
    let project = LockedProject::new(&wheels);
    let recorded = |name: &str| {
        format!(
            "[[packages]]\nname = \"{name}\"\nevery-file = true\nattestation-identities = [{{ kind = \"GitHub\" }}]\n"
        )
    };
    let record = format!("version = 1\n{}{}", recorded("acme"), recorded("boto3"));
    project.workspace.write(RECORD, record);
    let root = fixture("trusted_root.json");
    let update = [
        "verify",
        "--provided=boto3",
        "--attestations",
        "--update-attestations",
        "--trusted-root",
        root.to_str().unwrap(),
    ];
    project.run(&update).succeeded();
    let record = fs::read_to_string(project.workspace.project().join(RECORD)).unwrap();
    assert!(
        record.contains("boto3") && !record.contains("acme"),
        "{record}"
    );
}

#[test]
fn another_publisher_than_the_recorded_is_refused_until_accepted() {
    let scene = Scene::new(&[GITHUB, GOOGLE]);
    scene.update().succeeded();
    let record = scene.record().unwrap();
    let other = record.replace("772247423", "1");
    scene.workspace.write(RECORD, &other);
    let changed = scene.verify(&[]).failed(
        1,
        &[
            "the attestations of 1 of 2 files are not as recorded",
            "--update-attestations",
        ],
    );
    let row = concat!(
        "changed     pypi_attestations-0.0.19.tar.gz: attested by another publisher than recorded\n",
        "            recorded  GitHub owner_id=2314423 repository=trailofbits/pypi-attestations repository_id=1 workflow=release.yml\n",
        "            attested  GitHub owner_id=2314423 repository=trailofbits/pypi-attestations repository_id=772247423 workflow=release.yml\n",
        "attestations of 2 of 2 files are right\n",
    );
    assert!(changed.stdout.starts_with(row), "{changed:?}");
    assert_eq!(scene.record().unwrap(), other);
    let (summary, file) = scene.document(1);
    assert_eq!(summary["changed"], 1);
    assert_eq!(file["result"], "changed");
    assert_eq!(file["recorded"][0]["repository_id"], "1");
    let accepted = scene.update().succeeded();
    assert!(accepted.stdout.starts_with("changed "), "{accepted:?}");
    assert_eq!(scene.record().unwrap(), record);
    scene.verify(&[]).succeeded();
}

#[test]
fn attestations_that_are_gone_are_noticed() {
    let scene = Scene::new(&[GITHUB, GOOGLE]);
    scene.attest(GOOGLE, None);
    scene.update().succeeded();
    let record = scene.record().unwrap();
    assert!(!record.contains("gcb"), "{record}");
    let some = scene.verify(&[]).succeeded();
    assert!(
        some.stdout
            .starts_with("attestations of 1 of 2 files are right; 1 have none\n"),
        "{some:?}"
    );
    scene.attest(GITHUB, None);
    let lost = scene
        .verify(&[])
        .failed(1, &["the attestations of 1 of 2 files are not as recorded"]);
    assert!(lost.stdout.starts_with("lost        pypi_attestations-0.0.19.tar.gz: index `127.0.0.1` offers no attestation of it any more\n"), "{lost:?}");
    let (_, file) = scene.document(1);
    assert_eq!(file, json!({"result": "lost"}));
    scene.update().succeeded();
    assert!(!scene.record().unwrap().contains("[[packages]]"));
    scene.verify(&[]).succeeded();
}

#[test]
fn of_several_versions_some_may_have_none() {
    let scene = Scene::new(&[GITHUB]);
    let old = GITHUB.file.replace("0.0.19", "0.0.18");
    let digest = scene.index.add(GITHUB.package, &old, b"old");
    let lock = scene.lock();
    let (package, _) = lock.split_once("[metadata]").unwrap();
    let package = package.replace("0.0.19", "0.0.18");
    let package = package.replace(GITHUB.sha256, &digest.hex());
    scene.workspace.write("poetry.lock", package + &lock);
    scene.update().succeeded();
    let then = scene.verify(&[]).succeeded();
    assert!(
        then.stdout
            .starts_with("attestations of 1 of 2 files are right; 1 have none\n"),
        "{then:?}"
    );
    scene.attest(GITHUB, None);
    scene
        .verify(&[])
        .failed(1, &["the attestations of 2 of 2 files are not as recorded"]);
}

#[test]
fn every_locked_file_of_a_name_has_to_be_attested() {
    let scene = Scene::new(&[GITHUB]);
    let other = scene.index.add(GITHUB.package, GITHUB.file, b"other");
    let hash = format!("hash = \"sha256:{}\"}}", GITHUB.sha256);
    let both = format!("{hash}, {{file = \"{}\", hash = \"{other}\"}}", GITHUB.file);
    scene
        .workspace
        .write("poetry.lock", scene.lock().replace(&hash, &both));
    let (_, file) = scene.document(1);
    let problem =
        format!("none of its attestations is about {other}, which poetry.lock has as well");
    assert_eq!(file, json!({"result": "invalid", "problem": problem}));
}

#[test]
fn a_package_that_leaves_its_index_is_noticed() {
    let scene = Scene::new(&[GITHUB, GOOGLE]);
    scene.update().succeeded();
    let source = format!(
        "[package.source]\ntype = \"url\"\nurl = \"{}\"\n[metadata]",
        scene.index.at(&format!("/files/{}", GOOGLE.file))
    );
    let lock = scene.lock().replace("[metadata]", &source);
    scene.workspace.write("poetry.lock", lock);
    let lost = scene
        .verify(&[])
        .failed(1, &["the attestations of 1 package are not as recorded"])
        .said(&["--update-attestations"]);
    let row = "lost        gcb-attestation-test 0.0.0: it was attested, and comes from outside of indexes now\n";
    assert!(lost.stdout.starts_with(row), "{lost:?}");
    let output = scene.verify(&["--format", "json"]).failed(1, &[]);
    let document = schema::document(&output.stdout, "verify-1");
    assert_eq!(document["attestations"]["as_recorded"], false);
    assert_eq!(document["packages"][1]["attestation"], "lost");
    scene.update().succeeded();
    assert!(!scene.record().unwrap().contains("gcb"));
    scene.verify(&[]).succeeded();
}

#[test]
fn an_update_says_nothing_of_what_it_accepts() {
    let scene = Scene::new(&[GITHUB, GOOGLE]);
    scene.update().succeeded();
    scene.attest(GITHUB, None);
    scene.attest(GOOGLE, Some(&GITHUB.provenance()));
    let updated = scene
        .update()
        .failed(1, &["the attestations of 1 of 2 files are not as recorded"]);
    assert!(!updated.stderr.contains("hint"), "{updated:?}");
}

#[test]
fn a_provenance_that_nobody_can_ask_for_is_not_none() {
    let scene = Scene::new(&[GITHUB]);
    let path = format!("/simple/{}/", GITHUB.package);
    let serve = |page: String| {
        scene.index.set_form(Form::Html);
        let body = Fault::Body(page.into_bytes());
        scene.index.misbehave(&path, body, 1);
    };
    let entry = |provenance: &str| {
        let Attested { file, sha256, .. } = GITHUB;
        format!("<a href='{file}#sha256={sha256}' data-provenance='{provenance}'>x</a>")
    };
    serve(entry("file:///etc/passwd"));
    let (_, file) = scene.document(1);
    assert_eq!(file["result"], "failed");
    let problem = file["problem"].as_str().unwrap();
    assert!(problem.contains("file:///etc/passwd"), "{problem}");
    serve((0..33).map(|n| entry(&n.to_string())).collect());
    let (_, file) = scene.document(1);
    let problem = "its provenance holds 33 attestations, and 32 are allowed";
    assert_eq!(file, json!({"result": "invalid", "problem": problem}));
}

#[test]
fn a_server_of_attestations_that_cannot_be_reached_fails_once_for_all() {
    let scene = Scene::new(&[GITHUB, GOOGLE]);
    let gone = LocalIndex::start();
    let provenance = gone.at("/provenance");
    drop(gone);
    for Attested {
        package,
        file,
        sha256,
        ..
    } in [GITHUB, GOOGLE]
    {
        let file = json!({"filename": file, "url": file, "hashes": {"sha256": sha256}, "provenance": provenance});
        let page = json!({"files": [file]}).to_string();
        let body = Fault::Body(page.into_bytes());
        scene
            .index
            .misbehave(&format!("/simple/{package}/"), body, 1);
    }
    let problems = scene.problems();
    assert!(problems[0].contains("could not be fetched"), "{problems:?}");
    assert_eq!(
        problems[1],
        "the server could not be reached for another file"
    );
}

#[test]
fn what_proves_nothing_is_never_accepted() {
    let scene = Scene::new(&[GITHUB, GOOGLE]);
    scene.update().succeeded();
    let record = scene.record().unwrap();
    let provenance = format!("/files/{}.provenance", GITHUB.file);
    let mut many = GITHUB.provenance();
    many["more"] = json!("x".repeat(3 << 20));
    scene.attest(GITHUB, Some(&many));
    let (_, file) = scene.document(1);
    assert_eq!(
        file,
        json!({"result": "invalid", "problem": "its provenance is larger than 2097152 bytes"})
    );
    scene.attest(GITHUB, Some(&GOOGLE.provenance()));
    let (summary, file) = scene.document(1);
    assert_eq!(
        (&summary["invalid"], &file["result"]),
        (&json!(1), &json!("invalid"))
    );
    let updated = scene
        .update()
        .failed(1, &["the attestations of 1 of 2 files are not as recorded"]);
    assert!(
        updated.stdout.starts_with(
            "invalid     pypi_attestations-0.0.19.tar.gz: an attestation cannot be verified: "
        ),
        "{updated:?}"
    );
    assert_eq!(scene.record().unwrap(), record);
    scene
        .index
        .misbehave(&provenance, Fault::Status(404, &[]), 2);
    let (_, file) = scene.document(1);
    assert_eq!(file["result"], "failed");
    scene.update().failed(1, &["not as recorded"]);
    assert_eq!(scene.record().unwrap(), record);
    scene.workspace.write(RECORD, "version = 2\n");
    scene
        .verify(&[])
        .failed(1, &[RECORD, "it has no version that is known here"]);
}

#[test]
fn an_index_that_wants_credentials_gets_them_for_attestations_too() {
    let scene = Scene::new(&[GITHUB]);
    let root = fixture("trusted_root.json");
    scene.index.require("reader:hush");
    let url = scene.index.at_with("reader:hush", "/simple/");
    let arguments = [
        "verify",
        "--attestations",
        "--trusted-root",
        root.to_str().unwrap(),
    ];
    let output = scene.workspace.run_with_index(&url, &arguments).succeeded();
    assert!(
        output
            .stdout
            .starts_with("attestations of 1 of 1 file are right"),
        "{output:?}"
    );
    assert!(!output.stdout.contains("hush"), "{output:?}");
}
