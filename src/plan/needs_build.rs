//! What has to be built, for whoever cannot or must not build.

use super::{Distribution, Error, Form, GitOrigin, Origin};

/// Whether what has to be built of a source distribution or repository may be planned. Folders on this machine may always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Builds {
    /// It may.
    #[default]
    Allowed,
    /// Each is an error.
    Refused,
}

/// What a package would be built from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceCode {
    /// A source distribution, by file name.
    #[error("the source distribution `{0}`")]
    Sdist(String),
    /// A repository.
    #[error("the git repository {0}")]
    Git(String),
}

/// Refuses what has to be built of a source distribution or repository, as far as `builds` says so.
///
/// # Errors
///
/// [`Error::NeedsBuild`].
pub(super) fn refuse(distribution: &Distribution, builds: Builds) -> Result<(), Error> {
    if builds == Builds::Allowed {
        return Ok(());
    }
    let (source_code, refused) = match (&distribution.form, &distribution.origin) {
        (Form::Sdist { file, refused }, _) => (SourceCode::Sdist(file.clone()), refused.clone()),
        (Form::Tree { .. }, Origin::Git(git)) => (SourceCode::Git(repository(git)), Vec::new()),
        (Form::Wheel(_) | Form::Tree { .. }, _) => return Ok(()),
    };
    Err(Error::NeedsBuild {
        name: distribution.name.clone(),
        version: distribution.version.clone(),
        source_code,
        refused,
    })
}

fn repository(git: &GitOrigin) -> String {
    let reference = git.resolved_reference.as_ref().or(git.reference.as_ref());
    match reference {
        Some(reference) => format!("{} at {reference}", git.url),
        None => git.url.to_string(),
    }
}
