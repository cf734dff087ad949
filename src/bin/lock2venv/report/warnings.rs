//! Warnings as lines: those of one kind about one wheel, or about one pair of distributions, in one line.
//!
//! A wheel that leaves its files out of RECORD leaves out all of them, and two releases of one package share every path: a line
//! for each would bury whatever else there is to say.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the library may add variants; those are lines of their own"
)]

use std::collections::{BTreeMap, BTreeSet};

use lock2venv::event::{Warning, WheelFlaw};

/// How many paths of a group are named.
const MOST_NAMED: usize = 3;

/// Renders warnings, in their order; each group in one line, where its first member would stand.
pub(super) fn grouped(warnings: &BTreeSet<Warning>) -> Vec<String> {
    let mut order = Vec::new();
    let mut groups: BTreeMap<String, Vec<&Warning>> = BTreeMap::new();
    for warning in warnings {
        let key = about_several(warning, "").unwrap_or_else(|| warning.to_string());
        let group = groups.entry(key.clone()).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(warning);
    }
    let lines = order.iter().filter_map(|key| groups.get(key));
    lines.filter_map(|group| line(group)).collect()
}

fn line(group: &[&Warning]) -> Option<String> {
    let first = group.first()?;
    let several = (group.len() > 1).then(|| about_several(first, &group.len().to_string()));
    let Some(several) = several.flatten() else {
        return Some(first.to_string());
    };
    let paths = group.iter().filter_map(|warning| path(warning));
    let named: Vec<String> = paths
        .take(MOST_NAMED)
        .map(|path| format!("`{path}`"))
        .collect();
    let n_more = group.len() - named.len();
    let more = if n_more == 0 {
        String::new()
    } else {
        format!(" and {n_more} more (`-v` names all)")
    };
    Some(format!("{several}: {}{more}", named.join(", ")))
}

/// The path that the warning is about, one of a group's.
fn path(warning: &Warning) -> Option<&str> {
    match warning {
        Warning::Wheel { path, .. } | Warning::Conflict { path, .. } => Some(path),
        _ => None,
    }
}

/// Says of `n` paths at once what `warning` says of one; `None` for a warning that is never one of a group.
fn about_several(warning: &Warning, n: &str) -> Option<String> {
    match warning {
        Warning::Wheel { flaw, wheel, .. } => {
            let (before, after) = words(*flaw)?;
            Some(format!("`{wheel}` {before} {n} {after}"))
        }
        Warning::Conflict { dropped, kept, .. } => Some(format!(
            "{n} files differ between `{dropped}` and `{kept}`; kept those from `{kept}`"
        )),
        _ => None,
    }
}

/// What is said of several files of a wheel, before and after their number.
fn words(flaw: WheelFlaw) -> Option<(&'static str, &'static str)> {
    Some(match flaw {
        WheelFlaw::NotInRecord => ("contains", "files that its RECORD does not list"),
        WheelFlaw::MissingFromWheel => ("lists", "files in its RECORD that it does not contain"),
        WheelFlaw::RecordDiffers => ("contains", "files that do not match their RECORD entries"),
        WheelFlaw::RecordRepeats => {
            let after = "files in its RECORD again, with another digest or size";
            ("lists", after)
        }
        WheelFlaw::WeakDigest => {
            let after = "files in its RECORD with a digest that proves nothing";
            ("lists", after)
        }
        WheelFlaw::DigestSpelling => {
            let after = "files in its RECORD with a digest in standard base64";
            ("lists", after)
        }
        WheelFlaw::RepeatedEntry => ("contains", "files more than once"),
        WheelFlaw::RepeatedScript => ("has", "scripts more than once in its entry_points.txt"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unlisted(wheel: &str, number: usize) -> Warning {
        Warning::Wheel {
            flaw: WheelFlaw::NotInRecord,
            wheel: wheel.to_owned(),
            path: format!("{number}.py"),
        }
    }

    fn conflict(dropped: &str, path: &str) -> Warning {
        Warning::Conflict {
            path: path.to_owned(),
            dropped: dropped.to_owned(),
            kept: "z 1".to_owned(),
        }
    }

    #[track_caller]
    fn says(warnings: impl IntoIterator<Item = Warning>, expected: &[&str]) {
        assert_eq!(grouped(&warnings.into_iter().collect()), expected);
    }

    #[test]
    fn warnings_of_one_kind_about_one_wheel_are_one_line() {
        let a = (0..9).map(|number| unlisted("a.whl", number));
        let b = (0..3).map(|number| unlisted("b.whl", number));
        says(
            a.chain(b).chain([unlisted("c.whl", 1)]),
            &[
                "`a.whl` contains 9 files that its RECORD does not list: `0.py`, `1.py`, `2.py` and 6 more (`-v` names all)",
                "`b.whl` contains 3 files that its RECORD does not list: `0.py`, `1.py`, `2.py`",
                "`c.whl` contains `1.py`, which its RECORD does not list",
            ],
        );
    }

    #[test]
    fn conflicts_are_grouped_by_their_two_distributions() {
        says(
            [
                conflict("a 1", "x.py"),
                conflict("b 1", "x.py"),
                conflict("a 1", "y.py"),
            ],
            &[
                "2 files differ between `a 1` and `z 1`; kept those from `z 1`: `x.py`, `y.py`",
                "`x.py` differs between `b 1` and `z 1`; kept the one from `z 1`",
            ],
        );
    }

    #[test]
    fn other_warnings_stay_as_they_are() {
        let yanked = |file: &str| Warning::Yanked {
            file: file.to_owned(),
            reason: String::new(),
        };
        let lines = ["a", "b"].map(|file| yanked(file).to_string());
        says([yanked("a"), yanked("b")], &[&lines[0], &lines[1]]);
    }
}
