//! Digests of files, as locks and RECORD files write them, and the hashers that check them.
//!
//! Known are the algorithms of fixed size that Python's hashlib guarantees. A lock may list MD5 or SHA-1, which old private indexes
//! offer: they are weak, prove nothing, and are parsed only by [`Digest::parse_any`], for who allows them.

#[cfg(target_arch = "x86_64")]
mod sha_ni;
#[cfg(target_arch = "x86_64")]
mod together;

use std::{fmt, io};

use sha2::Digest as _;

/// How much is read at once.
const PIECE_BYTES: usize = 256 << 10;

/// Makes one type of the algorithms, and one of their states, from one table.
macro_rules! algorithms {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $n_bytes:literal, $state:ty;)*) => {
        /// A hash algorithm, as hashlib has it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Algorithm {
            $($(#[$doc])* $variant,)*
        }

        impl Algorithm {
            /// Finds the algorithm by the name that hashlib uses, in lower case; weak ones as well.
            fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Returns the name that hashlib uses.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            fn n_bytes(self) -> usize {
                match self {
                    $(Self::$variant => $n_bytes,)*
                }
            }
        }

        /// Computes a [`Digest`] from bytes as they arrive.
        #[derive(Clone, Debug)]
        pub enum Hasher {
            $($(#[$doc])* $variant($state),)*
        }

        impl Hasher {
            /// Starts a hash of nothing.
            pub fn new(algorithm: Algorithm) -> Self {
                match algorithm {
                    $(Algorithm::$variant => Self::$variant(<$state>::new()),)*
                }
            }

            /// Adds `data`.
            pub fn update(&mut self, data: &[u8]) {
                match self {
                    $(Self::$variant(state) => state.update(data),)*
                }
            }

            /// Returns the digest of everything added.
            pub fn finish(self) -> Digest {
                match self {
                    $(Self::$variant(state) => Digest {
                        algorithm: Algorithm::$variant,
                        bytes: state.finalize().to_vec(),
                    },)*
                }
            }
        }
    };
}

algorithms! {
    /// SHA-256, 32 bytes.
    Sha256 = "sha256", 32, sha2::Sha256;
    /// SHA-384, 48 bytes.
    Sha384 = "sha384", 48, sha2::Sha384;
    /// SHA-512, 64 bytes.
    Sha512 = "sha512", 64, sha2::Sha512;
    /// SHA-224, 28 bytes.
    Sha224 = "sha224", 28, sha2::Sha224;
    /// `BLAKE2b`, 64 bytes.
    Blake2b = "blake2b", 64, blake2::Blake2b512;
    /// `BLAKE2s`, 32 bytes.
    Blake2s = "blake2s", 32, blake2::Blake2s256;
    /// SHA3-224, 28 bytes.
    Sha3_224 = "sha3_224", 28, sha3::Sha3_224;
    /// SHA3-256, 32 bytes.
    Sha3_256 = "sha3_256", 32, sha3::Sha3_256;
    /// SHA3-384, 48 bytes.
    Sha3_384 = "sha3_384", 48, sha3::Sha3_384;
    /// SHA3-512, 64 bytes.
    Sha3_512 = "sha3_512", 64, sha3::Sha3_512;
    /// SHA-1, 20 bytes; weak.
    Sha1 = "sha1", 20, sha1::Sha1;
    /// MD5, 16 bytes; weak.
    Md5 = "md5", 16, md5::Md5;
}

impl Algorithm {
    /// Finds the algorithm by the name that hashlib uses, in lower case; `None` for a weak one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::named(name).filter(|algorithm| !algorithm.is_weak())
    }

    /// Tells whether files of the same digest can be made on purpose, so that it proves nothing.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Sha1 | Self::Md5)
    }

    /// Tells whether the [RECORD specification][record] counts on it.
    ///
    /// [record]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    pub fn is_for_record(self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha384 | Self::Sha512)
    }
}

/// The digest of a file: an algorithm and as many bytes as it gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Parses `sha256:<hex>` (or `sha256=<hex>`, as URL fragments have it); `None` for weak and for unknown algorithms and for
    /// hex of the wrong length.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_any(text).filter(|digest| !digest.algorithm.is_weak())
    }

    /// Parses a digest as [`Digest::parse`] does, weak ones as well.
    pub fn parse_any(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once([':', '='])?;
        Self::from_hex(Algorithm::named(name)?, hex)
    }

    /// Parses hexadecimal digits, in lower or upper case; `None` when there are not as many as the algorithm gives.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        if hex.len() != 2 * algorithm.n_bytes() {
            return None;
        }
        Self::from_bytes(algorithm, decode_hex(hex)?)
    }

    /// Takes the raw bytes of a digest; `None` when there are not as many as the algorithm gives.
    pub fn from_bytes(algorithm: Algorithm, bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == algorithm.n_bytes()).then_some(Self { algorithm, bytes })
    }

    /// Hashes `data` at once.
    pub fn of(algorithm: Algorithm, data: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(data);
        hasher.finish()
    }

    /// Returns the algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the raw bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes as lower-case hexadecimal.
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let nibbles = self.bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles
            .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
            .collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm.name(), self.hex())
    }
}

/// Appends the SHA-256 of `text` to it, so that whoever reads it again with [`unsealed`] finds any change.
pub(crate) fn sealed(mut text: String) -> String {
    let digest = Digest::of(Algorithm::Sha256, text.as_bytes());
    text.push('\n');
    text.push_str(&digest.hex());
    text
}

