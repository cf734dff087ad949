//! What lies in a project's folder and is no part of it stays out of its wheel: environments, the cache, repositories, built
//! distributions.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use lock2venv::project_wheel::{self, BuildOptions, Error};
use tempfile::TempDir;

use crate::support::scene::{PYPROJECT, Scene};

/// Makes a project with one package, `demo`, and `files` besides.
fn project(layout: &str, files: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let pyproject = format!("[tool.poetry]\nname = 'demo'\nversion = '1'\n{layout}\n");
    write(&root, "pyproject.toml", &pyproject);
    for path in ["top.py", "demo/__init__.py", "demo/sub/more.py"] {
        write(&root, path, "");
    }
    for path in files {
        write(&root, path, "");
    }
    (folder, root)
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn packed(root: &Path, outside: &[PathBuf]) -> Vec<String> {
    let options = BuildOptions {
        outside: outside.to_vec(),
        ..BuildOptions::default()
    };
    let wheel = project_wheel::build(root, &options).unwrap();
    let paths = wheel.files().iter().map(|file| file.path.clone());
    paths.filter(|path| !path.contains(".dist-info/")).collect()
}

const PATTERNS: [&str; 5] = [
    "packages = [{include = '**/*.py'}]",
    "packages = [{include = '*'}]",
    "packages = [{include = 'demo'}]\ninclude = [{path = '**/*', format = 'wheel'}]",
    "packages = [{include = 'demo'}]\ninclude = [{path = '*', format = 'wheel'}]",
    "packages = [{include = 'demo'}]\ninclude = [{path = '*/**/*.py', format = ['sdist', 'wheel']}]",
];

const ENVIRONMENTS: [&str; 4] = [".venv", "venv", "tools/environments/py312", ".tox/py311"];

#[test]
fn no_pattern_reaches_what_git_keeps() {
    for layout in PATTERNS {
        let (_folder, root) = project(layout, &[]);
        let clean = packed(&root, &[]);
        for path in ["demo/sub/.git", "demo/.git/config", "demo/.git/hooks/x.py"] {
            write(&root, path, "");
        }
        assert_eq!(packed(&root, &[]), clean, "{layout}");
    }
}

#[test]
fn no_pattern_reaches_an_environment() {
    for layout in PATTERNS {
        let (_folder, root) = project(layout, &[]);
        let clean = packed(&root, &[]);
        assert!(clean.contains(&"demo/sub/more.py".to_owned()), "{layout}");
        for environment in ENVIRONMENTS {
            let library = format!("{environment}/lib/python3.11/site-packages/acme/__init__.py");
            write(&root, &library, "");
            write(&root, &format!("{environment}/pyvenv.cfg"), "home = /usr\n");
        }
        assert_eq!(packed(&root, &[]), clean, "{layout}");
    }
}

#[test]
fn patterns_that_name_an_environment_find_nothing() {
    let includes = [
        ".venv",
        ".venv/lib",
        ".venv/lib/acme.py",
        "*/lib/*.py",
        ".venv/**/*.py",
        "demo/../.venv/lib/acme.py",
    ];
    for include in includes {
        let layout = format!("packages = [{{include = '{include}'}}]");
        let (_folder, root) = project(&layout, &[".venv/pyvenv.cfg", ".venv/lib/acme.py"]);
        let error = project_wheel::build(&root, &BuildOptions::default()).unwrap_err();
        assert!(
            matches!(error, Error::NothingFound(_)),
            "{include}: {error}"
        );
    }
    let layout = "packages = [{include = 'acme.py', from = '.venv/lib'}]";
    let (_folder, root) = project(layout, &[".venv/pyvenv.cfg", ".venv/lib/acme.py"]);
    let error = project_wheel::build(&root, &BuildOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NothingFound(_)), "{error}");
}

#[test]
fn environments_in_the_making_and_built_distributions_stay_out() {
    for layout in PATTERNS {
        let (_folder, root) = project(layout, &["demo/data/dist/other-1.whl"]);
        let clean = packed(&root, &[]);
        for path in [
            ".venv.a1B2c3D4.partial/lib/acme.py",
            "tools/.env.a1B2c3D4.partial/lib/acme.py",
            "dist/demo-1-py3-none-any.whl",
            "dist/demo-1.tar.gz",
            "dist/.demo-1-py3-none-any.whl.partial",
        ] {
            write(&root, path, "");
        }
        // The folder itself is not packed, and its pattern finds it: what it holds is what matters.
        assert_eq!(packed(&root, &[]), clean, "{layout}");
    }
}

