//! The provenance of a file, which an index may offer beside it (PEP 740).

use super::received::Received;
use crate::http;
use crate::index::{Download, Error, Index, IndexSession};
use crate::url::Url;

/// The largest provenance object that is read, in bytes: a hundred times that of a file with two attestations.
pub const MAX_PROVENANCE_BYTES: usize = 2 << 20;

impl IndexSession<'_> {
    /// Asks `index` for the provenance of `file`, which is at `url` as its page says, in one request; `None` when it has more than
    /// [`MAX_PROVENANCE_BYTES`]. Nothing is checked.
    ///
    /// # Errors
    ///
    /// As [`IndexSession::download`].
    pub fn provenance(
        &mut self,
        index: &Index,
        file: &str,
        url: &Url,
    ) -> Result<Option<Vec<u8>>, Error> {
        let mut received = Received::at_most(MAX_PROVENANCE_BYTES);
        let download = Download {
            file: &format!("{file}.provenance"),
            url,
            n_bytes: None,
            index: Some(index),
        };
        match self.download(&download, &mut received) {
            Ok(()) => Ok(Some(received.into_bytes())),
            Err(Error::Http(http::Error::Cancelled)) if received.is_too_large() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