/// Returns the text that was [`sealed`]; `None` when a bit of it, or of its digest, is not as it was.
pub(crate) fn unsealed(sealed: &str) -> Option<&str> {
    let (text, hex) = sealed.rsplit_once('\n')?;
    let digest = Digest::of(Algorithm::Sha256, text.as_bytes());
    (digest.hex() == hex).then_some(text)
}

/// Returns the SHA-256 of each message, in their order; quicker than one after the other where the processor allows it.
pub(crate) fn sha256_of_each(messages: &[&[u8]]) -> Vec<[u8; 32]> {
    #[cfg(target_arch = "x86_64")]
    if let Some(unit) = sha_ni::ShaUnit::find() {
        return together::sha256_of_each(unit, messages);
    }
    let digests = messages.iter().map(sha2::Sha256::digest);
    digests.map(Into::into).collect()
}

/// Hashes what is written through it.
#[derive(Debug)]
pub struct Hashing<W> {
    hasher: Hasher,
    output: W,
    n_bytes: u64,
}

impl<W: io::Write> Hashing<W> {
    /// Hashes by `algorithm` what goes on to `output`.
    pub fn new(algorithm: Algorithm, output: W) -> Self {
        Self {
            hasher: Hasher::new(algorithm),
            output,
            n_bytes: 0,
        }
    }

    /// Writes everything that `source` has, in pieces of 256 KiB.
    ///
    /// # Errors
    ///
    /// What `source` or the output says.
    pub fn copy(&mut self, source: impl io::Read) -> io::Result<u64> {
        io::copy(&mut io::BufReader::with_capacity(PIECE_BYTES, source), self)
    }

    /// Returns the digest of everything written, and its size in bytes.
    pub fn finish(self) -> (Digest, u64) {
        (self.hasher.finish(), self.n_bytes)
    }
}

impl<W: io::Write> io::Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n_written = self.output.write(buffer)?;
        self.hasher.update(&buffer[..n_written]);
        self.n_bytes += n_written as u64;
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Hashes everything that `source` has.
///
/// # Errors
///
/// What `source` says.
pub fn hash(algorithm: Algorithm, source: impl io::Read) -> io::Result<Digest> {
    let mut hashing = Hashing::new(algorithm, io::sink());
    hashing.copy(source)?;
    Ok(hashing.finish().0)
}

fn decode_hex(hex: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn hashing_and_printing_agree_with_the_lock_form() {
        assert_eq!(Digest::of(Algorithm::Sha256, b"").to_string(), EMPTY);
        assert_eq!(
            Digest::parse(EMPTY),
            Some(Digest::of(Algorithm::Sha256, b""))
        );
        assert_eq!(
            Digest::parse(&EMPTY.to_uppercase().replace("SHA", "sha")),
            Digest::parse(EMPTY)
        );
    }

    #[test]
    fn digests_of_many_are_those_of_each() {
        let messages: [&[u8]; 4] = [b"", b"a", &[7; 4000], b"b"];
        let each = messages.map(|message| Digest::of(Algorithm::Sha256, message));
        let many = sha256_of_each(&messages);
        assert!(many.iter().eq(each.iter().map(Digest::bytes)));
    }

    #[test]
    fn what_proves_nothing_does_not_parse() {
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256:e3b0",
            "sha256:zz",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }

    #[test]
    fn algorithms_are_those_of_hashlib() {
        // `hashlib.new(name, b"abc").hexdigest()`, the first bytes.
        for (name, start) in [
            ("sha224", "23097d22"),
            ("sha384", "cb00753f"),
            ("sha512", "ddaf35a1"),
            ("blake2b", "ba80a53f"),
            ("blake2s", "508c5e8c"),
            ("sha3_224", "e642824c"),
            ("sha3_256", "3a985da7"),
            ("sha3_384", "ec01498288"),
            ("sha3_512", "b751850b"),
            ("sha1", "a9993e36"),
            ("md5", "90015098"),
        ] {
            let algorithm = Algorithm::named(name).unwrap();
            let digest = Digest::of(algorithm, b"abc");
            assert!(digest.hex().starts_with(start), "{digest}");
            assert_eq!(digest.bytes().len(), algorithm.n_bytes());
            assert_eq!(Digest::parse_any(&digest.to_string()), Some(digest.clone()));
            let is_strong = !matches!(name, "sha1" | "md5");
            assert_eq!(
                Digest::parse(&digest.to_string()),
                is_strong.then_some(digest)
            );
        }
    }

    #[test]
    fn what_is_hashed_arrives() {
        let text = "x".repeat(PIECE_BYTES + 1);
        let mut output = Vec::new();
        let mut hashing = Hashing::new(Algorithm::Sha256, &mut output);
        hashing.copy(text.as_bytes()).unwrap();
        let (digest, n_bytes) = hashing.finish();
        assert_eq!(digest, Digest::of(Algorithm::Sha256, text.as_bytes()));
        assert_eq!(hash(Algorithm::Sha256, text.as_bytes()).unwrap(), digest);
        assert_eq!((n_bytes, output), (text.len() as u64, text.into_bytes()));
    }

    #[test]
    fn a_seal_breaks_with_any_bit() {
        let sealed = sealed("some\ntext".to_owned());
        assert_eq!(unsealed(&sealed), Some("some\ntext"));
        assert_eq!(unsealed(""), None);
        for bit in 0..sealed.len() * 8 {
            let mut bytes = sealed.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let text = String::from_utf8(bytes).ok();
            assert_eq!(text.as_deref().and_then(unsealed), None, "bit {bit}");
        }
    }
}
