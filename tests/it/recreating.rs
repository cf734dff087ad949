//! Environments that are made again, and folders that are filled because nothing can be renamed over them: nothing of
//! anybody's is removed, and whatever is interrupted is begun again.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::mount::{Mount, Overlay};
use crate::support::requirement::missing;
use crate::support::shop::{Scene, break_python, holds, library, write};
use crate::support::workspace::Output;

/// Names at the top of a project but its own.
fn left(project: &Path) -> Vec<String> {
    let names = fs::read_dir(project).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let own = ["pyproject.toml", "poetry.lock", ".venv"];
    let mut names: Vec<String> = names.filter(|name| !own.contains(&name.as_str())).collect();
    names.sort();
    names
}

// What is removed.

#[test]
fn an_environment_that_is_also_a_project_is_not_removed() {
    let scene = Scene::new();
    let project = scene.project();
    let here = ["--venv", "."];
    // The project's folder itself, made an environment by hand.
    let venv = ["-m", "venv", "--without-pip", "."];
    let made = Command::new("python3")
        .args(venv)
        .current_dir(&project)
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        missing("the module venv");
        return;
    }
    for path in [
        ".git/HEAD",
        "shop/__init__.py",
        "src/tool/.git/HEAD",
        "src/tool/tool.py",
    ] {
        write(&project.join(path), "mine");
    }
    break_python(&project);
    let before = holds(&project);
    let output = Output::of(&mut scene.command_in(&project, &here)).failed(1, &[]);
    assert_snapshot!(scene.said(&output), @r"
    error: `[project]` contains more than a virtual environment: `.git`, `poetry.lock`, `pyproject.toml`, `shop`, `src`
      it has to be recreated: `[project]/bin/python` is a link to `/nowhere/python`, which does not exist
    hint: nothing was touched: move away what you need, and remove the folder; or name another: `--venv DIR`
    hint: if `COPY` brought it into an image, list `.venv` in `.dockerignore`
    ");
    assert!(holds(&project) == before);
}

#[track_caller]
fn refuses(path: &str) {
    let scene = Scene::new();
    scene.install().succeeded();
    let venv = scene.venv();
    let library = library(&venv);
    let path = path.replace(
        "LIBRARY",
        library.strip_prefix(&venv).unwrap().to_str().unwrap(),
    );
    write(&venv.join(&path), "mine");
    break_python(&venv);
    let before = holds(&venv);
    for more in [&[] as &[&str], &["--dry-run"]] {
        let output = Output::of(&mut scene.command_in(&scene.project(), more));
        let output = output.failed(1, &["contains more than a virtual environment"]);
        let seen = output.stderr.split('`').nth(3).unwrap();
        assert!(
            path == seen || path.starts_with(&format!("{seen}/")),
            "{output:?}"
        );
        assert!(holds(&venv) == before, "{path}");
    }
}

#[test]
fn what_is_no_part_of_an_environment_is_named_and_stays() {
    refuses("pyproject.toml");
    refuses("notes.txt");
    refuses(".git/config");
    refuses("src/acme-fork/setup.py");
    refuses("data/deep/down.csv");
    refuses("share/acme/mine");
    refuses("lib/mine.py");
    refuses("bin/deploy.sh");
    refuses("include/mine/mine.h");
    refuses("LIBRARY/checkout/.git/HEAD");
    refuses("LIBRARY/acme/.git/HEAD");
    refuses("LIBRARY/mine.py");
    refuses("LIBRARY/mine.pth");
    refuses("LIBRARY/sitecustomize.py");
    refuses("LIBRARY/mine/__init__.py");
    refuses("LIBRARY/data/deep/table.csv");
    refuses("lib/python3.4/site-packages/old.py");
}

