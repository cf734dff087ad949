//! What came of it, as values.

use super::attestation::Attestation;
use crate::attestation::IS_BUILT;
use crate::digest::Digest;
use crate::index::simple::ProjectStatus;
use crate::index::{self, UrlFault};
use crate::name::PackageName;
use crate::url::Url;
use crate::version::Version;

/// What indexes offer of the files of a lock.
#[derive(Debug)]
pub struct VerifyReport {
    /// The packages, in the order of the lock.
    pub packages: Vec<VerifiedPackage>,
    /// Why indexes gave no answer.
    pub failures: Vec<PageFailure>,
    /// Whether the bytes of files were hashed, too.
    pub has_downloaded: bool,
    /// Whether attestations were verified, too.
    pub(super) is_attested: bool,
}

/// A package of a lock, and what its index says of it.
#[derive(Debug)]
pub struct VerifiedPackage {
    /// Its name.
    pub name: PackageName,
    /// The locked version.
    pub version: Version,
    /// Where it comes from.
    pub origin: Origin,
    /// The status of the project on its index (PEP 792).
    pub status: ProjectStatus,
    /// Why it has this status.
    pub status_reason: Option<String>,
    /// The locked files, in the order of the lock; none for a folder or repository.
    pub files: Vec<LockedFile>,
    /// The files that the index offers of the locked version and that the lock does not have, sorted.
    pub not_locked: Vec<String>,
    /// Why its index gave no answer: the position in [`VerifyReport::failures`].
    pub failure: Option<usize>,
    /// Whether it had attestations when it was recorded, and no version of it comes from an index now.
    pub has_left: bool,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An index.
    Index {
        /// Its name: that of its source, or `PyPI`, or the host that replaces it.
        name: String,
        /// The URL of its root page; `None` where the source has none that makes sense.
        url: Option<Url>,
    },
    /// A URL of its own.
    Url,
    /// An archive on this machine.
    File,
    /// A folder on this machine.
    Directory,
    /// A git repository.
    Git,
}

/// A locked file, and what its index says of it.
#[derive(Debug)]
pub struct LockedFile {
    /// Its name.
    pub name: String,
    /// Its digests as the lock has them, such as `sha256:…`.
    pub locked: Vec<String>,
    /// What the index offers under that name.
    pub offer: Offer,
    /// Why it was withdrawn (PEP 592); may be empty.
    pub yanked: Option<String>,
    /// What its bytes are, where they were asked for.
    pub bytes: Option<Bytes>,
    /// Where the index has its provenance (PEP 740); several where it lists the file several times.
    pub provenance: Vec<Url>,
    /// What is wrong with the URL of its provenance, where the index has one that cannot be used.
    pub provenance_fault: Option<UrlFault>,
    /// What its attestations prove, where they were asked for.
    pub attestation: Option<Attestation>,
}

/// What an index offers under the name of a locked file. Of several entries with that name, the worst counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// A file with a locked digest.
    Same,
    /// A file with another digest, by an algorithm of the lock.
    Different(Digest),
    /// No file.
    Missing,
    /// A file with digests by other algorithms than the lock's, which are named.
    OtherAlgorithms(Vec<String>),
    /// A file without a digest.
    NoDigest,
    /// A file whose URL cannot be used, or (`None`) that has none.
    Unusable(Option<UrlFault>),
    /// The lock has no digest that proves a file, so nothing can be said of this one.
    NothingLocked,
    /// No index was asked, or none answered.
    NotAsked,
}

/// What the bytes of a file are.
#[derive(Debug)]
pub enum Bytes {
    /// They have a locked digest.
    Same,
    /// They have another.
    Different {
        /// Theirs, by each algorithm of the lock.
        digests: Vec<Digest>,
        /// How many there are.
        n_bytes: u64,
    },
    /// They could not be fetched; `None` where their server could not be reached for another file.
    Failed(Option<index::Error>),
}

/// Why an index gave no answer.
#[derive(Debug)]
pub struct PageFailure {
    /// The name of the index.
    pub index: String,
    /// What went wrong.
    pub error: index::Error,
}

/// What is to be thought of a locked file, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is the one that was locked.
    Same,
    /// Nothing proves that it is or is not.
    Unproven,
    /// Nobody could say.
    Failed,
    /// It is not there.
    Missing,
    /// It is another.
    Different,
}

