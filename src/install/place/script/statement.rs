//! Where a Python script can be added to without a change of meaning: behind the docstring and `from __future__` imports.
//!
//! Statements are found by strings, brackets, comments and line ends alone ([lexical analysis]), in bytes: every encoding
//! that Python reads a script in has them where ASCII has them. What does not end is taken for no such statement.
//!
//! [lexical analysis]: https://docs.python.org/3/reference/lexical_analysis.html

use std::ops::Range;

/// Returns the lines between the last statement that has to come first and the first one that does not: comments and
/// empty lines, or nothing.
pub(super) fn gap(text: &[u8]) -> Range<usize> {
    let mut start = 0;
    loop {
        let next = start + n_bytes_of_comments(&text[start..]);
        let statement = &text[next..];
        let comes_first = begins_with_future(statement)
            || (start == 0 && begins_with_string(without_brackets(statement)));
        match n_bytes_of_statement(statement) {
            Some(n_bytes) if comes_first => start = next + n_bytes,
            _ => return start..next,
        }
    }
}

/// Returns the first empty line in a part of `text`, without its end.
pub(super) fn blank_line(text: &[u8], part: Range<usize>) -> Option<Range<usize>> {
    let mut start = part.start;
    for line in text[part].split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() && line.ends_with(b"\n") {
            let end = start + line.len();
            return Some(start..end - if line.ends_with(b"\r\n") { 2 } else { 1 });
        }
        start += line.len();
    }
    None
}

/// Tells whether the first token is a string that can be a docstring.
pub(super) fn begins_with_string(text: &[u8]) -> bool {
    let is_prefix = |byte: &&u8| matches!(byte, b'r' | b'R' | b'u' | b'U');
    let n_prefix = text.iter().take_while(is_prefix).count();
    n_prefix <= 1 && matches!(text.get(n_prefix), Some(b'"' | b'\''))
}

/// Tells whether the statement that `text` begins with cannot follow another in its line, or there is none.
pub(super) fn is_compound(text: &[u8]) -> bool {
    const KEYWORDS: &[&[u8]] = &[
        b"async", b"class", b"def", b"for", b"if", b"match", b"try", b"while", b"with",
    ];
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let n_letters = text.iter().take_while(is_letter).count();
    matches!(text.first(), None | Some(b'@')) || KEYWORDS.contains(&&text[..n_letters])
}

/// Counts the bytes of the leading lines that are empty or comments, to Python and to a shell.
pub(super) fn n_bytes_of_shell_comments(text: &[u8]) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let is_comment =
        |line: &&[u8]| is_blank_or_comment(line) && !line.contains(&b'\r') && !line.contains(&0x0c);
    lines.take_while(is_comment).map(<[u8]>::len).sum()
}

fn n_bytes_of_comments(text: &[u8]) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines
        .take_while(|line| is_blank_or_comment(line))
        .map(<[u8]>::len)
        .sum()
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

/// A docstring may stand in brackets.
fn without_brackets(statement: &[u8]) -> &[u8] {
    let is_before = |byte: &u8| *byte == b'(' || byte.is_ascii_whitespace();
    let n_bytes = statement.iter().take_while(|byte| is_before(byte));
    if statement.starts_with(b"(") {
        &statement[n_bytes.count()..]
    } else {
        statement
    }
}

fn begins_with_future(statement: &[u8]) -> bool {
    let Some(rest) = statement.strip_prefix(b"from") else {
        return false;
    };
    let name = rest.trim_ascii_start();
    name.len() < rest.len() && name.starts_with(b"__future__")
}

/// Counts the bytes up to the end of the first logical line, `None` when it has none.
fn n_bytes_of_statement(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' if depth == 0 => return Some(at + 1),
            b'#' => at += memchr::memchr(b'\n', &text[at..]).unwrap_or(text.len() - at),
            b'"' | b'\'' => at += n_bytes_of_string(&text[at..])?,
            b'\\' if text[at + 1..].starts_with(b"\r\n") => at += 3,
            b'\\' => at += 2,
            b'(' | b'[' | b'{' => (at, depth) = (at + 1, depth + 1),
            b')' | b']' | b'}' => (at, depth) = (at + 1, depth.checked_sub(1)?),
            _ => at += 1,
        }
    }
    (depth == 0 && !text.is_empty()).then_some(text.len())
}

/// Counts the bytes of the string that `text` begins with, without its prefix; `None` when it does not end.
fn n_bytes_of_string(text: &[u8]) -> Option<usize> {
    let quote = *text.first()?;
    let is_triple = text.starts_with(&[quote; 3]);
    let end: &[u8] = if is_triple { &[quote; 3] } else { &[quote] };
    let mut at = end.len();
    loop {
        match *text.get(at)? {
            b'\\' => at += 2,
            b'\n' if !is_triple => return None,
            _ if text[at..].starts_with(end) => return Some(at + end.len()),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` is where the start of a script would go: the end of what has to come first.
    #[track_caller]
    fn splits(marked: &str) {
        let text = marked.replacen('|', "", 1);
        let expected = marked.find('|').unwrap();
        assert_eq!(gap(text.as_bytes()).start, expected, "{marked}");
    }

    #[test]
    fn docstrings_and_imports_from_the_future_come_first() {
        splits("|");
        splits("|import sys\n");
        splits("|# comment\n\nimport sys\n");
        splits("\"\"\"Doc.\n\nMore 'and' \\\"\"\" more.\"\"\"\n|import sys\n");
        splits("# comment\n'Doc'  # why\n\nfrom __future__ import a\n|x = 1\n");
        splits("r'Doc\\' still'\n|'no docstring'\n");
        splits(
            "from __future__ import (\n    a,  # (\n    b,\n)\n\nfrom  __future__ import c\n|\nimport x\n",
        );
        splits("'one' \\\n'two'\nfrom __future__ import a; import sys\n|x = 1\n");
        splits("(\n 'Doc'\n 'more'\n)\nfrom __future__ import a\n|x\n");
        splits("'Doc'\r\n|import x\r\n");
        splits("'Doc' \\\r\n'more'\r\n|import x\r\n");
        splits("from __future__ import a|");
        splits("''\n|x = ''\n");
        splits("'''a''' 'b' '''c\n'''\n|x\n");
    }

    #[test]
    fn what_only_looks_like_it_does_not() {
        splits("|b'bytes'\nfrom __future__ import a\n");
        splits("|f'text'\n");
        splits(
            "|from __futures__ import a\n"
                .replace("__futures__", "future")
                .as_str(),
        );
        splits("|\"\"\"never ends\n");
        splits("|'never ends\n'\n");
        splits("|(never ends\n");
        splits("|)\n");
        splits("|import sys\n'Doc'\nfrom __future__ import a\n");
        splits("|'ends in a backslash\\");
    }

    #[test]
    fn the_first_empty_line_is_found() {
        let blank = |text: &str| blank_line(text.as_bytes(), 0..text.len());
        assert_eq!(blank("# a\n\n\n"), Some(4..4));
        assert_eq!(blank("# a\r\n \r\n"), Some(5..6));
        assert_eq!(blank("# a\n"), None);
        assert_eq!(blank("  "), None);
    }
}
