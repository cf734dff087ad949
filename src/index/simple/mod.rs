//! Simple pages, as JSON (PEP 691) or HTML (PEP 503), read for the few files that are wanted.
//!
//! Nothing is built of a page but the entries asked for; a page has thousands of files and may have megabytes. See the
//! [simple repository API](https://packaging.python.org/en/latest/specifications/simple-repository-api/).

mod json;

use std::collections::BTreeSet;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use crate::digest::Digest;

/// One file of a page, as the page writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The file's name.
    pub file: String,
    /// Relative to [`Page::base`], or to the page's own address.
    pub address: String,
    /// The digests that the page claims, of those that prove something.
    pub digests: Vec<Digest>,
    /// The size in bytes.
    pub n_bytes: Option<u64>,
    /// Why the file was withdrawn; may be empty.
    pub yanked: Option<String>,
    /// When the file was put there.
    pub upload_time: Option<String>,
}

/// What a page says of the wanted files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The wanted files, in the order of the page; a name may occur twice.
    pub entries: Vec<Entry>,
    /// How many files the page lists, wanted or not.
    pub n_files: usize,
    /// The address that others are relative to, if the page names one.
    pub base: Option<String>,
    /// The version of the API, if the page names one.
    pub version: Option<String>,
}

pub use self::json::parse as parse_json;

/// Reads the anchors of an HTML page. There is no HTML that is refused.
pub fn parse_html(text: &[u8], wanted: &BTreeSet<&str>) -> Page {
    let mut anchors = Anchors {
        wanted,
        page: Page::default(),
        tag: Tag::Other,
        attribute: Attribute::Other,
        anchor: None,
        meta_name: String::new(),
    };
    let emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            anchors.take(&event);
            None
        },
    );
    let Ok(()) = Tokenizer::new_with_emitter(text, emitter).finish();
    anchors.finish_anchor();
    anchors.page
}

struct Anchors<'w> {
    wanted: &'w BTreeSet<&'w str>,
    page: Page,
    tag: Tag,
    attribute: Attribute,
    anchor: Option<Anchor>,
    meta_name: String,
}

#[derive(Default)]
struct Anchor {
    address: Option<String>,
    yanked: Option<String>,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Anchor,
    Base,
    Meta,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Address,
    Yanked,
    Name,
    Content,
    Other,
}

impl Anchors<'_> {
    fn take(&mut self, event: &CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => self.open(name),
            CallbackEvent::AttributeName { name } => self.name_attribute(name),
            CallbackEvent::AttributeValue { value } => {
                self.take_value(&String::from_utf8_lossy(value));
            }
            CallbackEvent::String { value } => {
                if let Some(anchor) = &mut self.anchor {
                    anchor.text.push_str(&String::from_utf8_lossy(value));
                }
            }
            CallbackEvent::EndTag { name } if *name == b"a" => self.finish_anchor(),
            CallbackEvent::CloseStartTag { .. }
            | CallbackEvent::EndTag { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
    }

    fn open(&mut self, name: &[u8]) {
        self.attribute = Attribute::Other;
        self.tag = match name {
            b"a" => Tag::Anchor,
            b"base" => Tag::Base,
            b"meta" => Tag::Meta,
            _ => Tag::Other,
        };
        if self.tag == Tag::Anchor {
            self.finish_anchor();
            self.anchor = Some(Anchor::default());
        }
    }

    fn name_attribute(&mut self, name: &[u8]) {
        self.attribute = match (self.tag, name) {
            (Tag::Anchor | Tag::Base, b"href") => Attribute::Address,
            (Tag::Anchor, b"data-yanked") => Attribute::Yanked,
            (Tag::Meta, b"name") => Attribute::Name,
            (Tag::Meta, b"content") => Attribute::Content,
            _ => Attribute::Other,
        };
        if self.attribute == Attribute::Yanked
            && let Some(anchor) = &mut self.anchor
        {
            anchor.yanked.get_or_insert_default();
        }
    }

    fn take_value(&mut self, value: &str) {
        match (self.tag, self.attribute, &mut self.anchor) {
            (Tag::Anchor, Attribute::Address, Some(anchor)) => {
                anchor
                    .address
                    .get_or_insert_with(|| value.trim().to_owned());
            }
            (Tag::Anchor, Attribute::Yanked, Some(anchor)) => {
                anchor.yanked = Some(value.to_owned());
            }
            (Tag::Base, Attribute::Address, _) => {
                self.page
                    .base
                    .get_or_insert_with(|| value.trim().to_owned());
            }
            (Tag::Meta, Attribute::Name, _) => value.clone_into(&mut self.meta_name),
            (Tag::Meta, Attribute::Content, _)
                if self
                    .meta_name
                    .eq_ignore_ascii_case("pypi:repository-version") =>
            {
                self.page.version = Some(value.to_owned());
            }
            _ => {}
        }
    }

    /// Keeps the anchor if it is of a wanted file. As pip and Poetry do, the name is taken from the address; the text of the anchor,
    /// which PEP 503 wants to be the same, does as well.
    fn finish_anchor(&mut self) {
        let Some(anchor) = self.anchor.take() else {
            return;
        };
        let Some(address) = anchor.address else {
            return;
        };
        self.page.n_files += 1;
        let (path, fragment) = address.split_once('#').unwrap_or((&address, ""));
        let in_address = last_segment(path);
        let names = [in_address.as_str(), anchor.text.trim()];
        let Some(file) = names.into_iter().find(|name| self.wanted.contains(name)) else {
            return;
        };
        self.page.entries.push(Entry {
            file: file.to_owned(),
            digests: fragment.split('&').filter_map(Digest::parse).collect(),
            yanked: anchor.yanked,
            address: address.clone(),
            ..Entry::default()
        });
    }
}

