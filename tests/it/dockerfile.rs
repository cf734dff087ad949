//! `lock2venv dockerfile`: what it prints for several kinds of projects.

use std::fs;

use insta::assert_snapshot;

use crate::support::scene::Scene;

const BACKEND: &str = "[build-system]\nrequires = [\"poetry-core>=2.0\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";

/// Makes a project with a lock of `packages`.
fn project(pyproject: &str, packages: &[String]) -> Scene {
    let scene = Scene::of(&format!("{pyproject}{BACKEND}"), &[]);
    scene.write_lock(&packages.concat());
    scene
}

/// Renders a package of a lock; `more` is its source.
fn package(name: &str, files: &[&str], more: &str) -> String {
    let digest = "0".repeat(64);
    let files = files.iter();
    let files = files.map(|file| format!("{{file = \"{file}\", hash = \"sha256:{digest}\"}}, "));
    let files: String = files.collect();
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\ndescription = \"\"\npython-versions = \"*\"\noptional = false\ngroups = [\"main\"]\nfiles = [{files}]\n{more}\n"
    )
}

fn printed(scene: &Scene, arguments: &[&str]) -> String {
    let arguments = [&["dockerfile"], arguments].concat();
    scene.run(&arguments).succeeded().stdout
}

fn with_script() -> Scene {
    let pyproject = "[project]\nname = \"annapurna\"\nversion = \"1.0\"\nrequires-python = \">=3.9,<3.13\"\ndependencies = [\"acme\"]\n[project.scripts]\nannapurna = \"annapurna:main\"\n";
    project(
        pyproject,
        &[package("acme", &["acme-1.0-py3-none-any.whl"], "")],
    )
}

