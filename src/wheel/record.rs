//! RECORD: every file of a distribution, with digest and size ([recording installed projects], PEP 376 and 627).
//!
//! [recording installed projects]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Error;
use crate::digest::{Algorithm, Digest};

/// What RECORD says of each path.
#[derive(Clone, Debug, Default)]
pub struct Record {
    lines: HashMap<String, Proof>,
    /// The paths in the order of the file.
    order: Vec<String>,
}

/// What RECORD says of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The digest, which only RECORD itself and its signatures may lack.
    pub digest: Option<Digest>,
    /// The size in bytes.
    pub n_bytes: Option<u64>,
}

impl Record {
    /// Parses the text of RECORD.
    ///
    /// # Errors
    ///
    /// [`Error::Record`] for what is not CSV of at most three columns, for digests that are malformed or weaker than
    /// SHA-256, and for a path that is listed twice in different ways.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
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
            let proof = parse_proof(&line).map_err(fail)?;
            let path = line.get(0).unwrap_or_default();
            match record.lines.get(path) {
                None => {
                    record.lines.insert(path.to_owned(), proof);
                    record.order.push(path.to_owned());
                }
                Some(earlier) if *earlier == proof => {}
                Some(_) => return Err(fail("lists a path again, with another digest or size")),
            }
        }
    }

    /// Returns what is said of `path`; `None` when it is not listed.
    pub fn proof(&self, path: &str) -> Option<&Proof> {
        self.lines.get(path)
    }

    /// Returns the paths in the order of the file.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }
}

fn parse_proof(line: &csv::StringRecord) -> Result<Proof, &'static str> {
    let column = |index| line.get(index).unwrap_or_default();
    if column(0).is_empty() || line.len() > 3 {
        return Err("is not a path, a digest and a size");
    }
    let digest = match column(1) {
        "" => None,
        text => Some(parse_digest(text)?),
    };
    let n_bytes = match column(2) {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| "has a size that is not a number")?,
        ),
    };
    Ok(Proof { digest, n_bytes })
}

fn parse_digest(text: &str) -> Result<Digest, &'static str> {
    let malformed = "has a malformed digest";
    let (name, encoded) = text.split_once('=').ok_or(malformed)?;
    let algorithm =
        Algorithm::from_name(name).ok_or("has a digest that is not sha256, sha384 or sha512")?;
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded.trim_end_matches('='))
        .map_err(|_| malformed)?;
    Digest::from_bytes(algorithm, bytes).ok_or(malformed)
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
        let proof = record.proof("a.py").unwrap();
        assert_eq!(proof.digest, Some(Digest::of(Algorithm::Sha256, b"")));
        assert_eq!(proof.n_bytes, Some(0));
        assert_eq!(record.proof("x/RECORD"), Some(&Proof::default()));
        assert_eq!(record.proof("y"), None);
    }

    #[test]
    fn what_cannot_be_proven_is_refused() {
        refuses("a.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0\n", 1);
        refuses("a.py,sha256=47DEQpj8,0\n", 1);
        refuses("a.py,sha256=????,0\n", 1);
        refuses("a.py,47DEQpj8HBSa,0\n", 1);
        refuses("b.py,,\na.py,,many\n", 2);
        refuses("a.py,,1\na.py,,2\n", 2);
        refuses(",,\n", 1);
        refuses("a,,,\n", 1);
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
        assert_eq!(record.proof("a,\"b\".py").unwrap().n_bytes, Some(12));
        assert!(text.ends_with(b"\nRECORD,,\n"));
    }
}
