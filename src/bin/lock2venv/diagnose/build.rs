//! Why a wheel could not be built from source.

use lock2venv::build::{self, MissingTool, Output, ToolKind, WheelFault};
use lock2venv::builder::Error;
use lock2venv::resolve::{self, Fact, Refusal};
use lock2venv::sdist;
use lock2venv::store;

use super::Failure;

/// What to do about a project that cannot be built anywhere.
const REPORT_BUILD: &str = "report it to the authors of the package, or lock another version";

/// How many lines of what a backend wrote are shown; all are in a file.
const MOST_LINES: usize = 20;

/// How much of each line.
const MOST_CHARACTERS: usize = 400;

/// How many names at the top of an archive are shown.
const MOST_NAMES: usize = 5;

impl Failure {
    /// Says why the wheel that `headline` is about could not be built.
    pub(super) fn source_build(headline: String, error: &Error) -> Self {
        let mut failure = Self::text(headline);
        if let Some((name, version)) = error.nested() {
            let line = format!(
                "the build requirement `{name}` {version} has no wheel that fits and cannot be built"
            );
            failure = failure.detail(line);
        }
        let innermost = error.innermost();
        let cause = Self::new(innermost);
        failure = failure.detail(cause.headline).details(cause.details);
        if let Error::Requirements { source, .. } = innermost {
            failure = failure.details(facts(source, in_index));
        }
        if let Error::Offline { source, .. } = innermost {
            failure = failure.details(facts(source, in_cache));
        }
        if let Error::Unpack {
            source: sdist::Error::NoProject { names },
            ..
        } = innermost
        {
            failure = failure.detail(format!(
                "at its top: {}",
                names[..names.len().min(MOST_NAMES)].join(", ")
            ));
        }
        if let Some(output) = error.output() {
            return failure
                .details(shown(output))
                .hints(full(output))
                .hints(killed(innermost))
                .hints(module(output))
                .hints(tools(output));
        }
        let rule = match innermost {
            Error::BadWheel { source, .. } => source.rule(),
            _ => None,
        };
        failure
            .hints(cause.hints)
            .hints(hint(innermost))
            .hints(rule.map(super::place::leniency))
    }
}

fn hint(error: &Error) -> Vec<String> {
    let hints: &[&str] = match error {
        Error::Unpack { source, .. } => {
            return Vec::from_iter(unpacking(source).map(str::to_owned));
        }
        Error::Backend(error) => return Vec::from_iter(backend(error).map(str::to_owned)),
        Error::Cache(store::Error::Io { path, .. }) if *path == std::env::temp_dir() => {
            &["TMPDIR names the folder for temporary files"]
        }
        Error::Git { source, .. } => {
            return Vec::from_iter(super::git::hint(source).map(str::to_owned));
        }
        Error::BadWheel { .. } => &[REPORT_BUILD],
        Error::UnsupportedUrl { .. } => &[
            "`--build-constraint` cannot replace a URL: lock a version of the package that has a wheel, or requires no such URL",
        ],
        Error::Offline { .. } | Error::NotCached { .. } => &[
            "install once without `--offline`, with the same cache",
            super::prepare::BRING,
        ],
        Error::Requirements { source, .. } => &[unresolved(source)],
        _ => &[],
    };
    hints.iter().map(|hint| (*hint).to_owned()).collect()
}

/// What to do where no build requirements can be chosen.
fn unresolved(error: &resolve::Error<std::convert::Infallible>) -> &'static str {
    let resolve::Error::Conflict(conflict) = error else {
        return REPORT_BUILD;
    };
    let facts = conflict.beginning.iter().chain(&conflict.end);
    let mut hints = facts.filter_map(|fact| match fact {
        Fact::NoProject(_) => Some(
            "build requirements come from the sources in pyproject.toml, those with priority `explicit` excepted, or from PyPI where there are none",
        ),
        Fact::Refused {
            refusal: Refusal::Constraint(_),
            ..
        } => Some("`[tool.poetry.build-constraints]` or `--build-constraint` excludes it"),
        Fact::NoneMatches { .. } => Some(REPORT_BUILD),
        _ => None,
    });
    hints.next_back().unwrap_or(
        "`[tool.poetry.build-constraints]` and `--build-constraint` narrow what may be chosen",
    )
}

fn in_index(fact: &Fact) -> String {
    fact.to_string()
}

/// The same, where there was but the cache to choose from.
fn in_cache(fact: &Fact) -> String {
    match fact {
        Fact::NoProject(package) => format!("`{package}` is not in the cache"),
        Fact::NoneMatches {
            requirement,
            newest,
        } => format!(
            "no version in the cache satisfies `{requirement}`; the newest there is {newest}"
        ),
        fact => fact.to_string(),
    }
}

/// What to do about an archive that is refused.
fn unpacking(error: &sdist::Error) -> Option<&'static str> {
    let hint = match error {
        sdist::Error::TooLarge { .. } => {
            "if it is meant to be that large: `--max-unpacked SIZE`, `--max-ratio N`"
        }
        sdist::Error::Io { .. } | sdist::Error::Read(_) => return None,
        _ => "nothing of it was run; report it to its authors, or lock another version",
    };
    Some(hint)
}

