//! Simple pages as HTML ([PEP 503](https://peps.python.org/pep-0503/)).
//!
//! There is no HTML that is refused.

use std::collections::BTreeSet;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::{CoreMetadata, Detail, DetailEntry, Entry, Page, ProjectStatus};
use crate::digest::Digest;

/// The ends of file names of distributions, of every kind that there was.
const FILE_ENDINGS: &[&str] = &[
    ".whl", ".gz", ".zip", ".bz2", ".tgz", ".egg", ".exe", ".xz", ".msi", ".rpm", ".dmg", ".deb",
];

/// Reads the anchors of the files named in `wanted`.
pub fn parse(text: &[u8], wanted: &BTreeSet<&str>) -> Page {
    let mut page = Page::default();
    let head = read(text, Attributes::Few, |anchor, address| {
        page.n_files += 1;
        page.entries.extend(anchor.wanted_entry(address, wanted));
    });
    page.base = head.base;
    page.version = head.version;
    page
}

/// Reads all anchors, with everything that they say.
pub fn parse_detail(text: &[u8]) -> Detail {
    let mut detail = Detail::default();
    let head = read(text, Attributes::All, |anchor, address| {
        if !detail.has_too_many_files() {
            detail.entries.push(anchor.detail_entry(address));
        }
    });
    Detail {
        base: head.base,
        version: head.version,
        status: head.status.unwrap_or_default(),
        status_reason: head.status_reason,
        ..detail
    }
}

/// Reads a page, and hands over each anchor that has an address.
fn read(text: &[u8], attributes: Attributes, take: impl FnMut(Anchor, String)) -> Head {
    let mut reader = AnchorReader {
        attributes,
        take,
        head: Head::default(),
        tag: Tag::Other,
        attribute: Attribute::Other,
        anchor: None,
        meta_name: String::new(),
    };
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            reader.take(&event);
            None
        },
    );
    // What is in a script, title or text area is text.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(text, emitter).finish();
    reader.finish_anchor();
    reader.head
}

/// Which attributes of an anchor are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attributes {
    Few,
    All,
}

struct AnchorReader<T> {
    attributes: Attributes,
    take: T,
    head: Head,
    tag: Tag,
    attribute: Attribute,
    anchor: Option<Anchor>,
    meta_name: String,
}

/// What a page says of itself.
#[derive(Default)]
struct Head {
    base: Option<String>,
    version: Option<String>,
    status: Option<ProjectStatus>,
    status_reason: Option<String>,
}

#[derive(Default)]
struct Anchor {
    address: Option<String>,
    yanked: Option<String>,
    text: String,
    requires_python: Option<String>,
    core_metadata: Option<String>,
    /// The name that [`Anchor::core_metadata`] had before PEP 714.
    dist_info_metadata: Option<String>,
    provenance: Option<String>,
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
    RequiresPython,
    CoreMetadata,
    DistInfoMetadata,
    Provenance,
    Name,
    Content,
    Other,
}

impl<T: FnMut(Anchor, String)> AnchorReader<T> {
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
            (Tag::Anchor, name) if self.attributes == Attributes::All => detail_attribute(name),
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
        match (self.tag, &mut self.anchor) {
            (Tag::Anchor, Some(anchor)) => anchor.take(self.attribute, value),
            (Tag::Base, _) if self.attribute == Attribute::Address => {
                self.head
                    .base
                    .get_or_insert_with(|| value.trim().to_owned());
            }
            (Tag::Meta, _) if self.attribute == Attribute::Name => {
                value.to_ascii_lowercase().clone_into(&mut self.meta_name);
            }
            (Tag::Meta, _) if self.attribute == Attribute::Content => {
                self.head.take(&self.meta_name, value);
            }
            _ => {}
        }
    }

    fn finish_anchor(&mut self) {
        let Some(mut anchor) = self.anchor.take() else {
            return;
        };
        if let Some(address) = anchor.address.take() {
            (self.take)(anchor, address);
        }
    }
}

fn detail_attribute(name: &[u8]) -> Attribute {
    match name {
        b"data-requires-python" => Attribute::RequiresPython,
        b"data-core-metadata" => Attribute::CoreMetadata,
        b"data-dist-info-metadata" => Attribute::DistInfoMetadata,
        b"data-provenance" => Attribute::Provenance,
        _ => Attribute::Other,
    }
}

impl Head {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "pypi:repository-version" => self.version = Some(value.to_owned()),
            "pypi:project-status" => self.status = Some(ProjectStatus::parse(value)),
            "pypi:project-status-reason" => self.status_reason = Some(value.to_owned()),
            _ => {}
        }
    }
}

impl Anchor {
    fn take(&mut self, attribute: Attribute, value: &str) {
        match attribute {
            Attribute::Address => {
                self.address.get_or_insert_with(|| value.trim().to_owned());
            }
            Attribute::Yanked => self.yanked = Some(value.to_owned()),
            Attribute::RequiresPython => self.requires_python = Some(value.to_owned()),
            Attribute::CoreMetadata => self.core_metadata = Some(value.to_owned()),
            Attribute::DistInfoMetadata => self.dist_info_metadata = Some(value.to_owned()),
            Attribute::Provenance => self.provenance = Some(value.trim().to_owned()),
            Attribute::Name | Attribute::Content | Attribute::Other => {}
        }
    }