#[test]
fn the_cache_and_what_the_caller_names_stay_out() {
    for layout in PATTERNS {
        let (_folder, root) = project(layout, &[]);
        let clean = packed(&root, &[]);
        for path in ["cache/v1/trees/x/0/1.py", "new environment/acme.py"] {
            write(&root, path, "");
        }
        let outside = [root.join("cache"), root.join("new environment")];
        assert_eq!(packed(&root, &outside), clean, "{layout}");
        assert_ne!(packed(&root, &[]), clean, "{layout}");
        fs::remove_dir_all(root.join("new environment")).unwrap();
        let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of lock2venv; it can be removed at any time.\n";
        write(&root, "cache/CACHEDIR.TAG", tag);
        assert_eq!(packed(&root, &[]), clean, "{layout}");
    }
}

#[test]
fn links_into_an_environment_lead_nowhere() {
    let files = [".venv/pyvenv.cfg", ".venv/lib/acme.py"];
    let (_folder, root) = project("packages = [{include = 'demo'}]", &files);
    let clean = packed(&root, &[]);
    symlink(root.join(".venv/lib/acme.py"), root.join("demo/linked.py")).unwrap();
    assert_eq!(packed(&root, &[]), clean);
}

#[test]
fn license_patterns_find_no_licences_of_an_environment() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let pyproject = "[project]\nname = 'demo'\nversion = '1'\nlicense-files = ['**/LICENSE']\n";
    write(&root, "pyproject.toml", pyproject);
    for path in [
        "demo.py",
        "LICENSE",
        ".venv/pyvenv.cfg",
        ".venv/lib/LICENSE",
    ] {
        write(&root, path, "");
    }
    let wheel = project_wheel::build(&root, &BuildOptions::default()).unwrap();
    let mut paths = wheel.files().iter().map(|file| file.path.as_str());
    assert!(paths.clone().any(|path| path.ends_with("licenses/LICENSE")));
    assert!(!paths.any(|path| path.contains(".venv")));
}

#[test]
fn other_folders_are_packed_as_poetry_packs_them() {
    let layout =
        "packages = [{include = '**/*.py'}]\ninclude = [{path = 'dist/app/*', format = 'wheel'}]";
    let files = [
        "dist/app/main.js",
        "dist/acme.py",
        "lib/x.py",
        "demo/a.partial",
    ];
    let (_folder, root) = project(layout, &files);
    let paths = packed(&root, &[]);
    for path in ["dist/app/main.js", "dist/acme.py", "lib/x.py"] {
        assert!(
            paths.iter().any(|packed| packed == path),
            "{path}: {paths:?}"
        );
    }
}

#[test]
fn a_project_inside_an_environment_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for path in [
        ".venv/pyvenv.cfg",
        ".venv/src/demo/demo/__init__.py",
        ".venv/src/demo/pyvenv.cfg",
    ] {
        write(&root, path, "");
    }
    let project = root.join(".venv/src/demo");
    let pyproject = "[tool.poetry]\nname = 'demo'\nversion = '1'\n";
    write(&project, "pyproject.toml", pyproject);
    let outside = [root.join(".venv"), root.clone()];
    assert_eq!(packed(&project, &outside), ["demo/__init__.py"]);
}

/// The environment, `--venv` or not, and the cache lie in the project; the wheel stays the same from run to run.
#[test]
fn each_install_has_the_same_record() {
    for (venv, arguments) in [
        (".venv", &["install"][..]),
        ("build/env", &["install", "--venv", "build/env"]),
        ("env", &["install", "--venv", "env", "--cache-dir", "cache"]),
    ] {
        let pyproject = format!(
            "{PYPROJECT}\n[tool.poetry]\npackages = [{{include = '**/*.py'}}]\ninclude = [{{path = '**/*', format = 'wheel'}}]\n"
        );
        let scene = Scene::new();
        scene.workspace.write("pyproject.toml", &pyproject);
        scene.lock(&[crate::support::scene::Locked::new("acme", "1.0")]);
        let record = || {
            scene.run(arguments).succeeded();
            let library = fs::read_dir(scene.workspace.project().join(venv).join("lib"));
            let python = library.unwrap().next().unwrap().unwrap().path();
            let path = python.join("site-packages/annapurna-0.1.0.dist-info/RECORD");
            fs::read_to_string(path).unwrap()
        };
        let first = record();
        assert_eq!(record(), first, "{venv}");
        assert_eq!(record(), first, "{venv}");
        assert!(!first.contains("acme/__init__.py"), "{first}");
    }
}
