//! What precedes the header of an entry and says more than fits there: GNU's long names, and the [extended headers] of POSIX (pax).
//!
//! [extended headers]: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_01

use super::Error;

/// What was said of the next entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) n_bytes: Option<u64>,
    /// In seconds since 1970.
    pub(super) modified: Option<i64>,
    pub(super) is_sparse: bool,
    is_any: bool,
}

const MALFORMED: Error = Error::Malformed {
    what: "an extended header cannot be read",
};

impl Extended {
    /// Tells whether an entry has to follow.
    pub(super) fn is_any(&self) -> bool {
        self.is_any
    }

    /// Takes the name from the content of an entry of type `L`.
    pub(super) fn read_long_name(&mut self, content: &[u8]) -> Result<(), Error> {
        set(&mut self.path, until_nul(content).to_vec())?;
        self.is_any = true;
        Ok(())
    }

    /// Takes where a link leads from the content of an entry of type `K`.
    pub(super) fn read_long_link(&mut self, content: &[u8]) -> Result<(), Error> {
        set(&mut self.link, until_nul(content).to_vec())?;
        self.is_any = true;
        Ok(())
    }

    /// Takes the records of an extended header.
    pub(super) fn read_records(&mut self, content: &[u8]) -> Result<(), Error> {
        self.is_any = true;
        for record in Records(content) {
            let (key, value) = record?;
            match key {
                b"path" => set(&mut self.path, value.to_vec())?,
                b"linkpath" => set(&mut self.link, value.to_vec())?,
                b"size" => set(&mut self.n_bytes, number(value)?)?,
                b"mtime" => set(&mut self.modified, seconds(value)?)?,
                _ => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}

/// Checks a global extended header, which speaks of all entries that follow: it may hold comments, and times that are
/// as well unknown.
pub(super) fn check_global(content: &[u8]) -> Result<(), Error> {
    for record in Records(content) {
        let (key, _) = record?;
        let is_of_one_entry =
            matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse.");
        if is_of_one_entry {
            return Err(Error::Malformed {
                what: "a global extended header names a file",
            });
        }
    }
    Ok(())
}

/// Records of the form `LENGTH KEY=VALUE\n`, where the length is that of the whole record.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((key, value, rest)) = record(self.0) else {
            self.0 = &[];
            return Some(Err(MALFORMED));
        };
        self.0 = rest;
        Some(Ok((key, value)))
    }
}

fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(&bytes[..space]).ok()?).ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let text = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    Some((&text[..equals], &text[equals + 1..], rest))
}

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Error> {
    if place.replace(value).is_some() {
        return Err(Error::Malformed {
            what: "two extended headers say the same of one entry",
        });
    }
    Ok(())
}

fn number(text: &[u8]) -> Result<u64, Error> {
    let digits = str::from_utf8(text).ok();
    let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or(MALFORMED)
}

/// Whole seconds of a decimal number; the fraction is dropped.
fn seconds(text: &[u8]) -> Result<i64, Error> {
    let text = str::from_utf8(text).map_err(|_| MALFORMED)?;
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole.parse().map_err(|_| MALFORMED)
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(records: &[u8]) -> Result<Extended, Error> {
        let mut extended = Extended::default();
        extended.read_records(records).map(|()| extended)
    }

    #[test]
    fn records_are_taken_by_their_length() {
        let extended = read(b"12 path=a\nb\n22 mtime=1700000000.25\n11 size=12\n").unwrap_err();
        assert!(matches!(extended, Error::Malformed { .. }));
        let extended = read(b"12 path=a\nb\n23 mtime=1700000000.25\n11 size=12\n").unwrap();
        assert_eq!(extended.path.as_deref(), Some(&b"a\nb"[..]));
        assert_eq!(extended.modified, Some(1_700_000_000));
        assert_eq!(extended.n_bytes, Some(12));
    }

    #[test]
    fn records_that_do_not_end_where_they_say_are_refused() {
        for records in [
            &b"12 path=a\n"[..],
            b"10 path=ab\n",
            b"path=a\n",
            b"5 abc\n",
            b"+10 path=a\n",
            b"9 size=x\n",
            b"0 path=a\n",
            b"18446744073709551616 path=a\n",
        ] {
            assert!(read(records).is_err(), "{}", records.escape_ascii());
        }
    }

    #[test]
    fn two_names_of_one_entry_are_refused() {
        assert!(read(b"10 path=a\n10 path=b\n").is_err());
        let mut extended = read(b"10 path=a\n").unwrap();
        assert!(extended.read_long_name(b"b\0").is_err());
    }

    #[test]
    fn sparse_files_are_recognized() {
        assert!(read(b"22 GNU.sparse.major=1\n").unwrap().is_sparse);
    }

    #[test]
    fn a_global_header_names_no_file() {
        assert!(check_global(b"20 comment=abcdefgh\n").is_ok());
        assert!(check_global(b"10 path=a\n").is_err());
    }
}
