//! Which warnings are reported, and which are errors.

use std::collections::HashSet;

use super::notice;
use super::{Error, Installation};
use crate::event::{Event, Warning};

/// Sorts and reports warnings but for those about notices, or returns as an error the first about each wheel, or about each
/// two that share paths.
pub(super) fn report(
    installation: Installation<'_>,
    mut warnings: Vec<Warning>,
) -> Result<Vec<Warning>, Error> {
    let Installation {
        destination,
        options,
        reporter,
        ..
    } = installation;
    warnings.sort_unstable();
    warnings.dedup();
    warnings.retain(|warning| !notice::is_about_notice(warning, &destination.layout));
    let is_fault = |warning: &&Warning| !matches!(warning, Warning::NotCompiled { .. });
    let faults = warnings.iter().filter(|_| options.strict).filter(is_fault);
    let mut subjects = HashSet::new();
    let firsts = faults.filter(|warning| subjects.insert(warning.subject()));
    let errors = firsts.map(|warning| Error::Strict(warning.clone()));
    if let Some(error) = Error::join(errors.collect()) {
        return Err(error);
    }
    for warning in &warnings {
        reporter.report(Event::Warning(warning.clone()));
    }
    Ok(warnings)
}
