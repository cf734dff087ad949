//! Which index is asked for a package: the one that the project names.
//!
//! A lock has the name of a source and its URL. What counts is pyproject.toml's URL for that name, as with Poetry, so
//! that nobody is sent elsewhere, with the credentials of that name, by a change of the lock alone.

use super::{Error, IndexSource};
use crate::lock::Package;
use crate::name::PackageName;
use crate::pyproject::ProjectSource;
use crate::url::{Url, WrittenUrl};

/// The hosts of PyPI, by its name of today and the former one.
const PYPI_HOSTS: [&str; 2] = ["pypi.org", "pypi.python.org"];

/// How a source of the lock and the sources of the project disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceFault {
    /// The project has no source of that name.
    Unknown {
        /// The names of those that it has.
        known: Vec<String>,
    },
    /// The project has another address for that name.
    Moved {
        /// What the lock says, if that is an address.
        locked: Option<Url>,
        /// What the project says, if that is an address; PyPI's own for PyPI.
        expected: Option<Url>,
    },
}

/// Lists those of a project's sources that are not PyPI, in their order.
pub fn index_sources(sources: &[ProjectSource]) -> Vec<IndexSource> {
    sources.iter().filter_map(as_index).collect()
}

/// Finds the index of `package`, which comes from one; `None` is PyPI.
///
/// With `sources`, those of the project, the address is the project's. A package without a source comes from PyPI, or from the
/// first source of a project that has displaced PyPI. Without `sources` the lock is taken at its word.
///
/// # Errors
///
/// [`Error::Source`] when the lock does not name the source, [`Error::WrongSource`] when the project has none of that name, or
/// with another address.
pub fn index_source(
    package: &Package,
    sources: Option<&[ProjectSource]>,
) -> Result<Option<IndexSource>, Error> {
    let source = package.resolved_source.as_ref();
    let Some((source, url)) = source.and_then(|source| Some((source, source.location.index()?)))
    else {
        return Ok(stand_in(sources.unwrap_or_default()));
    };
    let name = source.reference.as_ref().ok_or_else(|| Error::Source {
        name: package.name.clone(),
        lacks: "name",
    })?;
    let Some(sources) = sources else {
        return Ok(Some(IndexSource {
            name: name.clone(),
            url: url.clone(),
        }));
    };
    let known = known(url, name, sources).map_err(|fault| Error::WrongSource {
        packages: vec![package.name.clone()],
        index: name.clone(),
        fault,
    })?;
    Ok(as_index(known))
}

/// Finds the source that packages without one come from, if that is not PyPI.
fn stand_in(sources: &[ProjectSource]) -> Option<IndexSource> {
    let has_pypi = sources.iter().any(ProjectSource::is_pypi);
    as_index(sources.first().filter(|_| !has_pypi)?)
}

fn as_index(source: &ProjectSource) -> Option<IndexSource> {
    Some(IndexSource {
        name: source.name.clone(),
        url: source.url.clone()?,
    })
}

/// Finds the project's source of that name, and proves that it is the one that was locked.
fn known<'a>(
    locked: &WrittenUrl,
    name: &str,
    sources: &'a [ProjectSource],
) -> Result<&'a ProjectSource, SourceFault> {
    let has_name = |source: &&ProjectSource| source.name.to_lowercase() == name.to_lowercase();
    let known = sources.iter().find(has_name);
    let known = known.ok_or_else(|| SourceFault::Unknown {
        known: sources.iter().map(|source| source.name.clone()).collect(),
    })?;
    if is_at(known, locked) {
        return Ok(known);
    }
    let pypi = WrittenUrl::new("https://pypi.org/simple/");
    let expected = known.url.as_ref().unwrap_or(&pypi);
    Err(SourceFault::Moved {
        locked: locked.parse().ok(),
        expected: expected.parse().ok(),
    })
}

fn is_at(source: &ProjectSource, address: &WrittenUrl) -> bool {
    let locked = address.parse();
    let Some(expected) = &source.url else {
        let host = locked.as_ref().ok().and_then(Url::host);
        return host.is_some_and(|host| PYPI_HOSTS.contains(&host));
    };
    match (locked, expected.parse()) {
        (Ok(locked), Ok(expected)) => locked.is_same_index(&expected),
        // What is not a URL is reported when it is requested.
        (Ok(_), Err(_)) | (Err(_), Ok(_) | Err(_)) => {
            let bare = |url: &WrittenUrl| url.as_written().trim_end_matches('/').to_owned();
            bare(address) == bare(expected)
        }
    }
}

/// Joins errors about one source, so that it is reported once.
pub(super) fn joined(errors: Vec<Error>) -> Vec<Error> {
    let mut joined: Vec<Error> = Vec::new();
    for error in errors {
        if let Error::WrongSource {
            packages,
            index,
            fault,
        } = &error
            && let Some(known) = joined
                .iter_mut()
                .find_map(|known| packages_of(known, index, fault))
        {
            known.extend(packages.iter().cloned());
        } else {
            joined.push(error);
        }
    }
    joined
}

fn packages_of<'a>(
    error: &'a mut Error,
    name: &str,
    about: &SourceFault,
) -> Option<&'a mut Vec<PackageName>> {
    let Error::WrongSource {
        packages,
        index,
        fault,
    } = error
    else {
        return None;
    };
    (index == name && fault == about).then_some(packages)
}
