//! RECORD: every file of a distribution, with digest and size ([recording installed projects], PEP 376 and 627).
//!
//! The locked digest of the archive proves every byte of a wheel, and the RECORD of an environment is made of what was written. So
//! what a wheel's own RECORD says of a file is compared, and not needed: where it proves nothing or contradicts itself, that is
//! an [`Oddity`], about which users are warned. Refused is what is no RECORD: no CSV of three columns, or a text that is no
//! digest or size. (Paths are checked where a wheel is opened: those of an installed RECORD may well lead up.)
//!
//! Digests are in URL-safe base64; other spellings of the same bytes are told apart by their length and compared as well:
//! hexadecimal, which `uv_build` before 0.8.13 and some `flit` plugins wrote and nobody else objects to, and standard base64.
//!
//! [recording installed projects]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::Error;
use crate::digest::{Algorithm, Digest};

/// What RECORD says of each path.
#[derive(Clone, Debug, Default)]
pub struct Record {
    lines: HashMap<String, RecordEntry>,
    /// The paths in the order of the file.
    order: Vec<String>,
    oddities: Vec<(Oddity, String)>,
}

/// What is not right about a line of RECORD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Its digest is of an algorithm that proves nothing, such as MD5 or SHA-1, or that the specification does not count on.
    WeakDigest,
    /// Its digest is in standard base64.
    DigestSpelling,
    /// Its path is listed before with another digest or size; the first counts.
    Repeated,
}

/// What RECORD says of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordEntry {
    /// The digest, if RECORD has one that proves something; only RECORD itself and its signatures may lack it.
    pub digest: Option<Digest>,
    /// The size in bytes.
    pub n_bytes: Option<u64>,
}

impl Record {
    /// Parses the text of RECORD.
    ///
    /// # Errors
    ///
    /// [`Error::Record`] for what is not CSV of at most three columns, and for texts that are no digest or no size.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        Self::parse_at_most(text, u64::MAX)
    }

    /// Parses the text of a RECORD that may have `n_lines` lines: short ones cost many times their size in memory.
    ///
    /// # Errors
    ///
    /// As [`Record::parse`]; [`Error::Record`] for the first line that is too many, also.
    pub(crate) fn parse_at_most(text: &[u8], n_lines: u64) -> Result<Self, Error> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text);
        let mut record = Self::default();
        let mut line = csv::StringRecord::new();
        let mut number = 0;
        loop {
            number += 1;
            let fail = |fault| Error::Record {
                line: number,
                fault,
            };
            match reader.read_record(&mut line) {
                Ok(true) => {}
                Ok(false) => return Ok(record),
                Err(_) => return Err(fail("is not CSV in UTF-8")),
            }
            if number > n_lines {
                return Err(fail(
                    "is beyond the limit for the number of files in the wheel",
                ));
            }
            let (entry, oddity) = parse_entry(&line).map_err(fail)?;
            let path = line.get(0).unwrap_or_default();
            record.add(path, entry, oddity);
        }
    }

    fn add(&mut self, path: &str, entry: RecordEntry, oddity: Option<Oddity>) {
        let repeated = match self.lines.get(path) {
            None => {
                self.lines.insert(path.to_owned(), entry);
                self.order.push(path.to_owned());
                None
            }
            Some(earlier) => (*earlier != entry).then_some(Oddity::Repeated),
        };
        let oddities = oddity.into_iter().chain(repeated);
        self.oddities
            .extend(oddities.map(|oddity| (oddity, path.to_owned())));
    }

    /// Lists what is not right, each with the path that the line is about.
    pub fn oddities(&self) -> &[(Oddity, String)] {
        &self.oddities
    }

    /// Returns what is said of `path`; `None` when it is not listed.
    pub fn entry(&self, path: &str) -> Option<&RecordEntry> {
        self.lines.get(path)
    }

    /// Returns the paths in the order of the file.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }
}

fn parse_entry(line: &csv::StringRecord) -> Result<(RecordEntry, Option<Oddity>), &'static str> {
    let column = |index| line.get(index).unwrap_or_default();
    if column(0).is_empty() || line.len() > 3 {
        return Err("is not a path, a digest and a size");
    }
    let (digest, oddity) = match column(1) {
        "" => (None, None),
        text => parse_digest(text)?,
    };
    let n_bytes = match column(2) {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| "has a size that is not a number")?,
        ),
    };
    Ok((RecordEntry { digest, n_bytes }, oddity))
}

fn parse_digest(text: &str) -> Result<(Option<Digest>, Option<Oddity>), &'static str> {
    let malformed = "has a malformed digest";
    let (name, encoded) = text.split_once('=').ok_or(malformed)?;
    let algorithm = Algorithm::from_name(name);
    let algorithm = algorithm.or_else(|| Algorithm::from_name(&name.to_ascii_lowercase()));
    let Some(algorithm) = algorithm.filter(|algorithm| algorithm.is_for_record()) else {
        return Ok((None, Some(Oddity::WeakDigest)));
    };
    if let Some(digest) = Digest::from_hex(algorithm, encoded) {
        return Ok((Some(digest), None));
    }
    let encoded = encoded.trim_end_matches('=');
    let (bytes, oddity) = if let Ok(bytes) = URL_SAFE_NO_PAD.decode(encoded) {
        (bytes, None)
    } else {
        let bytes = STANDARD_NO_PAD.decode(encoded).map_err(|_| malformed)?;
        (bytes, Some(Oddity::DigestSpelling))
    };
    let digest = Digest::from_bytes(algorithm, bytes).ok_or(malformed)?;
    Ok((Some(digest), oddity))
}

