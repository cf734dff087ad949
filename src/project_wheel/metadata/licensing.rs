//! Licences and their files (PEP 639).

use std::path::{Path, PathBuf};

use super::description::read_text;
use super::present;
use crate::project_wheel::Error;
use crate::project_wheel::document::{self, Document};
use crate::project_wheel::glob::glob;
use crate::project_wheel::license::{self, License};
use crate::project_wheel::outside::Outside;

/// What the project says about its licence.
#[derive(Debug, Default)]
pub(super) struct Licensing {
    pub(super) license: Option<License>,
    pub(super) expression: Option<String>,
    pub(super) files: Vec<String>,
}

impl Licensing {
    pub(super) fn read(root: &Path, document: &Document, outside: &Outside) -> Result<Self, Error> {
        let mut licensing = Self::default();
        let patterns = document.project.license_files.as_deref();
        let mut named_file = None;
        match &document.project.license {
            Some(document::License::Expression(text)) if !text.is_empty() => {
                licensing.expression = license::normalize_expression(text);
                if licensing.expression.is_none() {
                    licensing.license = Some(License::find(text));
                }
            }
            Some(document::License::Table { text, file }) => {
                let text = match (present(text.as_ref()), present(file.as_ref())) {
                    (None, Some(file)) => {
                        named_file = Some(file);
                        read_text(&root.join(file))?
                    }
                    (text, _) => text.unwrap_or_default().to_owned(),
                };
                licensing.license = (!text.is_empty()).then(|| License::find(&text));
            }
            Some(document::License::Expression(_)) | None => {
                let poetry = present(document.tool.poetry.license.as_ref());
                licensing.license = poetry.map(License::find);
            }
        }
        let files = match patterns {
            Some(patterns) => files_of(root, patterns, outside)?,
            None => usual_files(root, named_file, outside)?,
        };
        licensing.files = files
            .iter()
            .map(|file| relative(root, file))
            .collect::<Result<_, _>>()?;
        licensing.files.sort_unstable();
        licensing.files.dedup();
        Ok(licensing)
    }
}

/// Finds the files of `license-files`; each pattern has to find one (PEP 639).
fn files_of(root: &Path, patterns: &[String], outside: &Outside) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for pattern in patterns {
        let refuse = || Error::LicenseFiles(pattern.clone());
        if pattern.contains('\\') || pattern.split('/').any(|part| part == "..") {
            return Err(refuse());
        }
        let mut found = glob(root, pattern, outside).map_err(|_| refuse())?;
        found.retain(|path| path.is_file());
        if found.is_empty() {
            return Err(refuse());
        }
        files.extend(found);
    }
    Ok(files)
}

fn usual_files(root: &Path, named: Option<&str>, outside: &Outside) -> Result<Vec<PathBuf>, Error> {
    let mut files: Vec<PathBuf> = named.map(|named| root.join(named)).into_iter().collect();
    for pattern in [
        "COPYING*",
        "LICEN[SC]E*",
        "AUTHORS*",
        "NOTICE*",
        "LICENSES/**/*",
    ] {
        files.extend(glob(root, pattern, outside)?);
    }
    files.retain(|path| path.is_file());
    Ok(files)
}

/// Writes the path of a licence file as METADATA has it: relative to the project, `..` included.
fn relative(root: &Path, file: &Path) -> Result<String, Error> {
    let refuse = || Error::ArchivePath(file.to_owned());
    let within = file.strip_prefix(root).map_err(|_| refuse())?;
    let parts: Option<Vec<&str>> = within.iter().map(|part| part.to_str()).collect();
    Ok(parts.ok_or_else(refuse)?.join("/"))
}
