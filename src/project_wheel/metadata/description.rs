//! The long description.

use std::path::Path;

use fs_err as fs;

use super::present;
use crate::project_wheel::Error;
use crate::project_wheel::document::{Document, Readme};

/// The long description and what it is written in.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) text: Option<String>,
    pub(super) content_type: String,
}

impl Description {
    pub(super) fn read(root: &Path, document: &Document) -> Result<Self, Error> {
        let standard = match &document.project.readme {
            Some(Readme::Path(path)) if path.is_empty() => None,
            readme => readme.as_ref(),
        };
        let (files, content_type) = match standard {
            Some(Readme::Path(path)) => (std::slice::from_ref(path), ""),
            Some(Readme::Table(table)) => match (&table.file, &table.text) {
                (Some(file), _) => (std::slice::from_ref(file), table.content_type.as_str()),
                (None, text) => {
                    return Ok(Self {
                        text: present(text.as_ref()).map(str::to_owned),
                        content_type: table.content_type.clone(),
                    });
                }
            },
            None => (document.tool.poetry.readme.as_slice(), ""),
        };
        let files: Vec<&String> = files.iter().filter(|file| !file.is_empty()).collect();
        let Some(first) = files.first() else {
            return Ok(Self {
                text: None,
                content_type: content_type.to_owned(),
            });
        };
        let content_type = match content_type {
            "" => content_type_of(first),
            content_type => content_type,
        };
        let texts: Result<Vec<_>, Error> = files
            .iter()
            .map(|file| {
                let path = root.join(file);
                if !path.exists() {
                    return Err(Error::NoReadme((*file).clone()));
                }
                read_text(&path)
            })
            .collect();
        Ok(Self {
            text: Some(texts?.join("\n")),
            content_type: content_type.to_owned(),
        })
    }
}

fn content_type_of(file: &str) -> &'static str {
    let suffix = Path::new(file)
        .extension()
        .and_then(|suffix| suffix.to_str());
    match suffix {
        Some("rst") => "text/x-rst",
        Some("md" | "markdown") => "text/markdown",
        _ => "text/plain",
    }
}

/// Reads a text with Python's universal newlines.
pub(super) fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| Error::NotUtf8(path.to_owned()))?;
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}
