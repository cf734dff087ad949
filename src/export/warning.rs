//! What there is to say of an export that is as Poetry's: what it could not hold, and what pip will make of it.

use super::ExportOptions;
use super::locked::{has_hash, index_url};
use crate::name::PackageName;
use crate::pyproject::Project;
use crate::select::{Selected, Selection};
use crate::url::{Url, WrittenUrl};

/// Something that an export could not hold, or that does not install as the lock says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportWarning {
    /// A constraints file cannot hold an editable package. The text is Poetry's.
    #[error(
        "Warning: {0} is locked in develop (editable) mode, which is incompatible with the constraints.txt format."
    )]
    Editable(String),
    /// The lock wants the packages on no Python that the project supports. Poetry writes them without a marker, as if on all.
    #[error(
        "Poetry writes no marker for {}, which no supported Python version needs: pip installs it everywhere",
        list(.0)
    )]
    Never(Vec<PackageName>),
    /// Other lines have hashes and these packages none that pip takes, so that pip refuses the whole file
    /// ([hash-checking mode](https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode)).
    #[error("pip will refuse the whole file: it has hashes, but none that pip accepts for {}", list(.0))]
    Unhashed(Vec<PackageName>),
    /// The lock names an index that is no source of the project, so the export does not name it either.
    #[error(
        "{} was locked from {index}, which is not a source in pyproject.toml: pip will look elsewhere, on PyPI for example",
        list(packages)
    )]
    UnknownIndex {
        /// The index, without credentials.
        index: String,
        /// The packages that come from it.
        packages: Vec<PackageName>,
    },
    /// The lock names an index that is a source of the project, with other credentials in its URL (or with none), so the export
    /// does not name it: Poetry compares the whole texts.
    #[error(
        "{} was locked from {index}, whose URL has other credentials in pyproject.toml: pip will look elsewhere, on PyPI for example",
        list(packages)
    )]
    OtherCredentials {
        /// The index, without credentials.
        index: String,
        /// The packages that come from it.
        packages: Vec<PackageName>,
    },
    /// The URL of a source has credentials already, and Poetry writes them before those: pip reads another password.
    #[error("the index line of {} contains credentials twice, as Poetry writes it: pip cannot use it", sources(.0))]
    CredentialsTwice(Vec<String>),
    /// Credentials were asked for, and no line has any.
    #[error("{}", no_credentials(.0))]
    NoCredentials(Vec<String>),
}

fn list(packages: &[PackageName]) -> String {
    let names: Vec<String> = packages.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn no_credentials(sources: &[String]) -> String {
    if sources.is_empty() {
        return "this export names no index, so it contains no credentials".to_owned();
    }
    format!(
        "no credentials are configured for {}",
        self::sources(sources)
    )
}

fn sources(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Finds the packages without a hash that pip takes, where others have one.
pub(super) fn unhashed(
    selection: &Selection<'_>,
    options: &ExportOptions<'_>,
) -> Option<ExportWarning> {
    if options.without_hashes {
        return None;
    }
    let packages = selection.packages.iter();
    let (with, without): (Vec<_>, Vec<_>) =
        packages.partition(|selected| has_hash(selected.package));
    let is_refused = !with.is_empty() && !without.is_empty();
    is_refused.then(|| ExportWarning::Unhashed(names(without)))
}

/// Finds the indexes that the lock names and the project does not, in the order of the packages.
pub(super) fn unknown_indexes(
    project: &Project,
    selection: &Selection<'_>,
    options: &ExportOptions<'_>,
) -> Vec<ExportWarning> {
    let mut unknown: Vec<(&str, Vec<&Selected<'_>>)> = Vec::new();
    if options.without_urls {
        return Vec::new();
    }
    for selected in &selection.packages {
        let Some(url) = index_url(selected).filter(|url| !is_source(project, url)) else {
            continue;
        };
        match unknown.iter_mut().find(|(known, _)| *known == url) {
            Some((_, packages)) => packages.push(selected),
            None => unknown.push((url, vec![selected])),
        }
    }
    let unknown = unknown.into_iter();
    let warnings = unknown.map(|(url, packages)| {
        let packages = names(packages);
        let parsed = Url::parse(url).ok();
        let index = parsed
            .as_ref()
            .map_or_else(|| "another index".to_owned(), Url::to_string);
        if parsed.is_some_and(|url| is_source_but_for_credentials(project, &url)) {
            return ExportWarning::OtherCredentials { index, packages };
        }
        ExportWarning::UnknownIndex { index, packages }
    });
    warnings.collect()
}

fn is_source_but_for_credentials(project: &Project, url: &Url) -> bool {
    let mut sources = project.sources.iter();
    sources.any(|source| {
        let own = source.url.as_ref().map(WrittenUrl::parse);
        own.is_some_and(|own| own.is_ok_and(|own| own.is_same_index(url)))
    })
}

fn is_source(project: &Project, url: &str) -> bool {
    let mut sources = project.sources.iter();
    sources.any(|source| source.url.as_ref().map(WrittenUrl::as_written) == Some(url))
}

/// The names of the packages, each once.
pub(super) fn names<'a, 'b: 'a>(
    packages: impl IntoIterator<Item = &'a Selected<'b>>,
) -> Vec<PackageName> {
    let packages = packages.into_iter();
    let mut names: Vec<PackageName> = packages
        .map(|selected| selected.package.name.clone())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
