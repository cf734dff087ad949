//! Environments that came from elsewhere: `COPY . .` of an image build lays the local one over the one that was just made.
//! And environments elsewhere, which Poetry would have filled.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::mount::Overlay;
use crate::support::requirement::missing;
use crate::support::shop::{Scene, holds, library, write};
use crate::support::workspace::Output;

/// Lays the folder `from` over `to`, as `COPY` does.
fn copy_over(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_over(&entry.path(), &target);
            continue;
        }
        drop(fs::remove_file(&target));
        if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// An environment as another tool made it on a person's machine, with the interpreter at `python`.
fn make_local(venv: &Path, python: &str, minor: &str) {
    for name in ["python", "python3", &format!("python{minor}")] {
        fs::create_dir_all(venv.join("bin")).unwrap();
        symlink(python, venv.join("bin").join(name)).unwrap();
    }
    let home = Path::new(python).parent().unwrap().display().to_string();
    let configuration = format!("home = {home}\nversion = {minor}.4\n");
    write(&venv.join("pyvenv.cfg"), &configuration);
    write(
        &venv.join("bin/acme"),
        "#!/home/me/shop/.venv/bin/python\nimport acme\n",
    );
    write(
        &venv.join("bin/activate"),
        "VIRTUAL_ENV='/home/me/shop/.venv'\nexport VIRTUAL_ENV\n",
    );
    let library = venv.join(format!("lib/python{minor}/site-packages"));
    write(&library.join("acme/__init__.py"), "local = True\n");
    write(
        &library.join("acme-0.9.dist-info/RECORD"),
        "acme/__init__.py,,\n../../../bin/acme,,\n",
    );
}

/// The minor version of the environment's Python.
fn minor(venv: &Path) -> String {
    let folder = library(venv).parent().unwrap().to_owned();
    let name = folder.file_name().unwrap().to_str().unwrap();
    name.strip_prefix("python").unwrap().to_owned()
}

#[track_caller]
fn ends_right(prepare: impl Fn(&Scene, &Path)) -> String {
    let scene = Scene::new();
    scene.install().succeeded();
    let local = scene.workspace.home().join("local");
    prepare(&scene, &local);
    copy_over(&local, &scene.venv());
    let output = scene.install().succeeded();
    assert_eq!(holds(&scene.venv()), *scene.fresh(), "{output:?}");
    let again = scene.install().succeeded();
    assert!(
        again.stderr.contains("No dependencies to install"),
        "{again:?}"
    );
    assert!(!again.stderr.contains("warning"), "{again:?}");
    let lines = output.stderr.lines();
    let mut warnings = lines.filter(|line| line.starts_with("warning: "));
    let warning = warnings.next().unwrap_or_default().to_owned();
    let project = scene.project();
    warning.replace(project.to_str().unwrap(), "[project]")
}

#[test]
fn a_local_environment_of_a_python_that_is_not_here_is_replaced() {
    let warning = ends_right(|_, local| {
        make_local(local, "/home/me/.pyenv/versions/3.4.4/bin/python3.4", "3.4");
    });
    assert_snapshot!(warning, @r"warning: `[project]/.venv`, or part of it, was created elsewhere: `[project]/.venv/bin/python` is a link to `/home/me/.pyenv/versions/3.4.4/bin/python3.4`, which does not exist; if `COPY` brought it into an image, list `.venv` in `.dockerignore`");
}

#[test]
fn a_local_environment_of_the_same_version_elsewhere_is_replaced() {
    let warning = ends_right(|scene, local| {
        make_local(local, "/opt/homebrew/bin/python3", &minor(&scene.venv()));
    });
    assert_snapshot!(warning, @r"warning: `[project]/.venv`, or part of it, was created elsewhere: `[project]/.venv/bin/python` is a link to `/opt/homebrew/bin/python3`, which does not exist; if `COPY` brought it into an image, list `.venv` in `.dockerignore`");
}

#[test]
fn a_local_environment_of_the_very_python_is_replaced() {
    let warning = ends_right(|scene, local| {
        let python = fs::read_link(scene.venv().join("bin/python")).unwrap();
        make_local(local, python.to_str().unwrap(), &minor(&scene.venv()));
    });
    assert_snapshot!(warning, @r"warning: `[project]/.venv`, or part of it, was created elsewhere: its scripts are those of `/home/me/shop/.venv`; if `COPY` brought it into an image, list `.venv` in `.dockerignore`");
}

#[test]
fn a_local_environment_for_another_python_leaves_no_packages() {
    let warning = ends_right(|_, local| {
        write(
            &local.join("lib/python3.4/site-packages/acme-0.9.dist-info/METADATA"),
            "",
        );
    });
    assert_snapshot!(warning, @r"warning: `[project]/.venv`, or part of it, was created elsewhere: it also contains packages for another Python, in `lib/python3.4`; if `COPY` brought it into an image, list `.venv` in `.dockerignore`");
}

