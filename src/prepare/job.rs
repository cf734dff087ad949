//! The things to do, as values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use crate::builder::TreeProduct;
use crate::digest::Digest;
use crate::event::{Event, Reporter, Warning};
use crate::filename::WheelFilename;
use crate::index::{FileQuery, Index, IndexFile};
use crate::install::{PreparedWheel, WheelContent};
use crate::name::PackageName;
use crate::plan::{Distribution, DistributionId, Origin};
use crate::prepare::{Error, Missing, Place};
use crate::store::{self, Claim, Mark, VerifiedFile};
use crate::url::{Url, WrittenUrl};
use crate::wheelhouse::HousedWheel;

/// A wheel or source distribution, and what proves it.
#[derive(Debug)]
pub(super) struct WantedFile<'a> {
    pub(super) distribution: &'a Distribution,
    pub(super) file: &'a str,
    pub(super) digests: &'a [Digest],
    /// Its name, if it is a wheel.
    pub(super) wheel: Option<&'a WheelFilename>,
    /// Keeps other processes from fetching it too.
    pub(super) claim: Option<Claim>,
    is_announced: bool,
    /// What would be better, and why it is not taken.
    better: Option<Better<'a>>,
}

/// A file that is not taken.
#[derive(Debug)]
struct Better<'a> {
    file: &'a str,
    reason: Box<Error>,
}

impl<'a> WantedFile<'a> {
    pub(super) fn new(distribution: &'a Distribution) -> Result<Self, Error> {
        let package = &distribution.name;
        let Some(file) = distribution.file_name() else {
            return Err(Error::NeedsBuild {
                package: package.clone(),
            });
        };
        let digests = distribution.origin.digests();
        if digests.is_empty() && matches!(distribution.origin, Origin::Index { .. }) {
            return Err(Error::Unproven {
                package: package.clone(),
                file: file.to_owned(),
            });
        }
        Ok(Self {
            distribution,
            file,
            digests,
            wheel: distribution.wheel(),
            claim: None,
            is_announced: false,
            better: None,
        })
    }

    /// Wants the next best file, as this one cannot be had for that reason; where there is none, returns why the best one is not
    /// taken.
    pub(super) fn next_best(self, reason: Error) -> Result<Self, Error> {
        let file = self.file;
        let better = self.better.unwrap_or_else(|| Better {
            file,
            reason: Box::new(reason),
        });
        let Some(next) = self.distribution.next_best.as_deref() else {
            return Err(*better.reason);
        };
        Ok(Self {
            better: Some(better),
            ..Self::new(next)?
        })
    }

    /// Says that it is taken in the place of a better one that `index` lacks, if it is.
    pub(super) fn warning(&self, index: &Index) -> Option<Warning> {
        let better = self.better.as_ref()?;
        Some(self.warning_instead_of(better.file, Some(index)))
    }

    /// Says that it is taken in the place of `file`, which `index` lacks.
    pub(super) fn warning_instead_of(&self, file: &str, index: Option<&Index>) -> Warning {
        Warning::NextBest {
            file: file.to_owned(),
            index: index.map(|index| index.name.clone()),
            next: self.file.to_owned(),
        }
    }

    /// Wants a wheel that was built of `distribution`.
    pub(super) fn built(distribution: &'a Distribution, wheel: &'a HousedWheel) -> Self {
        Self {
            distribution,
            file: wheel.file_name.as_str(),
            digests: &wheel.digests,
            wheel: Some(&wheel.file_name),
            claim: None,
            is_announced: false,
            better: None,
        }
    }

    pub(super) fn id(&self) -> DistributionId {
        self.distribution.id
    }

    pub(super) fn package(&self) -> &'a PackageName {
        &self.distribution.name
    }

    /// Makes what is to be done with the file now that it is here: a wheel is ready, anything else has to be built.
    pub(super) fn arrived(mut self, file: VerifiedFile, from_cache: bool) -> Arrived<'a> {
        let claim = self.claim.take();
        let distribution = self.distribution;
        match self.wheel {
            Some(name) => Arrived::Wheel(PreparedWheel {
                id: distribution.id,
                file: name.clone(),
                content: WheelContent::Archive(file.with_claim(claim)),
                from_cache,
            }),
            None => Arrived::Source(BuildJob {
                distribution,
                source: BuildSource::Archive {
                    file: file.with_claim(claim),
                    file_name: self.file,
                    subdirectory: distribution.origin.subdirectory(),
                },
            }),
        }
    }

    /// Tells that the file will be downloaded; once, even if its address turns out to be stale.
    pub(super) fn announce(&mut self, n_bytes: Option<u64>, reporter: &dyn Reporter) {
        if !self.is_announced {
            self.is_announced = true;
            reporter.report(Event::DownloadAnnounced {
                file: self.file,
                n_bytes,
            });
        }
    }
}

/// Makes an error about the cache one about the file, if it is.
pub(super) fn failed_proof(wanted: &WantedFile<'_>, place: Place, error: store::Error) -> Error {
    let package = wanted.package().clone();
    let file = wanted.file.to_owned();
    match error {
        store::Error::Mismatch(source) => Error::Mismatch {
            package,
            file,
            place,
            source,
        },
        store::Error::NoDigest => Error::Unproven { package, file },
        error @ (store::Error::Io { .. }
        | store::Error::NotAFolder { .. }
        | store::Error::NotACache { .. }
        | store::Error::CacheInUse { .. }
        | store::Error::NoLocks { .. }
        | store::Error::NotAFile { .. }) => error.into(),
    }
}

