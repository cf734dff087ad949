//! Indexes of this machine, at `file:` URLs, and their files.
//!
//! A folder's page is its `index.html`, as for pip, or else a list of what is in it, as a server of files would make it. Poetry
//! 2.5.1 reads no such index: it takes the scheme for a server that does not respond.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::http::{self, Sink};
use crate::index::{Download, Error};
use crate::url::{Url, percent_encode};

const BUFFER_BYTES: usize = 256 * 1024;

/// A page, and where it is: links of it are relative to that.
pub(super) struct LocalPage {
    pub(super) url: Url,
    pub(super) text: Vec<u8>,
}

/// Reads the page at `url`, which is `path`; `None` when it has more than `limit` bytes.
pub(super) fn read_page(url: &Url, path: &Path, limit: u64) -> io::Result<Option<LocalPage>> {
    if !path.is_dir() {
        return read_text(url.clone(), path, limit);
    }
    let is_folder = url.path().ends_with('/');
    let folder = url.with_ending(if is_folder { "" } else { "/" });
    let Ok(index) = folder.join("index.html") else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    match read_text(index, &path.join("index.html"), limit) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(LocalPage {
            text: list(path)?.into_bytes(),
            url: folder,
        })),
        read => read,
    }
}

fn read_text(url: Url, path: &Path, limit: u64) -> io::Result<Option<LocalPage>> {
    let mut text = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut text)?;
    let is_whole = text.len() as u64 <= limit;
    Ok(is_whole.then_some(LocalPage { url, text }))
}

/// Writes a page of links to what is in a folder.
fn list(folder: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort_unstable();
    let links = names.iter().map(|name| {
        let name = percent_encode(name.as_encoded_bytes());
        format!("<a href=\"{name}\">{name}</a>\n")
    });
    Ok(links.collect())
}

/// Opens a file; what might never end, such as a device or a pipe, is none.
fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    File::open(path)
}

/// Sends the bytes of the file at `path` into `sink`: at most as many as the page says.
pub(super) fn send(download: &Download<'_>, path: &Path, sink: &mut dyn Sink) -> Result<(), Error> {
    let what = || download.file.to_owned();
    let failed = |source| Error::Local {
        what: what(),
        path: path.to_owned(),
        source,
    };
    let mut file = open(path).map_err(failed)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let n_read = file.read(&mut buffer).map_err(failed)?;
        if n_read == 0 {
            return Ok(());
        }
        if sink.write(&buffer[..n_read]).is_break() {
            return Err(http::Error::Cancelled.into());
        }
        if let Some(n_bytes) = download.n_bytes.filter(|listed| sink.n_bytes() > *listed) {
            let (what, url) = (what(), download.url.clone());
            return Err(http::Error::TooLong { what, url, n_bytes }.into());
        }
    }
}