#[test]
fn a_local_environment_of_windows_is_replaced() {
    let warning = ends_right(|_, local| {
        write(
            &local.join("pyvenv.cfg"),
            "home = C:\\Python311\nversion = 3.11.4\n",
        );
        write(&local.join("Scripts/python.exe"), "");
        write(&local.join("Scripts/acme.exe"), "");
        write(
            &local.join("Lib/site-packages/acme-0.9.dist-info/RECORD"),
            "../../Scripts/acme.exe,,\n",
        );
    });
    assert_snapshot!(warning, @r"warning: `[project]/.venv`, or part of it, was created elsewhere: its pyvenv.cfg says that its Python is in `C:\Python311`, which does not exist; if `COPY` brought it into an image, list `.venv` in `.dockerignore`");
}

#[test]
fn a_local_environment_over_one_of_an_earlier_layer_is_replaced() {
    let scene = Scene::new();
    let fill = |lower: &Path| {
        scene.write_project(lower);
        scene.install_in(lower).succeeded();
    };
    let Some(overlay) = Overlay::new(&scene.workspace.home(), fill) else {
        return;
    };
    let local = scene.workspace.home().join("local");
    make_local(&local, "/home/me/bin/python3.4", "3.4");
    let venv = overlay.folder().join(".venv");
    copy_over(&local, &venv);
    let output = scene.install_in(overlay.folder()).succeeded();
    assert!(output.stderr.contains("`.dockerignore`"), "{output:?}");
    assert_eq!(holds(&venv), *scene.fresh());
}

// Elsewhere.

/// Makes an environment beside the project, as a Dockerfile does by hand.
fn make_active(scene: &Scene) -> Option<std::path::PathBuf> {
    let active = scene.workspace.home().join("active");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--without-pip"]).arg(&active);
    if venv.output().is_ok_and(|output| output.status.success()) {
        return Some(active);
    }
    missing("the module venv");
    None
}

fn said(scene: &Scene, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut command = scene.command_in(&scene.project(), arguments);
    let output = Output::of(command.envs(variables.iter().copied())).succeeded();
    let lines = output.stderr.lines();
    let lines: Vec<&str> = lines.filter(|line| line.starts_with("warning")).collect();
    let text = lines.join("\n");
    let text = text.replace(scene.project().to_str().unwrap(), "[project]");
    text.replace(scene.workspace.home().to_str().unwrap(), "[home]")
}

#[test]
fn an_active_environment_that_is_not_filled_is_named() {
    let scene = Scene::new();
    let Some(active) = make_active(&scene) else {
        return;
    };
    let variables = [("VIRTUAL_ENV", active.to_str().unwrap())];
    assert_snapshot!(said(&scene, &variables, &[]), @r"warning: `VIRTUAL_ENV` names `[home]/active`, but packages are installed into `[project]/.venv`; to use the other: `--venv [home]/active`");
    // The active environment is the one that is filled, or another was asked for, or it is not there.
    symlink(scene.venv(), scene.project().join("linked")).unwrap();
    for folder in [".venv", "linked", "/nowhere", ""] {
        assert_eq!(
            said(&scene, &[("VIRTUAL_ENV", folder)], &[]),
            "",
            "{folder}"
        );
    }
    let there = ["--venv", active.to_str().unwrap()];
    assert_eq!(said(&scene, &variables, &there), "");
    let quiet = Output::of(scene.command_in(&scene.project(), &["-q"]).envs(variables));
    assert_eq!(quiet.succeeded().stderr, "");
}

#[test]
fn a_setting_by_which_poetry_makes_no_environment_is_named() {
    let scene = Scene::new();
    let variable = [("POETRY_VIRTUALENVS_CREATE", "false")];
    assert_snapshot!(said(&scene, &variable, &[]), @r"warning: `virtualenvs.create` is false, but packages are installed into `[project]/.venv`, not into the system's Python; put `[project]/.venv/bin` on `PATH`");
    assert_eq!(said(&scene, &variable, &["--venv", "other"]), "");
    assert_eq!(said(&scene, &[("POETRY_VIRTUALENVS_CREATE", "1")], &[]), "");
    write(
        &scene.project().join("poetry.toml"),
        "[virtualenvs]\ncreate = false\n",
    );
    assert_ne!(said(&scene, &[], &[]), "");
    assert_eq!(
        said(&scene, &[("POETRY_VIRTUALENVS_CREATE", "true")], &[]),
        ""
    );
}
