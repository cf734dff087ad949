//! Two installs of one lock make the same environment: to the byte, and in every date and mode.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use fs_err as fs;

use crate::from_source::Scene;
use crate::support::build_scene::Source;
use crate::support::project::LockedProject;
use crate::support::wheel_builder::WheelBuilder;
use crate::support::workspace::Output;

/// A file, link or folder: type and mode, date in nanoseconds, and bytes or target.
type Listed = (u32, i128, Vec<u8>);

fn list(folder: &Path) -> BTreeMap<String, Listed> {
    let mut listed = BTreeMap::new();
    listed.insert(String::new(), look(folder));
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap();
            listed.insert(name.to_str().unwrap().to_owned(), look(&path));
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            }
        }
    }
    listed
}

fn look(path: &Path) -> Listed {
    let metadata = fs::symlink_metadata(path).unwrap();
    let date = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    let content = if metadata.is_symlink() {
        fs::read_link(path)
            .unwrap()
            .into_os_string()
            .into_encoded_bytes()
    } else if metadata.is_file() {
        fs::read(path).unwrap()
    } else {
        Vec::new()
    };
    (metadata.mode(), date, content)
}

#[track_caller]
fn assert_same(got: &BTreeMap<String, Listed>, want: &BTreeMap<String, Listed>, how: &str) {
    for (path, (mode, date, content)) in want {
        let found = got.get(path).unwrap_or_else(|| panic!("{how}: no {path}"));
        assert_eq!((found.0, found.1), (*mode, *date), "{how}: {path}");
        assert!(found.2 == *content, "{how}: {path} has other bytes");
    }
    let more: Vec<&String> = got
        .keys()
        .filter(|path| !want.contains_key(*path))
        .collect();
    assert!(more.is_empty(), "{how}: {more:?}");
}

fn wheels() -> Vec<WheelBuilder> {
    let acme = WheelBuilder::new("acme", "1.0")
        .file("acme/__init__.py", "x = 1\n")
        .file("acme/deep/er/data.bin", vec![7; 300_000])
        .data("scripts/tool", "#!python\nprint(1)\n")
        .data("data/share/acme/readme.txt", "read\n")
        .program("acme/run", "#!/bin/sh\n")
        .console_script("acme", "acme:main");
    let shared = |name: &str| {
        WheelBuilder::new(name, "2.0")
            .file(&format!("{name}/__init__.py"), format!("# {name}\n"))
            .file("tests/__init__.py", format!("# of {name}\n"))
    };
    vec![acme, shared("bolt"), shared("coil")]
}

/// Installs in one way, in place of what was there.
fn install(project: &LockedProject, variables: &[(&str, &str)], flags: &[&str]) -> Output {
    let venv = project.workspace.project().join(".venv");
    if venv.exists() {
        fs::remove_dir_all(&venv).unwrap();
    }
    let mut command = project.command(&[&["install"], flags].concat());
    command.envs(variables.iter().copied());
    Output::of(&mut command).succeeded()
}

/// Ways that write, link, clone or copy files; later ones use the caches of earlier ones.
const WAYS: [&str; 8] = [
    "--no-cache --jobs 8",
    "--cache-archives --cache-dir archives",
    "--cache-archives --cache-dir archives --offline",
    "--link-mode hardlink --cache-dir trees",
    "--link-mode hardlink --cache-dir trees --offline --jobs 1",
    "--link-mode copy --cache-dir trees --offline",
    "--link-mode copy --cache-dir packs --cache-archives=false",
    "--link-mode copy --cache-dir packs --offline --jobs 8",
];

#[test]
fn every_way_of_installing_makes_the_same_environment() {
    let project = LockedProject::new(&wheels());
    let venv = project.workspace.project().join(".venv");
    let temporary = project.workspace.project().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let temporary = temporary.to_str().unwrap();
    for compile in [&[][..], &["--compile"]] {
        let run = |variables: &[(&str, &str)], flags: &[&str]| {
            install(&project, variables, &[flags, compile].concat());
            list(&venv)
        };
        let first = run(&[], &["--no-cache", "--jobs", "1"]);
        assert!(first.contains_key("lib64") || cfg!(not(target_os = "linux")));
        let elsewhere = [("TMPDIR", temporary), ("TZ", "Asia/Tokyo")];
        assert_same(&run(&elsewhere, &["--no-cache"]), &first, "elsewhere");
        for way in WAYS {
            let flags: Vec<&str> = way.split(' ').collect();
            let how = format!("{way} {compile:?}");
            assert_same(&run(&[], &flags), &first, &how);
        }
        let modes = fs::read_dir(&venv).unwrap();
        assert!(modes.count() > 0);
    }
}

