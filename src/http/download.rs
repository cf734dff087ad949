//! Downloading a file, in as many attempts as it takes.

use std::io::{self, Read};
use std::ops::ControlFlow;

use crate::http::error::Error;
use crate::http::exchange::{Failure, Request, Response};
use crate::http::limits::Paced;
use crate::http::realm::Realm;
use crate::http::retry::{check_cancelled, unless_cancelled, with_retries};
use crate::http::session::{HttpSession, absent, refused};
use crate::http::transport_error::TransportError;
use crate::url::Url;

const BUFFER_BYTES: usize = 256 * 1024;

/// A file to download.
#[derive(Clone, Copy, Debug)]
pub struct Download<'a> {
    /// What it is, for messages.
    pub what: &'a str,
    /// Where it is.
    pub url: &'a Url,
    /// Its size, if that is known; no more is taken.
    pub n_bytes: Option<u64>,
    /// Whose credentials the server may have.
    pub realm: &'a Realm,
}

/// Takes the bytes of a download. What stops it is its own to remember.
pub trait Sink {
    /// Adds `data`.
    fn write(&mut self, data: &[u8]) -> ControlFlow<()>;

    /// Takes back everything.
    fn restart(&mut self) -> ControlFlow<()>;

    /// Returns how many bytes it has.
    fn n_bytes(&self) -> u64;
}

/// How far a download is, over its attempts.
#[derive(Default)]
struct Progress {
    /// Proves that the file is the same as before.
    validator: Option<String>,
    /// The size of the whole, where the server says it.
    n_bytes: Option<u64>,
}

impl HttpSession<'_> {
    /// Downloads a file into `sink`, in as many attempts as it takes and the user allows.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Refused`], [`Error::TooLong`], [`Error::TooLarge`] beyond
    /// [`Limits::file_bytes`](super::Limits::file_bytes), [`Error::Response`], [`Error::Transport`], an address that cannot be
    /// used; [`Error::Cancelled`] when the sink or the cancellation wants no more.
    pub fn download(&mut self, download: &Download<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let mut progress = Progress::default();
        self.buffer.resize(BUFFER_BYTES, 0);
        let (client, cancellation) = (self.client, self.cancellation);
        with_retries(client, cancellation, download.what, &mut || {
            self.receive(download, &mut progress, sink)
        })
    }

    /// Receives the file, or what is missing of it.
    fn receive(
        &mut self,
        download: &Download<'_>,
        progress: &mut Progress,
        sink: &mut dyn Sink,
    ) -> Result<(), Failure> {
        let (response, expected) = self.ask_for_file(download, progress, sink)?;
        let url = response.url.clone();
        let limits = *self.client.agents.limits();
        let too_large = |n_bytes: u64| too_large(download, &url, n_bytes, limits.file_bytes);
        if let Some(error) = expected.and_then(too_large) {
            return Err(Failure::Final(error));
        }
        let mut body = Paced::file(response.into_reader(), limits.pace);
        loop {
            check_cancelled(self.cancellation)?;
            let n_read = match body.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n_read) => n_read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    return Err(Failure::Transport(TransportError::new(cause.into()), url));
                }
            };
            unless_cancelled(sink.write(&self.buffer[..n_read]))?;
            if let Some(error) = too_large(sink.n_bytes()) {
                return Err(Failure::Final(error));
            }
        }
        // A body without a length just ends when the connection breaks.
        if expected.is_some_and(|expected| sink.n_bytes() < expected) {
            let cause = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(Failure::Transport(TransportError::new(cause.into()), url));
        }
        Ok(())
    }

    /// Asks for the file from where `sink` stands, if that can be done, and returns the response and the expected size of the whole.
    fn ask_for_file(
        &self,
        download: &Download<'_>,
        progress: &mut Progress,
        sink: &mut dyn Sink,
    ) -> Result<(Response, Option<u64>), Failure> {
        let n_here = sink.n_bytes();
        let range = format!("bytes={n_here}-");
        // The bytes as they are: a server that packs an archive once more would change them.
        let mut headers = vec![("accept", "*/*"), ("accept-encoding", "identity")];
        let validator = progress.validator.clone().filter(|_| n_here > 0);
        if let Some(validator) = &validator {
            headers.extend([("range", range.as_str()), ("if-range", validator)]);
        }
        let response = self.client.exchange(&Request {
            what: download.what,
            url: download.url,
            headers: &headers,
            realm: download.realm,
        })?;
        let is_rest = response.status() == 206
            && validator.is_some()
            && is_rest(&response, n_here, progress.n_bytes);
        match response.status() {
            200 => {
                unless_cancelled(if n_here > 0 {
                    sink.restart()
                } else {
                    ControlFlow::Continue(())
                })?;
                progress.n_bytes = content_length(&response);
            }
            206 if is_rest => {}
            206 | 416 => {
                // Not what was asked for: from the start, the next time.
                progress.validator = None;
                unless_cancelled(sink.restart())?;
                return Err(Failure::Status(Box::new(response)));
            }
            404 | 410 => {
                return Err(absent(download.what, &response).into());
            }
            401 | 403 => return Err(refused(download.what, &response).into()),
            _ => return Err(Failure::Status(Box::new(response))),
        }
        progress.validator = strong_validator(&response);
        let expected = progress.n_bytes.or(download.n_bytes);
        Ok((response, expected))
    }
}

/// Tells what is wrong with a file of `n_bytes` or more: it may be no larger than announced, nor than `limit`.
fn too_large(download: &Download<'_>, url: &Url, n_bytes: u64, limit: u64) -> Option<Error> {
    let (what, url) = (download.what.to_owned(), url.clone());
    match download.n_bytes {
        Some(listed) if n_bytes > listed && listed <= limit => Some(Error::TooLong {
            what,
            url,
            n_bytes: listed,
        }),
        _ if n_bytes > limit => Some(Error::TooLarge { what, url, limit }),
        _ => None,
    }
}

/// Returns the entity tag if it is a strong one: weak ones do not promise the same bytes
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1)).
fn strong_validator(response: &Response) -> Option<String> {
    let tag = response.header("etag")?.trim();
    (tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"')).then(|| tag.to_owned())
}

fn content_length(response: &Response) -> Option<u64> {
    response.header("content-length")?.trim().parse().ok()
}

/// Tells whether a partial response starts at `n_here` and belongs to a whole of the same size as before.
fn is_rest(response: &Response, n_here: u64, n_bytes: Option<u64>) -> bool {
    let range = response.header("content-range").unwrap_or_default();
    parse_content_range(range).is_some_and(|(start, whole)| start == n_here && whole == n_bytes)
}

/// Reads `bytes 7-9/10` as the start and the size of the whole.
fn parse_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, whole) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, whole.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(parse_content_range("bytes 7-9/10"), Some((7, Some(10))));
        assert_eq!(parse_content_range("bytes 7-9/*"), Some((7, None)));
        assert_eq!(parse_content_range("bytes */10"), None);
        assert_eq!(parse_content_range("items 7-9/10"), None);
        assert_eq!(parse_content_range(""), None);
    }
}