#[test]
fn what_tools_and_distributions_put_into_an_environment_goes_with_it() {
    let scene = Scene::new();
    scene.install().succeeded();
    let venv = scene.venv();
    let library = library(&venv);
    for name in [
        "CACHEDIR.TAG",
        ".lock",
        "bin/pip",
        "bin/activate_this.py",
        "share/jupyter/kernels/python3/kernel.json",
        "lib/python3.4/site-packages/old-1.0-py3.4.egg/old.py",
        "lib/python3.4/os.py",
        ".staging.abcdefgh.partial/x",
        "share/tool/page",
        "__pycache__/x.pyc",
    ] {
        write(&venv.join(name), "");
    }
    for path in ["bin/tool", "bin/tool-of-moved"] {
        write(
            &venv.join(path),
            "#!/home/me/shop/.venv/bin/python\nimport tool\n",
        );
    }
    for name in [
        "acme/made/at/run/time.db",
        "acme/old.py",
        "acme-1.0.dist-info/uv_cache.json",
        "lost/__pycache__/lost.cpython-311.pyc",
        "__pycache__/lost.cpython-311.pyc",
        "~cme/__init__.py",
        "easy-install.pth",
        "distutils-precedence.pth",
        "_virtualenv.py",
        "bolt.egg-link",
        // Of pips that were killed, and of what told no more than this.
        "under_way-1.0.dist-info/METADATA",
        "under_way/__init__.py",
        "nut.py",
    ] {
        write(&library.join(name), "");
    }
    write(&library.join("bolts.egg-info/top_level.txt"), "nut\n");
    symlink("tool", venv.join("bin/second-name")).unwrap();
    let egg_info = library.join("tool-1.0-py3.11.egg-info");
    write(
        &egg_info.join("installed-files.txt"),
        "../tool.py\n../../../../share/tool/page\n",
    );
    fs::create_dir_all(venv.join("src/empty")).unwrap();
    break_python(&venv);
    scene.install().succeeded();
    assert_eq!(holds(&venv), *scene.fresh());
    assert_eq!(left(&scene.project()), [""; 0]);
}

#[test]
fn what_links_lead_to_stays() {
    let scene = Scene::new();
    scene.install().succeeded();
    let (venv, outside) = (scene.venv(), scene.workspace.home().join("outside"));
    write(&outside.join("file"), "mine");
    symlink(&outside, library(&venv).join("acme/linked")).unwrap();
    symlink(outside.join("file"), venv.join("bin/python-linked")).unwrap();
    break_python(&venv);
    scene.install().succeeded();
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "mine");
    assert_eq!(holds(&venv), *scene.fresh());
}

#[test]
fn links_that_lead_out_of_an_environment_are_somebodys() {
    for name in ["bin/deploy", "LIBRARY/mine"] {
        let scene = Scene::new();
        scene.install().succeeded();
        let venv = scene.venv();
        let folder = library(&venv);
        let folder = folder.strip_prefix(&venv).unwrap().to_str().unwrap();
        let name = name.replace("LIBRARY", folder);
        let program = scene.workspace.home().join("program");
        write(&program, "#!/opt/other/.venv/bin/python\n");
        symlink(&program, venv.join(&name)).unwrap();
        break_python(&venv);
        let before = holds(&venv);
        scene.install().failed(1, &[&format!("`{name}`")]);
        assert!(holds(&venv) == before);
    }
}

#[test]
fn a_file_that_is_mounted_in_an_environment_stays() {
    let scene = Scene::new();
    scene.install().succeeded();
    let venv = scene.venv();
    let settings = scene.workspace.home().join("settings");
    write(&settings, "mine");
    let inside = library(&venv).join("acme/__init__.py");
    let Some(_mount) = Mount::bind(&settings, &inside) else {
        return;
    };
    break_python(&venv);
    scene.install().failed(1, &["/site-packages/acme`"]);
    assert_eq!(fs::read_to_string(settings).unwrap(), "mine");
    assert_eq!(left(&scene.project()), [""; 0]);
}