#[test]
fn an_environment_that_was_changed_is_dated_as_a_new_one() {
    let project = LockedProject::new(&wheels());
    let venv = project.workspace.project().join(".venv");
    install(&project, &[], &[]);
    let fresh = list(&venv);
    let site = fresh
        .keys()
        .find(|path| path.ends_with("/acme/__init__.py"))
        .unwrap();
    let site = venv.join(site.strip_suffix("acme/__init__.py").unwrap());
    fs::remove_dir_all(site.join("acme-1.0.dist-info")).unwrap();
    fs::remove_dir_all(site.join("acme")).unwrap();
    project.run(&["install"]).succeeded();
    assert_same(&list(&venv), &fresh, "changed");
}

#[test]
fn files_have_the_dates_of_their_wheels_and_what_is_made_here_that_of_the_user() {
    let project = LockedProject::new(&wheels());
    let venv = project.workspace.project().join(".venv");
    let date = |listed: &BTreeMap<String, Listed>, name: &str| {
        let mut found = listed.iter().filter(|(path, _)| path.ends_with(name));
        found.next().unwrap().1.1 / 1_000_000_000
    };
    for (variables, expected) in [
        (&[][..], 1_580_601_600),
        (&[("SOURCE_DATE_EPOCH", "1700000000")], 1_700_000_000),
    ] {
        install(&project, variables, &["--compile"]);
        let listed = list(&venv);
        for made in [
            "",
            "bin/acme",
            "bin/tool",
            "bin/python",
            "pyvenv.cfg",
            "acme-1.0.dist-info/RECORD",
            "acme",
            "__pycache__",
            ".pyc",
        ] {
            assert_eq!(date(&listed, made), expected, "{made}");
        }
        assert_eq!(date(&listed, "acme/__init__.py"), 315_619_200);
        let mode = fs::metadata(&venv).unwrap().permissions().mode();
        assert_eq!(mode & 0o700, 0o700);
    }
}

/// A backend that dates what it writes as those in use do, and takes a new folder for it each time.
const BACKEND: &str = r#"
import os, time, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))[:6]
    stem = "demo-1.0"
    files = {
        "demo.py": "x = 1\n",
        f"{stem}.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{stem}.dist-info/RECORD"] = "".join(f"{path},,\n" for path in files) + f"{stem}.dist-info/RECORD,,\n"
    with zipfile.ZipFile(os.path.join(folder, f"{stem}-py3-none-any.whl"), "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, date), text)
    return f"{stem}-py3-none-any.whl"
"#;

#[test]
fn what_is_built_is_the_same_as_well() {
    let pyproject =
        "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
    let source = Source::new("demo")
        .pyproject(pyproject)
        .file("backend.py", BACKEND);
    let scene = Scene::new(&source);
    let venv = scene.workspace.project().join(".venv");
    let run = |flags: &[&str]| {
        if venv.exists() {
            fs::remove_dir_all(&venv).unwrap();
        }
        scene
            .run(&[&["install", "--compile"], flags].concat())
            .succeeded();
        list(&venv)
    };
    let first = run(&["--no-cache"]);
    for flags in [
        &["--no-cache"][..],
        &[],
        &["--offline"],
        &["--link-mode", "copy"],
    ] {
        assert_same(&run(flags), &first, &format!("{flags:?}"));
    }
}

#[test]
fn a_date_that_no_file_can_have_is_refused() {
    let acme = WheelBuilder::new("acme", "1.0").file("acme/__init__.py", "");
    let project = LockedProject::new(&[acme]);
    for date in ["today", "-1", "1.5", "99999999999"] {
        let mut started = project.command(&["install"]);
        let output = Output::of(started.env("SOURCE_DATE_EPOCH", date));
        output.failed(2, &[&format!("SOURCE_DATE_EPOCH is `{date}`")]);
    }
    assert!(!project.workspace.project().join(".venv").exists());
    let mut started = project.command(&["install"]);
    Output::of(started.env("SOURCE_DATE_EPOCH", "")).succeeded();
}
