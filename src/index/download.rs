//! Downloading a file, in as many attempts as it takes.

use std::io::{self, Read};
use std::ops::ControlFlow;

use crate::index::auth::Realm;
use crate::index::error::{Error, Status, TransportError};
use crate::index::limits::Paced;
use crate::index::session::{Session, flow, persist};
use crate::index::transport::{Answer, Ask, Failure};
use crate::index::{Download, Sink};
use crate::url::Url;

const BUFFER_BYTES: usize = 256 * 1024;

/// What a download has come to, over its attempts.
#[derive(Default)]
struct Progress {
    /// Proves that the file is the same as before.
    validator: Option<String>,
    /// The size of the whole, where the server says it.
    n_bytes: Option<u64>,
}

impl Session<'_> {
    /// Downloads a file into `sink`.
    ///
    /// # Errors
    ///
    /// [`Error::FileGone`], [`Error::FileRefused`], [`Error::TooLong`], [`Error::Answer`], [`Error::Transport`];
    /// [`Error::Stopped`] when the sink or the watcher wants no more.
    pub fn download(&mut self, download: &Download<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let realm = self.client.file_realm(download.index, download.url)?;
        let mut progress = Progress::default();
        self.buffer.resize(BUFFER_BYTES, 0);
        let (client, watcher) = (self.client, self.watcher);
        persist(client, watcher, download.file, &mut || {
            self.receive(download, &realm, &mut progress, sink)
        })
    }

    /// Receives the file, or what is missing of it.
    fn receive(
        &mut self,
        download: &Download<'_>,
        realm: &Realm,
        progress: &mut Progress,
        sink: &mut dyn Sink,
    ) -> Result<(), Failure> {
        let (answer, expected) = self.ask_for_file(download, realm, progress, sink)?;
        let url = answer.url.clone();
        let limits = *self.client.agents.limits();
        let too_large = |n_bytes: u64| too_large(download, &url, n_bytes, limits.file_bytes);
        if let Some(error) = expected.and_then(too_large) {
            return Err(Failure::Final(error));
        }
        let mut body = Paced::file(answer.response.into_body().into_reader(), limits.pace);
        loop {
            if self.watcher.is_stopped() {
                return Err(Failure::Final(Error::Stopped));
            }
            let n_read = match body.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n_read) => n_read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    return Err(Failure::Transport(TransportError::new(cause.into()), url));
                }
            };
            flow(sink.write(&self.buffer[..n_read]))?;
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

    /// Asks for the file from where `sink` stands, if that can be done, and returns the answer and the expected size of the whole.
    fn ask_for_file(
        &self,
        download: &Download<'_>,
        realm: &Realm,
        progress: &mut Progress,
        sink: &mut dyn Sink,
    ) -> Result<(Answer, Option<u64>), Failure> {
        let n_here = sink.n_bytes();
        let range = format!("bytes={n_here}-");
        // The bytes as they are: a server that packs an archive once more would change them.
        let mut headers = vec![("accept", "*/*"), ("accept-encoding", "identity")];
        let validator = progress.validator.clone().filter(|_| n_here > 0);
        if let Some(validator) = &validator {
            headers.extend([("range", range.as_str()), ("if-range", validator)]);
        }
        let answer = self.client.agents.exchange(
            &Ask {
                what: download.file,
                url: download.url,
                headers: &headers,
                realm,
            },
            &self.client.authenticator,
        )?;
        let is_rest = answer.status() == 206
            && validator.is_some()
            && is_rest(&answer, n_here, progress.n_bytes);
        match answer.status() {
            200 => {
                flow(if n_here > 0 {
                    sink.restart()
                } else {
                    ControlFlow::Continue(())
                })?;
                progress.n_bytes = content_length(&answer);
            }
            206 if is_rest => {}
            206 | 416 => {
                // Not what was asked for: from the start, the next time.
                progress.validator = None;
                flow(sink.restart())?;
                return Err(Failure::Status(Box::new(answer)));
            }
            404 | 410 => {
                return Err(Failure::Final(Error::FileGone {
                    file: download.file.to_owned(),
                    url: answer.url.clone(),
                    status: Status(answer.status()),
                }));
            }
            401 | 403 => {
                return Err(Failure::Final(Error::FileRefused {
                    index: download.index.map(|index| index.name.clone()),
                    file: download.file.to_owned(),
                    url: answer.url.clone(),
                    status: Status(answer.status()),
                    tried: answer.tried,
                    flaw: answer.flaw,
                }));
            }
            _ => return Err(Failure::Status(Box::new(answer))),
        }
        progress.validator = strong_validator(&answer);
        let expected = progress.n_bytes.or(download.n_bytes);
        Ok((answer, expected))
    }
}

/// Tells what is wrong with a file of `n_bytes` or more: it may be no larger than its index says, nor than `limit`.
fn too_large(download: &Download<'_>, url: &Url, n_bytes: u64, limit: u64) -> Option<Error> {
    let (file, url) = (download.file.to_owned(), url.clone());
    match download.n_bytes {
        Some(listed) if n_bytes > listed && listed <= limit => Some(Error::TooLong {
            file,
            url,
            n_bytes: listed,
        }),
        _ if n_bytes > limit => Some(Error::TooLarge { file, url, limit }),
        _ => None,
    }
}

/// Returns the entity tag if it is a strong one: weak ones do not promise the same bytes
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1)).
fn strong_validator(answer: &Answer) -> Option<String> {
    let tag = answer.header("etag")?.trim();
    (tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"')).then(|| tag.to_owned())
}

fn content_length(answer: &Answer) -> Option<u64> {
    answer.header("content-length")?.trim().parse().ok()
}

/// Tells whether a partial answer starts at `n_here` and belongs to a whole of the same size as before.
fn is_rest(answer: &Answer, n_here: u64, n_bytes: Option<u64>) -> bool {
    let range = answer.header("content-range").unwrap_or_default();
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
