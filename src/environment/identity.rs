//! Name and version of an installed distribution, from its metadata or the name of its folder.

use std::path::Path;

use crate::installed::name_and_version;
use crate::name::PackageName;
use crate::version::Version;
use crate::wheel::Metadata;

/// Finds name and version of the distribution whose `.dist-info` is at `path`.
///
/// As pip and `importlib.metadata` do, its METADATA is asked; but only where the folder's name can be read in two ways.
pub(super) fn of_dist_info(stem: &str, path: &Path) -> Option<(PackageName, Version)> {
    let parse = |(name, version): (&str, &str)| {
        Some((PackageName::new(name), Version::parse(version).ok()?))
    };
    let mut ways = name_and_version(stem);
    let (first, others) = (ways.next().and_then(parse), ways.next().is_some());
    match first {
        Some(found) if !others => Some(found),
        first => {
            let asked = std::fs::read(path.join("METADATA")).ok();
            let asked = asked.and_then(|text| of_metadata(&text));
            asked
                .or(first)
                .or_else(|| name_and_version(stem).find_map(parse))
        }
    }
}

/// Reads name and version from the text of METADATA or PKG-INFO.
pub(super) fn of_metadata(text: &[u8]) -> Option<(PackageName, Version)> {
    let metadata = Metadata::parse(&String::from_utf8_lossy(text));
    if metadata.name.is_empty() || metadata.version.is_empty() {
        return None;
    }
    Some((
        PackageName::new(&metadata.name),
        legacy_version(&metadata.version)?,
    ))
}

/// Old distributions have versions such as `2004d`: no lock can have them, so they only have to be told apart and shown.
pub(super) fn legacy_version(text: &str) -> Option<Version> {
    let parsed = Version::parse(text);
    parsed.ok().or_else(|| {
        let word = |byte: char| {
            if byte.is_ascii_alphanumeric() {
                byte
            } else {
                '.'
            }
        };
        let local: String = text.chars().map(word).collect();
        let parts: Vec<&str> = local.split('.').filter(|part| !part.is_empty()).collect();
        Version::parse(&format!("0+{}", parts.join("."))).ok()
    })
}
