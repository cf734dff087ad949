//! The package sources of a project: `[[tool.poetry.source]]`, and PyPI where it is not displaced.

use toml::{Table, Value};

use super::Error;
use crate::url::WrittenUrl;

/// An index that a project names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSource {
    /// Its name.
    pub name: String,
    /// Its address without `/` at the end; `None` is PyPI.
    pub url: Option<WrittenUrl>,
    /// When it is asked.
    pub priority: Priority,
}

impl ProjectSource {
    /// Tells whether the source is PyPI.
    pub fn is_pypi(&self) -> bool {
        self.url.is_none()
    }
}

/// When a source is asked; in this order sources stand in exports too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Always. A source of this priority displaces PyPI.
    Primary,
    /// When no primary source has the package.
    Supplemental,
    /// When a dependency names it.
    Explicit,
}

/// Reads the sources of `[tool.poetry]`, by priority and then in the order of the document.
pub(super) fn read(tool_poetry: &Table) -> Result<Vec<ProjectSource>, Error> {
    let tables = tool_poetry.get("source").and_then(Value::as_array);
    let tables = tables.into_iter().flatten().filter_map(Value::as_table);
    let mut sources: Vec<ProjectSource> = Vec::new();
    for table in tables {
        let source = read_one(table)?;
        let name = source.name.to_lowercase();
        if sources
            .iter()
            .any(|other| other.name.to_lowercase() == name)
        {
            return Err(Error::DuplicateSource(name));
        }
        sources.push(source);
    }
    let has_pypi = sources.iter().any(ProjectSource::is_pypi);
    let has_primary = sources
        .iter()
        .any(|source| source.priority == Priority::Primary);
    if !has_pypi && !has_primary {
        sources.push(ProjectSource {
            name: "PyPI".to_owned(),
            url: None,
            priority: Priority::Primary,
        });
    }
    sources.sort_by_key(|source| source.priority);
    if sources[0].priority == Priority::Explicit {
        return Err(Error::OnlyExplicitSources);
    }
    Ok(sources)
}

fn read_one(table: &Table) -> Result<ProjectSource, Error> {
    let text = |key: &str| table.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default().to_owned();
    let priority = match text("priority") {
        Some("supplemental") => Priority::Supplemental,
        Some("explicit") => Priority::Explicit,
        _ => Priority::Primary,
    };
    let is_pypi = name.to_lowercase() == "pypi";
    let url = match (text("url"), is_pypi) {
        (Some(_), true) => return Err(Error::PypiWithUrl),
        (None, true) => None,
        (Some(url), false) => Some(WrittenUrl::new(url.trim_end_matches('/'))),
        (None, false) => return Err(Error::SourceWithoutUrl(name)),
    };
    Ok(ProjectSource {
        name,
        url,
        priority,
    })
}
