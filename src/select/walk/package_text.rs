//! Packages as Poetry prints them in messages.

use crate::lock::Package;
use crate::source::{Location, Source};

/// Prints a package as Python's `repr` does in Poetry.
pub(super) fn debug_form(package: &Package) -> String {
    let mut parts = vec![
        format!("'{}'", package.written_name),
        format!("'{}'", package.version.text()),
    ];
    if let Some(source) = &package.resolved_source {
        parts.push(format!("source_type='{}'", source.location.word()));
        parts.push(format!("source_url='{}'", source.location));
        let rest = [
            ("source_reference", &source.reference),
            ("source_resolved_reference", &source.resolved_reference),
            ("source_subdirectory", &source.subdirectory),
        ];
        let rest = rest
            .iter()
            .filter_map(|(key, value)| Some((key, value.as_ref()?)));
        parts.extend(rest.map(|(key, value)| format!("{key}='{value}'")));
    }
    if package.is_develop {
        parts.push("develop=True".to_owned());
    }
    format!("Package({})", parts.join(", "))
}

/// Prints a package as Poetry does in sentences: `urllib3 (2.2.3)`.
pub(super) fn display_form(package: &Package) -> String {
    let version = package.version.text();
    match package.resolved_source.as_ref().and_then(place) {
        Some(place) => format!("{} ({version} {place})", package.name),
        None => format!("{} ({version})", package.name),
    }
}

fn place(source: &Source) -> Option<String> {
    match &source.location {
        Location::Index(_) => None,
        Location::Git(_) => revision(source),
        location @ (Location::Url(_) | Location::File(_) | Location::Directory(_)) => {
            Some(location.to_string())
        }
    }
}

/// A full commit is cut to seven digits.
fn revision(source: &Source) -> Option<String> {
    let (locked, asked) = (&source.resolved_reference, &source.reference);
    let revisions = || locked.iter().chain(asked);
    match revisions().find(|text| text.len() == 40) {
        Some(commit) => Some(commit[..7].to_owned()),
        None => revisions().next().cloned(),
    }
}
