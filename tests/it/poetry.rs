//! Called by the name `poetry`: what platforms, plugins and Dockerfiles run, as Poetry answers it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::scene::{Scene, installed, search_path};
use crate::support::workspace::Output;

/// What `install --only main` puts there; the project is a link to its sources.
const MAIN: [&str; 2] = ["acme-1.0", "annapurna-0.1.0"];

/// Runs a link named `poetry` in the project.
fn poetry(scene: &Scene, variables: &[(&str, &str)], line: &str) -> Output {
    let link = scene.workspace.home().join("poetry");
    if !link.exists() {
        symlink(env!("CARGO_BIN_EXE_lock2venv"), &link).unwrap();
    }
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let like = scene.command(&words);
    let mut command = Command::new(link);
    command.args(&words).env_clear();
    command.current_dir(like.get_current_dir().unwrap());
    let set = like
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command.envs(set).envs(variables.iter().copied());
    Output::of(&mut command)
}

/// Makes an environment as platforms do, with Python's own module.
fn made(folder: &Path) -> PathBuf {
    let mut command = Command::new("python3");
    command.args(["-m", "venv", "--without-pip"]).arg(folder);
    assert!(
        command
            .env("PATH", search_path())
            .status()
            .unwrap()
            .success()
    );
    folder.to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Finds the one environment in the folder of all.
#[track_caller]
fn only(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder).unwrap();
    let found = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    found
}

#[test]
fn heroku_fills_the_active_environment() {
    let scene = Scene::new();
    let layer = made(&scene.workspace.home().join("layer"));
    let variables = [("VIRTUAL_ENV", text(&layer))];
    let line = "sync --compile --only main --no-interaction";
    poetry(&scene, &variables, line).succeeded();
    assert_eq!(installed(&layer), MAIN);
    let site = only(&layer.join("lib")).join("site-packages");
    assert!(site.join("acme/__pycache__").is_dir());
    assert!(!scene.venv().exists());
    // The next build has the layer of the last one.
    poetry(&scene, &variables, line).succeeded();
    assert_eq!(
        poetry(&scene, &variables, "env info --path").stdout,
        format!("{}\n", layer.display())
    );
}

#[test]
fn google_asks_where_the_environment_is() {
    let scene = Scene::new();
    let line = "install --no-interaction --sync --only main --no-root";
    poetry(&scene, &[], line).succeeded();
    let path = poetry(&scene, &[], "env info --path").succeeded().stdout;
    let path = Path::new(path.trim_end());
    assert_eq!(installed(path), MAIN[..1]);
    let folder = scene.workspace.home().join(".cache/pypoetry/virtualenvs");
    assert_eq!(path, only(&folder));
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("annapurna-") && name.contains("-py3."),
        "{name}"
    );
}

#[test]
fn railpack_fills_the_active_environment_without_the_project() {
    let scene = Scene::new();
    let active = made(&scene.venv());
    let variables = [("VIRTUAL_ENV", text(&active))];
    let line = "install --no-interaction --no-ansi --only main --no-root";
    poetry(&scene, &variables, line).succeeded();
    scene.has(&MAIN[..1]);
}

#[test]
fn paketo_says_where_environments_are() {
    let scene = Scene::new();
    let (envs, cache) = (
        scene.workspace.home().join("envs"),
        scene.workspace.home().join("cache"),
    );
    let variables = [
        ("POETRY_VIRTUALENVS_PATH", text(&envs)),
        ("POETRY_CACHE_DIR", text(&cache)),
    ];
    poetry(&scene, &variables, "sync --only main").succeeded();
    assert_eq!(installed(&only(&envs)), MAIN);
    assert!(cache.join("lock2venv").is_dir());
    let listed = poetry(&scene, &variables, "env list --full-path").stdout;
    assert_eq!(listed, format!("{} (Activated)\n", only(&envs).display()));
}

#[test]
fn serverless_exports_into_a_file() {
    let scene = Scene::new();
    let line = "export --without-hashes -f requirements.txt -o requirements.txt --with-credentials";
    poetry(&scene, &[], line).succeeded();
    let text = fs::read_to_string(scene.workspace.project().join("requirements.txt")).unwrap();
    assert!(text.starts_with("acme==1.0 ;"), "{text}");
}

