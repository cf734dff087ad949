//! What a project requires: the fields of METADATA that are computed from its dependencies.

use super::Error;
use super::document::Document;

/// The fields, as METADATA has them.
#[derive(Debug, Default)]
pub(super) struct Requirements {
    /// `Requires-Python`.
    pub(super) requires_python: Option<String>,
    /// The versions in the automatic classifiers, such as `3` and `3.11`.
    pub(super) pythons: Vec<&'static str>,
    /// Whether Python 2 is among the versions: that shows in the wheel's tag.
    pub(super) supports_python_2: bool,
    /// `Provides-Extra`, sorted.
    pub(super) extras: Vec<String>,
    /// `Requires-Dist`, sorted.
    pub(super) requires_dist: Vec<String>,
}

impl Requirements {
    pub(super) fn read(pyproject: &str, document: &Document) -> Result<Self, Error> {
        let _ = pyproject;
        Ok(Self {
            requires_python: document.project.requires_python.clone(),
            ..Self::default()
        })
    }
}
