//! Files of patterns: their lines ([gitignore]) and how one line matches a path (git's wildmatch).
//!
//! [gitignore]: https://git-scm.com/docs/gitignore#_pattern_format

use std::io;
use std::path::Path;

use super::{Kind, read_if_present};

/// The patterns of one file, in its order.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<Pattern>);

impl Patterns {
    /// Reads the file at `path`; none is an empty one.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::parse(&read_if_present(path)?))
    }

    fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let lines = bytes.split(|byte| *byte == b'\n');
        Self(lines.filter_map(Pattern::parse).collect())
    }

    /// Says whether the path (relative to the folder that the patterns count from) is ignored (`true`) or taken back
    /// (`false`); the last pattern that matches says it.
    pub(super) fn decide(&self, path: &[u8], kind: Kind) -> Option<bool> {
        let mut patterns = self.0.iter().rev();
        let pattern = patterns.find(|pattern| pattern.matches(path, kind))?;
        Some(!pattern.is_negated)
    }
}

#[derive(Debug)]
struct Pattern {
    is_negated: bool,
    is_for_folders: bool,
    /// Without a `/` in its middle or front a pattern is about the last name of a path.
    is_about_names: bool,
    tokens: Vec<Token>,
}

impl Pattern {
    fn parse(line: &[u8]) -> Option<Self> {
        if line.is_empty() || line.starts_with(b"#") {
            return None;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = without_trailing_spaces(line);
        let (is_negated, line) = strip(line, line.strip_prefix(b"!"));
        let (is_for_folders, line) = strip(line, line.strip_suffix(b"/"));
        let is_about_names = !line.contains(&b'/');
        let line = line.strip_prefix(b"/").unwrap_or(line);
        Some(Self {
            is_negated,
            is_for_folders,
            is_about_names,
            tokens: tokens(line)?,
        })
    }

    fn matches(&self, path: &[u8], kind: Kind) -> bool {
        if self.is_for_folders && kind == Kind::File {
            return false;
        }
        let start = match memchr::memrchr(b'/', path) {
            Some(slash) if self.is_about_names => slash + 1,
            _ => 0,
        };
        matches(&self.tokens, &path[start..])
    }
}

fn strip<'a>(line: &'a [u8], stripped: Option<&'a [u8]>) -> (bool, &'a [u8]) {
    (stripped.is_some(), stripped.unwrap_or(line))
}

/// Drops spaces from the end, but for one that a backslash quotes.
fn without_trailing_spaces(line: &[u8]) -> &[u8] {
    let mut end = 0;
    let mut at = 0;
    while at < line.len() {
        let n_bytes = if line[at] == b'\\' { 2 } else { 1 };
        if line[at] != b' ' {
            end = (at + n_bytes).min(line.len());
        }
        at += n_bytes;
    }
    &line[..end]
}

#[derive(Clone, Debug)]
enum Token {
    Byte(u8),
    /// `?`: one byte of a name.
    AnyByte,
    /// `*`: any part of a name.
    AnyPart,
    /// `**` between slashes: anything.
    Anything,
    /// Begins `**/`, any number of folders: the two tokens that follow, [`Token::Anything`] and `/`, are there or are not.
    Folders,
    /// `[…]`: one byte of a name.
    Set {
        is_negated: bool,
        ranges: Vec<(u8, u8)>,
    },
}

impl Token {
    fn accepts(&self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::AnyByte | Self::AnyPart => byte != b'/',
            Self::Anything => true,
            Self::Folders => false,
            Self::Set { is_negated, ranges } => {
                let is_in = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&byte));
                byte != b'/' && is_in != *is_negated
            }
        }
    }
}

/// Reads a pattern; `None` for one that git never matches: a set that nothing closes, a backslash with nothing after it.
fn tokens(pattern: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'\\' => {
                tokens.push(Token::Byte(*pattern.get(at + 1)?));
                at += 2;
            }
            b'?' => {
                tokens.push(Token::AnyByte);
                at += 1;
            }
            b'*' => at = stars(pattern, at, &mut tokens),
            b'[' => {
                let (set, end) = set(pattern, at + 1)?;
                tokens.push(set);
                at = end;
            }
            byte => {
                tokens.push(Token::Byte(*byte));
                at += 1;
            }
        }
    }
    Some(tokens)
}

