//! What keeps packages of the lock from being installed here.

use lock2venv::name::PackageName;
use lock2venv::plan::{Error, SourceFault};
use lock2venv::url::Url;

use super::{Failure, first_of};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Several(errors) => {
                let headline = format!("{} packages cannot be installed", errors.len());
                Self::several(headline, errors.into_iter().map(Self::from))
            }
            Error::NoUsableFile { ref refused, .. } if refused.is_empty() => Self::new(&error)
                .details(error.explanation())
                .hint("run `poetry lock --regenerate`"),
            Error::NoUsableFile { python, .. } => {
                let hint = other_python(&error, python);
                Self::new(&error).details(error.explanation()).hints(hint)
            }
            Error::NeedsBuild { .. } => Self::new(&error)
                .details(error.explanation())
                .hints(other_python(&error, None))
                .hint("allow builds (without `--no-build`), or offer its wheel in an index of your own and lock it from there"),
            Error::NoDigest { ref weak, .. } => {
                let allow = "take the file nevertheless: `--allow-weak-hashes`".to_owned();
                Self::new(&error)
                    .hint("lock again from an index that has better digests: `poetry lock --regenerate`")
                    .hints((!weak.is_empty()).then_some(allow))
            }
            Error::Source { .. } => Self::new(&error).hint("run `poetry lock`"),
            Error::WrongSource {
                ref packages,
                ref index,
                ref fault,
            } => wrong_source(packages, index, fault),
            Error::Twice {
                is_in_one_group: true,
                ..
            } => Self::new(&error).hint(
                "poetry.lock itself requires both, as it can after git has merged two locks: run `poetry lock`",
            ),
            Error::Twice { .. } => Self::new(&error)
                .hint("the chosen groups or extras exclude each other: choose fewer of them"),
            error => Self::new(&error),
        }
    }
}

/// Says what both documents say; no address is asked before they agree.
fn wrong_source(packages: &[PackageName], index: &str, fault: &SourceFault) -> Failure {
    let names = packages.iter().map(PackageName::to_string);
    let names = format!("locked from it: {}", first_of(names).join(", "));
    match fault {
        SourceFault::Unknown { known } => Failure::text(format!(
            "poetry.lock names the source `{index}`, which pyproject.toml does not define"
        ))
        .detail(format!("defined sources: {}", known.join(", ")))
        .detail(names)
        .hint("add it with `poetry source add`, or run `poetry lock` and review the change"),
        SourceFault::Moved { locked, expected } => Failure::text(format!(
            "the source `{index}` has another URL in poetry.lock than in pyproject.toml"
        ))
        .detail(format!("poetry.lock     {}", address(locked.as_ref())))
        .detail(format!("pyproject.toml  {}", address(expected.as_ref())))
        .detail(names)
        .hint("neither was contacted; check who changed poetry.lock, then run `poetry lock`"),
    }
}

fn address(url: Option<&Url>) -> String {
    url.map_or_else(|| "not a URL".to_owned(), Url::to_string)
}

/// Names a Python that the lock has a wheel for, which is not `current`.
fn other_python(error: &Error, current: Option<(u32, u32)>) -> Option<String> {
    let newest = error.newest_python()?;
    let (major, minor) = newest;
    let is_older = current.is_some_and(|current| newest < current);
    let or_older = if is_older { " or older" } else { "" };
    Some(format!(
        "use Python {major}.{minor}{or_older}: `--python {major}.{minor}`"
    ))
}
