//! What can be wrong with `[build-system]`.

use std::path::PathBuf;

use crate::requirement;

/// What is wrong with `[build-system]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemFault {
    /// It is not a table.
    #[error("`build-system` is not a table")]
    NotATable,
    /// There is no `requires`, which every such table has.
    #[error("the `build-system` table has no `requires`")]
    NoRequires,
    /// `requires` or `backend-path` is not a list of strings.
    #[error("`{key}` is not an array of strings")]
    NotTexts {
        /// The key.
        key: &'static str,
    },
    /// One of `requires` is not a requirement.
    #[error("`requires` has an invalid requirement")]
    Requirement(#[from] requirement::Error),
    /// `build-backend` is not text of the form `module` or `module:object`.
    #[error("`build-backend` does not name a module, or an object in a module")]
    Backend,
    /// One of `backend-path` is absolute or leads outside the project.
    #[error("`backend-path` has `{}`, which is outside the project", .0.display())]
    BackendPath(PathBuf),
}
