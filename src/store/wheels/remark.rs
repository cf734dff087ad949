//! What a manifest says that is not about files: what is not right about the wheel, and which rules it breaks.

use crate::event::{Warning, WheelFlaw};
use crate::wheel::{Exception, Rule};

/// What the row of an exception begins with.
const EXCEPTION: &str = "exception";

/// What a manifest calls a flaw.
fn name_of(flaw: WheelFlaw) -> &'static str {
    match flaw {
        WheelFlaw::NotInRecord => "unlisted",
        WheelFlaw::MissingFromWheel => "missing",
        WheelFlaw::RecordDiffers => "differs",
        WheelFlaw::RecordRepeats => "record-repeats",
        WheelFlaw::WeakDigest => "weak-digest",
        WheelFlaw::DigestSpelling => "digest-spelling",
        WheelFlaw::RepeatedEntry => "repeated-entry",
        WheelFlaw::RepeatedScript => "repeated-script",
    }
}

/// Returns the fields of a warning; `None` for one that no wheel alone is the cause of.
pub(super) fn warning_row(warning: &Warning) -> Option<[&str; 3]> {
    let Warning::Wheel { flaw, wheel, path } = warning else {
        return None;
    };
    Some([name_of(*flaw), wheel, path])
}

/// Reads the fields of a warning; `None` when they are not those of one.
pub(super) fn parse_warning(fields: &[&str]) -> Option<Warning> {
    let &[name, wheel, path] = fields else {
        return None;
    };
    let mut flaws = WheelFlaw::ALL.into_iter();
    Some(Warning::Wheel {
        flaw: flaws.find(|flaw| name_of(*flaw) == name)?,
        wheel: wheel.to_owned(),
        path: path.to_owned(),
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
