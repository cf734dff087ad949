//! `lock2venv verify`: what indexes offer, held against the lock.

use std::time::Duration;

use insta::{allow_duplicates, assert_snapshot};
use lock2venv::audit::verify::{LockedFile, Proof, VerifyOptions, VerifyPlan, VerifyReport};
use lock2venv::configuration::{Configuration, Documents};
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::event::Silent;
use lock2venv::index::simple::MAX_FILES;
use lock2venv::index::{Client, IndexSettings};
use lock2venv::lock::Lock;
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::url::Url;
use serde_json::{Value, json};

use crate::support::local_index::{Fault, Form, LocalIndex};
use crate::support::one_package::{OnePackage, legacy, wheel};
use crate::support::scene::{Locked, PYPROJECT, Scene};
use crate::support::schema;
use crate::support::workspace::Output;

const ACME: &str = "acme-1.0-py3-none-any.whl";

/// What was printed, without what differs from run to run.
fn table(scene: &Scene, output: &Output) -> String {
    let text = output.stdout.replace(&scene.index.at(""), "http://[index]");
    let lines = text.lines().map(|line| match line.rsplit_once(" (") {
        Some((start, time)) if time.ends_with(" s)") => format!("{start} ([time])"),
        _ => line.to_owned(),
    });
    lines
        .collect::<Vec<_>>()
        .join("\n")
        .replace(&host(scene), "[host]")
}

/// The index is named by its host.
fn host(scene: &Scene) -> String {
    scene.index.address().ip().to_string()
}

fn document(output: &Output) -> Value {
    schema::document(&output.stdout, "verify-1")
}

/// Runs with `--format json` and returns what is said of the file of `acme`.
#[track_caller]
fn file_of_acme(scene: &Scene, arguments: &[&str], code: i32) -> Value {
    let arguments = [&["verify", "--format", "json"], arguments].concat();
    let output = scene.run(&arguments);
    assert_eq!(output.code, code, "{output:#?}");
    let document = document(&output);
    assert_eq!(document["as_locked"], code == 0);
    let packages = document["packages"].as_array().unwrap();
    let mut packages = packages.iter();
    let acme = packages.find(|package| package["name"] == "acme").unwrap();
    acme["files"][0].clone()
}

/// Replaces the page of `acme` by an HTML page with this text.
fn serve_html(scene: &Scene, page: &str) {
    scene.index.set_form(Form::Html);
    let body = Fault::Body(page.as_bytes().to_vec());
    scene.index.misbehave("/simple/acme/", body, 1);
}

#[test]
fn what_is_as_locked_is_a_number() {
    let scene = Scene::new();
    for form in [Form::Json, Form::Html] {
        scene.index.set_form(form);
        let output = scene.run(&["verify"]).succeeded();
        let table = table(&scene, &output);
        assert_eq!(table, "5 of 5 files of 5 packages are as locked ([time])");
        assert_eq!(output.stderr, "");
        assert_eq!(scene.index.take_paths().len(), 5);
    }
    assert!(!scene.workspace.cache().exists());
    assert!(!scene.venv().exists());
}

#[test]
fn groups_and_extras_choose_as_for_install() {
    let scene = Scene::new();
    let asks = |arguments: &[&str], expected: &[&str]| {
        scene.run(&[&["verify"], arguments].concat()).succeeded();
        let expected = expected.iter().map(|name| format!("/simple/{name}/"));
        let mut expected: Vec<String> = expected.collect();
        expected.sort();
        assert_eq!(scene.index.take_paths(), expected);
    };
    asks(&["--only", "dev"], &["acme-dev"]);
    asks(&["--without", "dev"], &["acme"]);
    asks(
        &["--with", "bench", "-E", "docs"],
        &["acme", "acme-bench", "acme-dev", "acme-docs"],
    );
    scene
        .run(&["verify", "--only", "nope"])
        .failed(2, &["nope"]);
    scene
        .run(&["verify", "--format", "xml"])
        .failed(2, &["--format"]);
}

