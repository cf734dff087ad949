//! Reading a version, step by step as the pattern of PEP 440 does.

use super::segments::{Phase, Segments};

/// Tells whether a version written so prints so: it is numbers without needless zeros, as nearly all are.
pub(super) fn is_normal_release(written: &str) -> bool {
    let is_normal = |number: &[u8]| match number {
        [b'0', _, ..] | [] => false,
        [_, ..] => number.iter().all(u8::is_ascii_digit),
    };
    written
        .as_bytes()
        .split(|byte| *byte == b'.')
        .all(is_normal)
}

/// Reads the longest version at the start of `text`, step by step as the [pattern of PEP 440][pattern] does.
///
/// [pattern]: https://packaging.python.org/en/latest/specifications/version-specifiers/#appendix-parsing-version-strings-with-regular-expressions
pub(super) fn parse_prefix(text: &str) -> Option<(Segments, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let mut segments = Segments::default();
    cursor.take(|byte| matches!(byte, b'v' | b'V'));
    let mut first = cursor.number()??;
    if cursor.take(|byte| byte == b'!') {
        segments.epoch = first;
        first = cursor.number()??;
    }
    segments.release.push(first);
    while cursor.peek(0) == Some(b'.') && cursor.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.at += 1;
        segments.release.push(cursor.number()??);
    }
    segments.pre = cursor.pre()?;
    segments.post = cursor.post()?;
    segments.dev = cursor.labelled(&["dev"])?.map(|(_, number)| number);
    segments.local = cursor.local();
    Some((segments, cursor.at))
}

struct Cursor<'a> {
    pub(super) text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.peek(0).is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    /// Reads digits: `None` if they make too large a number, `Some(None)` if there are none.
    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    pub(super) fn number(&mut self) -> Option<Option<u64>> {
        let start = self.at;
        while self.take(|byte| byte.is_ascii_digit()) {}
        if start == self.at {
            return Some(None);
        }
        self.text[start..self.at].parse().ok().map(Some)
    }

    /// Reads a separator, one of `labels`, a separator and a number. The first label that fits is taken.
    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    fn labelled(&mut self, labels: &[&'static str]) -> Option<Option<(&'static str, u64)>> {
        let start = self.at;
        self.take(is_separator);
        let rest = &self.text.as_bytes()[self.at..];
        let label = labels.iter().find(|label| {
            rest.get(..label.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(label.as_bytes()))
        });
        let Some(label) = label else {
            self.at = start;
            return Some(None);
        };
        self.at += label.len();
        self.take(is_separator);
        let number = self.number()?.unwrap_or(0);
        Some(Some((label, number)))
    }

    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    pub(super) fn pre(&mut self) -> Option<Option<(Phase, u64)>> {
        let labels = ["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"];
        let pre = self.labelled(&labels)?;
        Some(pre.map(|(label, number)| match label.as_bytes()[0] {
            b'a' => (Phase::Alpha, number),
            b'b' => (Phase::Beta, number),
            _ => (Phase::Candidate, number),
        }))
    }

    #[expect(
        clippy::option_option,
        reason = "absent and too large are different answers"
    )]
    pub(super) fn post(&mut self) -> Option<Option<u64>> {
        if self.peek(0) == Some(b'-') && self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            return self.number();
        }
        let post = self.labelled(&["post", "rev", "r"])?;
        Some(post.map(|(_, number)| number))
    }

    pub(super) fn local(&mut self) -> Option<Vec<Box<str>>> {
        if self.peek(0) != Some(b'+')
            || !self
                .peek(1)
                .is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        let mut segments = Vec::new();
        loop {
            let start = self.at + 1;
            self.at = start;
            while self.take(|byte| byte.is_ascii_alphanumeric()) {}
            segments.push(self.text[start..self.at].to_ascii_lowercase().into());
            let has_more = self.peek(0).is_some_and(is_separator)
                && self
                    .peek(1)
                    .is_some_and(|byte| byte.is_ascii_alphanumeric());
            if !has_more {
                return Some(segments);
            }
        }
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
}
