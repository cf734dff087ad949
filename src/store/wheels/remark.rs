//! What a manifest says that is not about files: what is not right about the wheel, and which rules it breaks.

use crate::event::Warning;
use crate::wheel::{Exception, Rule};

/// What the row of an exception begins with.
const EXCEPTION: &str = "exception";

/// Returns the fields of a warning; `None` for one that no wheel alone is the cause of.
pub(super) fn warning_row(warning: &Warning) -> Option<[&str; 3]> {
    let (name, wheel, path) = match warning {
        Warning::NotInRecord { wheel, path } => ("unlisted", wheel, path),
        Warning::MissingFromWheel { wheel, path } => ("missing", wheel, path),
        Warning::RecordDiffers { wheel, path } => ("differs", wheel, path),
        Warning::RecordRepeats { wheel, path } => ("record-repeats", wheel, path),
        Warning::WeakDigest { wheel, path } => ("weak-digest", wheel, path),
        Warning::DigestSpelling { wheel, path } => ("digest-spelling", wheel, path),
        Warning::RepeatedEntry { wheel, path } => ("repeated-entry", wheel, path),
        Warning::RepeatedScript { wheel, path } => ("repeated-script", wheel, path),
        Warning::Conflict { .. }
        | Warning::NotCompiled { .. }
        | Warning::Yanked { .. }
        | Warning::CacheNotWritten { .. }
        | Warning::CacheOfAnotherUser { .. }
        | Warning::LfsPointers { .. } => return None,
    };
    Some([name, wheel, path])
}

/// Reads the fields of a warning; `None` when they are not those of one.
pub(super) fn parse_warning(fields: &[&str]) -> Option<Warning> {
    let &[name, wheel, path] = fields else {
        return None;
    };
    let (wheel, path) = (wheel.to_owned(), path.to_owned());
    Some(match name {
        "unlisted" => Warning::NotInRecord { wheel, path },
        "missing" => Warning::MissingFromWheel { wheel, path },
        "differs" => Warning::RecordDiffers { wheel, path },
        "record-repeats" => Warning::RecordRepeats { wheel, path },
        "weak-digest" => Warning::WeakDigest { wheel, path },
        "digest-spelling" => Warning::DigestSpelling { wheel, path },
        "repeated-entry" => Warning::RepeatedEntry { wheel, path },
        "repeated-script" => Warning::RepeatedScript { wheel, path },
        _ => return None,
    })
}

pub(super) fn exception_row(exception: &Exception) -> [&str; 3] {
    [EXCEPTION, exception.rule.name(), &exception.path]
}

/// Reads the fields of an exception; `None` when they are not those of one.
pub(super) fn parse_exception(fields: &[&str]) -> Option<Exception> {
    let &[EXCEPTION, rule, path] = fields else {
        return None;
    };
    Some(Exception {
        rule: Rule::from_name(rule)?,
        path: path.to_owned(),
    })
}
