//! Where a file of an index was found, kept without an expiry date: a digest never changes.
//!
//! An address may hold what nobody recognizes as a secret, in its path above all. So it is sealed with a key that follows from
//! the question: who cannot ask the index cannot read where its files are.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use super::layout::Key;
use crate::digest::{Digest, sealed, unsealed};
use crate::url::Url;

/// Where a file was found, and its size.
///
/// Addresses that hold credentials or parameters are not written down: they are secrets, and short-lived at that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub url: Url,
    /// The size in bytes, as far as the index or server said it.
    pub n_bytes: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    url: &'a str,
    n_bytes: Option<u64>,
}

/// Returns what the address is kept under.
pub(super) fn key(index: &str, file: &str, digest: &Digest) -> Key {
    Key::of_question(format!("{index}\n{file}\n{digest}").as_bytes())
}

/// Returns what is written down: the name of the file, then in base64 a random nonce and the sealed address.
pub(super) fn render(
    index: &str,
    file: &str,
    digest: &Digest,
    address: &Address,
) -> Option<String> {
    if address.url.holds_secrets() || address.url.has_query() {
        return None;
    }
    // It holds no secrets, so it prints whole.
    let url = address.url.to_string();
    let entry = Entry {
        url: &url,
        n_bytes: address.n_bytes,
    };
    let bytes = serde_json::to_vec(&entry).ok()?;
    written(index, file, digest, bytes)
}

/// Seals what an address is written as.
pub(super) fn written(
    index: &str,
    file: &str,
    digest: &Digest,
    mut bytes: Vec<u8>,
) -> Option<String> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let seal = seal(index, file, digest)?;
    let of_nonce = Nonce::assume_unique_for_key(nonce);
    seal.seal_in_place_append_tag(of_nonce, Aad::empty(), &mut bytes)
        .ok()?;
    let encoded = STANDARD.encode([&nonce[..], &bytes].concat());
    Some(sealed(format!(
        "{} {encoded}",
        key(index, file, digest).hex()
    )))
}

/// Reads what was written for this question; what was cut short, changed or misplaced is none.
pub(super) fn parse(text: &[u8], index: &str, file: &str, digest: &Digest) -> Option<Address> {
    let (_, encoded) = unsealed(str::from_utf8(text).ok()?)?.split_once(' ')?;
    let mut bytes = STANDARD.decode(encoded).ok()?;
    let (nonce, bytes) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let seal = seal(index, file, digest)?;
    let opened = seal.open_in_place(nonce, Aad::empty(), bytes).ok()?;
    let entry: Entry<'_> = serde_json::from_slice(opened).ok()?;
    Some(Address {
        url: Url::parse(entry.url).ok()?,
        n_bytes: entry.n_bytes,
    })
}

/// Tells whether the file at `path` is as it was written, and where it belongs; its address stays sealed.
pub(super) fn is_whole(path: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else {
        return false;
    };
    let name = unsealed(&text).and_then(|text| text.split_once(' '));
    let name = name.map(|(name, _)| name);
    name.is_some() && path.file_name().and_then(|name| name.to_str()) == name
}

fn seal(index: &str, file: &str, digest: &Digest) -> Option<LessSafeKey> {
    let digest = digest.to_string();
    let of_index = Salt::new(HKDF_SHA256, b"address").extract(index.as_bytes());
    let about = [file.as_bytes(), b"\n", digest.as_bytes()];
    let key = of_index.expand(&about, &CHACHA20_POLY1305).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(key)))
}
