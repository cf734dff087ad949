//! An attestation, taken apart.

use serde_json::Value;

/// The parts of an attestation.
#[cfg_attr(
    not(feature = "attestations"),
    allow(dead_code, reason = "nothing verifies without the feature")
)]
pub(super) struct Attestation<'a> {
    /// DER.
    pub(super) certificate: Vec<u8>,
    pub(super) statement: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// As the transparency log wrote them.
    pub(super) log_entries: &'a [Value],
}
