//! The folders of a wheel that are not its modules.

use super::error::Error;
use super::expected::Expected;
use crate::archive::Archive;

/// Tells whether a file name is that of a `.dist-info` folder, in whatever case.
pub(crate) fn is_dist_info(component: &str) -> bool {
    let bytes = component.as_bytes();
    let suffix = b".dist-info";
    bytes.len() > suffix.len() && bytes[bytes.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

pub(super) fn find_dist_info(archive: &Archive, expected: Expected<'_>) -> Result<String, Error> {
    let mut found: Option<&str> = None;
    for entry in archive.entries() {
        let first = entry.path().split('/').next().unwrap_or_default();
        if found == Some(first) || !is_dist_info(first) {
            continue;
        }
        if found.is_some() {
            return Err(Error::SecondDistInfo {
                path: first.to_owned(),
            });
        }
        found = Some(first);
    }
    let found = found.ok_or(Error::NoDistInfo)?;
    expected.check_dist_info(found)?;
    Ok(found.to_owned())
}

/// Finds the `.data` folder; one of another name would be data to some installers and modules to others.
pub(super) fn find_data(
    archive: &Archive,
    expected: Expected<'_>,
) -> Result<Option<String>, Error> {
    let mut found: Option<&str> = None;
    for entry in archive.entries() {
        let first = entry.path().split('/').next().unwrap_or_default();
        let Some(stem) = first.strip_suffix(".data") else {
            continue;
        };
        if found == Some(first) {
            continue;
        }
        if found.is_some() || !expected.is_stem(stem) {
            return Err(expected.other(first));
        }
        found = Some(first);
    }
    Ok(found.map(str::to_owned))
}
