//! Dependencies as text.

use std::path::{Component, Path};

use super::Dependency;
use crate::name::ExtraName;
use crate::source::Location;
use crate::url::{WrittenUrl, percent_encode, shown};
use crate::version::VersionConstraint;

impl Dependency {
    /// Describes the dependency as Poetry's messages do, but for credentials: `urllib3 (>=1.21.1,<3)`.
    pub fn describe(&self) -> String {
        match self.address() {
            Some(address) => {
                let name = self.written_complete_name();
                let address = shown(&address);
                format!("{name} ({}) @ {address}", self.written_constraint)
            }
            None => self.requirement(),
        }
    }

    /// Prints the dependency as poetry-core requires it in METADATA, without its marker: `urllib3 (>=1.21.1,<3)` or
    /// `demo[x] @ https://…`.
    pub fn requirement(&self) -> String {
        let name = self.written_complete_name();
        match (self.address(), self.constraint_text()) {
            (Some(address), _) => format!("{name} @ {address}"),
            (None, Some(constraint)) => format!("{name} ({constraint})"),
            (None, None) => name,
        }
    }

    /// Prints the place that the dependency names as requirements have it.
    fn address(&self) -> Option<String> {
        let source = self.source.as_ref()?;
        let address = match &source.location {
            Location::Git(url) => git_address(url, source.reference.as_deref()),
            Location::File(path) | Location::Directory(path) => path_to_url(path),
            Location::Url(url) | Location::Index(url) => url.as_written().to_owned(),
        };
        let subdirectory = source.subdirectory.as_deref().unwrap_or_default();
        match subdirectory {
            "" => Some(address),
            folder => Some(format!("{address}#subdirectory={folder}")),
        }
    }

    fn written_complete_name(&self) -> String {
        if self.extras.is_empty() {
            return self.written_name.clone();
        }
        let extras: Vec<&str> = self.extras.iter().map(ExtraName::as_str).collect();
        format!("{}[{}]", self.written_name, extras.join(","))
    }

    /// Prints the versions as poetry-core writes them in a requirement.
    pub(super) fn constraint_text(&self) -> Option<String> {
        let constraint = &self.constraint;
        if constraint.is_any() {
            return None;
        }
        if let Some(version) = constraint.as_version() {
            return Some(format!("=={}", version.text()));
        }
        if constraint.intervals().len() < 2 {
            return Some(constraint.to_string().replace(' ', ""));
        }
        if constraint.excluded_version().is_some() || constraint.excludes_single_wildcard() {
            return Some(constraint.to_string());
        }
        let parts = self.written_constraint.split(',');
        let parts: Vec<String> = parts
            .map(|part| match VersionConstraint::parse(part) {
                Ok(part) => part.to_string(),
                Err(_) => part.to_owned(),
            })
            .collect();
        Some(parts.join(","))
    }
}

/// Prints the address of a git source as requirements have it, with the revision that was asked for.
fn git_address(url: &WrittenUrl, reference: Option<&str>) -> String {
    let address = format!("git+{}", url.as_written());
    match reference.filter(|name| *name != "HEAD") {
        Some(reference) => format!("{address}@{reference}"),
        None => address,
    }
}

/// Prints an absolute path as a `file://` address, quoted as Python's `Path.as_uri` does.
pub(crate) fn path_to_url(path: &Path) -> String {
    let names = path
        .components()
        .filter(|component| *component != Component::RootDir);
    let encoded = names.map(|name| percent_encode(name.as_os_str().as_encoded_bytes()));
    format!("file:///{}", encoded.collect::<Vec<_>>().join("/"))
}
