//! Package indexes: simple pages, addresses, credentials, retries.
