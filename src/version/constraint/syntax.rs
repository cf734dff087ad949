//! Reading version constraints, with the very regular expressions of poetry-core written out by hand.

use super::VersionConstraint;
use super::interval::{Bound, Range};
use crate::version::space::{is_space, trim};
use crate::version::{Error, Version};

/// What kind of versions a constraint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Versions of packages: an excluded upper bound keeps its pre-releases out.
    Requirement,
    /// Versions of interpreters: no pre-release needs keeping out.
    Interpreter,
    /// Versions of operating systems: as `Interpreter`, and also other versions than those of PEP 440.
    Platform,
}

/// How many conditions a constraint may have: each is joined with all before it.
pub(crate) const CONDITION_LIMIT: usize = 1000;

/// Counts the conditions of a constraint, or more than there are: every separator counts.
pub(crate) fn n_conditions(text: &str) -> usize {
    let is_separator = |byte: &u8| matches!(byte, b'|' | b',' | b' ');
    let bytes = text.as_bytes();
    let runs = bytes.chunk_by(|before, after| is_separator(before) == is_separator(after));
    runs.filter(|run| !is_separator(&run[0])).count()
}

/// Parses alternatives (`|`, `||`) of conditions joined by commas or spaces.
pub(super) fn parse(text: &str, dialect: Dialect) -> Result<VersionConstraint, Error> {
    if text == "*" {
        return Ok(VersionConstraint::any());
    }
    if n_conditions(text) > CONDITION_LIMIT {
        return Err(Error::TooLong {
            limit: CONDITION_LIMIT,
        });
    }
    let alternatives = split_alternatives(trim(text));
    let mut parsed = Vec::with_capacity(alternatives.len());
    for alternative in alternatives {
        parsed.push(parse_all(alternative, dialect)?);
    }
    if parsed.len() == 1 {
        return Ok(parsed.remove(0));
    }
    Ok(VersionConstraint::union_of(parsed))
}

/// Parses conditions that must all hold. A comma at the end is let pass.
fn parse_all(text: &str, dialect: Dialect) -> Result<VersionConstraint, Error> {
    let text = text.trim_end_matches(',').trim_end_matches(is_space);
    let mut all: Option<VersionConstraint> = None;
    for condition in split_conditions(text) {
        let condition = parse_condition(condition, dialect)?;
        all = Some(match all {
            Some(before) => before.intersect(&condition),
            None => condition,
        });
    }
    all.ok_or_else(|| invalid(text))
}

/// Splits at `\s*\|\|?\s*`.
pub(crate) fn split_alternatives(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(bar) = rest.find('|') {
        parts.push(rest[..bar].trim_end_matches(is_space));
        let after = &rest[bar + 1..];
        let after = after.strip_prefix('|').unwrap_or(after);
        rest = after.trim_start_matches(is_space);
    }
    parts.push(rest);
    parts
}

