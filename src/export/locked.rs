//! What a lock says of a selected package, as far as a line of requirements.txt repeats it.

use super::Error;
use crate::lock::Package;
use crate::select::Selected;

/// The hash algorithms that pip takes; other hashes are left out.
const ALGORITHMS: [&str; 3] = ["sha256", "sha384", "sha512"];

/// Returns algorithm and digest of each hash that pip takes, in order.
pub(super) fn hashes<'a>(selected: &Selected<'a>) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let package = selected.package;
    let mut hashes = Vec::with_capacity(package.files.len());
    for file in &package.files {
        let hash = file.hash.as_str();
        let parts = parts(hash).ok_or_else(|| Error::Hash {
            package: package.name.clone(),
            hash: hash.to_owned(),
        })?;
        if ALGORITHMS.contains(&parts.0) {
            hashes.push(parts);
        }
    }
    hashes.sort_unstable();
    Ok(hashes)
}

/// Parts a hash into algorithm, SHA-256 where it names none, and digest; `None` for a second `:`.
fn parts(hash: &str) -> Option<(&str, &str)> {
    let Some(at) = memchr::memchr(b':', hash.as_bytes()) else {
        return Some(("sha256", hash));
    };
    let (algorithm, digest) = (&hash[..at], &hash[at + 1..]);
    let has_more = memchr::memchr(b':', digest.as_bytes()).is_some();
    (!has_more).then_some((algorithm, digest))
}

/// Tells whether a line for the package has a hash.
pub(super) fn has_hash(package: &Package) -> bool {
    package
        .files
        .iter()
        .any(|file| match file.hash.as_str().split_once(':') {
            Some((algorithm, _)) => ALGORITHMS.contains(&algorithm),
            None => true,
        })
}

/// Returns the address of the index that a package comes from, where the lock names one.
pub(super) fn index_url<'a>(selected: &Selected<'a>) -> Option<&'a str> {
    let url = selected
        .package
        .source
        .as_ref()?
        .location
        .index()?
        .as_written();
    (!url.is_empty()).then_some(url.trim_end_matches('/'))
}
