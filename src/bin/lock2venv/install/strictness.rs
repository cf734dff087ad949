//! `--strict`: what is an error that otherwise is not.

use crate::diagnose::Failure;

/// What is an error that otherwise is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strictness {
    /// Warnings about wheels.
    pub(crate) of_warnings: bool,
    /// Files that have Python run code whenever it starts.
    pub(crate) of_startup: bool,
}

impl Strictness {
    /// Reads names, which are separated by commas. A variable that turns the flag on or off, as those of other flags do, speaks of
    /// warnings.
    pub(crate) fn parse(names: Option<&str>) -> Result<Self, Failure> {
        let names = names.unwrap_or_default().split(',').map(str::trim);
        let mut strictness = Self::default();
        for name in names.filter(|name| !name.is_empty()) {
            match name.to_ascii_lowercase().as_str() {
                "warnings" | "1" | "true" | "yes" | "y" | "on" | "t" => {
                    strictness.of_warnings = true;
                }
                "startup" => strictness.of_startup = true,
                "0" | "false" | "no" | "n" | "off" | "f" => {}
                _ => {
                    return Err(Failure::text(format!("`--strict` does not know `{name}`"))
                        .detail("known: startup, warnings".to_owned())
                        .misuse());
                }
            }
        }
        Ok(strictness)
    }
}