/// Splits where a comma or space separates two conditions: not after an operator, and not beside a `-`.
fn split_conditions(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        if let Some(end) = separator_at(bytes, at) {
            parts.push(&text[start..at]);
            start = end;
            at = end;
        } else {
            at += 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Matches `(?<!^)(?<![\^~=>< ,]) *(?<!-)[, ](?!-) *(?!,|$)` at `at` and returns where the match ends.
fn separator_at(bytes: &[u8], at: usize) -> Option<usize> {
    let before = *bytes.get(at.checked_sub(1)?)?;
    if matches!(before, b'^' | b'~' | b'=' | b'>' | b'<' | b' ' | b',') {
        return None;
    }
    let spaces = count_spaces(bytes, at);
    (at..=at + spaces)
        .rev()
        .find_map(|place| separator_end(bytes, place))
}

fn separator_end(bytes: &[u8], place: usize) -> Option<usize> {
    let is_separator = matches!(bytes.get(place), Some(b',' | b' '));
    if !is_separator || bytes[place - 1] == b'-' || bytes.get(place + 1) == Some(&b'-') {
        return None;
    }
    let after = place + 1;
    let spaces = count_spaces(bytes, after);
    (after..=after + spaces).rev().find(|&end| {
        let next = bytes.get(end);
        !(next.is_none() || next == Some(&b',') || (next == Some(&b'\n') && end + 1 == bytes.len()))
    })
}

fn count_spaces(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|&&byte| byte == b' ').count()
}

fn parse_condition(text: &str, dialect: Dialect) -> Result<VersionConstraint, Error> {
    if is_star(text) {
        return Ok(VersionConstraint::any());
    }
    let parsed = parse_tilde(text, dialect)
        .or_else(|| parse_compatible(text, dialect))
        .or_else(|| parse_caret(text, dialect))
        .or_else(|| parse_wildcard(text, dialect))
        .or_else(|| parse_comparison(text, dialect))
        .or_else(|| parse_platform(text, dialect));
    parsed.ok_or_else(|| invalid(text))
}

/// Matches `v?[xX*](\.[xX*])*`.
fn is_star(text: &str) -> bool {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    text.split('.').all(|part| matches!(part, "x" | "X" | "*"))
}

fn parse_tilde(text: &str, dialect: Dialect) -> Option<VersionConstraint> {
    let version = whole_version(
        text.strip_prefix('~')
            .filter(|rest| !rest.starts_with('='))?,
    )?;
    let stable = version.stable();
    let end = if version.precision() == 1 {
        stable.next_major()
    } else {
        stable.next_minor()
    };
    Some(span(version, end, dialect))
}

fn parse_compatible(text: &str, dialect: Dialect) -> Option<VersionConstraint> {
    let version = whole_version(text.strip_prefix("~=")?)?;
    let end = version.compatible_end();
    Some(span(version, end, dialect))
}

fn parse_caret(text: &str, dialect: Dialect) -> Option<VersionConstraint> {
    let version = whole_version(text.strip_prefix('^')?)?;
    let end = version.next_breaking();
    Some(span(version, end, dialect))
}

fn span(version: Version, end: Version, dialect: Dialect) -> VersionConstraint {
    let max = Bound::excluded(strict_max(end, dialect));
    Range::new(Some(Bound::included(version)), Some(max)).into()
}

/// The version that `<version` ends at: it leaves out the pre-releases of a stable version, too
/// ([exclusive ordered comparison](https://packaging.python.org/en/latest/specifications/version-specifiers/#exclusive-ordered-comparison)).
fn strict_max(version: Version, dialect: Dialect) -> Version {
    if dialect != Dialect::Requirement || version.is_unstable() {
        return version;
    }
    version.first_devrelease()
}

/// Matches up to three numbers and `.*`, repeated or not: `1.*`, `!=1.2.*`, `==1.*.*`.
fn parse_wildcard(text: &str, dialect: Dialect) -> Option<VersionConstraint> {
    let (operator, rest) = split_operator(text, &["!=", "=="]);
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let star = rest.find(".*")?;
    let (numbers, stars) = rest.split_at(star);
    let is_wildcard = stars.as_bytes().chunks(2).all(|chunk| chunk == b".*")
        && numbers.split('.').count() <= 3
        && numbers.split('.').all(is_number);
    if !is_wildcard {
        return None;
    }
    let version = Version::parse(numbers).ok()?;
    Some(wildcard(&version, operator, dialect))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn wildcard(version: &Version, operator: &str, dialect: Dialect) -> VersionConstraint {
    let next = if version.is_postrelease() {
        version.next_postrelease()
    } else if !version.is_unstable() {
        version.next_stable()
    } else if version.is_prerelease() {
        version.next_prerelease()
    } else {
        version.next_devrelease()
    };
    let (min, max) = match dialect {
        Dialect::Requirement if next.is_devrelease() => (version.first_devrelease(), next),
        Dialect::Requirement => (version.first_devrelease(), next.first_devrelease()),
        Dialect::Interpreter | Dialect::Platform => (version.clone(), next),
    };
    let range = Range::new(Some(Bound::included(min)), Some(Bound::excluded(max)));
    match operator {
        "!=" => VersionConstraint::from(range).complement(),
        _ => range.into(),
    }
}

const OPERATORS: [&str; 8] = ["<>", "!=", ">=", ">", "<=", "<", "==", "="];

fn parse_comparison(text: &str, dialect: Dialect) -> Option<VersionConstraint> {
    let (operator, rest) = split_operator(text, &OPERATORS);
    let rest = rest.trim_start_matches(is_space);
    let (version, length) = match Version::parse_prefix(rest) {
        Some(prefix) => prefix,
        None if starts_with_dev(rest) => (Version::parse("0.0-dev").ok()?, 3),
        None => return None,
    };
    match &rest[length..] {
        "" => Some(compare(operator, version, dialect)),
        ".*" if matches!(operator, "<" | "<=" | ">" | ">=") => {
            Some(compare(operator, version, dialect))
        }
        ".*" => Some(wildcard(&version, operator, dialect)),
        _ => None,
    }
}

fn starts_with_dev(text: &str) -> bool {
    text.get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("dev"))
}

fn compare(operator: &str, version: Version, dialect: Dialect) -> VersionConstraint {
    let (min, max) = match operator {
        "<" => (None, Some(Bound::excluded(strict_max(version, dialect)))),
        "<=" => (None, Some(Bound::included(version))),
        ">" => (Some(Bound::excluded(version)), None),
        ">=" => (Some(Bound::included(version)), None),
        "!=" => return VersionConstraint::excluding(version),
        _ => return version.into(),
    };
    Range::new(min, max).into()
}

/// Matches numbers and a build, such as `5.15.0-91-generic`.
fn parse_platform(text: &str, dialect: Dialect) -> Option<VersionConstraint> {
    if dialect != Dialect::Platform {
        return None;
    }
    let (operator, rest) = split_operator(text, &OPERATORS);
    let rest = rest.trim_start_matches(is_space);
    let (release, build) = split_build(rest)?;
    let version = Version::parse(release).ok()?.with_build(build);
    Some(compare(operator, version, dialect))
}

/// Matches `[0-9]+(\.[0-9]+)*` and, after an optional `+` or `-`, words of letters, digits, `+` and `-` joined by dots.
/// The release is as long as the rest allows: `5.15.x` is release `5.1` and build `5.x`, as a regular expression has it.
fn split_build(text: &str) -> Option<(&str, Option<&str>)> {
    let bytes = text.as_bytes();
    let n_other = n_before_build(bytes);
    let is_build = |start: usize| {
        (n_other..bytes.len()).contains(&start) && bytes[start] != b'.' && !text.ends_with('.')
    };
    let ends = (1..=release_end(bytes)).rev();
    let mut ends = ends.filter(|&end| bytes[end - 1].is_ascii_digit());
    ends.find_map(|end| {
        let (release, rest) = text.split_at(end);
        let after_sign = end + usize::from(rest.starts_with(['+', '-']));
        let build = [after_sign, end].into_iter().find(|&start| is_build(start));
        let build = build.map(|start| &text[start..]);
        (rest.is_empty() || build.is_some()).then_some((release, build))
    })
}

/// How much of the text has to be left out for the rest to be letters, digits, `+`, `-` and single dots.
fn n_before_build(bytes: &[u8]) -> usize {
    let is_wrong = |at: &usize| match bytes[*at] {
        b'.' => bytes.get(at + 1) == Some(&b'.'),
        byte => !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-')),
    };
    let last = (0..bytes.len()).rev().find(is_wrong);
    last.map_or(0, |at| at + 1)
}

fn release_end(bytes: &[u8]) -> usize {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    while is_digit(end) || (end > 0 && bytes.get(end) == Some(&b'.') && is_digit(end + 1)) {
        end += 1;
    }
    end
}

fn split_operator<'a>(text: &'a str, operators: &[&'static str]) -> (&'static str, &'a str) {
    for operator in operators {
        if let Some(rest) = text.strip_prefix(operator) {
            return (operator, rest);
        }
    }
    ("", text)
}

fn whole_version(text: &str) -> Option<Version> {
    let text = text.trim_start_matches(is_space);
    let (version, length) = Version::parse_prefix(text)?;
    (length == text.len()).then_some(version)
}

fn invalid(text: &str) -> Error {
    Error::InvalidConstraint {
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the regular expression says, with each end of the release tried in turn.
    fn split_slowly(text: &str) -> Option<(&str, Option<&str>)> {
        let is_word = |word: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-');
            !word.is_empty() && word.bytes().all(is_part)
        };
        let is_build = |build: &&str| build.split('.').all(is_word);
        let mut ends = (1..=release_end(text.as_bytes())).rev();
        ends.find_map(|end| {
            let (release, rest) = text.split_at(end);
            let without_sign = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            let build = [without_sign, rest].into_iter().find(is_build);
            let fits = release.ends_with(|last: char| last.is_ascii_digit())
                && (rest.is_empty() || build.is_some());
            fits.then_some((release, build))
        })
    }

    #[test]
    fn a_release_of_any_length_is_read_at_once() {
        // Where each end is tried against all that follows, this takes hours.
        let text = "1.".repeat(2_000_000) + "1!";
        assert_eq!(split_build(&text), None);
        assert!(parse(&text, Dialect::Platform).is_err());
    }

    proptest! {
        #[test]
        fn releases_are_split_as_the_regular_expression_splits_them(text in "[0-9.+a!é-]{0,12}") {
            prop_assert_eq!(split_build(&text), split_slowly(&text));
        }
    }
}