/// What a file is once it is here.
pub(super) enum Arrived<'a> {
    Wheel(PreparedWheel),
    Source(BuildJob<'a>),
}

/// One thing to do.
#[derive(Debug)]
pub(super) enum Job<'a> {
    Page(PageJob<'a>),
    List(ListJob<'a>),
    Download(DownloadJob<'a>),
    Local(LocalJob<'a>),
    CheckOut(CheckOutJob<'a>),
    Build(BuildJob<'a>),
    /// See whether other processes have fetched what they are at.
    Look(Vec<Waiting<'a>>),
}

impl Job<'_> {
    /// Returns what tells the server that is asked from others.
    pub(super) fn server(&self) -> Option<&str> {
        match self {
            Self::Page(job) => Some(job.index.key()),
            Self::List(job) => Some(job.index.key()),
            Self::Download(job) => Some(job.server()),
            Self::Local(_) | Self::CheckOut(_) | Self::Build(_) | Self::Look(_) => None,
        }
    }
}

impl DownloadJob<'_> {
    /// Returns what tells the server from others: that of the index, whose files count as its own, or the host.
    pub(super) fn server(&self) -> &str {
        let host = || self.url.host().unwrap_or_default();
        self.index.as_ref().map_or_else(host, Index::key)
    }
}

/// Ask an index where files of a package are.
#[derive(Debug)]
pub(super) struct PageJob<'a> {
    pub(super) index: Index,
    pub(super) package: &'a PackageName,
    pub(super) wanted: Vec<WantedFile<'a>>,
}

/// Ask an index what it says of files of a package; nothing is downloaded.
#[derive(Debug)]
pub(super) struct ListJob<'a> {
    /// The number of the first file among all that are asked for.
    pub(super) first: usize,
    pub(super) index: Index,
    pub(super) package: &'a PackageName,
    pub(super) files: &'a [FileQuery<'a>],
    /// The answers, by the numbers of the files.
    pub(super) found: &'a Mutex<BTreeMap<usize, IndexFile>>,
}

/// Download a file.
#[derive(Debug)]
pub(super) struct DownloadJob<'a> {
    pub(super) wanted: WantedFile<'a>,
    pub(super) url: Url,
    pub(super) n_bytes: Option<u64>,
    /// `None` for a direct address.
    pub(super) index: Option<Index>,
    /// Whether the address is an old one from the cache.
    pub(super) is_remembered: bool,
}

/// Hash a file of this machine.
#[derive(Debug)]
pub(super) struct LocalJob<'a> {
    pub(super) wanted: WantedFile<'a>,
    pub(super) path: &'a Path,
    /// Whether it is in a wheelhouse, and not where the lock says.
    pub(super) is_housed: bool,
}

/// Bring the files of a commit here, for all projects in it.
#[derive(Debug)]
pub(super) struct CheckOutJob<'a> {
    pub(super) url: &'a WrittenUrl,
    /// The repository as it may be shown.
    pub(super) shown: String,
    pub(super) commit: &'a str,
    pub(super) reference: Option<&'a str>,
    /// The first of the projects.
    pub(super) id: DistributionId,
    pub(super) package: &'a PackageName,
    pub(super) distributions: Vec<&'a Distribution>,
}

impl CheckOutJob<'_> {
    /// Names what cannot be had without the network.
    pub(super) fn missing(&self) -> Vec<Missing> {
        let distributions = self.distributions.iter();
        let missing = distributions.map(|distribution| Missing {
            package: distribution.name.clone(),
            version: distribution.version.clone(),
            file: format!("{} at {}", self.shown, self.commit),
        });
        missing.collect()
    }
}

/// Build a wheel.
#[derive(Debug)]
pub(super) struct BuildJob<'a> {
    pub(super) distribution: &'a Distribution,
    pub(super) source: BuildSource<'a>,
}

/// What a wheel is built from.
#[derive(Debug)]
pub(super) enum BuildSource<'a> {
    /// The folder of a project.
    Folder {
        path: Cow<'a, Path>,
        product: TreeProduct,
    },
    /// A source distribution, or another archive of a project.
    Archive {
        file: VerifiedFile,
        file_name: &'a str,
        subdirectory: Option<&'a str>,
    },
}

/// What is to be done for a file that another process is fetching, once that comes to nothing.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    pub(super) wanted: WantedFile<'a>,
    pub(super) task: Task,
    pub(super) mark: Mark,
    /// When `mark` was first seen.
    pub(super) since: Instant,
}

/// How to fetch a file.
#[derive(Debug)]
pub(super) enum Task {
    Ask {
        index: Index,
    },
    Download {
        url: Url,
        n_bytes: Option<u64>,
        index: Option<Index>,
        is_remembered: bool,
    },
}

impl<'a> Waiting<'a> {
    pub(super) fn id(&self) -> DistributionId {
        self.wanted.id()
    }

    pub(super) fn into_job(self) -> Job<'a> {
        let wanted = self.wanted;
        match self.task {
            Task::Ask { index } => Job::Page(PageJob {
                index,
                package: wanted.package(),
                wanted: vec![wanted],
            }),
            Task::Download {
                url,
                n_bytes,
                index,
                is_remembered,
            } => Job::Download(DownloadJob {
                wanted,
                url,
                n_bytes,
                index,
                is_remembered,
            }),
        }
    }
}