#[test]
fn a_project_with_a_script_starts_with_it() {
    assert_snapshot!(printed(&with_script(), &[]), @r#"
    # docker build -t annapurna .
    # `lock2venv` is an image that holds the binary, such as `dist/Dockerfile` of lock2venv builds.

    # Dependencies: built again only when poetry.lock changes.
    FROM python:3.12-slim AS dependencies
    WORKDIR /app
    RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,source=poetry.lock,target=poetry.lock \
        --mount=type=cache,target=/root/.cache/lock2venv \
        lock2venv install --no-root --only main --compile

    # What runs: a change of the code builds only this again.
    FROM python:3.12-slim
    RUN useradd --create-home app
    WORKDIR /app
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
    COPY --from=dependencies /app/.venv /app/.venv
    RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,target=/src \
        lock2venv -C /src install --only-root --venv /app/.venv --compile
    USER app
    ENTRYPOINT ["annapurna"]
    "#);
}

#[test]
fn packages_alone_get_credentials_settings_and_a_python_that_has_wheels() {
    let pyproject = "[project]\nname = \"web\"\nversion = \"1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"acme\", \"fast\"]\n[project.optional-dependencies]\ndocs = [\"acme-docs\"]\n[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = \"internal\"\nurl = \"https://packages.acme.example/simple/\"\n";
    let source = "[package.source]\ntype = \"legacy\"\nurl = \"https://packages.acme.example/simple\"\nreference = \"internal\"\n";
    let wheels = [
        "fast-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        "fast-1.0-cp313-cp313-win_amd64.whl",
    ];
    let scene = project(
        pyproject,
        &[
            package("acme", &["acme-1.0-py3-none-any.whl"], source),
            package("fast", &wheels, ""),
        ],
    );
    scene.workspace.write("main.py", "");
    scene.workspace.write("poetry.toml", "");
    assert_snapshot!(printed(&scene, &["--image", "registry.example/lock2venv:1"]), @r#"
    # docker build --secret id=poetry_auth,src=$HOME/.config/pypoetry/auth.toml -t web .
    # `lock2venv` is an image that holds the binary, such as `dist/Dockerfile` of lock2venv builds.

    # Dependencies: built again only when pyproject.toml or poetry.lock changes.
    FROM python:3.12-slim AS dependencies
    WORKDIR /app
    # Credentials of internal, as `poetry config http-basic.NAME USER PASSWORD` writes them.
    RUN --mount=from=registry.example/lock2venv:1,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
        --mount=type=bind,source=poetry.lock,target=poetry.lock \
        --mount=type=bind,source=poetry.toml,target=poetry.toml \
        --mount=type=secret,id=poetry_auth,target=/root/.config/pypoetry/auth.toml \
        --mount=type=cache,target=/root/.cache/lock2venv \
        lock2venv install --no-root --only main --compile

    # What runs: a change of the code builds only this again.
    FROM python:3.12-slim
    RUN useradd --create-home app
    WORKDIR /app
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
    COPY --from=dependencies /app/.venv /app/.venv
    COPY . .
    USER app
    CMD ["python", "main.py"]
    "#);
}

#[test]
fn path_dependencies_are_installed_with_the_project() {
    let pyproject = "[project]\nname = \"api\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"core\", \"old\"]\n[project.scripts]\nserve = \"api:main\"\nmigrate = \"api:migrate\"\n[tool.poetry.dependencies]\ncore = { path = \"../libs/core\" }\nold = { path = \"../wheels/old-1.0-py3-none-any.whl\" }\n";
    let at =
        |kind: &str, path: &str| format!("[package.source]\ntype = \"{kind}\"\nurl = \"{path}\"\n");
    let wheel = "old-1.0-py3-none-any.whl";
    let scene = project(
        pyproject,
        &[
            package("core", &[], &at("directory", "../libs/core")),
            package("old", &[wheel], &at("file", &format!("../wheels/{wheel}"))),
        ],
    );
    scene.workspace.write("api/__init__.py", "");
    assert_snapshot!(printed(&scene, &["--python", "3.11"]), @r#"
    # docker build -t api -f Dockerfile ..
    # `lock2venv` is an image that holds the binary, such as `dist/Dockerfile` of lock2venv builds.

    # Dependencies: built again only when poetry.lock changes.
    FROM python:3.11-slim AS dependencies
    WORKDIR /app
    RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,source=project/poetry.lock,target=/src/project/poetry.lock \
        --mount=type=bind,source=wheels/old-1.0-py3-none-any.whl,target=/src/wheels/old-1.0-py3-none-any.whl \
        --mount=type=cache,target=/root/.cache/lock2venv \
        lock2venv -C /src/project install --no-root --no-directory --only main --venv /app/.venv --compile

    # What runs: a change of the code builds only this again.
    FROM python:3.11-slim
    RUN useradd --create-home app
    WORKDIR /app
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
    COPY --from=dependencies /app/.venv /app/.venv
    RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,target=/src \
        lock2venv -C /src/project install --only main --venv /app/.venv --compile
    USER app
    # pyproject.toml names 1 more of them.
    ENTRYPOINT ["serve"]
    "#);
}

#[test]
fn what_is_built_from_source_has_git_and_a_compiler() {
    let pyproject = "[project]\nname = \"lab\"\nversion = \"1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"gitty\", \"sdisty\"]\n[tool.poetry.dependencies]\ngitty = { git = \"https://forge.example/gitty.git\" }\n[tool.poetry.group.dev]\noptional = true\n[tool.poetry.group.dev.dependencies]\n";
    let source = format!(
        "[package.source]\ntype = \"git\"\nurl = \"https://forge.example/gitty.git\"\nreference = \"HEAD\"\nresolved_reference = \"{}\"\n",
        "a".repeat(40)
    );
    let scene = project(
        pyproject,
        &[
            package("gitty", &[], &source),
            package("sdisty", &["sdisty-1.0.tar.gz"], ""),
        ],
    );
    scene.workspace.write(".python-version", "3.10.4\n");
    scene.workspace.write("lab/__init__.py", "");
    assert_snapshot!(printed(&scene, &["--with", "dev"]), @r#"
    # docker build -t lab .
    # `lock2venv` is an image that holds the binary, such as `dist/Dockerfile` of lock2venv builds.

    # Dependencies: built again only when pyproject.toml or poetry.lock changes.
    # Not the slim image, for git and a compiler: gitty, sdisty.
    FROM python:3.10 AS dependencies
    WORKDIR /app
    RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
        --mount=type=bind,source=poetry.lock,target=poetry.lock \
        --mount=type=cache,target=/root/.cache/lock2venv \
        lock2venv install --no-root --with dev --compile

    # What runs: a change of the code builds only this again.
    FROM python:3.10-slim
    RUN useradd --create-home app
    WORKDIR /app
    ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
    COPY --from=dependencies /app/.venv /app/.venv
    RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
        --mount=type=bind,target=/src \
        lock2venv -C /src install --only-root --venv /app/.venv --compile
    USER app
    # pyproject.toml names no script: say here what is to be run.
    CMD ["python"]
    "#);
}

#[test]
fn both_files_are_written_where_there_are_none() {
    let scene = with_script();
    let root = scene.workspace.project();
    let output = scene.run(&["dockerfile", "--write"]).succeeded();
    output.said(&["Build it with: docker build -t annapurna ."]);
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    assert_eq!(read("Dockerfile"), printed(&scene, &[]));
    assert_eq!(read(".dockerignore"), printed(&scene, &["--ignore"]));
    assert!(read(".dockerignore").starts_with("**/.venv\n"));
    fs::remove_file(root.join("Dockerfile")).unwrap();
    let refused = scene.run(&["dockerfile", "--write"]);
    refused.failed(1, &[".dockerignore` is there already"]);
    assert!(!root.join("Dockerfile").exists());
}

#[test]
fn a_python_that_has_no_image_has_to_be_named() {
    let pyproject =
        "[project]\nname = \"annapurna\"\nversion = \"1.0\"\nrequires-python = \"<3.9\"\n";
    let scene = project(pyproject, &[]);
    let refused = scene.run(&["dockerfile"]);
    refused.failed(
        1,
        &[
            "allows no Python that has an image here: <3.9",
            "--python 3.12",
        ],
    );
    assert!(printed(&scene, &["--python", "3.8"]).contains("FROM python:3.8-slim\n"));
}

fn requiring(python: &str) -> Scene {
    let pyproject = format!(
        "[project]\nname = \"annapurna\"\nversion = \"1.0\"\nrequires-python = \"{python}\"\n"
    );
    project(&pyproject, &[])
}

#[test]
fn a_micro_version_is_named_where_the_project_allows_no_newer_one() {
    for (requires, image) in [
        ("==3.11.9", "3.11.9"),
        (">=3.11.4,<3.11.8", "3.11.7"),
        (">=3.10,<=3.12", "3.11"),
        ("<=3.9", "3.9.0"),
        ("!=3.12.4,<3.13,>=3.9", "3.12"),
        // No image is known to have what is above.
        (">=3.11,<3.11.30", "3.11.14"),
    ] {
        let text = printed(&requiring(requires), &[]);
        assert!(
            text.contains(&format!("FROM python:{image}-slim\n")),
            "{requires}: {text}"
        );
    }
}

#[test]
fn the_name_of_an_interpreter_names_its_image() {
    let variable = [("LOCK2VENV_PYTHON", "python3.12")];
    let output = requiring(">=3.9").run_with(&variable, &["dockerfile"]);
    let printed = output.succeeded().stdout;
    assert!(printed.contains("FROM python:3.12-slim\n"), "{printed}");
}

#[test]
fn what_is_no_version_and_no_image_is_refused() {
    let scene = requiring(">=3.9");
    for python in ["/usr/bin/python3.12", "python", "3.12 AS x", ""] {
        let refused = scene.run(&["dockerfile", "--python", python]);
        refused.failed(2, &["named by a version, such as 3.12"]);
    }
    for image in ["", "a b", "x,target=/etc"] {
        let refused = scene.run(&["dockerfile", "--image", image]);
        refused.failed(2, &["no image has such a name"]);
    }
}

#[test]
fn odd_names_are_quoted_and_odd_paths_refused() {
    let pyproject = "[project]\nname = \"annapurna\"\nversion = \"1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"core\"]\n[project.scripts]\n'say \"hi\"' = \"annapurna:main\"\n[tool.poetry.dependencies]\ncore = { path = \"../my libs/core\" }\n";
    let at = |path: &str| {
        let source = format!("[package.source]\ntype = \"directory\"\nurl = \"{path}\"\n");
        let scene = project(
            &pyproject.replace("../my libs/core", path),
            &[package("core", &[], &source)],
        );
        scene.run(&["dockerfile"])
    };
    at("../my libs/core").failed(1, &["no Dockerfile can name `../my libs/core`"]);
    at("/opt/core").failed(1, &["`/opt/core`: it is an absolute path"]);
    let text = at("core").succeeded().stdout;
    assert!(
        text.ends_with("ENTRYPOINT [\"say \\\"hi\\\"\"]\n"),
        "{text}"
    );
}

/// The lines of a Dockerfile that have `part`.
fn lines_with<'t>(text: &'t str, part: &str) -> Vec<&'t str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| line.contains(part)).collect()
}

const SIMPLE: &str = "[project]\nname = \"annapurna\"\nversion = \"1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"acme\"]\n";

fn simple(files: &[&str], source: &str) -> Scene {
    project(SIMPLE, &[package("acme", files, source)])
}

#[test]
fn what_has_no_wheel_for_this_python_and_linux_has_a_compiler() {
    for (files, image) in [
        (
            &["acme-1.0-cp311-cp311-win_amd64.whl", "acme-1.0.tar.gz"][..],
            "3.14",
        ),
        (
            &[
                "acme-1.0-cp311-cp311-manylinux_2_17_i686.whl",
                "acme-1.0.tar.gz",
            ],
            "3.14",
        ),
        (
            &[
                "acme-1.0-cp311-cp311-musllinux_1_1_x86_64.whl",
                "acme-1.0.tar.gz",
            ],
            "3.14",
        ),
        (
            &[
                "acme-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
                "acme-1.0.tar.gz",
            ],
            "3.11-slim",
        ),
        (
            &["acme-1.0-cp39-abi3-manylinux_2_17_x86_64.whl"],
            "3.14-slim",
        ),
    ] {
        let text = printed(&simple(files, ""), &[]);
        let first = lines_with(&text, "AS dependencies");
        assert_eq!(first, [format!("FROM python:{image} AS dependencies")]);
    }
    let files = ["acme-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"];
    let text = printed(&simple(&files, ""), &["--python", "3.12.1"]);
    assert!(
        text.contains("FROM python:3.12.1 AS dependencies"),
        "{text}"
    );
}

#[test]
fn an_index_of_this_machine_is_a_context_and_needs_no_credentials() {
    let source = |url: &str| {
        let source = format!(
            "[package.source]\ntype = \"legacy\"\nurl = \"{url}\"\nreference = \"Local.One\"\n"
        );
        let scene = simple(&["acme-1.0-py3-none-any.whl"], &source);
        scene.run(&["dockerfile"])
    };
    for url in ["file:///srv/wheels", "file:///srv/wheels/all.html"] {
        let text = source(url).succeeded().stdout;
        assert_eq!(lines_with(&text, "secret"), Vec::<&str>::new());
        let build = "# docker build --build-context index-1=/srv/wheels -t annapurna .";
        assert_eq!(lines_with(&text, "docker build"), [build]);
        let mount = "--mount=type=bind,from=index-1,target=/srv/wheels \\";
        assert_eq!(lines_with(&text, "from=index"), [mount]);
        assert_eq!(lines_with(&text, "source=pyproject.toml").len(), 1);
    }
    source("file:///srv/my wheels").failed(1, &["no Dockerfile can name `/srv/my wheels`"]);
}

#[test]
fn repositories_come_by_ssh_with_the_keys_of_the_user() {
    let source = format!(
        "[package.source]\ntype = \"git\"\nurl = \"git@forge.example:acme/acme.git\"\nreference = \"HEAD\"\nresolved_reference = \"{}\"\n",
        "a".repeat(40)
    );
    let text = printed(&simple(&[], &source), &[]);
    assert_eq!(
        lines_with(&text, "docker build"),
        ["# docker build --ssh default -t annapurna ."]
    );
    let known = "RUN mkdir -p -m 0700 ~/.ssh && ssh-keyscan forge.example >>~/.ssh/known_hosts";
    assert_eq!(lines_with(&text, "keyscan"), [known]);
    assert_eq!(lines_with(&text, "type=ssh"), ["--mount=type=ssh \\"]);
    let source = source.replace(
        "git@forge.example:acme",
        "ssh://git@forge.example:2222/acme",
    );
    let text = printed(&simple(&[], &source), &[]);
    let known =
        "RUN mkdir -p -m 0700 ~/.ssh && ssh-keyscan -p 2222 forge.example >>~/.ssh/known_hosts";
    assert_eq!(lines_with(&text, "keyscan"), [known]);
}

#[test]
fn what_the_image_does_not_install_has_no_say() {
    let marked = |marker: &str, files: &[&str], source: &str| {
        let package = package("acme", files, source);
        let groups = format!("groups = [\"main\"]\nmarkers = '{marker}'");
        project(SIMPLE, &[package.replace("groups = [\"main\"]", &groups)])
    };
    for (marker, file) in [
        (
            "sys_platform == \"win32\"",
            "acme-1.0-cp314-cp314-win_amd64.whl",
        ),
        ("python_version < \"3.11\"", "acme-1.0.tar.gz"),
        (
            "platform_python_implementation == \"PyPy\"",
            "acme-1.0.tar.gz",
        ),
    ] {
        let text = printed(&marked(marker, &[file], ""), &[]);
        assert_eq!(
            lines_with(&text, "AS dependencies"),
            ["FROM python:3.14-slim AS dependencies"]
        );
    }
    let git = format!(
        "[package.source]\ntype = \"git\"\nurl = \"git@forge.example:acme/acme.git\"\nreference = \"HEAD\"\nresolved_reference = \"{}\"\n",
        "a".repeat(40)
    );
    let old = marked("python_version < \"3.11\"", &[], &git);
    assert_eq!(lines_with(&printed(&old, &[]), "ssh"), Vec::<&str>::new());
    assert_eq!(
        lines_with(&printed(&old, &["--python", "3.10"]), "type=ssh").len(),
        1
    );
}

#[test]
fn what_the_runtime_has_is_left_out_by_the_image_too() {
    let text = printed(&with_script(), &["--provided", "acme"]);
    let install = "lock2venv install --no-root --only main --provided acme --compile";
    assert_eq!(lines_with(&text, "--no-root"), [install]);
    assert_eq!(lines_with(&text, "source=pyproject.toml").len(), 1);
}

#[test]
fn what_narrows_build_requirements_is_there_where_something_is_built() {
    let constraints = "[tool.poetry.build-constraints]\nacme = { setuptools = \"<75\" }\n";
    let source =
        "[[tool.poetry.source]]\nname = \"mirror\"\nurl = \"https://mirror.example/simple\"\n";
    for (more, file, n_documents) in [
        (constraints, "acme-1.0.tar.gz", 1),
        (source, "acme-1.0.tar.gz", 1),
        (constraints, "acme-1.0-py3-none-any.whl", 0),
        ("", "acme-1.0.tar.gz", 0),
    ] {
        let scene = project(&format!("{SIMPLE}{more}"), &[package("acme", &[file], "")]);
        let text = printed(&scene, &[]);
        let documents = lines_with(&text, "source=pyproject.toml");
        assert_eq!(documents.len(), n_documents, "{more}{file}");
    }
}

#[test]
fn what_a_backend_builds_is_built_where_a_compiler_is() {
    let pyproject = format!(
        "{SIMPLE}[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n"
    );
    let scene = Scene::of(&pyproject, &[]);
    scene.write_lock(&package("acme", &["acme-1.0-py3-none-any.whl"], ""));
    let text = printed(&scene, &[]);
    assert_eq!(
        lines_with(&text, "FROM "),
        [
            "FROM python:3.14-slim AS dependencies",
            "FROM python:3.14 AS project",
            "FROM python:3.14-slim",
        ]
    );
    assert_eq!(
        lines_with(&text, "COPY "),
        [
            "COPY --from=dependencies /app/.venv /app/.venv",
            "COPY --from=project /app/.venv /app/.venv",
        ]
    );
    assert_eq!(lines_with(&text, "type=cache").len(), 2);
}

#[test]
fn a_project_without_its_package_is_copied() {
    let scene = simple(&["acme-1.0-py3-none-any.whl"], "");
    fs::remove_dir_all(scene.workspace.project().join("annapurna")).unwrap();
    scene.workspace.write("main.py", "");
    let text = printed(&scene, &[]);
    let said = ["# There is no package `annapurna` to install, so the files are copied."];
    assert_eq!(lines_with(&text, "no package"), said);
    assert!(
        text.ends_with("COPY . .\nUSER app\nCMD [\"python\", \"main.py\"]\n"),
        "{text}"
    );
    assert_eq!(lines_with(&text, "--only-root"), Vec::<&str>::new());
}

#[test]
fn a_package_that_can_be_started_is() {
    let scene = simple(&["acme-1.0-py3-none-any.whl"], "");
    scene.workspace.write("annapurna/__main__.py", "");
    let text = printed(&scene, &[]);
    let end = "USER app\nENTRYPOINT [\"python\", \"-m\", \"annapurna\"]\n";
    assert!(text.ends_with(end), "{text}");
}

/// What the printed commands do, without an engine: the two installs, in folders that stand for the two stages.
#[test]
fn its_commands_fill_an_environment() {
    let scene = Scene::new();
    let text = printed(&scene, &[]);
    let root = scene.workspace.project();
    let (app, source) = (scene.workspace.home().join("app"), root.to_str().unwrap());
    fs::create_dir_all(&app).unwrap();
    fs::copy(root.join("poetry.lock"), app.join("poetry.lock")).unwrap();
    let installs: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("lock2venv "))
        .collect();
    assert_eq!(installs.len(), 2, "{text}");
    for line in installs {
        let line = line.replace("/app/.venv", app.join(".venv").to_str().unwrap());
        let line = line.replace("-C /src", &format!("-C {source}"));
        let mut command = scene.command(&line.split(' ').collect::<Vec<_>>());
        let output = crate::support::workspace::Output::of(command.current_dir(&app));
        output.succeeded();
    }
    let installed = crate::support::scene::installed(&app.join(".venv"));
    assert_eq!(installed, ["acme-1.0", "annapurna-0.1.0"]);
}

#[test]
fn what_one_processor_needs_is_there() {
    let wheel = "acme-1.0-cp314-cp314-manylinux_2_17_aarch64.whl";
    let source = format!("[package.source]\ntype = \"file\"\nurl = \"wheels/{wheel}\"\n");
    let package = package("acme", &[wheel], &source);
    let groups = "groups = [\"main\"]\nmarkers = 'platform_machine == \"aarch64\"'";
    let scene = project(SIMPLE, &[package.replace("groups = [\"main\"]", groups)]);
    let text = printed(&scene, &[]);
    assert_eq!(
        lines_with(&text, &format!("source=wheels/{wheel}")).len(),
        1
    );
    assert_eq!(
        lines_with(&text, "AS dependencies"),
        ["FROM python:3.14-slim AS dependencies"]
    );
}

#[test]
fn a_script_that_is_a_file_has_the_name_of_the_file() {
    let pyproject = format!(
        "{SIMPLE}[tool.poetry.scripts]\nserve = {{ reference = \"bin/start.sh\", type = \"file\" }}\n"
    );
    let scene = project(
        &pyproject,
        &[package("acme", &["acme-1.0-py3-none-any.whl"], "")],
    );
    let text = printed(&scene, &[]);
    assert!(text.ends_with("ENTRYPOINT [\"start.sh\"]\n"), "{text}");
}