#[test]
fn dockerfiles_keep_the_environment_in_the_project() {
    let scene = Scene::new();
    let local = "config virtualenvs.in-project true --local";
    poetry(&scene, &[], local).succeeded();
    let settings = scene.workspace.project().join("poetry.toml");
    assert_eq!(
        fs::read_to_string(&settings).unwrap(),
        "[virtualenvs]\nin-project = true\n"
    );
    assert_eq!(
        fs::metadata(&settings).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let line = "install --no-root --only main --no-interaction --no-ansi -q";
    assert_eq!(poetry(&scene, &[], line).succeeded().stderr, "");
    scene.has(&MAIN[..1]);
    assert_eq!(
        poetry(&scene, &[], "run acme").succeeded().stdout,
        "acme 1.0\n"
    );
    assert_eq!(
        poetry(&scene, &[], "run -- acme").succeeded().stdout,
        "acme 1.0\n"
    );
    let all = "install --all-extras --with bench --without dev --compile -vvv --no-cache -n";
    poetry(&scene, &[], all).succeeded();
    scene.has(&[
        "acme-1.0",
        "acme_bench-1.0",
        "acme_docs-1.0",
        "acme_postgres-1.0",
        "annapurna-0.1.0",
    ]);
    let extras = [("POETRY_VIRTUALENVS_IN_PROJECT", "1")];
    poetry(&scene, &extras, "sync --extras docs --only main -C .").succeeded();
    scene.has(&["acme-1.0", "acme_docs-1.0", "annapurna-0.1.0"]);
}

#[test]
fn the_version_and_the_lock_are_asked_for() {
    let scene = Scene::new();
    for line in ["--version", "-V", "--no-ansi --version", "install -V"] {
        let output = poetry(&scene, &[], line).succeeded();
        assert_eq!(
            (output.stdout.as_str(), output.stderr.as_str()),
            ("Poetry (version 2.5.1)\n", "")
        );
    }
    assert_eq!(
        poetry(&scene, &[], "check --lock").succeeded().stdout,
        "All set!\n"
    );
    assert_eq!(
        poetry(&scene, &[], "version").succeeded().stdout,
        "annapurna 0.1.0\n"
    );
    assert_eq!(
        poetry(&scene, &[], "version -s").succeeded().stdout,
        "0.1.0\n"
    );
    let changed = format!("{}\nreadme = \"NOT.md\"", "[project]");
    let before = fs::read_to_string(scene.workspace.project().join("pyproject.toml")).unwrap();
    let after = before
        .replace("[project]", &changed)
        .replace("\"acme\"", "\"acme>1\"");
    scene.workspace.write("pyproject.toml", after);
    let refused = poetry(&scene, &[], "check --lock");
    refused.failed(1, &[
        "Error: Declared README file does not exist: NOT.md\n",
        "Error: pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` to fix the lock file.\n",
    ]);
    fs::remove_file(scene.workspace.project().join("poetry.lock")).unwrap();
    poetry(&scene, &[], "check --lock").failed(1, &["Error: poetry.lock was not found."]);
}

#[test]
fn without_environments_an_active_one_is_filled() {
    let scene = Scene::new();
    poetry(&scene, &[], "config virtualenvs.create false").succeeded();
    let settings = scene.workspace.home().join(".config/pypoetry/config.toml");
    assert_eq!(
        fs::read_to_string(settings).unwrap(),
        "[virtualenvs]\ncreate = false\n"
    );
    let line = "install --only main --no-root";
    assert_eq!(
        poetry(&scene, &[], "env info --path").failed(1, &[]).stdout,
        ""
    );
    assert_eq!(poetry(&scene, &[], "run echo x").succeeded().stdout, "x\n");
    let active = made(&scene.workspace.home().join("active"));
    poetry(&scene, &[("VIRTUAL_ENV", text(&active))], line).succeeded();
    assert_eq!(installed(&active), MAIN[..1]);
    made(&scene.venv());
    poetry(&scene, &[], line).succeeded();
    scene.has(&MAIN[..1]);
}

#[test]
fn an_active_environment_is_never_made_again() {
    let scene = Scene::new();
    let active = made(&scene.workspace.home().join("active"));
    let before = fs::read_to_string(scene.workspace.project().join("pyproject.toml")).unwrap();
    scene
        .workspace
        .change_project(|_| before.replace(">=3.8", ">=3.4,<3.5"));
    let variables = [("VIRTUAL_ENV", text(&active))];
    let refused = poetry(&scene, &variables, "install");
    refused.failed(1, &[]);
    assert!(active.join("bin/python").exists());
    scene.workspace.change_project(|_| before.clone());
    fs::remove_file(active.join("pyvenv.cfg")).unwrap();
    let refused = poetry(&scene, &variables, "install");
    refused.failed(
        1,
        &["is not a virtual environment, and lock2venv installs into no other"],
    );
}

#[test]
fn settings_are_shown_and_written_as_poetry_does() {
    let scene = Scene::new();
    let shown = |line: &str| poetry(&scene, &[], line).succeeded().stdout;
    assert_eq!(shown("config virtualenvs.create"), "true\n");
    assert_eq!(shown("config virtualenvs.in-project"), "null\n");
    let cache = scene.workspace.home().join(".cache/pypoetry");
    let cache = text(&cache);
    assert_eq!(
        shown("config virtualenvs.path"),
        format!("{cache}/virtualenvs\n")
    );
    let list = shown("config --list");
    let path = format!("virtualenvs.path = \"{{cache-dir}}/virtualenvs\"  # {cache}/virtualenvs\n");
    for line in [
        "installer.max-workers = null\n",
        "virtualenvs.create = true\n",
        &path,
    ] {
        assert!(list.contains(line), "{list}");
    }
    for line in [
        "config installer.no-binary one,Two_b",
        "config repositories.foo https://x.example/simple",
        "config http-basic.foo user secret",
        "config certificates.foo.cert false",
    ] {
        assert_eq!(shown(line), "");
    }
    let folder = scene.workspace.home().join(".config/pypoetry");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(
        read("config.toml"),
        "[installer]\nno-binary = [\"one\", \"two-b\"]\n\n[repositories.foo]\nurl = \"https://x.example/simple\"\n"
    );
    assert_eq!(
        read("auth.toml"),
        "[http-basic.foo]\nusername = \"user\"\npassword = \"secret\"\n\n[certificates.foo]\ncert = false\n"
    );
    assert_eq!(
        shown("config installer.no-binary"),
        "[\"one\", \"two-b\"]\n"
    );
    assert_eq!(
        shown("config repositories.foo.url"),
        "https://x.example/simple\n"
    );
    assert_eq!(
        shown("config repositories.foo"),
        "{'url': 'https://x.example/simple'}\n"
    );
    assert_eq!(
        shown("config repositories"),
        "{'foo': {'url': 'https://x.example/simple'}}\n"
    );
    shown("config --unset repositories.foo");
    assert_eq!(shown("config repositories"), "{}\n");
    shown("config http-basic.foo --unset");
    assert_eq!(read("auth.toml"), "[certificates.foo]\ncert = false\n");
    shown("config --unset installer.no-binary");
    assert_eq!(shown("config installer.no-binary"), "null\n");
}

#[test]
fn settings_that_are_none_are_refused_and_those_without_effect_are_named() {
    let scene = Scene::new();
    for (line, part) in [
        ("config nope", "there is no setting `nope`"),
        ("config nope 1", "there is no setting `nope`"),
        (
            "config virtualenvs.create maybe",
            "`virtualenvs.create` cannot be `maybe`",
        ),
        ("config http-basic.foo", "`http-basic.foo` is not shown"),
        (
            "config installer.build-config-settings.acme nonsense",
            "`nonsense` is not a build config setting",
        ),
        (
            "config --unset repositories.none",
            "no repository `none` is set",
        ),
        ("config --unset repositories", "all repositories"),
    ] {
        poetry(&scene, &[], line).failed(1, &[part]);
    }
    let parallel = poetry(&scene, &[], "config installer.parallel false").succeeded();
    parallel.said(&["`installer.parallel` is written, but lock2venv does not go by it"]);
}

#[test]
fn all_else_says_which_program_this_is() {
    let scene = Scene::new();
    let lock = fs::read(scene.workspace.project().join("poetry.lock")).unwrap();
    for (line, hint) in [
        ("add acme", "pipx run poetry add"),
        ("lock", "pipx run poetry lock"),
        ("lock --check", "poetry check --lock"),
        ("self add poetry-plugin-export", "`export` is built in"),
        ("shell", "poetry run CMD"),
        ("env use 3.12", "LOCK2VENV_PYTHON"),
        ("version 2.0", "pipx run poetry version"),
        ("show --tree", "pipx run poetry show"),
    ] {
        let refused = poetry(&scene, &[], line).failed(1, &[hint]);
        refused.said(&["this is lock2venv, called by the name of Poetry"]);
    }
    poetry(&scene, &[], "install --no-dev").failed(1, &["--without dev"]);
    poetry(&scene, &[], "install --nonsense").failed(1, &["--nonsense"]);
    poetry(&scene, &[], "cache clear pypi --all -n").succeeded();
    poetry(&scene, &[], "").succeeded();
    assert_eq!(
        fs::read(scene.workspace.project().join("poetry.lock")).unwrap(),
        lock
    );
}

#[test]
fn a_date_that_no_file_can_have_counts_for_nothing() {
    let scene = Scene::new();
    let output = poetry(&scene, &[("SOURCE_DATE_EPOCH", "today")], "install");
    output
        .succeeded()
        .said(&["SOURCE_DATE_EPOCH is `today`", "counts for nothing"]);
}

/// Poetry 2.5.1 printed these.
#[test]
fn tokens_and_build_settings_are_written_where_poetry_looks() {
    let scene = Scene::new();
    let shown = |line: &str| poetry(&scene, &[], line).succeeded().stdout;
    let folder = scene.workspace.home().join(".config/pypoetry");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    shown("config pypi-token.foo abc");
    assert_eq!(read("auth.toml"), "[pypi-token]\nfoo = \"abc\"\n");
    shown("config --unset pypi-token.foo");
    assert_eq!(read("auth.toml"), "");
    let key = "config installer.build-config-settings";
    assert_eq!(
        shown(key),
        "No packages configured with build config settings.\n"
    );
    shown(&format!("{key}.num_py {{\"a\":[\"x\",\"y\"],\"c\":\"d\"}}"));
    shown(&format!("{key}.numpy {{\"a\":\"b\"}}"));
    assert_eq!(
        read("config.toml"),
        "[installer.build-config-settings.num-py]\na = [\"x\", \"y\"]\nc = \"d\"\n\n[installer.build-config-settings.numpy]\na = \"b\"\n"
    );
    assert_eq!(
        shown(key),
        "num-py.a = \"[x, y]\"\nnum-py.c = \"d\"\nnumpy.a = \"b\"\n"
    );
    assert_eq!(
        shown(&format!("{key}.num-py")),
        "{\"a\": [\"x\", \"y\"], \"c\": \"d\"}\n"
    );
    assert_eq!(
        shown(&format!("{key}.none")),
        "No build config settings configured for none.\n"
    );
    assert!(shown("config --list").contains("\ninstaller.build-config-settings.numpy.a = \"b\"\n"));
    shown(&format!("{key}.numpy --unset"));
    assert!(!read("config.toml").contains("numpy"));
}

#[test]
fn a_list_of_settings_has_what_is_written_and_what_variables_say() {
    let scene = Scene::new();
    let variables = [
        ("POETRY_VIRTUALENVS_PATH", "/x/y"),
        ("POETRY_CACHE_DIR", "/c"),
        ("POETRY_VIRTUALENVS_CREATE", "false"),
    ];
    let list = poetry(&scene, &variables, "config --list")
        .succeeded()
        .stdout;
    for line in [
        "virtualenvs.path = \"{cache-dir}/virtualenvs\"  # /x/y\n",
        "/.cache/pypoetry\"  # /c\n",
        "virtualenvs.create = false\n",
    ] {
        assert!(list.contains(line), "{list}");
    }
    let shown = poetry(&scene, &variables, "config virtualenvs.path").succeeded();
    assert_eq!(shown.stdout, "/x/y\n");
}

#[test]
fn an_environment_that_is_not_there_is_described_without_paths() {
    let scene = Scene::new();
    let text = poetry(&scene, &[], "env info").succeeded().stdout;
    assert!(
        text.starts_with("\nVirtualenv\nPython:         3."),
        "{text}"
    );
    assert!(
        text.contains("\nPath:           NA\nExecutable:     NA\n\nBase\nPlatform:   "),
        "{text}"
    );
    poetry(&scene, &[], "env info --path").failed(1, &["no environment yet"]);
}
