//! Every way in which installers name what they installed is read, and read as pip and `importlib.metadata` do.

use fs_err as fs;
use lock2venv::environment;
use lock2venv::install::Error;
use lock2venv::installed::Installed;

use crate::change::{Env, layout};
use crate::support::wheel_builder::WheelBuilder;

fn scan(env: &Env) -> Installed {
    environment::installed(&env.root(), &layout()).unwrap()
}

/// Puts the document `text` at `path` of the library folder.
fn put(env: &Env, path: &str, text: &str) {
    let path = env.site().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: wrong\n")
}

#[track_caller]
fn reads(folder: &str, own: (&str, &str), expected: (&str, &str)) {
    let env = Env::new();
    put(&env, &format!("{folder}/RECORD"), "");
    put(&env, &format!("{folder}/METADATA"), &metadata(own.0, own.1));
    let installed = scan(&env);
    let [found] = &installed.distributions[..] else {
        panic!("{installed:?}");
    };
    assert_eq!((found.name.as_str(), found.version.normal()), expected);
}

#[test]
fn names_of_dist_info_folders_are_read_in_every_spelling() {
    reads("acme-1.0.dist-info", ("acme", "1.0"), ("acme", "1.0"));
    reads(
        "Acme.Core-1.0.dist-info",
        ("Acme.Core", "1.0"),
        ("acme-core", "1.0"),
    );
    reads(
        "ACME__core-1.0.DIST-INFO",
        ("ACME__core", "1.0"),
        ("acme-core", "1.0"),
    );
    reads(
        "acme-core-1.0.dist-info",
        ("acme-core", "1.0"),
        ("acme-core", "1.0"),
    );
    reads("acme-1-2.0.dist-info", ("acme-1", "2.0"), ("acme-1", "2.0"));
    reads(
        "acme-1.0-1.dist-info",
        ("acme", "1.0-1"),
        ("acme", "1.0.post1"),
    );
    reads(
        "acme-1.0-rc1.dist-info",
        ("acme", "1.0-rc1"),
        ("acme", "1.0rc1"),
    );
    reads(
        "acme-01.0.0.dist-info",
        ("acme", "01.0.0"),
        ("acme", "1.0.0"),
    );
    reads(
        "acme-2004d.dist-info",
        ("acme", "2004d"),
        ("acme", "0+2004d"),
    );
    reads("acme.dist-info", ("acme", "1.0"), ("acme", "1.0"));
}

#[test]
fn a_wheel_whose_dist_info_has_a_dash_is_known_again() {
    let text = metadata("acme-core", "1.0");
    let folder = "acme-core-1.0.dist-info";
    let wheel = WheelBuilder::new("acme-core", "1.0")
        .folder(folder)
        .metadata(&text)
        .file("acme_core.py", "");
    let env = Env::with(&[&wheel]).unwrap();
    assert!(env.site().join(folder).join("RECORD").exists());
    let before = env.files();
    assert_eq!(scan(&env).distributions.len(), 1);
    env.change_to(&[&wheel]).unwrap();
    assert!(env.files() == before);
    env.change_to(&[]).unwrap();
    assert!(env.files().is_empty());
}

#[track_caller]
fn lists(files: &[(&str, &str)], expected: (&str, &str)) -> Env {
    let env = Env::new();
    for (path, text) in files {
        put(&env, path, text);
    }
    let installed = scan(&env);
    let [found] = &installed.distributions[..] else {
        panic!("{installed:?}");
    };
    assert_eq!((found.name.as_str(), found.version.normal()), expected);
    env
}

fn egg() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "Acme_Core-1.0-py3.11.egg-info/PKG-INFO",
            "Name: Acme-Core\nVersion: 1.0\n",
        ),
        ("acme_core/__init__.py", ""),
        ("acme_core/deep/x.py", ""),
    ]
}

#[test]
fn what_installed_files_txt_lists_can_be_removed_and_replaced() {
    let list = "../acme_core/__init__.py\n../acme_core/deep/x.py\n../../../../bin/acme\nPKG-INFO\n/etc/hostname\n../../../../../outside\n";
    let new = WheelBuilder::new("acme-core", "2.0").file("acme_core/__init__.py", "x = 2");
    for wheels in [vec![], vec![&new]] {
        let mut files = egg();
        files.push(("Acme_Core-1.0-py3.11.egg-info/installed-files.txt", list));
        let env = lists(&files, ("acme-core", "1.0"));
        fs::write(env.root().join("bin/acme"), "").unwrap();
        env.change_to(&wheels).unwrap();
        assert!(env.files() == Env::with(&wheels).unwrap().files());
    }
}

#[test]
fn the_packages_of_top_level_txt_can_be_removed() {
    let mut files = egg();
    files.extend([
        (
            "Acme_Core-1.0-py3.11.egg-info/top_level.txt",
            "acme_core\nns\n_acme\n../bin\n",
        ),
        (
            "Acme_Core-1.0-py3.11.egg-info/namespace_packages.txt",
            "ns\n",
        ),
        ("_acme.py", ""),
        ("ns/__init__.py", ""),
    ]);
    let env = lists(&files, ("acme-core", "1.0"));
    env.change_to(&[]).unwrap();
    let files = env.files();
    let left: Vec<&String> = files.keys().collect();
    assert_eq!(left, ["lib/python3.11/site-packages/ns/__init__.py"]);
}

#[test]
fn what_tells_no_files_is_listed_and_cannot_be_removed() {
    for files in [
        vec![(
            "acme-1.0.egg-info",
            "Metadata-Version: 1.1\nName: acme\nVersion: 1.0\n",
        )],
        vec![(
            "acme-1.0-py3.11.egg/EGG-INFO/PKG-INFO",
            "Name: acme\nVersion: 1.0\n",
        )],
        vec![(
            "acme-1.0-py3.11.egg-info/PKG-INFO",
            "Name: acme\nVersion: 1.0\n",
        )],
    ] {
        let env = lists(&files, ("acme", "1.0"));
        let before = env.files();
        let result = env.change_to(&[]);
        assert!(matches!(result, Err(Error::NoRecord { .. })), "{result:?}");
        assert!(env.files() == before);
    }
}

#[test]
fn a_link_to_a_project_is_listed_by_the_projects_metadata() {
    let env = Env::new();
    let project = env.root().join("project");
    fs::create_dir_all(project.join("Acme.egg-info")).unwrap();
    fs::write(
        project.join("Acme.egg-info/PKG-INFO"),
        metadata("Acme", "3.0"),
    )
    .unwrap();
    put(&env, "Acme.egg-link", &format!("{}\n.", project.display()));
    let installed = scan(&env);
    let found = &installed.distributions[0];
    assert_eq!((found.name.as_str(), found.version.text()), ("acme", "3.0"));
}

#[test]
fn an_interrupted_removal_of_an_egg_is_completed() {
    let mut files = egg();
    files.push(("Acme_Core-1.0-py3.11.egg-info/top_level.txt", "acme_core\n"));
    let env = lists(&files, ("acme-core", "1.0"));
    let list = "acme_core/__init__.py,,\nacme_core/deep/x.py,,\n";
    put(&env, "Acme_Core-1.0-py3.11.egg-info/RECORD.lock2venv", list);
    fs::remove_file(env.site().join("acme_core/__init__.py")).unwrap();
    let installed = scan(&env);
    let unfinished = lock2venv::install::unfinished(&installed);
    lock2venv::install::complete(&env.root(), &layout(), &installed, &unfinished).unwrap();
    assert!(env.files().is_empty());
}
