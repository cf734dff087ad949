//! Downloading the files that an index lists, or that a lock gives the URL of.

use crate::http::{self, Sink};
use crate::index::{Download, Error, IndexSession, local};

impl IndexSession<'_> {
    /// Downloads a file into `sink`.
    ///
    /// # Errors
    ///
    /// [`Error::FileGone`], [`Error::FileRefused`], [`Error::Local`], and what [`http::HttpSession::download`] says.
    pub fn download(&mut self, download: &Download<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        if let Some(path) = download.url.local_path() {
            return local::send(download, &path, sink);
        }
        let realm = self.client.file_realm(download.index, download.url)?;
        let request = http::Download {
            what: download.file,
            url: download.url,
            n_bytes: download.n_bytes,
            realm: &realm,
        };
        let done = self.http.download(&request, sink);
        done.map_err(|error| of_file(download, error))
    }
}

/// Adds what is known of the file.
fn of_file(download: &Download<'_>, error: http::Error) -> Error {
    if let http::Error::Absent {
        what, url, status, ..
    } = error
    {
        return Error::FileGone {
            file: what,
            url,
            status,
        };
    }
    let http::Error::Refused {
        what,
        url,
        status,
        tried,
        flaw,
    } = error
    else {
        return error.into();
    };
    Error::FileRefused {
        index: download.index.map(|index| index.name.clone()),
        file: what,
        url,
        status,
        tried,
        flaw,
    }
}
