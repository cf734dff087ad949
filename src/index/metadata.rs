//! The metadata of a file, which an index may offer by itself (PEP 658 and 714).

use super::received::Received;
use crate::digest::Digest;
use crate::http;
use crate::index::{Download, Error, Index, IndexSession, ProjectFile};

/// Far more than the longest description of a package.
const MAX_BYTES: usize = 16 << 20;

impl IndexSession<'_> {
    /// Asks `index` for the METADATA of `file`, in one request; `None` when that is not offered, is not there, or is not what
    /// the index itself claims of it: then the file has it.
    ///
    /// # Errors
    ///
    /// As [`IndexSession::download`].
    pub fn metadata(&mut self, index: &Index, file: &ProjectFile) -> Result<Option<String>, Error> {
        let Some(offered) = &file.core_metadata else {
            return Ok(None);
        };
        let mut received = Received::at_most(MAX_BYTES);
        let name = format!("{}.metadata", file.name);
        let download = Download {
            file: &name,
            url: &file.file.url.with_ending(".metadata"),
            n_bytes: None,
            index: Some(index),
        };
        match self.download(&download, &mut received) {
            Ok(()) => {}
            Err(Error::FileGone { .. } | Error::FileRefused { .. } | Error::Local { .. }) => {
                return Ok(None);
            }
            Err(Error::Http(http::Error::Cancelled)) if received.is_too_large() => return Ok(None),
            Err(error) => return Err(error),
        }
        let bytes = received.into_bytes();
        let is_claimed = |digest: &Digest| Digest::of(digest.algorithm(), &bytes) == *digest;
        if !offered.digests.iter().all(is_claimed) {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
