//! Simple pages as JSON ([PEP 691](https://peps.python.org/pep-0691/)).
//!
//! One file's odd value is that file's alone: what is not as it should be says nothing, and a file without a name or an address
//! is not offered. Values are taken as text first, and read for the wanted files only.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{digests, size, text, version, yanked};
use super::{Entry, Page};

/// What some servers put before a text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a JSON page (PEP 691) for the files named in `wanted`.
///
/// # Errors
///
/// When the text is not such a page.
pub fn parse(text: &[u8], wanted: &BTreeSet<&str>) -> serde_json::Result<Page> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let text = String::from_utf8_lossy(text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let page = deserializer.deserialize_map(PageVisitor { wanted })?;
    deserializer.end()?;
    Ok(page)
}

/// Reads the version of the API of a page of any shape.
pub fn parse_version(text: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        meta: &'a RawValue,
    }
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let text = String::from_utf8_lossy(text);
    let head: Head<'_> = serde_json::from_str(&text).ok()?;
    version(head.meta)
}

struct PageVisitor<'w> {
    wanted: &'w BTreeSet<&'w str>,
}

impl<'de> Visitor<'de> for PageVisitor<'_> {
    type Value = Page;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a page of files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "files" => map.next_value_seed(Files {
                    wanted: self.wanted,
                    page: &mut page,
                })?,
                "meta" => page.version = version(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(page)
    }
}

struct Files<'w, 'p> {
    wanted: &'w BTreeSet<&'w str>,
    page: &'p mut Page,
}

impl<'de> de::DeserializeSeed<'de> for Files<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Files<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(file) = sequence.next_element::<File<'de>>()? {
            self.page.n_files += 1;
            let name = text(file.filename);
            let name = name.filter(|name| self.wanted.contains(name.as_ref()));
            let entry = name.and_then(|name| file.entry(name.into_owned()));
            self.page.entries.extend(entry);
        }
        Ok(())
    }
}

/// What an entry holds, not yet understood; of a key that stands twice, the last value, as in Python.
struct File<'a> {
    filename: &'a RawValue,
    url: Option<&'a RawValue>,
    hashes: Option<&'a RawValue>,
    size: Option<&'a RawValue>,
    yanked: Option<&'a RawValue>,
    upload_time: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for File<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FileVisitor)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = File<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what a page says of a file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File<'de>, A::Error> {
        let mut filename = None;
        let (mut url, mut hashes, mut size, mut yanked, mut upload_time) =
            (None, None, None, None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let known = match key.as_ref() {
                "filename" => &mut filename,
                "url" => &mut url,
                "hashes" => &mut hashes,
                "size" => &mut size,
                "yanked" => &mut yanked,
                "upload-time" => &mut upload_time,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *known = Some(map.next_value::<&'de RawValue>()?);
        }
        Ok(File {
            filename: filename.ok_or_else(|| de::Error::missing_field("filename"))?,
            url,
            hashes,
            size,
            yanked,
            upload_time,
        })
    }
}

