//! The marker that a table of a dependency amounts to.

use super::Fields;
use crate::marker::Marker;
use crate::pyproject::Error;
use crate::version::VersionConstraint;

/// Joins `markers`, `python` and `platform`.
pub(super) fn table_marker(name: &str, fields: &dyn Fields) -> Result<Marker, Error> {
    let invalid = |text: &str| Error::dependency(name, &format!("`{text}` is not a marker"));
    let given = |key| fields.text(key).filter(|text| !text.is_empty());
    let mut marker = match given("markers") {
        Some(text) => Marker::parse(text).map_err(|_| invalid(text))?,
        None => Marker::any(),
    };
    if let Some(text) = given("python") {
        let constraint = VersionConstraint::parse(text).map_err(Error::constraint)?;
        marker = marker.intersect(&Marker::from_python_constraint(&constraint));
    }
    if let Some(text) = given("platform") {
        let platform = Marker::parse(&platform_marker(text)).map_err(|_| invalid(text))?;
        marker = marker.intersect(&platform);
    }
    Ok(marker)
}

/// Writes `platform`, such as `linux || darwin` or `!=win32`, as a marker.
fn platform_marker(platform: &str) -> String {
    if platform == "*" {
        return String::new();
    }
    let alternatives = platform.split('|').filter(|part| !part.is_empty());
    let alternatives = alternatives.map(|alternative| {
        let parts = alternative.split(',').map(str::trim).map(|part| {
            let (operator, value) = match part.strip_prefix("!=") {
                Some(value) => ("!=", value),
                None => ("==", part.trim_start_matches('=')),
            };
            format!("sys_platform {operator} \"{}\"", value.trim())
        });
        parts.collect::<Vec<_>>().join(" and ")
    });
    alternatives.collect::<Vec<_>>().join(" or ")
}
