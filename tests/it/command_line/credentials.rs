//! Credentials go to their index alone.

use insta::assert_snapshot;

use crate::support::local_index::LocalIndex;
use crate::support::scene::{Locked, PYPROJECT, Scene, contents};

#[test]
fn credentials_reach_their_index_alone_and_are_written_nowhere() {
    let internal = LocalIndex::start();
    internal.require("reader:hush-hush");
    let source = format!(
        "[[tool.poetry.source]]\nname = \"my-internal\"\nurl = \"{}\"\npriority = \"explicit\"\n",
        internal.url()
    );
    let scene = Scene::of(&format!("{PYPROJECT}\n{source}"), &[]);
    let secret = Locked::new("acme-dev", "1.0")
        .in_group("dev")
        .with(&format!(
            "\n[package.source]\ntype = \"legacy\"\nurl = \"{}\"\nreference = \"my-internal\"",
            internal.url()
        ));
    internal.add("acme-dev", &secret.wheel.file_name(), &secret.wheel.build());
    scene.lock(&[Locked::new("acme", "1.0"), secret]);
    let output = scene.run(&["-q", "install"]).failed(1, &[]);
    let said = scene
        .said(&output)
        .replace(&internal.at(""), "http://[internal]");
    assert_snapshot!(said, @r"
    error: index `my-internal` refused to show `acme-dev` (401 Unauthorized)
      http://[internal]/simple/acme-dev/, no credentials known
    hint: set POETRY_HTTP_BASIC_MY_INTERNAL_USERNAME and POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD
    ");
    let wrong = [
        ("POETRY_HTTP_BASIC_MY_INTERNAL_USERNAME", "reader"),
        ("POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD", "wrong-one"),
    ];
    let output = scene
        .run_with(&wrong, &["-v", "install"])
        .failed(1, &["credentials tried: environment"]);
    assert!(!output.stderr.contains("wrong-one"), "{output:?}");
    scene.index.take_requests();
    let right = [
        wrong[0],
        ("POETRY_HTTP_BASIC_MY_INTERNAL_PASSWORD", "hush-hush"),
    ];
    let output = scene.run_with(&right, &["-v", "install"]).succeeded();
    scene.has(&["acme-1.0", "acme_dev-1.0", "annapurna-0.1.0"]);
    for request in scene.index.take_requests() {
        assert_eq!(request.header("authorization"), None, "{}", request.path);
    }
    let written = [contents(&scene.workspace.home()), contents(&scene.venv())];
    let encoded = "cmVhZGVyOmh1c2gtaHVzaA";
    for secret in ["hush-hush", encoded] {
        assert!(!output.stderr.contains(secret) && !output.stdout.contains(secret));
        for (path, content) in written.iter().flatten() {
            let is_there = content
                .windows(secret.len())
                .any(|piece| piece == secret.as_bytes());
            assert!(!is_there, "{path}");
        }
    }
}