#[test]
fn what_is_mounted_in_an_environment_stays() {
    let scene = Scene::new();
    scene.install().succeeded();
    let venv = scene.venv();
    let data = scene.workspace.home().join("data");
    write(&data.join("file"), "mine");
    let inside = library(&venv).join("data");
    let Some(_mount) = Mount::bind(&data, &inside) else {
        return;
    };
    break_python(&venv);
    scene.install().failed(1, &["/site-packages/data`"]);
    assert_eq!(fs::read_to_string(data.join("file")).unwrap(), "mine");
    assert_eq!(left(&scene.project()), [""; 0]);
}

#[test]
fn clearing_the_cache_leaves_what_is_mounted_in_it() {
    let scene = Scene::new();
    scene.install().succeeded();
    let data = scene.workspace.home().join("data");
    write(&data.join("file"), "mine");
    let inside = scene.workspace.cache().join("v1/archives/data");
    let Some(mut mount) = Mount::bind(&data, &inside) else {
        return;
    };
    let output = scene.workspace.run(&["cache", "clear"]);
    let aside = fs::read_dir(scene.workspace.cache()).unwrap();
    let aside = aside.map(|entry| entry.unwrap().path().join("archives/data"));
    for path in aside.filter(|path| path.is_dir()) {
        mount.moved(path);
    }
    output.failed(1, &["is a mount point and was not removed"]);
    assert_eq!(fs::read_to_string(data.join("file")).unwrap(), "mine");
}

#[test]
fn a_folder_that_cannot_be_locked_is_not_left_behind() {
    let scene = Scene::new();
    if !has_strace() {
        return;
    }
    let program = scene.command_in(&scene.project(), &["--no-cache"]);
    let output = run_with(&program, "inject=flock:error=EIO");
    output.failed(1, &["cannot create `", "/.venv`", "Input/output error"]);
    assert_eq!(left(&scene.project()), [""; 0]);
    assert!(!scene.venv().exists());
}

// Links to nowhere.

#[test]
fn a_link_to_nothing_leads_to_where_the_environment_is_made() {
    let scene = Scene::new();
    let place = scene.workspace.home().join("venvs/of/webshop");
    symlink("../project/second", scene.project().join(".venv")).unwrap();
    symlink(&place, scene.project().join("second")).unwrap();
    scene.install().succeeded();
    assert_eq!(holds(&place), *scene.fresh());
    assert!(scene.venv().is_symlink());
    let again = scene.install().succeeded();
    assert!(
        again.stderr.contains("No dependencies to install"),
        "{again:?}"
    );
}

#[test]
fn a_link_to_itself_is_an_error_that_names_it() {
    let scene = Scene::new();
    symlink(".venv", scene.venv()).unwrap();
    scene.install().failed(1, &["/.venv`"]);
    assert!(scene.venv().is_symlink());
}

// Places that cannot be renamed over.

#[test]
fn a_volume_is_filled_and_filled_again() {
    let scene = Scene::new();
    let Some(_mount) = Mount::memory(&scene.venv()) else {
        return;
    };
    scene.install().succeeded();
    assert_eq!(holds(&scene.venv()), *scene.fresh());
    break_python(&scene.venv());
    scene.install().succeeded();
    assert_eq!(holds(&scene.venv()), *scene.fresh());
}

/// Runs the program, and sends it `signal` at the call number `number` by which it changes folders.
fn run_with_signal(scene: &Scene, project: &Path, signal: &str, number: usize) -> Output {
    let calls = "rename,renameat,renameat2,unlink,unlinkat,rmdir";
    let inject = format!("inject={calls}:signal={signal}:when={number}");
    run_with(&scene.command_in(project, &[]), &inject)
}

/// Runs a command with what strace puts in the way of it.
fn run_with(program: &Command, inject: &str) -> Output {
    let mut command = Command::new("strace");
    command.args(["-qq", "-f", "-o", "/dev/null", "-e", inject]);
    command.arg(program.get_program()).args(program.get_args());
    command
        .current_dir(program.get_current_dir().unwrap())
        .env_clear();
    let variables = program.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    Output::of(&mut command)
}

