//! What a page says of the locked files of a package. Pure.

use std::collections::{BTreeSet, HashMap};

use super::question::{Wanted, WantedFile};
use super::report::{LockedFile, Offer};
use crate::digest::Digest;
use crate::filename::DistributionFilename;
use crate::index::{ProjectDetail, ProjectFile};
use crate::lock::Package;
use crate::url::Url;

/// The locked files of a package, and what a page says of them.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) files: Vec<LockedFile>,
    pub(super) urls: Vec<FileUrl>,
    pub(super) not_locked: Vec<String>,
}

/// Where the page has a locked file.
#[derive(Debug)]
pub(super) struct FileUrl {
    /// The position of the file in the package.
    pub(super) file: usize,
    pub(super) url: Url,
    pub(super) n_bytes: Option<u64>,
}

/// A page by the names of its files.
pub(super) struct Page<'a> {
    detail: &'a ProjectDetail,
    files: HashMap<&'a str, Vec<&'a ProjectFile>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(detail: &'a ProjectDetail) -> Self {
        let mut files: HashMap<&str, Vec<&ProjectFile>> = HashMap::new();
        for file in &detail.files {
            files.entry(&file.name).or_default().push(file);
        }
        Self { detail, files }
    }

    pub(super) fn judge(&self, wanted: &Wanted<'_>) -> Judged {
        let mut judged = Judged {
            not_locked: self.not_locked(wanted),
            ..Judged::default()
        };
        for (position, file) in wanted.files.iter().enumerate() {
            judged.files.push(self.judge_file(file));
            let proven = self.entries(file.name).filter(|_| !file.digests.is_empty());
            let urls = proven.map(|entry| FileUrl {
                file: position,
                url: entry.file.url.clone(),
                n_bytes: entry.file.n_bytes,
            });
            judged.urls.extend(urls);
        }
        judged
    }

    fn judge_file(&self, file: &WantedFile<'_>) -> LockedFile {
        let unusable = self.detail.faults.iter();
        let unusable = unusable
            .filter(|fault| fault.name == file.name)
            .map(|fault| Offer::Unusable(fault.cause.clone()));
        let offers = self.entries(file.name).map(|entry| offer(file, entry));
        let worst = offers.chain(unusable).max_by_key(Offer::verdict);
        let mut yanked = self.entries(file.name);
        let mut faults = self.entries(file.name);
        LockedFile {
            provenance: self.provenance(file.name),
            provenance_fault: faults.find_map(|entry| entry.provenance_fault.clone()),
            offer: worst.unwrap_or(Offer::Missing),
            yanked: yanked.find_map(|entry| entry.file.yanked.clone()),
            ..unasked(file)
        }
    }

    fn provenance(&self, name: &str) -> Vec<Url> {
        let entries = self.entries(name);
        let urls = entries.filter_map(|entry| entry.provenance.as_ref());
        let mut urls: Vec<&Url> = urls.collect();
        urls.sort_unstable();
        urls.dedup();
        urls.into_iter().cloned().collect()
    }

    fn entries(&self, name: &str) -> impl Iterator<Item = &'a ProjectFile> {
        self.files.get(name).into_iter().flatten().copied()
    }

    /// Names the files of the locked version that the lock does not have.
    fn not_locked(&self, wanted: &Wanted<'_>) -> Vec<String> {
        let locked: BTreeSet<&str> = wanted.files.iter().map(|file| file.name).collect();
        let files = self.detail.files.iter().map(|file| file.name.as_str());
        let others = files
            .filter(|file| !locked.contains(file) && is_of_version(file, wanted.package))
            .collect::<BTreeSet<_>>();
        others.into_iter().map(str::to_owned).collect()
    }
}

fn is_of_version(file: &str, package: &Package) -> bool {
    let parsed = DistributionFilename::parse(file);
    // One page may be for all packages.
    parsed
        .is_ok_and(|parsed| (parsed.name(), parsed.version()) == (&package.name, &package.version))
}

/// Makes what is known of a file before anybody was asked.
pub(super) fn unasked(file: &WantedFile<'_>) -> LockedFile {
    LockedFile {
        name: file.name.to_owned(),
        locked: file.written.iter().map(|&hash| hash.to_owned()).collect(),
        offer: Offer::NotAsked,
        yanked: None,
        bytes: None,
        provenance: Vec::new(),
        provenance_fault: None,
        attestation: None,
    }
}

fn offer(file: &WantedFile<'_>, entry: &ProjectFile) -> Offer {
    if file.digests.is_empty() {
        return Offer::NothingLocked;
    }
    let offered = &entry.file.digests;
    if offered.iter().any(|digest| file.digests.contains(digest)) {
        return Offer::Same;
    }
    let is_comparable = |digest: &&Digest| {
        let mut locked = file.digests.iter();
        locked.any(|locked| locked.algorithm() == digest.algorithm())
    };
    if let Some(other) = offered.iter().find(is_comparable) {
        return Offer::Different(other.clone());
    }
    let known = offered.iter().map(|digest| digest.algorithm().name());
    let known = known.map(str::to_owned);
    let names: Vec<String> = known.chain(entry.other_algorithms.clone()).collect();
    if names.is_empty() {
        Offer::NoDigest
    } else {
        Offer::OtherAlgorithms(names)
    }
}
