//! What is not right about a wheel, and does not matter for what is installed: warnings about its RECORD and its archive.

use std::collections::HashSet;

use crate::archive::ArchiveEntry;
use crate::event::{Warning, WheelFlaw};
use crate::wheel::{Oddity, RecordEntry, Wheel};

/// What is not right about a wheel before its files are read.
#[derive(Debug)]
pub(super) struct WheelRemarks<'w> {
    file_name: &'w str,
    /// The paths about whose digest there is a warning of its own.
    weakly_listed: HashSet<&'w str>,
    warnings: Vec<Warning>,
}

impl<'w> WheelRemarks<'w> {
    pub(super) fn new(wheel: &'w Wheel, file_name: &'w str) -> Self {
        let mut warnings = missing_from_wheel(wheel, file_name);
        warnings.extend(oddities(wheel, file_name));
        let entries = wheel.repeated_entries();
        let warning = |flaw| move |path: &str| self::warning(flaw, file_name, path);
        warnings.extend(entries.map(warning(WheelFlaw::RepeatedEntry)));
        let scripts = wheel.repeated_scripts();
        warnings.extend(scripts.map(warning(WheelFlaw::RepeatedScript)));
        Self {
            file_name,
            weakly_listed: weakly_listed(wheel),
            warnings,
        }
    }

    /// Compares a file with what RECORD says of it.
    pub(super) fn compare(&mut self, entry: &ArchiveEntry, recorded: Option<&RecordEntry>) {
        let digest = recorded.and_then(|recorded| recorded.digest.as_ref());
        if digest.is_none() && !self.weakly_listed.contains(entry.path()) {
            self.warn(WheelFlaw::NotInRecord, entry.path());
        }
        let n_bytes = recorded.and_then(|recorded| recorded.n_bytes);
        if n_bytes.is_some_and(|n_bytes| n_bytes != entry.n_bytes()) {
            self.warn(WheelFlaw::RecordDiffers, entry.path());
        }
    }

    fn warn(&mut self, flaw: WheelFlaw, path: &str) {
        self.warnings.push(warning(flaw, self.file_name, path));
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }
}

fn warning(flaw: WheelFlaw, wheel: &str, path: &str) -> Warning {
    Warning::Wheel {
        flaw,
        wheel: wheel.to_owned(),
        path: path.to_owned(),
    }
}

fn weakly_listed(wheel: &Wheel) -> HashSet<&str> {
    let oddities = wheel.record().oddities().iter();
    let weak = oddities.filter(|(oddity, _)| *oddity == Oddity::WeakDigest);
    weak.map(|(_, path)| path.as_str()).collect()
}

fn missing_from_wheel(wheel: &Wheel, file_name: &str) -> Vec<Warning> {
    let entries = wheel.archive().entries();
    let held: HashSet<&str> = entries.iter().map(ArchiveEntry::path).collect();
    let paths = wheel.record().paths();
    paths
        .filter(|path| !held.contains(path))
        .map(|path| warning(WheelFlaw::MissingFromWheel, file_name, path))
        .collect()
}

fn oddities(wheel: &Wheel, file_name: &str) -> impl Iterator<Item = Warning> {
    let oddities = wheel.record().oddities().iter();
    oddities.map(move |(oddity, path)| {
        let flaw = match oddity {
            Oddity::WeakDigest => WheelFlaw::WeakDigest,
            Oddity::DigestSpelling => WheelFlaw::DigestSpelling,
            Oddity::Repeated => WheelFlaw::RecordRepeats,
        };
        warning(flaw, file_name, path)
    })
}