impl File<'_> {
    fn entry(&self, file: String) -> Option<Entry> {
        Some(Entry {
            file,
            address: text(self.url?)?.into_owned(),
            digests: self.hashes.map(digests).unwrap_or_default(),
            n_bytes: self.size.and_then(size),
            yanked: self.yanked.and_then(yanked),
            upload_time: self.upload_time.and_then(text).map(Cow::into_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::simple::support::{SHA, shown, wanted};

    /// Reads the page and prints each entry found: address, number of digests, size, yanked.
    #[track_caller]
    fn json(files: &str, expected: &[&str]) {
        let text = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"a","files":[{files}],"versions":["1"]}}"#
        );
        let page = parse(text.as_bytes(), &wanted()).unwrap();
        assert_eq!(shown(&page), expected);
        assert_eq!(page.version.as_deref(), Some("1.1"));
    }

    #[test]
    fn json_pages_give_the_wanted_files() {
        json("", &[]);
        json(r#"{"filename":"b-1.whl","url":"u","hashes":{}}"#, &[]);
        json(
            r#"{"filename":"a-1.whl","url":"u","hashes":{}}"#,
            &["u 0 - -"],
        );
        json(
            &format!(
                r#"{{"url":"u","size":7,"hashes":{{"md5":"0","sha256":"{SHA}"}},"filename":"a-1.whl","x":[{{}}]}}"#
            ),
            &["u 1 7 -"],
        );
        json(
            r#"{"filename":"a-1.whl","url":"\u0075","hashes":{},"yanked":true}"#,
            &["u 0 - "],
        );
        json(
            r#"{"filename":"a-1.whl","url":"u","hashes":{},"yanked":"why","size":null}"#,
            &["u 0 - why"],
        );
        json(
            r#"{"filename":"a-1.whl","url":"u","hashes":{},"yanked":false}"#,
            &["u 0 - -"],
        );
    }

    #[test]
    fn an_odd_value_is_one_files_alone() {
        let good = r#"{"filename":"torch-1+cpu.whl","url":"t","hashes":{},"size":3}"#;
        let check = |entry: &str, expected: &str| {
            let found = [expected, "t 0 3 -"];
            let found: Vec<&str> = found.into_iter().filter(|one| !one.is_empty()).collect();
            json(&format!("{entry},{good}"), &found);
        };
        let of = |more: &str| format!(r#"{{"filename":"a-1.whl","url":"u",{more}}}"#);
        for hashes in [
            "null",
            "[]",
            "7",
            "\"x\"",
            r#"{"sha256":null}"#,
            r#"{"sha256":[1]}"#,
        ] {
            check(&of(&format!(r#""hashes":{hashes}"#)), "u 0 - -");
        }
        check(
            &of(&format!(r#""hashes":{{"sha384":3,"sha256":"{SHA}"}}"#)),
            "u 1 - -",
        );
        for size in [
            "-1",
            "\"7\"",
            "0",
            "1.5",
            "1e400",
            "99999999999999999999",
            "[7]",
            "{}",
        ] {
            check(&of(&format!(r#""size":{size}"#)), "u 0 - -");
        }
        check(
            &of(r#""size":18446744073709551615"#),
            "u 0 18446744073709551615 -",
        );
        for yanked in ["null", "0", "1", "[\"why\"]", "{\"a\":1}", "1e400"] {
            check(&of(&format!(r#""yanked":{yanked}"#)), "u 0 - -");
        }
        check(&of(r#""yanked":"""#), "u 0 - -");
        check(
            &of(r#""upload-time":[1],"core-metadata":"\ud800","requires-python":7"#),
            "u 0 - -",
        );
        check(&of(r#""size":1,"size":2"#), "u 0 2 -");
        check(r#"{"filename":"a-1.whl","url":null}"#, "");
        check(r#"{"filename":"a-1.whl"}"#, "");
        check(r#"{"filename":null,"url":"u"}"#, "");
        check(r#"{"filename":"\ud800","url":"u"}"#, "");
        check(r#"{"filename":["a-1.whl"],"url":"u"}"#, "");
    }

    #[test]
    fn what_stands_around_the_files_may_be_odd_too() {
        for text in [
            "\u{feff}{\"files\":[FILE]}",
            "{\"meta\":null,\"files\":[FILE]}",
            "{\"meta\":[1],\"name\":null,\"versions\":7,\"files\":[FILE]}",
            "{\"meta\":{\"api-version\":null},\"files\":[FILE]}",
        ] {
            let text = text.replace("FILE", r#"{"filename":"a-1.whl","url":"u"}"#);
            let page = parse(text.as_bytes(), &wanted()).unwrap();
            assert_eq!((shown(&page).len(), page.version), (1, None), "{text}");
        }
        let number = parse(b"{\"meta\":{\"api-version\":2.0}}", &wanted());
        assert_eq!(number.unwrap().version.as_deref(), Some("2.0"));
        let not_utf8 = b"{\"x\":\"\xff\",\"files\":[{\"filename\":\"a-1.whl\",\"url\":\"u\"}]}";
        assert_eq!(parse(not_utf8, &wanted()).unwrap().entries.len(), 1);
    }

    #[test]
    fn broken_json_is_refused() {
        for text in [
            "",
            "[]",
            "{\"files\":{}}",
            "{\"files\":[]",
            "{\"files\":[{}]}",
            "{}x",
            "{\"files\":[1]}",
        ] {
            assert!(parse(text.as_bytes(), &wanted()).is_err(), "{text}");
        }
    }
}