    /// Returns the entry if it is of a wanted file. As pip and Poetry do, the name is taken from the address; the text of the
    /// anchor, which PEP 503 wants to be the same, does as well.
    fn wanted_entry(self, address: String, wanted: &BTreeSet<&str>) -> Option<Entry> {
        let in_address = name_in(&address);
        let names = [in_address.as_str(), self.text.trim()];
        let file = names.into_iter().find(|name| wanted.contains(name))?;
        Some(Entry {
            file: file.to_owned(),
            digests: digests(fragment(&address)),
            yanked: self.yanked,
            address,
            ..Entry::default()
        })
    }

    fn detail_entry(self, address: String) -> DetailEntry {
        let in_address = name_in(&address);
        let text = self.text.trim();
        let is_file = |name: &str| FILE_ENDINGS.iter().any(|ending| name.ends_with(ending));
        let file = if !is_file(&in_address) && is_file(text) {
            text.to_owned()
        } else {
            in_address
        };
        let core_metadata = self.core_metadata.or(self.dist_info_metadata);
        DetailEntry {
            requires_python: self.requires_python,
            core_metadata: core_metadata.as_deref().and_then(core_metadata_of),
            provenance: self.provenance.filter(|provenance| !provenance.is_empty()),
            other_algorithms: other_algorithms(fragment(&address)),
            entry: Entry {
                file,
                digests: digests(fragment(&address)),
                yanked: self.yanked,
                address,
                ..Entry::default()
            },
        }
    }
}

/// Reads `true`, `sha256=...`, or nothing that counts.
fn core_metadata_of(value: &str) -> Option<CoreMetadata> {
    let is_offered = !value.trim().is_empty() && value != "false";
    is_offered.then(|| CoreMetadata {
        digests: digests(value),
    })
}

fn fragment(address: &str) -> &str {
    address.split_once('#').map_or("", |(_, fragment)| fragment)
}

fn digests(fragment: &str) -> Vec<Digest> {
    fragment.split('&').filter_map(Digest::parse).collect()
}

/// Names the algorithms of what looks like a digest and is none of [`digests`].
fn other_algorithms(fragment: &str) -> Vec<String> {
    let others = fragment
        .split('&')
        .filter(|part| Digest::parse(part).is_none());
    let named = others.filter_map(|part| {
        let (name, hex) = part.split_once('=')?;
        let is_hex = hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| name.to_owned())
    });
    named.collect()
}

/// Returns the last segment of the path of an address, decoded.
fn name_in(address: &str) -> String {
    let path = address.split(['#', '?']).next().unwrap_or_default();
    crate::url::percent_decode(path.rsplit('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::simple::support::{SHA, shown, wanted};

    #[track_caller]
    fn html(text: &str, expected: &[&str]) {
        assert_eq!(shown(&parse(text.as_bytes(), &wanted())), expected);
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
        let page = parse(text.as_bytes(), &wanted());
        assert_eq!(page.base.as_deref(), Some("/f/"));
        assert_eq!(page.version.as_deref(), Some("1.0"));
        assert_eq!(page.n_files, 1);
    }

    #[test]
    fn anchors_in_texts_are_text() {
        for tag in ["script", "style", "title", "textarea"] {
            html(
                &format!(
                    "<{tag}><a href='y/a-1.whl'>a-1.whl</a></{tag}><a href='x/a-1.whl'>a-1.whl</a>"
                ),
                &["x/a-1.whl 0 - -"],
            );
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        html(
            "\u{feff}<a href='x/a-1.whl'>a-1.whl</a>",
            &["x/a-1.whl 0 - -"],
        );
    }

    #[test]
    fn everything_that_an_anchor_says_is_listed() {
        let text = format!(
            "<meta name='pypi:project-status' content='archived'>\
             <META NAME='pypi:Project-Status-Reason' content='no time'>\
             <a href='x/a-1.whl#sha256={SHA}' data-requires-python='&gt;=3.8' data-yanked='bad' \
             data-dist-info-metadata='sha256=00' data-core-metadata='sha256={SHA}' \
             data-provenance='https://a.example/p'>a-1.whl</a>\
             <a href='/get/7#md5=d41d8cd98f00b204e9800998ecf8427e' data-core-metadata='true'>b-2.tar.gz</a>\
             <a href='c-3.zip' data-dist-info-metadata=false>c</a><a>none</a>"
        );
        let detail = parse_detail(text.as_bytes());
        assert_eq!(detail.status, ProjectStatus::Archived);
        assert_eq!(detail.status_reason.as_deref(), Some("no time"));
        let digest = Digest::parse(&format!("sha256={SHA}")).unwrap();
        let [first, second, third] = detail.entries.as_slice() else {
            panic!("{:?}", detail.entries);
        };
        assert_eq!(first.entry.file, "a-1.whl");
        assert_eq!(first.entry.digests, std::slice::from_ref(&digest));
        assert_eq!(first.entry.yanked.as_deref(), Some("bad"));
        assert_eq!(first.requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(first.provenance.as_deref(), Some("https://a.example/p"));
        let digests = vec![digest];
        assert_eq!(first.core_metadata, Some(CoreMetadata { digests }));
        assert_eq!(second.entry.file, "b-2.tar.gz");
        assert_eq!(
            second.entry.address,
            "/get/7#md5=d41d8cd98f00b204e9800998ecf8427e"
        );
        assert_eq!(second.core_metadata, Some(CoreMetadata::default()));
        assert_eq!(
            (second.entry.digests.len(), &*second.other_algorithms),
            (0, &["md5".to_owned()][..])
        );
        assert_eq!(
            (&*third.entry.file, &third.core_metadata),
            ("c-3.zip", &None)
        );
    }
}
