//! What is installed for: the marker environment and the tags of an interpreter, on this or another machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::marker::MarkerEnvironment;
use crate::tag::Tags;

/// Enough to evaluate any marker and to rank any wheel.
///
/// The written form (JSON) is that of `fixtures/targets`, so that choices for other machines can be tested anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The values of marker variables.
    pub marker_environment: MarkerEnvironment,
    /// The supported tags, best first.
    #[serde(flatten)]
    pub tags: Tags,
}

impl Target {
    /// Returns the version of Python, such as 3.13.
    pub fn python(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.marker_environment.python_version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
}

impl fmt::Display for Target {
    /// Names the interpreter and the newest platform, such as `CPython 3.13, manylinux_2_28_aarch64`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let markers = &self.marker_environment;
        let platforms = self.tags.platforms();
        // `linux_…` comes first, and says less than what follows.
        let telling = platforms
            .iter()
            .find(|platform| !platform.starts_with("linux_"));
        let platform = telling.or(platforms.first()).map_or("any", String::as_str);
        let implementation = &markers.platform_python_implementation;
        write!(
            formatter,
            "{implementation} {}, {platform}",
            markers.python_version
        )
    }
}
