//! Whether the network may be used.

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// It may.
    #[default]
    Online,
    /// Only what is in the cache or on this machine counts.
    Offline,
}
