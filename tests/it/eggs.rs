//! What `setup.py develop` and `setup.py install` left, by way of `easy-install.pth`: it is recognized, removed and replaced.

use std::path::PathBuf;

use fs_err as fs;
use lock2venv::environment;

use crate::change::{Env, layout};
use crate::support::wheel_builder::WheelBuilder;

const PTH: &str = "easy-install.pth";

/// An environment with a link to the project `acme` 1.0, which is outside and has a script.
struct Linked {
    env: Env,
    project: PathBuf,
    _outside: tempfile::TempDir,
}

impl Linked {
    fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        let project = outside.path().canonicalize().unwrap().join("acme");
        let info = project.join("src/acme.egg-info");
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("PKG-INFO"), "Name: acme\nVersion: 1.0\n").unwrap();
        fs::write(
            info.join("entry_points.txt"),
            "[console_scripts]\nacme = acme:main\n",
        )
        .unwrap();
        fs::write(project.join("src/acme.py"), "").unwrap();
        let linked = Self {
            env: Env::new(),
            project,
            _outside: outside,
        };
        let source = linked.project.join("src");
        linked.put("acme.egg-link", &format!("{}\n../", source.display()));
        linked.put(PTH, &format!("/elsewhere/other\n{}\n", source.display()));
        fs::write(linked.env.root().join("bin/acme"), "#!python\n").unwrap();
        linked
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.env.site().join(name), text).unwrap();
    }
}

#[test]
fn a_link_to_a_project_is_an_editable_installation_of_it() {
    let linked = Linked::new();
    let installed = environment::installed(&linked.env.root(), &layout()).unwrap();
    let [found] = &installed.distributions[..] else {
        panic!("{installed:?}");
    };
    let url = found.direct_url.as_ref().unwrap();
    let expected = format!("file://{}", linked.project.display());
    assert!(
        url.contains(&expected) && url.contains("\"editable\":true"),
        "{url}"
    );
}

#[test]
fn a_link_goes_with_its_line_and_scripts_and_the_project_stays() {
    let new = WheelBuilder::new("acme", "2.0").file("acme.py", "x = 2");
    for wheels in [vec![], vec![&new]] {
        let linked = Linked::new();
        linked.env.change_to(&wheels).unwrap();
        assert_eq!(
            fs::read_to_string(linked.env.site().join(PTH)).unwrap(),
            "/elsewhere/other\n"
        );
        fs::remove_file(linked.env.site().join(PTH)).unwrap();
        assert!(linked.env.files() == Env::with(&wheels).unwrap().files());
        assert!(linked.project.join("src/acme.egg-info/PKG-INFO").exists());
        assert!(linked.project.join("src/acme.py").exists());
    }
}

#[test]
fn the_path_file_goes_with_its_last_line() {
    let linked = Linked::new();
    let source = linked.project.join("src");
    let code = "import sys; sys.__plen = len(sys.path)";
    linked.put(PTH, &format!("{code}\n{}\n", source.display()));
    linked.env.change_to(&[]).unwrap();
    assert!(linked.env.files().is_empty(), "{:?}", linked.env.files());
}

#[test]
fn a_link_stays_when_another_takes_its_script() {
    let linked = Linked::new();
    let other = WheelBuilder::new("zeta", "1.0").console_script("acme", "zeta:main");
    let acme = WheelBuilder::new("acme", "1.0");
    linked.env.change_to(&[&acme, &other]).unwrap();
    assert!(linked.env.site().join("acme.egg-link").exists());
    assert!(linked.env.read("bin/acme").contains("zeta"));
}

#[test]
fn an_egg_that_the_path_file_names_can_be_removed() {
    for packed in [false, true] {
        let env = Env::new();
        let egg = env.site().join("acme-1.0-py3.11.egg");
        if packed {
            fs::write(&egg, "PK").unwrap();
        } else {
            fs::create_dir_all(egg.join("EGG-INFO")).unwrap();
            fs::write(egg.join("EGG-INFO/PKG-INFO"), "Name: acme\nVersion: 1.0\n").unwrap();
            fs::write(egg.join("acme.py"), "").unwrap();
        }
        fs::write(env.site().join(PTH), "./acme-1.0-py3.11.egg\n").unwrap();
        let wheel = WheelBuilder::new("acme", "2.0").file("acme.py", "");
        env.change_to(&[&wheel]).unwrap();
        assert!(env.files() == Env::with(&[&wheel]).unwrap().files());
    }
}

#[test]
fn a_path_file_that_is_a_link_is_left_alone() {
    let linked = Linked::new();
    let outside = linked.project.join("outside.pth");
    fs::rename(linked.env.site().join(PTH), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, linked.env.site().join(PTH)).unwrap();
    let before = fs::read(&outside).unwrap();
    linked.env.change_to(&[]).unwrap();
    assert!(!linked.env.site().join("acme.egg-link").exists());
    assert_eq!(fs::read(&outside).unwrap(), before);
}