fn last_segment(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    crate::url::percent_decode(path.rsplit('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn wanted() -> BTreeSet<&'static str> {
        BTreeSet::from(["a-1.whl", "torch-1+cpu.whl"])
    }

    /// Reads the page and prints each entry found: address, number of digests, size, yanked.
    #[track_caller]
    fn json(files: &str, expected: &[&str]) {
        let text = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"a","files":[{files}],"versions":["1"]}}"#
        );
        let page = parse_json(text.as_bytes(), &wanted()).unwrap();
        assert_eq!(shown(&page), expected);
        assert_eq!(page.version.as_deref(), Some("1.1"));
    }

    #[track_caller]
    fn html(text: &str, expected: &[&str]) {
        assert_eq!(shown(&parse_html(text.as_bytes(), &wanted())), expected);
    }

    fn shown(page: &Page) -> Vec<String> {
        let entries = page.entries.iter().map(|entry| {
            let size = entry
                .n_bytes
                .map_or("-".to_owned(), |size| size.to_string());
            let yanked = entry.yanked.as_deref().unwrap_or("-");
            format!("{} {} {size} {yanked}", entry.address, entry.digests.len())
        });
        entries.collect()
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
        check(&of(r#""yanked":"""#), "u 0 - ");
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
            let page = parse_json(text.as_bytes(), &wanted()).unwrap();
            assert_eq!((shown(&page).len(), page.version), (1, None), "{text}");
        }
        let number = parse_json(b"{\"meta\":{\"api-version\":2.0}}", &wanted());
        assert_eq!(number.unwrap().version.as_deref(), Some("2.0"));
        let not_utf8 = b"{\"x\":\"\xff\",\"files\":[{\"filename\":\"a-1.whl\",\"url\":\"u\"}]}";
        assert_eq!(parse_json(not_utf8, &wanted()).unwrap().entries.len(), 1);
        html(
            "\u{feff}<a href='x/a-1.whl'>a-1.whl</a>",
            &["x/a-1.whl 0 - -"],
        );
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
            assert!(parse_json(text.as_bytes(), &wanted()).is_err(), "{text}");
        }
    }

    #[test]
    fn html_pages_give_the_wanted_files() {
        html("", &[]);
        html("<a href='x/b-1.whl'>b-1.whl</a>", &[]);
        html("<a href='x/a-1.whl'>a-1.whl</a>", &["x/a-1.whl 0 - -"]);
        html("<A HREF=x/a-1.whl>a", &["x/a-1.whl 0 - -"]);
        html(
            "<a href='x/torch-1%2Bcpu.whl'>t</a>",
            &["x/torch-1%2Bcpu.whl 0 - -"],
        );
        html("<a href='/get/7'>  a-1.whl\n</a>", &["/get/7 0 - -"]);
        html(
            "<a href='x/a-1.whl?a=1&amp;b=2#frag'>t</a>",
            &["x/a-1.whl?a=1&b=2#frag 0 - -"],
        );
        html("<a data-yanked href=a-1.whl>t</a>", &["a-1.whl 0 - "]);
        html(
            "<a data-yanked='bad &lt;x&gt;' href=a-1.whl data-requires-python='&gt;=3'>t</a>",
            &["a-1.whl 0 - bad <x>"],
        );
        html("<a>a-1.whl</a><!-- <a href=a-1.whl></a> -->", &[]);
        html(
            &format!("<a href='a-1.whl#sha256={SHA}'>t</a>"),
            &[&format!("a-1.whl#sha256={SHA} 1 - -")],
        );
        html("<a href=a-1.whl><a href=b-1.whl>", &["a-1.whl 0 - -"]);
    }

    #[test]
    fn html_pages_may_name_base_and_version() {
        let text = "<meta name='pypi:repository-version' content='1.0'><base href='/f/'><base href='/g/'><a href=x>";
        let page = parse_html(text.as_bytes(), &wanted());
        assert_eq!(page.base.as_deref(), Some("/f/"));
        assert_eq!(page.version.as_deref(), Some("1.0"));
        assert_eq!(page.n_files, 1);
    }
}
