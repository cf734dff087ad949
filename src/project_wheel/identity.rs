//! The name and version of a project whose wheel is built.

use super::document::Document;
use crate::name::PackageName;
use crate::pyproject;

/// The project's name and version.
#[derive(Debug)]
pub(super) struct Identity {
    /// The name as it was written.
    pub(super) name: String,
    pub(super) normal_name: PackageName,
    /// The version in normal form.
    pub(super) version: String,
}

impl Identity {
    pub(super) fn of(document: &Document, project: &pyproject::Project) -> Self {
        let written = [&document.project.name, &document.tool.poetry.name];
        let mut written = written.into_iter().flatten();
        let name = written.find(|name| !name.is_empty());
        Self {
            name: name.cloned().unwrap_or_default(),
            normal_name: project.name.clone(),
            version: project.version.normal().to_owned(),
        }
    }

    /// Returns what the names of the wheel and of its metadata begin with.
    pub(super) fn stem(&self) -> String {
        format!("{}-{}", self.normal_name.to_file_name(), self.version)
    }
}
