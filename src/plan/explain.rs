//! What can be said of the files that were not taken.

use std::collections::BTreeSet;

use super::{Error, Reason, Refused};
use crate::filename::{WheelFilename, is_wheel};

impl Error {
    /// Says in a few lines what the lock has and why nothing of it fits; empty where there is no more to say.
    ///
    /// Such as `24 wheels in poetry.lock: 20 for other Pythons (cp38 to cp312), 4 for other platforms` and `no source
    /// distribution is listed`.
    pub fn explanation(&self) -> Vec<String> {
        match self {
            Self::NoUsableFile { refused, .. } if refused.is_empty() => {
                vec!["poetry.lock lists no file of it".to_owned()]
            }
            Self::NoUsableFile { refused, .. } => {
                let sdists = Some(sdists(refused));
                wheels(refused).into_iter().chain(sdists).collect()
            }
            Self::NeedsBuild { refused, .. } => wheels(refused).into_iter().collect(),
            Self::Several(errors) => {
                let of_one = |error: &Error| {
                    let lines = error.explanation().into_iter();
                    std::iter::once(error.to_string())
                        .chain(lines.map(|line| format!("  {line}")))
                        .collect::<Vec<_>>()
                };
                errors.iter().flat_map(of_one).collect()
            }
            Self::NoDigest { .. }
            | Self::Source { .. }
            | Self::WrongSource { .. }
            | Self::Twice { .. } => Vec::new(),
        }
    }

    /// Returns the newest `CPython` that the lock has a wheel for, when the lack of one for this Python is what fails.
    pub fn newest_python(&self) -> Option<(u32, u32)> {
        match self {
            Self::NoUsableFile { refused, .. } | Self::NeedsBuild { refused, .. } => {
                pythons(refused).into_iter().next_back()
            }
            Self::NoDigest { .. }
            | Self::Source { .. }
            | Self::WrongSource { .. }
            | Self::Twice { .. }
            | Self::Several(_) => None,
        }
    }
}

fn wheels(refused: &[Refused]) -> Option<String> {
    let wheels = refused.iter().filter(|refused| is_wheel(&refused.file));
    let wheels: Vec<&Refused> = wheels.collect();
    if wheels.is_empty() {
        return None;
    }
    let count = |is_meant: &dyn Fn(&Reason) -> bool| {
        let meant = wheels.iter().filter(|wheel| is_meant(&wheel.reason));
        meant.count()
    };
    let pythons = format!("for other Pythons{}", range(refused));
    let parts = [
        (count(&|reason| *reason == Reason::OtherPython), &*pythons),
        (
            count(&|reason| *reason == Reason::OtherPlatform),
            "for other platforms",
        ),
        (
            count(&|reason| *reason == Reason::NoBinary),
            "not wanted (no-binary)",
        ),
        (
            count(&|reason| *reason == Reason::OtherPackage),
            "of another package or version",
        ),
        (
            count(&|reason| matches!(reason, Reason::Name(_))),
            "with invalid file names",
        ),
    ];
    let parts = parts.iter().filter(|(n_wheels, _)| *n_wheels > 0);
    let parts = parts.map(|(n_wheels, text)| format!("{n_wheels} {text}"));
    let parts: Vec<String> = parts.collect();
    let plural = if wheels.len() == 1 { "" } else { "s" };
    let (n_wheels, parts) = (wheels.len(), parts.join(", "));
    Some(format!("{n_wheels} wheel{plural} in poetry.lock: {parts}"))
}

fn sdists(refused: &[Refused]) -> String {
    let is_unwanted = |refused: &&Refused| refused.reason == Reason::OnlyBinary;
    match refused.iter().find(is_unwanted) {
        Some(sdist) => format!(
            "the source distribution `{}` is not wanted (only-binary)",
            sdist.file
        ),
        None => "no source distribution is listed".to_owned(),
    }
}

/// ` (cp38 to cp312)`, where wheels of other Pythons name them.
fn range(refused: &[Refused]) -> String {
    let tag = |(major, minor): &(u32, u32)| format!("cp{major}{minor}");
    let pythons = pythons(refused);
    match (pythons.first(), pythons.last()) {
        (Some(oldest), Some(newest)) if oldest != newest => {
            format!(" ({} to {})", tag(oldest), tag(newest))
        }
        (Some(only), _) => format!(" ({})", tag(only)),
        (None, _) => String::new(),
    }
}

fn pythons(refused: &[Refused]) -> BTreeSet<(u32, u32)> {
    let others = refused
        .iter()
        .filter(|refused| refused.reason == Reason::OtherPython);
    let wheels = others.filter_map(|refused| WheelFilename::parse(&refused.file).ok());
    let version = |tag: &String| {
        let digits = tag.strip_prefix("cp")?;
        let (major, minor) = digits.split_at_checked(1)?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    wheels
        .flat_map(|wheel| {
            wheel
                .tags()
                .interpreters()
                .iter()
                .filter_map(version)
                .collect::<Vec<_>>()
        })
        .collect()
}
