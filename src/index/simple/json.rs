//! Simple pages as JSON ([PEP 691](https://peps.python.org/pep-0691/)).
//!
//! One file's odd value is that file's alone: what is not as it should be says nothing, and a file without a name or an address
//! is not offered. Values are taken as text first, and read for the wanted files only.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, Page};
use crate::digest::Digest;

/// What some servers put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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

/// Reads the version, a text by the standard; a number says the same.
fn version(meta: &RawValue) -> Option<String> {
    let meta: serde_json::Value = serde_json::from_str(meta.get()).ok()?;
    match meta.get("api-version")? {
        serde_json::Value::String(version) => Some(version.clone()),
        serde_json::Value::Number(version) => Some(version.to_string()),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => None,
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

fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let text: Text<'_> = serde_json::from_str(value.get()).ok()?;
    Some(text.0)
}

/// Some servers write 0 for what they do not know.
fn size(value: &RawValue) -> Option<u64> {
    let size: u64 = serde_json::from_str(value.get()).ok()?;
    (size > 0).then_some(size)
}

fn yanked(value: &RawValue) -> Option<String> {
    if value.get() == "true" {
        return Some(String::new());
    }
    text(value).map(Cow::into_owned)
}

/// Reads the digests that prove something, of those that are digests at all.
fn digests(hashes: &RawValue) -> Vec<Digest> {
    let hashes: serde_json::Value = serde_json::from_str(hashes.get()).unwrap_or_default();
    let digests = ["sha256", "sha384", "sha512"]
        .into_iter()
        .filter_map(|name| {
            let hex = hashes.get(name)?.as_str()?;
            Digest::parse(&format!("{name}:{}", hex.trim()))
        });
    digests.collect()
}
