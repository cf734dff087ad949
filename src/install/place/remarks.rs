//! What is not right about a wheel, and does not matter for what is installed: warnings about its RECORD and its archive.

use std::collections::HashSet;

use crate::archive::ArchiveEntry;
use crate::event::Warning;
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
        let owned = |path: &str| (file_name.to_owned(), path.to_owned());
        let entries = wheel.repeated_entries().map(owned);
        warnings.extend(entries.map(|(wheel, path)| Warning::RepeatedEntry { wheel, path }));
        let scripts = wheel.repeated_scripts().map(owned);
        warnings.extend(scripts.map(|(wheel, path)| Warning::RepeatedScript { wheel, path }));
        Self {
            file_name,
            weakly_listed: weakly_listed(wheel),
            warnings,
        }
    }

    /// Compares a file with what RECORD says of it.
    pub(super) fn compare(&mut self, entry: &ArchiveEntry, recorded: Option<&RecordEntry>) {
        let owned = || (self.file_name.to_owned(), entry.path().to_owned());
        let digest = recorded.and_then(|recorded| recorded.digest.as_ref());
        if digest.is_none() && !self.weakly_listed.contains(entry.path()) {
            let (wheel, path) = owned();
            self.warnings.push(Warning::NotInRecord { wheel, path });
        }
        let n_bytes = recorded.and_then(|recorded| recorded.n_bytes);
        if n_bytes.is_some_and(|n_bytes| n_bytes != entry.n_bytes()) {
            let (wheel, path) = owned();
            self.warnings.push(Warning::RecordDiffers { wheel, path });
        }
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
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
        .map(|path| Warning::MissingFromWheel {
            wheel: file_name.to_owned(),
            path: path.to_owned(),
        })
        .collect()
}

fn oddities(wheel: &Wheel, file_name: &str) -> impl Iterator<Item = Warning> {
    let oddities = wheel.record().oddities().iter();
    oddities.map(move |(oddity, path)| {
        let (wheel, path) = (file_name.to_owned(), path.clone());
        match oddity {
            Oddity::WeakDigest => Warning::WeakDigest { wheel, path },
            Oddity::DigestSpelling => Warning::DigestSpelling { wheel, path },
            Oddity::Repeated => Warning::RecordRepeats { wheel, path },
        }
    })
}
