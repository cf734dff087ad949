//! The RECORD of what is installed already, whoever wrote it: what it says of a file is kept as it is written.
//!
//! [`Record`](crate::wheel::Record) is strict, for it proves what comes out of a wheel. Here the paths alone matter: what
//! pip can remove must not stay because of a digest that nobody asks for.

use crate::wheel;

/// One line: a file and what is said of it. Ordered by path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// The path as it is written, relative to the folder that holds the `.dist-info`.
    pub(crate) path: String,
    /// The digest, such as `sha256=…`; may be empty.
    pub(crate) digest: String,
    /// The size; may be empty.
    pub(crate) n_bytes: String,
}

/// Reads the lines of a RECORD.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Line>, wheel::Error> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wheel::Error::Record {
            line: error.position().map_or(0, csv::Position::line),
            fault: "is not CSV in UTF-8",
        })?;
        let column = |index| record.get(index).unwrap_or_default().to_owned();
        lines.push(Line {
            path: column(0),
            digest: column(1),
            n_bytes: column(2),
        });
    }
    lines.retain(|line| !line.path.is_empty());
    Ok(lines)
}

/// Renders `lines`, sorted, as RECORD is written for a new distribution.
pub(crate) fn render(mut lines: Vec<Line>) -> Vec<u8> {
    lines.sort_unstable();
    let mut text = Vec::new();
    for line in &lines {
        let fields = [&line.path, &line.digest, &line.n_bytes];
        let fields = fields.map(|field| quoted(field));
        text.extend_from_slice(fields.join(",").as_bytes());
        text.push(b'\n');
    }
    text
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_sorted_and_as_they_were_written() {
        let text = b"b,md5=0,many\r\n\"a,\"\"c\"\"\",,\nd\n,,\n";
        let lines = parse(text).unwrap();
        assert_eq!(lines.len(), 3);
        let rendered = String::from_utf8(render(lines)).unwrap();
        assert_eq!(rendered, "\"a,\"\"c\"\"\",,\nb,md5=0,many\nd,,\n");
    }

    #[test]
    fn what_is_not_text_is_refused() {
        assert!(parse(b"a,,\n\xff,,\n").is_err());
    }
}