/// Kills the program at the call number `number` by which it changes folders, and lets the next run put things right. Tells
/// whether there were so many.
#[track_caller]
fn is_right_after_kill(scene: &Scene, project: &Path, number: usize) -> bool {
    let is_killed = run_with_signal(scene, project, "SIGKILL", number).code != 0;
    scene.install_in(project).succeeded();
    assert_eq!(holds(&project.join(".venv")), *scene.fresh(), "{number}");
    assert_eq!(left(project), [""; 0], "{number}");
    assert!(is_killed || number > 5, "only {number} calls");
    is_killed
}

fn has_strace() -> bool {
    let has = Command::new("strace").arg("-V").output().is_ok();
    if !has {
        missing("strace");
    }
    has
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_volume_whose_filling_is_killed_is_filled_by_the_next_run() {
    let scene = Scene::new();
    let Some(_mount) = Mount::memory(&scene.venv()).filter(|_| has_strace()) else {
        return;
    };
    for prepare in [empty, break_python] {
        scene.install().succeeded();
        for number in 1.. {
            prepare(&scene.venv());
            if !is_right_after_kill(&scene, &scene.project(), number) {
                break;
            }
        }
    }
}

#[test]
fn a_run_that_is_asked_to_end_while_it_publishes_leaves_an_environment_or_nothing() {
    let scene = Scene::new();
    if !has_strace() {
        return;
    }
    for is_there in [false, true] {
        for number in 1..10 {
            drop(fs::remove_dir_all(scene.venv()));
            if is_there {
                scene.install().succeeded();
                break_python(&scene.venv());
            }
            let output = run_with_signal(&scene, &scene.project(), "SIGTERM", number);
            assert!([0, 130].contains(&output.code), "{number}: {output:?}");
            // Ended well or not: what is there is the new one, or what was there before.
            let is_new = scene.venv().join("bin/python").exists();
            assert!(is_new || output.code == 130, "{number}: {output:?}");
            assert_eq!(
                scene.venv().exists(),
                is_there || is_new,
                "{number}: {output:?}"
            );
            if is_new {
                assert_eq!(holds(&scene.venv()), *scene.fresh(), "{number}: {output:?}");
            }
            assert_eq!(left(&scene.project()), [""; 0], "{number}: {output:?}");
        }
    }
}

#[test]
fn an_environment_that_is_replaced_is_old_or_new_when_that_is_killed() {
    let scene = Scene::new();
    scene.install().succeeded();
    for number in 1.. {
        break_python(&scene.venv());
        if !has_strace() || !is_right_after_kill(&scene, &scene.project(), number) {
            break;
        }
    }
}

#[test]
fn an_environment_of_an_earlier_layer_is_made_again() {
    let scene = Scene::new();
    let place = scene.workspace.home();
    let fill = |lower: &Path| {
        scene.write_project(lower);
        scene.install_in(lower).succeeded();
        break_python(&lower.join(".venv"));
    };
    let Some(overlay) = Overlay::new(&place, fill) else {
        return;
    };
    let output = scene.install_in(overlay.folder()).succeeded();
    assert!(
        output.stderr.contains("Recreating virtualenv"),
        "{output:?}"
    );
    assert_eq!(holds(&overlay.folder().join(".venv")), *scene.fresh());
    assert_eq!(left(overlay.folder()), [""; 0]);
    let again = scene.install_in(overlay.folder()).succeeded();
    assert!(
        again.stderr.contains("No dependencies to install"),
        "{again:?}"
    );
}

#[test]
fn an_environment_of_an_earlier_layer_is_old_or_new_when_that_is_killed() {
    let scene = Scene::new();
    let fill = |lower: &Path| {
        scene.write_project(lower);
        scene.install_in(lower).succeeded();
        break_python(&lower.join(".venv"));
    };
    for number in 1.. {
        let overlay = Overlay::new(&scene.workspace.home(), fill).filter(|_| has_strace());
        let Some(overlay) = overlay else {
            return;
        };
        if !is_right_after_kill(&scene, overlay.folder(), number) {
            break;
        }
    }
}

#[test]
fn an_environment_of_an_earlier_layer_is_changed() {
    let scene = Scene::new();
    let fill = |lower: &Path| {
        scene.write_project(lower);
        scene.install_in(lower).succeeded();
        // Of an older version, and with a package that has left the lock.
        let library = library(&lower.join(".venv"));
        let text = fs::read_to_string(library.join("acme-1.0.dist-info/RECORD")).unwrap();
        let text = text.replace("acme-1.0.dist-info", "acme-0.9.dist-info");
        fs::rename(
            library.join("acme-1.0.dist-info"),
            library.join("acme-0.9.dist-info"),
        )
        .unwrap();
        fs::write(library.join("acme-0.9.dist-info/RECORD"), text).unwrap();
        write(&library.join("gone/deep/module.py"), "");
        let record =
            "gone/deep/module.py,,\ngone-1.0.dist-info/METADATA,,\ngone-1.0.dist-info/RECORD,,\n";
        write(&library.join("gone-1.0.dist-info/RECORD"), record);
        let metadata = "Metadata-Version: 2.1\nName: gone\nVersion: 1.0\n";
        write(&library.join("gone-1.0.dist-info/METADATA"), metadata);
    };
    let Some(overlay) = Overlay::new(&scene.workspace.home(), fill) else {
        return;
    };
    let sync = Output::of(&mut scene.command_in(overlay.folder(), &["--sync"])).succeeded();
    assert!(sync.stderr.contains("1 update, 1 removal"), "{sync:?}");
    assert_eq!(holds(&overlay.folder().join(".venv")), *scene.fresh());
}

#[test]
fn an_empty_folder_of_an_earlier_layer_becomes_an_environment() {
    let scene = Scene::new();
    let fill = |lower: &Path| {
        scene.write_project(lower);
        fs::create_dir(lower.join(".venv")).unwrap();
    };
    let Some(overlay) = Overlay::new(&scene.workspace.home(), fill) else {
        return;
    };
    scene.install_in(overlay.folder()).succeeded();
    assert_eq!(holds(&overlay.folder().join(".venv")), *scene.fresh());
}

/// A project whose environment and cache an earlier layer holds.
fn cached_below(scene: &Scene) -> Option<Overlay> {
    Overlay::new(&scene.workspace.home(), |lower| {
        scene.write_project(lower);
        let cache = lower.join("cache");
        let cache = ["--cache-dir", cache.to_str().unwrap()];
        Output::of(&mut scene.command_in(lower, &cache)).succeeded();
        assert!(lower.join("cache/v1/trees").is_dir());
    })
}

#[test]
fn a_cache_of_an_earlier_layer_can_be_cleared() {
    let scene = Scene::new();
    let Some(overlay) = cached_below(&scene) else {
        return;
    };
    let cache = overlay.folder().join("cache");
    let cache = ["--cache-dir", cache.to_str().unwrap()];
    let clear = [&["cache", "clear"], &cache[..]].concat();
    scene.workspace.run(&clear).succeeded();
    let kept = fs::read_dir(overlay.folder().join("cache")).unwrap();
    assert_eq!(kept.count(), 0);
}

#[test]
fn a_damaged_wheel_in_the_cache_of_an_earlier_layer_is_kept_again() {
    let scene = Scene::new();
    let Some(overlay) = cached_below(&scene) else {
        return;
    };
    let cache = overlay.folder().join("cache");
    let tree = fs::read_dir(cache.join("v1/trees"))
        .unwrap()
        .next()
        .unwrap();
    fs::write(tree.unwrap().path().join("0/0"), "edited").unwrap();
    let mut arguments = vec!["--cache-dir", cache.to_str().unwrap(), "--venv", "one"];
    Output::of(&mut scene.command_in(overlay.folder(), &arguments)).succeeded();
    arguments.extend(["--venv", "two", "--offline"]);
    arguments.drain(2..4);
    Output::of(&mut scene.command_in(overlay.folder(), &arguments)).succeeded();
    let two = holds(&overlay.folder().join("two"));
    assert_eq!(two, *scene.fresh());
}
