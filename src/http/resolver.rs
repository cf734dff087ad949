//! Host names to addresses, each looked up once.
//!
//! The client looks a name up for each request, even if it has a connection already: that would be two lookups, and two threads,
//! a package. What cannot be found is not remembered.
//!
//! The system's lookup knows no time limit, so it has a thread of its own, which is left alone when it takes too long. The
//! client's own way of doing so panics where no thread can be started; here the caller's thread looks the name up then.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Looks names up as the system does, and remembers.
#[derive(Default)]
pub(super) struct RememberingResolver {
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
            return look_up(uri, config);
        };
        // Held meanwhile: the threads that start at once all want the same host.
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(addresses) = found.get(&name) {
            return Ok(addresses.clone());
        }
        let addresses = look_up_in_time(uri, config, timeout)?;
        found.insert(name, addresses.clone());
        Ok(addresses)
    }
}

/// Looks a name up in this thread.
fn look_up(uri: &Uri, config: &Config) -> Result<ResolvedSocketAddrs, ureq::Error> {
    // No timeout: with one, the client would start a thread.
    let found = DefaultResolver::default().resolve(uri, config, NextTimeout::default());
    if let Err(ureq::Error::Io(cause)) = found {
        return Err(ureq::Error::Io(io::Error::other(Unresolved(cause))));
    }
    found
}

/// The system knows no address of a host.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Unresolved(io::Error);

fn look_up_in_time(
    uri: &Uri,
    config: &Config,
    timeout: NextTimeout,
) -> Result<ResolvedSocketAddrs, ureq::Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (uri_there, config_there) = (uri.clone(), config.clone());
    let started = thread::Builder::new()
        .name("resolve".to_owned())
        .spawn(move || {
            // Nobody listens any more when it takes too long.
            let _ = sender.send(look_up(&uri_there, &config_there));
        });
    if started.is_err() {
        return look_up(uri, config);
    }
    let found = receiver.recv_timeout(*timeout.after);
    found.unwrap_or(Err(ureq::Error::Timeout(timeout.reason)))
}
