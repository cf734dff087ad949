//! Host names to addresses, each looked up once.
//!
//! The client looks a name up for each request, even if it has a connection already: that would be two lookups, and two threads,
//! a package. What cannot be found is not remembered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Looks names up as the system does, and remembers.
#[derive(Default)]
pub(super) struct RememberingResolver {
    system: DefaultResolver,
    found: Mutex<BTreeMap<String, ResolvedSocketAddrs>>,
}

impl fmt::Debug for RememberingResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RememberingResolver")
    }
}

impl Resolver for RememberingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let name = uri
            .scheme()
            .zip(uri.authority())
            .and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let Some(name) = name else {
            return self.system.resolve(uri, config, timeout);
        };
        // Held meanwhile: the threads that start at once all want the same host.
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(addresses) = found.get(&name) {
            return Ok(addresses.clone());
        }
        let addresses = self.system.resolve(uri, config, timeout)?;
        found.insert(name, addresses.clone());
        Ok(addresses)
    }
}
