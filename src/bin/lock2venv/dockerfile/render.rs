//! The texts.

use std::path::{Component, Path};

use super::facts::Facts;
use super::project::OwnPart;
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
        facts.python.text
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
    }
    mounts.extend(downloading(facts));
    if !facts.ssh_hosts.is_empty() {
        let scans = facts.ssh_hosts.iter();
        let scans = scans.map(|host| format!(" && {} >>~/.ssh/known_hosts", host.scan()));
        let scans: String = scans.collect();
        lines.push(format!("RUN mkdir -p -m 0700 ~/.ssh{scans}"));
        mounts.push("--mount=type=ssh".to_owned());
    }
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

/// What an install needs that asks indexes: credentials, indexes of this machine, and the cache.
fn downloading(facts: &Facts) -> Vec<String> {
    let mut mounts = Vec::new();
    if !facts.sources.is_empty() {
        mounts.push(
            "--mount=type=secret,id=poetry_auth,target=/root/.config/pypoetry/auth.toml".to_owned(),
        );
    }
    mounts.extend(facts.contexts().into_iter().map(|(name, folder)| {
        format!("--mount=type=bind,from={name},target={}", folder.display())
    }));
    mounts.push("--mount=type=cache,target=/root/.cache/lock2venv".to_owned());
    mounts
}

/// The stage in which a backend builds the project, or folders that it depends on.
fn building(facts: &Facts) -> Vec<String> {
    let mut lines = vec![
        "# What build backends make, which may need git and a compiler.".to_owned(),
        format!("FROM python:{} AS project", facts.python.text),
        "WORKDIR /app".to_owned(),
        "COPY --from=dependencies /app/.venv /app/.venv".to_owned(),
    ];
    lines.extend(own_part(facts, downloading(facts)));
    lines.push(String::new());
    lines
}

/// Installs what comes of folders, with `mounts` besides the binary and the sources.
fn own_part(facts: &Facts, mounts: Vec<String>) -> Option<String> {
    let part = match (&facts.own, facts.has_folders) {
        (OwnPart::Files { .. }, false) => return None,
        (OwnPart::Files { missing: Some(_) }, true) => format!(" --no-root{}", facts.choice),
        (_, true) => facts.choice.clone(),
        (OwnPart::Wheel, false) => " --only-root".to_owned(),
    };
    let own = [binary(facts), format!("--mount=type=bind,target={SOURCE}")];
    let mounts: Vec<String> = own.into_iter().chain(mounts).collect();
    let place = if facts.prefix.as_os_str().is_empty() {
        SOURCE.to_owned()
    } else {
        format!("{SOURCE}/{}", facts.prefix.display())
    };
    let command = format!("lock2venv -C {place} install{part} --venv /app/.venv --compile");
    Some(run(&mounts, &command))
}

fn runtime(facts: &Facts) -> Vec<String> {
    let is_built = facts.needs_backend;
    let (mut lines, from) = if is_built {
        (building(facts), "project")
    } else {
        (Vec::new(), "dependencies")
    };
    lines.extend([
        "# What runs: a change of the code builds only this again.".to_owned(),
        format!("FROM python:{}-slim", facts.python.text),
        "RUN useradd --create-home app".to_owned(),
        "WORKDIR /app".to_owned(),
        "ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1".to_owned(),
        format!("COPY --from={from} /app/.venv /app/.venv"),
    ]);
    if !is_built {
        lines.extend(own_part(facts, Vec::new()));
    }
    if let OwnPart::Files { missing } = &facts.own {
        lines.extend(missing.as_ref().map(|name| {
            let name = name.replace(char::is_control, " ");
            format!("# There is no package `{name}` to install, so the files are copied.")
        }));
        lines.push(copy(facts));
    }
    lines.push("USER app".to_owned());
    lines.extend(start(facts));
    lines
}

fn copy(facts: &Facts) -> String {
    if facts.prefix.as_os_str().is_empty() {
        "COPY . .".to_owned()
    } else {
        format!("COPY {}/ .", facts.prefix.display())
    }
}

fn start(facts: &Facts) -> Vec<String> {
    let are_files = matches!(facts.own, OwnPart::Files { .. });
    match (&facts.script, &facts.module, facts.main) {
        (Some(script), _, _) if !are_files => {
            let more = (facts.n_more_scripts > 0).then(|| {
                format!(
                    "# pyproject.toml names {} more of them.",
                    facts.n_more_scripts
                )
            });
            let entry = format!("ENTRYPOINT [{}]", words::json(script));
            more.into_iter().chain([entry]).collect()
        }
        (_, Some(module), _) if !are_files => {
            vec![format!(
                "ENTRYPOINT [\"python\", \"-m\", {}]",
                words::json(module)
            )]
        }
        (_, _, Some(main)) if are_files => vec![format!("CMD [\"python\", \"{main}\"]")],
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
