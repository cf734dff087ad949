//! Package indexes: simple pages, addresses, credentials, retries.

use std::time::Duration;

use thiserror::Error;

use crate::configuration::Configuration;
use crate::plan::IndexSource;
use crate::url::Url;

/// What a client is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What stands in for PyPI.
    pub index_url: Option<Url>,
    /// The sources of pyproject.toml: credentials set for their names may be used for direct addresses on their hosts.
    pub sources: Vec<IndexSource>,
    /// What the user set.
    pub configuration: Configuration,
    /// The pause before the first retry; the second is twice as long, and so on.
    pub base_delay: Duration,
}

/// Asks indexes and downloads files, over kept connections.
#[derive(Debug)]
pub struct Client {}

/// Why an index or file server did not answer as it should.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {}

impl Client {
    /// Prepares a client; connects to nothing and reads no certificates yet.
    pub fn new(settings: Settings) -> Self {
        let _ = settings;
        Self {}
    }
}
