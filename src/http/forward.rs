//! Plain http through a proxy: the request goes to the proxy itself, with the whole address in its first line
//! ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112#absolute-form)).
//!
//! The HTTP client knows proxies by CONNECT alone, which many proxies allow for https only. So it is given the proxy's address
//! for that of every host, and the first line of each request is completed on its way out.

use std::fmt;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use crate::http::resolver::RememberingResolver;

/// Answers with the proxy's addresses, whatever host is asked for.
pub(super) struct ForwardResolver {
    proxy: Uri,
    resolver: RememberingResolver,
}

impl ForwardResolver {
    pub(super) fn new(proxy: Uri) -> Self {
        Self {
            proxy,
            resolver: RememberingResolver::default(),
        }
    }
}

impl fmt::Debug for ForwardResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address holds the proxy's password.
        formatter.write_str("ForwardResolver")
    }
}

impl Resolver for ForwardResolver {
    fn resolve(
        &self,
        _uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.resolver.resolve(&self.proxy, config, timeout)
    }
}

/// Completes the first line of each request.
#[derive(Debug)]
pub(super) struct ForwardConnector;

impl<In: Transport> Connector<In> for ForwardConnector {
    type Out = ForwardTransport<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let authority = details.uri.authority();
        let origin = authority.map(|authority| format!("http://{authority}"));
        Ok(chained
            .zip(origin)
            .map(|(transport, origin)| ForwardTransport { transport, origin }))
    }
}

#[derive(Debug)]
pub(super) struct ForwardTransport<In> {
    transport: In,
    /// What goes before the path; a connection is for one host.
    origin: String,
}

impl<In: Transport> Transport for ForwardTransport<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let output = self.transport.buffers().output();
        let amount = complete(output, amount, self.origin.as_bytes())?;
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.transport.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }
}

/// Puts `origin` before the path of a request that starts in `output`, of which `amount` bytes count; returns how many count
/// then. Requests have no bodies, so what does not start so is the rest of a head.
fn complete(output: &mut [u8], amount: usize, origin: &[u8]) -> Result<usize, ureq::Error> {
    const START: &[u8] = b"GET /";
    let at = START.len() - 1;
    if !output[..amount].starts_with(START) {
        return Ok(amount);
    }
    let completed = amount + origin.len();
    if completed > output.len() {
        return Err(ureq::Error::BadUri(String::new()));
    }
    output.copy_within(at..amount, at + origin.len());
    output[at..at + origin.len()].copy_from_slice(origin);
    Ok(completed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_completed() {
        let mut output = [b'.'; 64];
        let head = b"GET /x HTTP/1.1\r\n";
        output[..head.len()].copy_from_slice(head);
        let amount = complete(&mut output, head.len(), b"http://a.example:81").unwrap();
        assert_eq!(&output[..amount], b"GET http://a.example:81/x HTTP/1.1\r\n");
        assert_eq!(complete(&mut output[5..], 10, b"http://a").unwrap(), 10);
        let mut small = *b"GET / HTTP/1.1\r\n";
        assert!(complete(&mut small, 16, b"http://a").is_err());
    }
}