#[test]
fn a_replaced_wheel_is_named_with_both_digests() {
    let scene = Scene::new();
    let digest = Digest::of(Algorithm::Sha256, b"other");
    scene.index.claim(ACME, &digest.hex());
    for form in [Form::Json, Form::Html] {
        scene.index.set_form(form);
        let output = scene
            .run(&["verify"])
            .failed(1, &["error: 1 of 5 files could not be verified"]);
        let locked = Digest::of(
            Algorithm::Sha256,
            &crate::support::scene::packages()[0].wheel.build(),
        );
        let table = table(&scene, &output).replace(&locked.hex(), "LOCKED");
        allow_duplicates! { assert_snapshot!(table, @r"
        different   acme-1.0-py3-none-any.whl: index `[host]` offers another file
                    locked    sha256:LOCKED
                    offered   sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa
        4 of 5 files of 5 packages are as locked ([time])
        "); }
    }
    let file = file_of_acme(&scene, &[], 1);
    assert_eq!(file["verdict"], "different");
    assert_eq!(file["offered"], digest.to_string());
}

#[test]
fn bytes_are_the_last_word() {
    let scene = Scene::new();
    let file = file_of_acme(&scene, &["--download"], 0);
    assert_eq!(file["bytes"], json!({"result": "same"}));
    scene
        .index
        .misbehave(&format!("/files/{ACME}"), Fault::Body(b"other".to_vec()), 2);
    let file = file_of_acme(&scene, &["--download"], 1);
    assert_eq!(
        (&file["offer"], &file["verdict"]),
        (&json!("same"), &json!("different"))
    );
    let digest = Digest::of(Algorithm::Sha256, b"other").to_string();
    assert_eq!(
        file["bytes"],
        json!({"result": "different", "digests": [digest], "size": 5})
    );
    let output = scene.run(&["verify", "--download"]).failed(1, &[]);
    assert!(output.stdout.contains("sends other bytes"), "{output:?}");
    assert!(
        output
            .stdout
            .contains(&format!("received  {digest} (5 bytes)"))
    );
    assert!(output.stdout.contains("are as locked, bytes included ("));
    assert!(!scene.workspace.cache().exists());
}

#[test]
fn an_index_without_digests_proves_nothing_but_by_bytes() {
    let scene = Scene::new();
    scene.index.claim(ACME, "");
    for form in [Form::Json, Form::Html] {
        scene.index.set_form(form);
        let output = scene
            .run(&["verify"])
            .failed(1, &["hint: ", "`--download`"]);
        assert!(
            output.stdout.contains(&format!("unproven    {ACME}: ")),
            "{output:?}"
        );
        assert_eq!(file_of_acme(&scene, &[], 1)["offer"], "no-digest");
        let file = file_of_acme(&scene, &["--download"], 0);
        assert_eq!(
            (&file["offer"], &file["verdict"]),
            (&json!("no-digest"), &json!("same"))
        );
    }
}

#[test]
fn other_algorithms_are_named() {
    let scene = Scene::new();
    let page = format!("<a href='/files/{ACME}#md5={}'>x</a>", "0".repeat(32));
    serve_html(&scene, &page);
    let file = file_of_acme(&scene, &[], 1);
    assert_eq!(
        (&file["offer"], &file["algorithms"]),
        (&json!("other-algorithms"), &json!(["md5"]))
    );
    let page = format!("<a href='/files/{ACME}#sha512={}'>x</a>", "0".repeat(128));
    serve_html(&scene, &page);
    assert_eq!(
        file_of_acme(&scene, &[], 1)["algorithms"],
        json!(["sha512"])
    );
    serve_html(&scene, &page);
    let file = file_of_acme(&scene, &["--download"], 0);
    assert_eq!(file["verdict"], "same");
}

#[test]
fn what_is_missing_is_named() {
    let scene = Scene::new();
    serve_html(&scene, "<a href='acme-0.9.tar.gz'>x</a>");
    let output = scene.run(&["verify"]).failed(1, &[]);
    assert_snapshot!(table(&scene, &output), @r"
    missing     acme-1.0-py3-none-any.whl: index `[host]` does not offer it
    4 of 5 files of 5 packages are as locked ([time])
    ");
    scene
        .index
        .misbehave("/simple/acme/", Fault::Status(404, &[]), 1);
    assert_eq!(file_of_acme(&scene, &[], 1)["verdict"], "missing");
    scene
        .index
        .misbehave(&format!("/files/{ACME}"), Fault::Status(404, &[]), 1);
    let file = file_of_acme(&scene, &["--download"], 1);
    assert_eq!(
        (&file["offer"], &file["verdict"]),
        (&json!("same"), &json!("missing"))
    );
    assert_eq!(file["bytes"], json!({"result": "failed"}));
}

#[test]
fn withdrawn_files_and_archived_projects_are_notes() {
    let scene = Scene::new();
    scene.index.yank(ACME, "broken <b>");
    let output = scene.run(&["verify"]).succeeded();
    assert_snapshot!(table(&scene, &output), @r"
    yanked      acme-1.0-py3-none-any.whl: broken <b>
    5 of 5 files of 5 packages are as locked ([time])
    ");
    assert_eq!(file_of_acme(&scene, &[], 0)["yanked"], "broken <b>");
    let locked = Digest::of(
        Algorithm::Sha256,
        &crate::support::scene::packages()[0].wheel.build(),
    );
    let file = format!("<a href='/files/{ACME}#sha256={}'>x</a>", locked.hex());
    serve_html(
        &scene,
        &format!(
            "<meta name='pypi:project-status' content='archived'><meta name='pypi:project-status-reason' content='done'>{file}"
        ),
    );
    let output = scene.run(&["verify"]).succeeded();
    assert!(
        output.stdout.contains("archived    acme 1.0: done\n"),
        "{output:?}"
    );
}

/// A page of `acme` with this status (PEP 792), by JSON or HTML.
fn page_with_status(form: Form, status: &str) -> String {
    let digest = Digest::of(
        Algorithm::Sha256,
        &crate::support::scene::packages()[0].wheel.build(),
    );
    let sha = digest.hex();
    match form {
        Form::Json => json!({"meta": {"api-version": "1.4"}, "name": "acme",
            "project-status": {"status": status, "reason": "why"},
            "files": [{"filename": ACME, "url": format!("/files/{ACME}"), "hashes": {"sha256": sha}}]})
        .to_string(),
        Form::Html => format!(
            "<meta name=\"pypi:project-status\" content=\"{status}\">\
             <META NAME=pypi:project-status-reason CONTENT='why'><a href=/files/{ACME}#sha256={sha}>x</a>"
        ),
    }
}

#[test]
fn a_project_has_a_status_in_both_forms_of_its_page() {
    for form in [Form::Json, Form::Html] {
        for (status, code, row) in [
            ("active", 0, None),
            ("archived", 0, Some("archived    acme 1.0: why\n")),
            ("deprecated", 0, Some("deprecated  acme 1.0: why\n")),
            ("quarantined", 1, Some("quarantined acme 1.0: why\n")),
        ] {
            let scene = Scene::new();
            scene.index.set_form(form);
            let page = page_with_status(form, status);
            let body = Fault::Body(page.into_bytes());
            scene.index.misbehave("/simple/acme/", body, 2);
            let output = scene.run(&["verify"]);
            assert_eq!(output.code, code, "{output:?}");
            match row {
                Some(row) => assert!(output.stdout.contains(row), "{output:?}"),
                None => assert!(!output.stdout.contains("acme"), "{output:?}"),
            }
            let output = scene.run(&["verify", "--format", "json"]);
            let said = format!("\"status\": \"{status}\"");
            assert!(output.stdout.contains(&said), "{output:?}");
        }
    }
}

#[test]
fn a_project_in_quarantine_is_no_success() {
    let scene = Scene::new();
    let locked = Digest::of(
        Algorithm::Sha256,
        &crate::support::scene::packages()[0].wheel.build(),
    );
    let page = json!({"meta": {"api-version": "1.4"}, "name": "acme",
        "project-status": {"status": "quarantined", "reason": "malware"},
        "files": [{"filename": ACME, "url": format!("/files/{ACME}"), "hashes": {"sha256": locked.hex()}}]});
    let body = Fault::Body(page.to_string().into_bytes());
    scene.index.misbehave("/simple/acme/", body.clone(), 1);
    let output = scene
        .run(&["verify"])
        .failed(1, &["error: not everything is as locked"]);
    assert!(
        output.stdout.contains("quarantined acme 1.0: malware\n"),
        "{output:?}"
    );
    scene.index.misbehave("/simple/acme/", body, 1);
    assert_eq!(file_of_acme(&scene, &[], 1)["verdict"], "same");
}

#[test]
fn files_that_the_lock_lacks_are_a_note() {
    let scene = Scene::new();
    for file in [
        "acme-1.0.tar.gz",
        "acme-1.0-1-py3-none-any.whl",
        "acme-2.0.tar.gz",
        "odd.txt",
    ] {
        scene.index.add("acme", file, b"");
    }
    let output = scene.run(&["verify"]).succeeded();
    assert_snapshot!(table(&scene, &output), @r"
    note        2 files offered, but not locked: acme-1.0-1-py3-none-any.whl, acme-1.0.tar.gz
    5 of 5 files of 5 packages are as locked ([time])
    ");
}

#[test]
fn of_several_files_of_one_name_the_worst_counts() {
    let scene = Scene::new();
    let locked = Digest::of(
        Algorithm::Sha256,
        &crate::support::scene::packages()[0].wheel.build(),
    );
    let (right, wrong) = (locked.hex(), "0".repeat(64));
    let page = format!(
        "<a href='/files/{ACME}#sha256={right}'>x</a><a href='/other/{ACME}#sha256={wrong}'>x</a>"
    );
    serve_html(&scene, &page);
    assert_eq!(file_of_acme(&scene, &[], 1)["verdict"], "different");
    let page =
        format!("<a href='/files/{ACME}#sha256={right}'>x</a><a href='http://[/{ACME}'>x</a>");
    serve_html(&scene, &page);
    let file = file_of_acme(&scene, &[], 1);
    assert_eq!(
        (&file["offer"], &file["verdict"]),
        (&json!("unusable"), &json!("failed"))
    );
    assert!(
        file["problem"]
            .as_str()
            .unwrap()
            .starts_with("its URL cannot be used: ")
    );
}

#[test]
fn hostile_names_and_reasons_move_no_cursor() {
    let scene = Scene::new();
    scene.index.yank(ACME, "\u{1b}[2Jgone\nerror: \u{202e}x");
    let output = scene.run(&["verify"]).succeeded();
    assert!(
        !output.stdout.contains(['\u{1b}', '\u{202e}']),
        "{output:?}"
    );
    assert!(
        output.stdout.contains("\\u{1b}[2Jgone\\nerror: \\u{202e}x"),
        "{output:?}"
    );
    assert_eq!(
        file_of_acme(&scene, &[], 0)["yanked"],
        "\u{1b}[2Jgone\nerror: \u{202e}x"
    );
}

#[test]
fn hostile_names_make_no_lines() {
    let scene = Scene::new();
    let page = format!(
        "<a href='/files/{ACME}'>x</a><a href='x'>acme-1.0-py3-none-any\n9 of 9 files are as locked.whl</a>"
    );
    serve_html(&scene, &page);
    let output = scene.run(&["verify"]).failed(1, &[]);
    let line = "\nnote        1 file offered, but not locked: acme-1.0-py3-none-any\\n9 of 9 files";
    assert!(output.stdout.contains(line), "{output:?}");
}

#[test]
fn what_is_no_page_is_a_failure_of_its_packages_alone() {
    let scene = Scene::new();
    let bodies: [&[u8]; 3] = [b"{", b"[]", b"\xff{}"];
    for body in bodies {
        scene
            .index
            .misbehave("/simple/acme/", Fault::Body(body.to_vec()), 1);
        let output = scene
            .run(&["verify"])
            .failed(1, &["the page of `acme` from index"]);
        assert!(
            output.stdout.contains("gave no answer\n4 of 5 files"),
            "{output:?}"
        );
    }
    scene
        .index
        .misbehave("/simple/acme/", Fault::ContentType("image/png"), 1);
    let file = file_of_acme(&scene, &[], 1);
    assert_eq!(
        (&file["offer"], &file["verdict"]),
        (&json!("not-asked"), &json!("failed"))
    );
    scene
        .index
        .misbehave("/simple/acme/", Fault::Status(403, &[]), 1);
    scene
        .run(&["verify"])
        .failed(1, &["refused to show `acme`"]);
}

#[test]
fn a_page_of_more_files_than_any_project_has_is_refused() {
    let scene = Scene::new();
    let n_files = MAX_FILES + 1;
    let json = format!(
        r#"{{"meta":{{"api-version":"1.0"}},"files":[{}]}}"#,
        vec![r#"{"filename":"a"}"#; n_files].join(",")
    );
    let named = format!("lists more than {MAX_FILES} files");
    let refuse = |page: String| {
        let body = Fault::Body(page.into_bytes());
        scene.index.misbehave("/simple/acme/", body, 1);
        scene.run(&["verify"]).failed(1, &["`acme`", &named]);
    };
    refuse(json);
    scene.index.set_form(Form::Html);
    refuse("<a href=a>".repeat(n_files));
}

/// Verifies the lock of `scene` by the library, with retries that follow at once.
fn report(scene: &Scene, index_url: &str, n_connections: usize) -> VerifyReport {
    proven(scene, index_url, n_connections, Proof::Digests)
}

fn proven(scene: &Scene, index_url: &str, n_connections: usize, proof: Proof) -> VerifyReport {
    let files = ProjectFiles::read(&scene.workspace.project()).unwrap();
    let project = files.project().unwrap();
    let lock = Lock::parse(files.lock.as_ref().unwrap(), &project, &Disk).unwrap();
    let configuration = Configuration::parse(&Documents::default(), []).unwrap();
    let mut settings = IndexSettings::new(configuration, Vec::new()).unwrap();
    settings.index_url = Some(Url::parse(index_url).unwrap());
    settings.base_delay = Duration::ZERO;
    let client = Client::new(settings).unwrap();
    let options = VerifyOptions {
        n_connections,
        proof,
    };
    let plan = VerifyPlan::new(&lock.packages, Some(&project.sources)).unwrap();
    plan.run(&client, options, &Silent)
}

#[test]
fn a_slow_index_does_not_hold_the_others() {
    let slow = LocalIndex::start();
    let source = format!(
        "[[tool.poetry.source]]\nname = \"slow\"\nurl = \"{}\"\npriority = \"explicit\"\n",
        slow.url()
    );
    let scene = Scene::of(&(PYPROJECT.to_owned() + &source), &[]);
    let mut packages: Vec<Locked> = (0..6)
        .map(|n| {
            let name = format!("slow-{n}");
            let locked = Locked::new(&name, "1.0").with(&legacy(&slow.url(), "slow"));
            slow.add(&name, &locked.wheel.file_name(), &locked.wheel.build());
            slow.misbehave(&format!("/simple/{name}/"), Fault::Hold, 99);
            locked
        })
        .collect();
    packages.push(Locked::new("acme", "1.0"));
    scene.lock(&packages);
    let url = scene.index.url();
    let report = std::thread::scope(|scope| {
        let verifying = scope.spawn(|| report(&scene, &url, 4));
        scene.index.wait_for("/simple/acme/");
        slow.let_go();
        verifying.join().unwrap()
    });
    assert!(report.failures.is_empty());
    assert_eq!(report.packages.len(), 7);
}

#[test]
fn an_index_that_cannot_be_reached_fails_once_for_all() {
    let scene = Scene::new();
    let gone = LocalIndex::start();
    let url = gone.url();
    drop(gone);
    for n_connections in [1, 5] {
        let report = report(&scene, &url, n_connections);
        assert_eq!(report.failures.len(), 1);
        assert_eq!(report.counts().n_failed, 5);
        assert!(
            report
                .packages
                .iter()
                .all(|package| package.failure == Some(0))
        );
    }
}

#[test]
fn an_index_of_two_names_fails_once_for_both() {
    let gone = LocalIndex::start();
    let url = gone.url();
    drop(gone);
    let source = |name| {
        format!(
            "[[tool.poetry.source]]\nname = \"{name}\"\nurl = \"{url}\"\npriority = \"explicit\"\n"
        )
    };
    let scene = Scene::of(
        &(PYPROJECT.to_owned() + &source("one") + &source("two")),
        &[],
    );
    let packages = [("acme", "one"), ("acme-dev", "two")];
    scene
        .lock(&packages.map(|(name, source)| Locked::new(name, "1.0").with(&legacy(&url, source))));
    let report = report(&scene, &scene.index.url(), 1);
    assert_eq!(report.failures.len(), 1);
    let mut packages = report.packages.iter();
    assert!(packages.all(|package| package.failure == Some(0)));
}

#[test]
fn a_server_of_files_that_cannot_be_reached_fails_once_for_all() {
    let scene = Scene::new();
    let gone = LocalIndex::start();
    let away = gone.at("/");
    drop(gone);
    for locked in crate::support::scene::packages() {
        let (name, file) = (locked.wheel.distribution().name, locked.wheel.file_name());
        let digest = Digest::of(Algorithm::Sha256, &locked.wheel.build());
        let entry = json!({"filename": file, "url": format!("{away}{file}"), "hashes": {"sha256": digest.hex()}});
        let body = json!({"files": [entry]}).to_string().into_bytes();
        let path = format!("/simple/{name}/");
        scene.index.misbehave(&path, Fault::Body(body), 1);
    }
    let report = proven(&scene, &scene.index.url(), 1, Proof::Bytes);
    let files = report.packages.iter().flat_map(|package| &package.files);
    let problems: Vec<String> = files.filter_map(LockedFile::problem).collect();
    let known = "the server could not be reached for another file";
    let n_known = problems.iter().filter(|problem| *problem == known).count();
    assert_eq!((problems.len(), n_known), (5, 4), "{problems:?}");
}

#[test]
fn an_index_that_answers_may_fail_with_one_page() {
    let scene = Scene::new();
    scene
        .index
        .misbehave("/simple/acme-dev/", Fault::Short(9), 99);
    let report = report(&scene, &scene.index.url(), 1);
    let counts = report.counts();
    assert_eq!((counts.n_failed, counts.n_same), (1, 4));
}

#[test]
fn credentials_open_the_index_of_their_source_and_are_not_printed() {
    let index = LocalIndex::start();
    index.add("acme", &wheel().file_name(), &wheel().build());
    index.require("reader-canary:hush-canary");
    let scene = OnePackage::new(
        &[("private", &index.url())],
        &legacy(&index.url(), "private"),
    );
    for format in ["text", "json"] {
        let output = scene
            .run(&["verify", "--download", "--format", format])
            .succeeded();
        assert!(!output.stdout.contains("canary"), "{output:?}");
    }
    let output = scene
        .workspace
        .run(&["verify"])
        .failed(1, &["POETRY_HTTP_BASIC_PRIVATE_USERNAME"]);
    assert!(
        output.stdout.contains("index `private` gave no answer"),
        "{output:?}"
    );
}

#[test]
fn a_source_that_the_project_does_not_have_is_not_asked() {
    let (ours, theirs) = (LocalIndex::start(), LocalIndex::start());
    let scene = OnePackage::moved(&ours.url(), &theirs.url());
    scene
        .run(&["verify"])
        .failed(1, &["has another URL in poetry.lock"]);
    assert!(ours.take_requests().is_empty() && theirs.take_requests().is_empty());
}

#[test]
fn urls_are_checked_by_their_bytes_and_the_rest_is_said() {
    let index = LocalIndex::start();
    let file = wheel().file_name();
    index.add("acme", &file, &wheel().build());
    let source = |kind: &str, url: &str, more: &str| {
        OnePackage::new(
            &[],
            &format!("[package.source]\ntype = \"{kind}\"\nurl = \"{url}\"\n{more}"),
        )
    };
    let scene = source("url", &index.at(&format!("/files/{file}")), "");
    let output = scene.run(&["verify"]).succeeded();
    assert!(output.stdout.starts_with("note        1 package outside of indexes, at a URL (only `--download` checks it): acme 1.0\n0 of 0 files"), "{output:?}");
    assert!(index.take_requests().is_empty());
    let output = scene.run(&["verify", "--download"]).succeeded();
    assert!(
        output.stdout.starts_with("1 of 1 file of 1 package"),
        "{output:?}"
    );
    index.misbehave(&format!("/files/{file}"), Fault::Body(b"other".to_vec()), 1);
    let output = scene.run(&["verify", "--download"]).failed(1, &[]);
    assert!(
        output.stdout.contains("its server sends other bytes"),
        "{output:?}"
    );
    let git =
        "reference = \"main\"\nresolved_reference = \"0123456789012345678901234567890123456789\"\n";
    for (kind, url, more, said) in [
        (
            "git",
            "https://acme.example/acme.git",
            git,
            "in a git repository",
        ),
        ("directory", "../acme", "", "as a folder on this machine"),
        (
            "file",
            "../acme-1.0-py3-none-any.whl",
            "",
            "as a file on this machine",
        ),
    ] {
        let output = source(kind, url, more)
            .run(&["verify", "--download"])
            .succeeded();
        assert!(output.stdout.contains(said), "{output:?}");
    }
}

#[test]
fn a_lock_that_proves_nothing_is_said_to() {
    let scene = Scene::new();
    let path = scene.workspace.project().join("poetry.lock");
    let lock = std::fs::read_to_string(path).unwrap();
    let digest = Digest::of(
        Algorithm::Sha256,
        &crate::support::scene::packages()[0].wheel.build(),
    );
    scene
        .workspace
        .write("poetry.lock", lock.replace(&digest.to_string(), "md5:0123"));
    let output = scene.run(&["verify", "--download"]).failed(1, &[]);
    assert!(
        output
            .stdout
            .contains("poetry.lock has no digest of it but weak or unknown ones"),
        "{output:?}"
    );
    assert_eq!(file_of_acme(&scene, &[], 1)["offer"], "nothing-locked");
    scene.workspace.write(
        "poetry.lock",
        lock.replace(
            &format!("    {{file = \"{ACME}\", hash = \"{digest}\"}},\n"),
            "",
        ),
    );
    let output = scene
        .run(&["verify"])
        .failed(1, &["not everything is as locked"]);
    assert!(
        output
            .stdout
            .contains("unproven    acme 1.0: poetry.lock lists no file of it"),
        "{output:?}"
    );
}

#[test]
fn a_lock_alone_is_enough() {
    let scene = Scene::new();
    std::fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    let output = scene.run(&["verify"]).succeeded();
    assert!(output.stdout.starts_with("5 of 5 files"), "{output:?}");
    let index = LocalIndex::start();
    index.add("acme", &wheel().file_name(), &wheel().build());
    let scene = OnePackage::new(
        &[("private", &index.url())],
        &legacy(&index.url(), "private"),
    );
    std::fs::remove_file(scene.workspace.project().join("pyproject.toml")).unwrap();
    let output = scene.workspace.run(&["verify"]).succeeded();
    assert!(output.stdout.starts_with("1 of 1 file "), "{output:?}");
}