/// Reads the stars at `start` and returns where the pattern goes on.
fn stars(pattern: &[u8], start: usize, tokens: &mut Vec<Token>) -> usize {
    let n_stars = pattern[start..]
        .iter()
        .take_while(|byte| **byte == b'*')
        .count();
    let end = start + n_stars;
    // In git `**` also counts as such after text without wildcards: `foo**/bar` matches `foo/x/bar` and `foobar`.
    let is_first = memchr::memchr3(b'?', b'[', b'\\', &pattern[..start]).is_none()
        && memchr::memchr(b'*', &pattern[..start]).is_none();
    let is_double = n_stars >= 2 && (is_first || pattern[start - 1] == b'/');
    match pattern.get(end) {
        Some(b'/') if is_double => {
            tokens.extend([Token::Folders, Token::Anything, Token::Byte(b'/')]);
            return end + 1;
        }
        None if is_double => tokens.push(Token::Anything),
        _ => tokens.push(Token::AnyPart),
    }
    end
}

/// Reads the set whose first byte is at `start`, and returns where the pattern goes on.
fn set(pattern: &[u8], start: usize) -> Option<(Token, usize)> {
    let is_negated = matches!(pattern.get(start)?, b'!' | b'^');
    let mut at = start + usize::from(is_negated);
    let first = at;
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    let mut previous = None;
    loop {
        let byte = *pattern.get(at)?;
        if byte == b']' && at > first {
            return Some((Token::Set { is_negated, ranges }, at + 1));
        }
        let is_range = byte == b'-' && pattern.get(at + 1) != Some(&b']');
        if let (true, Some(low)) = (is_range, previous) {
            let (high, end) = quoted(pattern, at + 1)?;
            ranges.push((low, high));
            previous = None;
            at = end;
        } else if let Some((name, end)) = class_name(pattern, at) {
            ranges.extend(class(name)?);
            previous = None;
            at = end;
        } else {
            let (single, end) = quoted(pattern, at)?;
            ranges.push((single, single));
            previous = Some(single);
            at = end;
        }
    }
}

fn quoted(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    match pattern.get(at)? {
        b'\\' => Some((*pattern.get(at + 1)?, at + 2)),
        byte => Some((*byte, at + 1)),
    }
}

/// Reads the name of a class such as `[:alpha:]` at `at`, and returns where the pattern goes on.
fn class_name(pattern: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = pattern[at..].strip_prefix(b"[:")?;
    let end = memchr::memchr(b']', rest)?;
    let name = rest[..end].strip_suffix(b":")?;
    Some((name, at + 2 + end + 1))
}

fn class(name: &[u8]) -> Option<&'static [(u8, u8)]> {
    Some(match name {
        b"alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
        b"alpha" => &[(b'A', b'Z'), (b'a', b'z')],
        b"blank" => &[(b' ', b' '), (b'\t', b'\t')],
        b"cntrl" => &[(0, 31), (127, 127)],
        b"digit" => &[(b'0', b'9')],
        b"graph" => &[(b'!', b'~')],
        b"lower" => &[(b'a', b'z')],
        b"print" => &[(b' ', b'~')],
        b"punct" => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
        b"space" => &[(b'\t', b'\r'), (b' ', b' ')],
        b"upper" => &[(b'A', b'Z')],
        b"xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
        _ => return None,
    })
}

/// Matches a whole path, keeping the set of tokens that may come next: pattern times path steps, whatever the pattern.
fn matches(tokens: &[Token], path: &[u8]) -> bool {
    let mut next = vec![false; tokens.len() + 1];
    next[0] = true;
    skip_empty(tokens, &mut next);
    for byte in path {
        let mut after = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate() {
            if next[at] && token.accepts(*byte) {
                let repeats = matches!(token, Token::AnyPart | Token::Anything);
                after[if repeats { at } else { at + 1 }] = true;
            }
        }
        skip_empty(tokens, &mut after);
        next = after;
    }
    next[tokens.len()]
}

/// Adds the tokens that may come next because those before them may stand for nothing.
fn skip_empty(tokens: &[Token], next: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if !next[at] {
            continue;
        }
        match token {
            Token::AnyPart | Token::Anything => next[at + 1] = true,
            Token::Folders => {
                next[at + 1] = true;
                next[at + 3] = true;
            }
            Token::Byte(_) | Token::AnyByte | Token::Set { .. } => {}
        }
    }
}