/// How many locked files there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// All.
    pub n_files: usize,
    /// Those that are as locked.
    pub n_same: usize,
    /// Those that nothing proves.
    pub n_unproven: usize,
    /// Those that nobody could say anything of.
    pub n_failed: usize,
    /// Those that are not there.
    pub n_missing: usize,
    /// Those that are others.
    pub n_different: usize,
    /// Those that were withdrawn, whatever else is said of them.
    pub n_yanked: usize,
}

impl LockedFile {
    /// Judges by what the index says and by the bytes; where the two disagree, the worse counts.
    pub fn verdict(&self) -> Verdict {
        match (
            self.offer.verdict(),
            self.bytes.as_ref().map(Bytes::verdict),
        ) {
            (Verdict::Unproven, Some(Verdict::Same)) => Verdict::Same,
            (offer, Some(bytes)) => offer.max(bytes),
            (offer, None) => offer,
        }
    }
}

impl Offer {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Same => Verdict::Same,
            Self::Different(_) => Verdict::Different,
            Self::Missing => Verdict::Missing,
            Self::OtherAlgorithms(_) | Self::NoDigest | Self::NothingLocked | Self::NotAsked => {
                Verdict::Unproven
            }
            Self::Unusable(_) => Verdict::Failed,
        }
    }
}

impl Bytes {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Same => Verdict::Same,
            Self::Different { .. } => Verdict::Different,
            Self::Failed(Some(error)) if error.is_gone() => Verdict::Missing,
            Self::Failed(_) => Verdict::Failed,
        }
    }
}

impl Verdict {
    /// Returns its word, such as `same`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Unproven => "unproven",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Different => "different",
        }
    }
}

impl VerifiedPackage {
    /// Returns what is to be thought of one of its files.
    pub fn verdict(&self, file: &LockedFile) -> Verdict {
        if self.failure.is_some() {
            return Verdict::Failed;
        }
        file.verdict()
    }

    /// Tells whether the lock lists no file of a package that comes from an index: nothing can be installed of it.
    pub fn lacks_files(&self) -> bool {
        self.is_of_index() && self.files.is_empty()
    }

    /// Tells whether it comes from an index.
    pub(super) fn is_of_index(&self) -> bool {
        matches!(self.origin, Origin::Index { .. })
    }

    /// Tells whether all of it that can be asked for is as locked, and its project not considered unsafe.
    pub fn is_as_locked(&self) -> bool {
        let mut files = self.files.iter().filter(|_| self.is_asked());
        self.failure.is_none()
            && self.status != ProjectStatus::Quarantined
            && !self.lacks_files()
            && files.all(|file| file.verdict() == Verdict::Same)
    }

    /// Tells whether anybody was asked: an index, or the server of its URL.
    pub fn is_asked(&self) -> bool {
        match self.origin {
            Origin::Index { .. } => true,
            Origin::Url => self.files.iter().any(|file| file.bytes.is_some()),
            Origin::File | Origin::Directory | Origin::Git => false,
        }
    }
}

impl VerifyReport {
    /// Tells whether attestations were verified, too, which only a build with the feature `attestations` can.
    pub fn has_attested(&self) -> bool {
        IS_BUILT && self.is_attested
    }

    /// Tells whether every file that can be asked for is the one that was locked.
    ///
    /// A withdrawn file is, and so is one of an archived project; one that nothing proves is not, nor is a project in
    /// quarantine.
    pub fn is_as_locked(&self) -> bool {
        self.packages.iter().all(VerifiedPackage::is_as_locked)
    }

    /// Counts the files of packages that anybody was asked for.
    pub fn counts(&self) -> VerdictCounts {
        let mut counts = VerdictCounts::default();
        for package in self.packages.iter().filter(|package| package.is_asked()) {
            for file in &package.files {
                counts.add(package.verdict(file));
                counts.n_yanked += usize::from(file.yanked.is_some());
            }
        }
        counts
    }
}

impl VerdictCounts {
    fn add(&mut self, verdict: Verdict) {
        self.n_files += 1;
        let count = match verdict {
            Verdict::Same => &mut self.n_same,
            Verdict::Unproven => &mut self.n_unproven,
            Verdict::Failed => &mut self.n_failed,
            Verdict::Missing => &mut self.n_missing,
            Verdict::Different => &mut self.n_different,
        };
        *count += 1;
    }
}
