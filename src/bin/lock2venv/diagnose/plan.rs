//! What keeps packages of the lock from being installed here.

use lock2venv::plan::{Error, SourceCode};

use super::Failure;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Several(errors) => {
                let headline = format!("{} packages cannot be installed", errors.len());
                Self::several(headline, errors.into_iter().map(Self::from))
            }
            Error::NoUsableFile { ref target, .. } => {
                let hint = other_python(&error, Some(target));
                Self::new(&error).details(error.explanation()).hints(hint)
            }
            Error::NeedsBuild {
                ref source_code, ..
            } => Self::new(&error)
                .details(error.explanation())
                .hints(other_python(&error, None))
                .hint(how_to_build(source_code)),
            Error::NoDigest { .. } => Self::new(&error)
                .hint("MD5 proves nothing; lock again from an index that has better digests: `poetry lock --regenerate`"),
            Error::Source { .. } => Self::new(&error).hint("run `poetry lock`"),
            Error::Twice { .. } => Self::new(&error)
                .hint("the chosen groups or extras exclude each other: choose fewer of them"),
            error => Self::new(&error),
        }
    }
}

/// Names a Python that the lock has a wheel for.
fn other_python(error: &Error, target: Option<&str>) -> Option<String> {
    let newest = error.newest_python()?;
    let (major, minor) = newest;
    let is_older = target
        .and_then(version)
        .is_some_and(|current| newest < current);
    let or_older = if is_older { " or older" } else { "" };
    Some(format!(
        "use Python {major}.{minor}{or_older}: `--python {major}.{minor}`"
    ))
}

/// The version in a target such as `CPython 3.13, manylinux_2_28_aarch64`.
fn version(target: &str) -> Option<(u32, u32)> {
    let (major, minor) = target.split([' ', ',']).nth(1)?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn how_to_build(source_code: &SourceCode) -> String {
    let what = match source_code {
        SourceCode::Sdist(_) => "source distributions",
        SourceCode::Git(_) => "git repositories",
    };
    format!(
        "{what} are not built: offer its wheel in an index of your own and lock it from there, or leave its group out"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_target_is_understood() {
        assert_eq!(
            version("CPython 3.13, manylinux_2_28_aarch64"),
            Some((3, 13))
        );
        assert_eq!(version("PyPy 3.9, any"), Some((3, 9)));
        assert_eq!(version("any"), None);
    }
}
