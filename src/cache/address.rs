//! Where a file of an index was found, written down for ever: a digest never changes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::digest::{Algorithm, Digest, sealed, unsealed};
use crate::url::Url;

/// Where a file was found, and its size.
///
/// Addresses that hold credentials or tokens are not written down: they are secrets, and short-lived at that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub url: Url,
    /// The size in bytes, as far as the index or server said it.
    pub n_bytes: Option<u64>,
}

/// The question stands beside the answer, so that a misplaced file is found out; that one bit is another, by the digest
/// that follows.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    index: &'a str,
    file: &'a str,
    digest: &'a str,
    url: &'a str,
    n_bytes: Option<u64>,
}

/// Returns the name of the file that holds the address.
pub(super) fn key(index: &str, file: &str, digest: &Digest) -> String {
    let question = format!("{index}\n{file}\n{digest}");
    Digest::of(Algorithm::Sha256, question.as_bytes()).hex()
}

pub(super) fn render(
    index: &str,
    file: &str,
    digest: &Digest,
    address: &Address,
) -> Option<String> {
    if address.url.holds_secrets() {
        return None;
    }
    let entry = Entry {
        index,
        file,
        digest: &digest.to_string(),
        url: address.url.expose(),
        n_bytes: address.n_bytes,
    };
    serde_json::to_string(&entry).ok().map(sealed)
}

pub(super) fn read(path: &Path, index: &str, file: &str, digest: &Digest) -> Option<Address> {
    let text = std::fs::read_to_string(path).ok()?;
    let entry: Entry<'_> = serde_json::from_str(unsealed(&text)?).ok()?;
    let is_answer =
        entry.index == index && entry.file == file && entry.digest == digest.to_string();
    if !is_answer {
        return None;
    }
    Some(Address {
        url: Url::parse(entry.url).ok()?,
        n_bytes: entry.n_bytes,
    })
}

/// Tells whether the file at `path` is as it was written, and where it belongs.
pub(super) fn is_whole(path: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else {
        return false;
    };
    let entry: Option<Entry<'_>> = unsealed(&text).and_then(|text| serde_json::from_str(text).ok());
    entry.is_some_and(|entry| {
        let digest = Digest::parse(entry.digest);
        let name = digest.map(|digest| key(entry.index, entry.file, &digest));
        path.file_name().and_then(|name| name.to_str()) == name.as_deref()
    })
}