/// What to do where a backend did not fail, but did something else.
fn backend(error: &build::Error) -> Option<&'static str> {
    let hint = match error {
        build::Error::Wheel {
            fault: WheelFault::OtherName { .. } | WheelFault::OtherVersion { .. },
            ..
        } => {
            "poetry.lock does not say what the source says: run `poetry lock` and review the change"
        }
        build::Error::NoProject(_)
        | build::Error::Pyproject { .. }
        | build::Error::BuildSystem { .. }
        | build::Error::HookMissing { .. }
        | build::Error::Answer { .. }
        | build::Error::Wheel { .. } => REPORT_BUILD,
        _ => return None,
    };
    Some(hint)
}

/// Why no build requirements can be chosen, a line for each reason.
fn facts(
    error: &resolve::Error<std::convert::Infallible>,
    line: impl Fn(&Fact) -> String,
) -> Vec<String> {
    let resolve::Error::Conflict(conflict) = error else {
        return Vec::new();
    };
    let omitted = (conflict.n_omitted > 0).then(|| format!("… and {} more", conflict.n_omitted));
    let beginning = conflict.beginning.iter().map(&line);
    let end = conflict.end.iter().map(&line);
    beginning.chain(omitted).chain(end).collect()
}

fn shown(output: &Output) -> Vec<String> {
    let lines = &output.last_lines;
    let lines = &lines[lines.len().saturating_sub(MOST_LINES)..];
    let label = (!lines.is_empty()).then(|| "the last lines of its output:".to_owned());
    let lines = lines.iter().map(|line| format!("  {}", cut(line)));
    let has_log = !output.log.as_os_str().is_empty();
    let whole = has_log.then(|| format!("the whole output: {}", output.log.display()));
    label.into_iter().chain(lines).chain(whole).collect()
}

/// The beginning of a line, which may be a megabyte of minified code.
fn cut(line: &str) -> String {
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// What to do about a backend that the system killed.
fn killed(error: &Error) -> Option<String> {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGKILL: i32 = 9;
    let Error::Backend(build::Error::Ended { status, .. }) = error else {
        return None;
    };
    let hint = "it was killed, by the system most likely, as memory ran out: fewer builds at once need less (LOCK2VENV_JOBS=1)";
    (status.signal() == Some(SIGKILL)).then(|| hint.to_owned())
}

/// What to do where a backend found no room to write.
fn full(output: &Output) -> Option<String> {
    let says_full = |line: &String| {
        line.contains("No space left on device") || line.contains("Disk quota exceeded")
    };
    let mut lines = output.last_lines.iter();
    lines.any(says_full).then(|| super::FULL.to_owned())
}

/// What to do about a Python module that the build environment does not have.
fn module(output: &Output) -> Option<String> {
    let lines = output.last_lines.iter().rev();
    let mut modules = lines.filter_map(|line| {
        let (_, rest) = line.split_once("ModuleNotFoundError: No module named '")?;
        Some(rest.split_once('\'')?.0)
    });
    let hint = match modules.next()? {
        "pkg_resources" => "setuptools 82 and newer have no `pkg_resources`: put `setuptools<82` into FILE for `--build-constraint FILE`, or into `[tool.poetry.build-constraints]`".to_owned(),
        "distutils.msvccompiler" => "setuptools 74 and newer have no `distutils.msvccompiler`: put `setuptools<74` into FILE for `--build-constraint FILE`, or into `[tool.poetry.build-constraints]`".to_owned(),
        name => format!("no build requirement has the module `{name}`; where an older one had it: `--build-constraint FILE` or `[tool.poetry.build-constraints]`"),
    };
    Some(hint)
}

/// What seems to be missing on this machine; what was missed last comes first, for that is most likely why the build failed.
fn tools(output: &Output) -> Vec<String> {
    let missing = output.missing.iter().rev();
    let mut hints: Vec<String> = Vec::new();
    for hint in missing.map(tool) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints.truncate(3);
    hints
}

fn tool(missing: &MissingTool) -> String {
    let what = match missing.kind() {
        ToolKind::Program => "the program",
        ToolKind::Header => "the header",
        ToolKind::Library => "the library",
    };
    let debian = missing.debian_package();
    let debian = debian.map(|package| format!("`apt-get install {package}`"));
    let alpine = missing.alpine_package();
    let alpine = alpine.map(|package| format!("`apk add {package}`"));
    let commands: Vec<String> = debian.into_iter().chain(alpine).collect();
    let missing = format!("{what} `{}` is missing here", missing.name());
    if commands.is_empty() {
        return missing;
    }
    format!("{missing}: {}", commands.join(" or "))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_full_disk_is_named_wherever_a_build_meets_it() {
        let cause = || io::Error::from(io::ErrorKind::StorageFull);
        let unpacking = sdist::Error::Io {
            act: "write",
            path: "/cache/demo".into(),
            source: cause(),
        };
        let errors = [
            Error::Io {
                act: "write",
                path: "/cache/demo".into(),
                source: cause(),
            },
            Error::Unpack {
                file: "demo-1.0.tar.gz".to_owned(),
                source: unpacking,
            },
        ];
        for error in errors {
            let failure = Failure::source_build("no wheel".to_owned(), &error);
            assert_eq!(failure.hints, [super::super::FULL], "{error:?}");
        }
    }
}