/// One line of a RECORD that is to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordLine {
    /// The path, relative to the folder that holds `.dist-info`, or absolute.
    pub path: String,
    /// The SHA-256 of the content and its size; RECORD itself has none.
    pub proof: Option<([u8; 32], u64)>,
}

/// Renders RECORD as the CSV module of Python would, with lines in the order given.
pub fn write_record<'a>(lines: impl IntoIterator<Item = &'a RecordLine>) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        write_field(&mut text, &line.path);
        match &line.proof {
            Some((digest, n_bytes)) => {
                text.extend_from_slice(b",sha256=");
                text.extend_from_slice(encode_digest(digest).as_bytes());
                text.push(b',');
                text.extend_from_slice(n_bytes.to_string().as_bytes());
            }
            None => text.extend_from_slice(b",,"),
        }
        text.push(b'\n');
    }
    text
}

/// Encodes a digest as RECORD has it.
pub fn encode_digest(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest)
}

fn write_field(text: &mut Vec<u8>, field: &str) {
    if !field.contains(['"', ',', '\r', '\n']) {
        text.extend_from_slice(field.as_bytes());
        return;
    }
    text.push(b'"');
    text.extend_from_slice(field.replace('"', "\"\"").as_bytes());
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

    #[track_caller]
    fn refuses(text: &str, expected_line: u64) {
        match Record::parse(text.as_bytes()) {
            Err(Error::Record { line, .. }) => assert_eq!(line, expected_line),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_have_a_path_a_digest_and_a_size() {
        let text = format!("a.py,{EMPTY},0\r\n\"b,c.py\",{EMPTY}=,\nx/RECORD,,\n");
        let record = Record::parse(text.as_bytes()).unwrap();
        assert_eq!(
            record.paths().collect::<Vec<_>>(),
            ["a.py", "b,c.py", "x/RECORD"]
        );
        let entry = record.entry("a.py").unwrap();
        assert_eq!(entry.digest, Some(Digest::of(Algorithm::Sha256, b"")));
        assert_eq!(entry.n_bytes, Some(0));
        assert_eq!(record.entry("x/RECORD"), Some(&RecordEntry::default()));
        assert_eq!(record.entry("y"), None);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        refuses("a.py,sha256=47DEQpj8,0\n", 1);
        refuses("a.py,sha256=????,0\n", 1);
        refuses("a.py,47DEQpj8HBSa,0\n", 1);
        refuses("b.py,,\na.py,,many\n", 2);
        refuses(",,\n", 1);
        refuses("a,,,\n", 1);
    }

    #[test]
    fn the_same_digest_in_other_spellings_is_compared() {
        for (algorithm, data) in [
            (Algorithm::Sha256, "a"),
            (Algorithm::Sha384, "b"),
            (Algorithm::Sha512, "c"),
        ] {
            let digest = Digest::of(algorithm, data.as_bytes());
            let (name, hex) = (algorithm.name(), digest.hex());
            let standard = STANDARD_NO_PAD.encode(digest.bytes());
            assert!(standard.contains(['+', '/']), "{standard}");
            for (text, oddity) in [
                (format!("{name}={}", encode_digest(digest.bytes())), None),
                (format!("{name}={hex}"), None),
                (format!("{name}={}", hex.to_uppercase()), None),
                (format!("{}={hex}", name.to_uppercase()), None),
                (format!("{name}={standard}"), Some(Oddity::DigestSpelling)),
                (format!("{name}={standard}=="), Some(Oddity::DigestSpelling)),
            ] {
                let record = Record::parse(format!("a.py,{text},1\n").as_bytes()).unwrap();
                let entry = record.entry("a.py").unwrap();
                assert_eq!(entry.digest.as_ref(), Some(&digest), "{text}");
                let oddities = record.oddities().iter().map(|(oddity, _)| *oddity);
                assert_eq!(oddities.collect::<Vec<_>>(), Vec::from_iter(oddity));
            }
        }
        refuses(&format!("a.py,sha256={},0\n", "0".repeat(63)), 1);
        refuses(&format!("a.py,sha256={},0\n", "0".repeat(96)), 1);
        refuses(&format!("a.py,sha512={},0\n", "0".repeat(64)), 1);
    }

    #[test]
    fn what_proves_nothing_is_odd() {
        let text = format!(
            "a.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0\nb.py,sha1=x,\na.py,{EMPTY},0\na.py,{EMPTY},0\n"
        );
        let record = Record::parse(text.as_bytes()).unwrap();
        let odd = |oddity, path: &str| (oddity, path.to_owned());
        assert_eq!(
            record.oddities(),
            [
                odd(Oddity::WeakDigest, "a.py"),
                odd(Oddity::WeakDigest, "b.py"),
                odd(Oddity::Repeated, "a.py"),
                odd(Oddity::Repeated, "a.py"),
            ]
        );
        assert_eq!(record.entry("a.py").unwrap().digest, None);
    }

    #[test]
    fn written_lines_are_read_back() {
        let lines = [
            RecordLine {
                path: "a,\"b\".py".to_owned(),
                proof: Some(([7; 32], 12)),
            },
            RecordLine {
                path: "RECORD".to_owned(),
                proof: None,
            },
        ];
        let text = write_record(&lines);
        let record = Record::parse(&text).unwrap();
        assert_eq!(record.entry("a,\"b\".py").unwrap().n_bytes, Some(12));
        assert!(text.ends_with(b"\nRECORD,,\n"));
    }
}
