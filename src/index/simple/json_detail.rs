//! Everything that a JSON page says: [PEP 691](https://peps.python.org/pep-0691/), with the additions of PEP 658, 700, 714, 740
//! and 792.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::fields::{core_metadata, digests, other_algorithms, size, text, version, yanked};
use super::json::BYTE_ORDER_MARK;
use super::{Detail, DetailEntry, Entry, ProjectStatus};

/// Reads a JSON page as a whole.
///
/// As for [`parse_json`](super::parse_json), one file's odd value is that file's alone. A file without a name is not offered, and
/// of one without a URL the name alone is kept.
///
/// # Errors
///
/// When the text is not such a page.
pub fn parse(text: &[u8]) -> serde_json::Result<Detail> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let text = String::from_utf8_lossy(text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let detail = deserializer.deserialize_map(DetailVisitor)?;
    deserializer.end()?;
    Ok(detail)
}

struct DetailVisitor;

impl<'de> Visitor<'de> for DetailVisitor {
    type Value = Detail;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a page of files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Detail, A::Error> {
        let mut detail = Detail::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "files" => map.next_value_seed(Files(&mut detail))?,
                "meta" => detail.version = version(map.next_value()?),
                "project-status" => read_status(map.next_value()?, &mut detail),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(detail)
    }
}

/// Reads the files one by one, as each takes more memory before it is understood than in the text.
struct Files<'d>(&'d mut Detail);

impl<'de> de::DeserializeSeed<'de> for Files<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Files<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while !self.0.has_too_many_files() {
            let Some(file) = sequence.next_element::<File<'de>>()? else {
                return Ok(());
            };
            if !file.contains_key("filename") {
                return Err(de::Error::missing_field("filename"));
            }
            match (entry(&file), owned(&file, "filename")) {
                (Some(entry), _) => self.0.entries.push(entry),
                (None, Some(name)) => self.0.without_url.push(name),
                (None, None) => {}
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// What an entry holds, not yet understood; of a key that occurs twice, the last value, as in Python.
type File<'a> = BTreeMap<String, &'a RawValue>;

/// Reads the status of the project, an object by PEP 792.
fn read_status(value: &RawValue, detail: &mut Detail) {
    let value: Value = serde_json::from_str(value.get()).unwrap_or_default();
    if let Some(status) = value.get("status").and_then(Value::as_str) {
        detail.status = ProjectStatus::parse(status);
    }
    let reason = value.get("reason").and_then(Value::as_str);
    detail.status_reason = reason.map(str::to_owned);
}

fn owned(file: &File<'_>, key: &str) -> Option<String> {
    let text = file.get(key).copied().and_then(text);
    text.map(Cow::into_owned)
}

fn entry(file: &File<'_>) -> Option<DetailEntry> {
    let raw = |key: &str| file.get(key).copied();
    let owned = |key: &str| owned(file, key);
    let metadata = raw("core-metadata").or_else(|| raw("dist-info-metadata"));
    Some(DetailEntry {
        entry: Entry {
            file: owned("filename")?,
            address: owned("url")?,
            digests: raw("hashes").map(digests).unwrap_or_default(),
            n_bytes: raw("size").and_then(size),
            yanked: raw("yanked").and_then(yanked),
            upload_time: owned("upload-time"),
        },
        requires_python: owned("requires-python"),
        core_metadata: metadata.and_then(core_metadata),
        provenance: owned("provenance").filter(|provenance| !provenance.is_empty()),
        other_algorithms: raw("hashes").map(other_algorithms).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::simple::CoreMetadata;
    use crate::index::simple::support::SHA;

    #[track_caller]
    fn file(more: &str) -> DetailEntry {
        let text = format!(r#"{{"files":[{{"filename":"a-1.whl","url":"u",{more}}}]}}"#);
        parse(text.as_bytes()).unwrap().entries.remove(0)
    }

    #[test]
    fn everything_that_a_page_says_is_listed() {
        let text = format!(
            r#"{{"meta":{{"api-version":"1.4"}},"name":"a","versions":["1"],
            "project-status":{{"status":"quarantined","reason":"malware"}},
            "files":[{{"filename":"a-1.whl","url":"u","hashes":{{"sha256":"{SHA}","blake2b_256":"00"}},"size":7,
            "requires-python":">=3.8","yanked":"bad","core-metadata":{{"sha256":"{SHA}"}},"dist-info-metadata":false,
            "upload-time":"2026-01-01T00:00:00Z","provenance":"https://a.example/p","x":[{{}}]}},
            {{"filename":"a-2.tar.gz","url":"v"}},{{"filename":"a-3.tar.gz"}}]}}"#
        );
        let detail = parse(text.as_bytes()).unwrap();
        assert_eq!(detail.version.as_deref(), Some("1.4"));
        assert_eq!(detail.status, ProjectStatus::Quarantined);
        assert_eq!(detail.status_reason.as_deref(), Some("malware"));
        let [first, second] = detail.entries.as_slice() else {
            panic!("{:?}", detail.entries);
        };
        assert_eq!(detail.without_url, ["a-3.tar.gz"]);
        let digests = digests(&RawValue::from_string(format!(r#"{{"sha256":"{SHA}"}}"#)).unwrap());
        assert_eq!(first.entry.digests, digests);
        assert_eq!(first.entry.n_bytes, Some(7));
        assert_eq!(first.entry.yanked.as_deref(), Some("bad"));
        assert_eq!(
            first.entry.upload_time.as_deref(),
            Some("2026-01-01T00:00:00Z")
        );
        assert_eq!(first.requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(first.core_metadata, Some(CoreMetadata { digests }));
        assert_eq!(first.provenance.as_deref(), Some("https://a.example/p"));
        assert_eq!(first.other_algorithms, ["blake2b_256"]);
        let expected = DetailEntry {
            entry: Entry {
                file: "a-2.tar.gz".to_owned(),
                address: "v".to_owned(),
                ..Entry::default()
            },
            ..DetailEntry::default()
        };
        assert_eq!(second, &expected);
    }

    #[test]
    fn metadata_of_its_own_may_be_said_in_several_ways() {
        let offered = Some(CoreMetadata::default());
        assert_eq!(file(r#""core-metadata":true"#).core_metadata, offered);
        assert_eq!(file(r#""dist-info-metadata":{}"#).core_metadata, offered);
        for odd in ["false", "null", "7", "\"true\"", "[]"] {
            let file = file(&format!(r#""core-metadata":{odd}"#));
            assert_eq!(file.core_metadata, None, "{odd}");
        }
    }

    #[test]
    fn an_odd_value_is_one_files_alone() {
        for odd in ["null", "7", "[]", "{}", r#""\ud800""#] {
            let file = file(&format!(
                r#""hashes":{odd},"size":[],"requires-python":{odd},"provenance":{odd},"upload-time":{odd}"#
            ));
            assert_eq!(file.entry.file, "a-1.whl");
            assert_eq!((file.requires_python, file.provenance), (None, None));
        }
        let odd_status = parse(br#"{"project-status":["archived"],"files":[]}"#).unwrap();
        assert_eq!(odd_status, Detail::default());
        let new_status = parse(br#"{"project-status":{"status":"frozen"}}"#).unwrap();
        assert_eq!(new_status.status, ProjectStatus::Other("frozen".to_owned()));
    }

    #[test]
    fn what_is_not_a_page_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"files":{}}"#,
            r#"{"files":[{}]}"#,
            "{}x",
            r#"{"files":[1]}"#,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
