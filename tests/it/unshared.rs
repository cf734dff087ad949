//! nltk refuses files with more than one link: its files, and those that bring data for it, are copied.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::support::scene::{Locked, PYPROJECT, Scene};
use crate::support::wheel_builder::WheelBuilder;

/// Counts, of the files below `folder`, those with one link and those with more.
fn links(folder: &Path) -> (usize, usize) {
    let (mut single, mut several) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_file() && metadata.nlink() == 1 {
                single += 1;
            } else if metadata.is_file() {
                several += 1;
            }
        }
    }
    (single, several)
}

/// Installs one wheel twice, from a cold cache and from a warm one; returns the links of its module's files each time.
fn installed(name: &str, version: &str, link_mode: &str) -> Vec<(usize, usize)> {
    let module = name.replace('-', "_");
    let wheel = WheelBuilder::new(name, version)
        .file(&format!("{module}/__init__.py"), "x = 1\n")
        .file(&format!("{module}/corpora/stopwords/english"), "a\nthe\n")
        .program(&format!("{module}/run"), "#!/bin/sh\n");
    let mut locked = Locked::new(name, version);
    locked.wheel = wheel;
    let scene = Scene::of(PYPROJECT, &[]);
    scene.lock(&[locked]);
    let arguments = ["install", "--no-root", "--link-mode", link_mode];
    let run = |more: &[&str]| {
        drop(fs::remove_dir_all(scene.venv()));
        scene.run(&[&arguments, more].concat()).succeeded();
        let mut libraries = fs::read_dir(scene.venv().join("lib")).unwrap();
        let python = libraries.next().unwrap().unwrap().path();
        links(&python.join("site-packages").join(&module))
    };
    vec![run(&[]), run(&["--offline"]), run(&["--offline"])]
}

#[test]
fn distributions_that_refuse_links_own_their_files() {
    for (name, version) in [
        ("nltk", "3.10.3"),
        ("nltk", "3.11"),
        ("llama-index-core", "0.14.25"),
    ] {
        for link_mode in ["auto", "hardlink"] {
            let links = installed(name, version, link_mode);
            assert_eq!(links, [(3, 0); 3], "{name} {version} {link_mode}");
        }
    }
}

#[test]
fn others_are_linked_as_ever() {
    let links = installed("nltk", "3.10.2", "hardlink");
    assert_eq!(links, [(0, 3); 3]);
}
