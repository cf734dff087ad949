//! The texts.

use std::path::{Component, Path};

use super::facts::Facts;
use super::words;

/// Where the build finds the folder that it is given.
const SOURCE: &str = "/src";

/// Prints a Dockerfile of two stages: one for the dependencies, and one for what runs.
pub(super) fn dockerfile(facts: &Facts) -> String {
    let mut lines = vec![
        format!("# {}", facts.command()),
        "# `lock2venv` is an image that holds the binary, such as `dist/Dockerfile` of lock2venv builds.".to_owned(),
        String::new(),
    ];
    lines.extend(dependencies(facts));
    lines.push(String::new());
    lines.extend(runtime(facts));
    lines.push(String::new());
    lines.join("\n")
}

fn dependencies(facts: &Facts) -> Vec<String> {
    let changed = if facts.documents.contains(&"pyproject.toml") {
        "pyproject.toml or poetry.lock changes"
    } else {
        "poetry.lock changes"
    };
    let mut lines = vec![format!("# Dependencies: built again only when {changed}.")];
    // The whole image has the same Python as the slim one, and git and a compiler besides.
    let variant = if facts.sources_built.is_empty() {
        "-slim"
    } else {
        let names = facts.sources_built.join(", ");
        lines.push(format!(
            "# Not the slim image, for git and a compiler: {names}."
        ));
        ""
    };
    lines.push(format!(
        "FROM python:{}{variant} AS dependencies",
        facts.python
    ));
    lines.push("WORKDIR /app".to_owned());
    let mut mounts = vec![binary(facts)];
    mounts.extend(facts.documents.iter().map(|name| bind(facts, name)));
    mounts.extend(
        facts
            .archives
            .iter()
            .map(|path| bind(facts, &path.to_string_lossy())),
    );
    if !facts.sources.is_empty() {
        let names = facts.sources.join(", ").replace(char::is_control, " ");
        lines.push(format!("# Credentials of {names}, as `poetry config http-basic.NAME USER PASSWORD` writes them."));
        mounts.push(
            "--mount=type=secret,id=poetry_auth,target=/root/.config/pypoetry/auth.toml".to_owned(),
        );
    }
    mounts.push("--mount=type=cache,target=/root/.cache/lock2venv".to_owned());
    let folders = if facts.has_folders {
        " --no-directory"
    } else {
        ""
    };
    let (place, venv) = if facts.prefix.as_os_str().is_empty() {
        (String::new(), "")
    } else {
        (
            format!(" -C {SOURCE}/{}", facts.prefix.display()),
            " --venv /app/.venv",
        )
    };
    let choice = &facts.choice;
    let command = format!("lock2venv{place} install --no-root{folders}{choice}{venv} --compile");
    lines.push(run(&mounts, &command));
    lines
}

fn runtime(facts: &Facts) -> Vec<String> {
    let prefix = facts.prefix.display();
    let mut lines = vec![
        "# What runs: a change of the code builds only this again.".to_owned(),
        format!("FROM python:{}-slim", facts.python),
        "WORKDIR /app".to_owned(),
        "ENV PATH=/app/.venv/bin:$PATH".to_owned(),
        "COPY --from=dependencies /app/.venv /app/.venv".to_owned(),
    ];
    let part = match (facts.is_package, facts.has_folders) {
        (_, true) => Some(facts.choice.clone()),
        (true, false) => Some(" --only-root".to_owned()),
        (false, false) => None,
    };
    if let Some(part) = part {
        let mounts = [binary(facts), format!("--mount=type=bind,target={SOURCE}")];
        let place = if facts.prefix.as_os_str().is_empty() {
            SOURCE.to_owned()
        } else {
            format!("{SOURCE}/{prefix}")
        };
        let command = format!("lock2venv -C {place} install{part} --venv /app/.venv --compile");
        lines.push(run(&mounts, &command));
    }
    if !facts.is_package {
        let from = if facts.prefix.as_os_str().is_empty() {
            ".".to_owned()
        } else {
            format!("{prefix}/")
        };
        lines.push(format!("COPY {from} ."));
    }
    lines.extend(start(facts));
    lines
}

fn start(facts: &Facts) -> Vec<String> {
    match (&facts.script, facts.main) {
        (Some(script), _) if facts.is_package => {
            let more = (facts.n_more_scripts > 0).then(|| {
                format!(
                    "# pyproject.toml names {} more of them.",
                    facts.n_more_scripts
                )
            });
            let entry = format!("ENTRYPOINT [{}]", words::json(script));
            more.into_iter().chain([entry]).collect()
        }
        (_, Some(main)) if !facts.is_package => vec![format!("CMD [\"python\", \"{main}\"]")],
        _ => vec![
            "# pyproject.toml names no script: say here what is to be run.".to_owned(),
            "CMD [\"python\"]".to_owned(),
        ],
    }
}

fn binary(facts: &Facts) -> String {
    let path = "/usr/local/bin/lock2venv";
    format!("--mount=from={},source={path},target={path}", facts.image)
}

/// Mounts a file of the project: in the working directory, or where it is in the folder that the build is given.
fn bind(facts: &Facts, name: &str) -> String {
    let path = normal(&facts.prefix.join(name));
    if facts.prefix.as_os_str().is_empty() {
        format!("--mount=type=bind,source={path},target={path}")
    } else {
        format!("--mount=type=bind,source={path},target={SOURCE}/{path}")
    }
}

/// Takes `..` out, with the folder before it.
fn normal(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

fn run(mounts: &[String], command: &str) -> String {
    let mounts: Vec<String> = mounts
        .iter()
        .map(|mount| format!("{mount} \\\n    "))
        .collect();
    format!("RUN {}{command}", mounts.concat())
}

/// Prints what the build is not given: environments, caches and version control.
pub(super) fn dockerignore(facts: &Facts) -> String {
    let mut lines = vec![
        "**/.venv",
        "**/.git",
        "**/__pycache__",
        "**/.mypy_cache",
        "**/.pytest_cache",
        "**/.ruff_cache",
        "**/.env",
    ];
    if facts.prefix.as_os_str().is_empty()
        && facts.archives.iter().all(|path| !path.starts_with("dist"))
    {
        lines.push("dist");
    }
    lines.extend(["Dockerfile", ".dockerignore"]);
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}
