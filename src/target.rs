//! What is installed for: the marker environment and the tags of an interpreter, on this or another machine.

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
