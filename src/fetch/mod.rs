//! Brings the files of a plan to this machine, many at once, and proves each.
//!
//! What the cache has is delivered at once. Of the rest, indexes are asked once for each package whose file has no remembered
//! address, while downloads are already under way, the largest known first. Each file is sent the moment it is proven, so
//! that unpacking overlaps the network. What a file means, and whether its archive is sound, is for [`crate::install`].
//!
//! What another process with the same cache is fetching is left to that, and taken from the cache: see [`Cache::claim`].
//!
//! Threads live in [`fetch`] and none outlives it. The first error ends the work: requests under way are broken off. Only that an
//! index does not have what the lock names does not keep the others from being asked, so that all such gaps are told at once.

mod queue;
mod waiting;
mod worker;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use thiserror::Error;

use crate::event::{Event, Reporter};
use crate::http;
use crate::index::{self, Client, Index};
use crate::name::PackageName;
use crate::plan::{Distribution, DistributionId, Origin};
use crate::store::{self, Cache, Mismatch, VerifiedFile};
use crate::url::{Url, WrittenUrl};
use crate::version::Version;

use self::queue::{DownloadJob, Job, LocalJob, PageJob, Queue, WantedFile};
use self::worker::Worker;

/// How many requests are under way at once, unless the user says otherwise: enough to keep a line busy whose answers take 40 ms.
pub const N_CONNECTIONS: usize = 24;

/// What a file that another process is fetching may take without progress, unless the user says otherwise.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// So many files of the cache are held open from being found to being sent; the others are opened again. Many systems let a
/// process have 1,024 files.
const N_OPEN_HITS: usize = 256;

/// What to fetch, and with what.
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    /// The distributions; those whose origin is a folder are passed over.
    pub distributions: &'a [&'a Distribution],
    /// Asks the indexes.
    pub client: &'a Client,
    /// Keeps the files.
    pub cache: &'a Cache,
    /// Knows of files that the cache keeps in another form.
    pub unpacked: Option<&'a dyn Unpacked>,
    /// How to go about it.
    pub options: &'a Options,
    /// Hears of it.
    pub reporter: &'a dyn Reporter,
}

/// How to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether the network may be used.
    pub network: Network,
    /// How many requests are under way at once, at least 1.
    pub n_connections: usize,
    /// How long another process that is fetching a file may make no progress before we do it ourselves.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            network: Network::Online,
            n_connections: N_CONNECTIONS,
            patience: PATIENCE,
        }
    }
}

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// It may.
    #[default]
    Online,
    /// Only what is in the cache or on this machine counts.
    Offline,
}

/// A file that is here and proven.
#[derive(Debug)]
pub struct Fetched {
    /// The distribution that it is for.
    pub id: DistributionId,
    /// The file.
    pub found: Found,
    /// Whether it was in the cache.
    pub from_cache: bool,
}

/// What is here.
#[derive(Debug)]
pub enum Found {
    /// The archive.
    File(VerifiedFile),
    /// What another process made of it meanwhile; [`Unpacked::take`] has it.
    Unpacked,
}

/// Knows what other processes put into the cache in another form than as archives.
pub trait Unpacked: Sync {
    /// Looks for `distribution` again, and keeps what is found for whoever receives [`Found::Unpacked`].
    fn take(&self, distribution: &Distribution) -> bool;
}

/// Why files could not be fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An index or file server did not answer as it should.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// What came is not what was locked.
    #[error("`{file}` is not the file that was locked")]
    Mismatch {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
        /// Where from.
        place: Place,
        /// What was locked, and what came.
        #[source]
        source: Box<Mismatch>,
    },
    /// The lock has no digest that could prove the file: none at all, or MD5.
    #[error("poetry.lock has no sha256, sha384 or sha512 of `{file}`")]
    Unproven {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// Files are neither in the cache nor on this machine, and the network may not be used.
    #[error("{} of the locked files are not in the cache, and the network may not be used", missing.len())]
    Offline {
        /// Each of them, in the order of the plan.
        missing: Vec<Missing>,
    },
    /// A local archive cannot be read.
    #[error("cannot read the file of `{package}`")]
    Local {
        /// The package.
        package: PackageName,
        /// The cause, with the path.
        #[source]
        source: store::Error,
    },
    /// The cache, or the folder that stands in for it, cannot be used.
    #[error(transparent)]
    Cache(#[from] store::Error),
    /// No thread can be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// Another process removed a file from the cache while we were using it.
    #[error("`{file}` has just been removed from the cache")]
    Vanished {
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// Several things at once, in the order of the plan.
    #[error("{} files cannot be fetched", errors.len())]
    Several {
        /// What.
        errors: Vec<Error>,
    },
}

/// Where the bytes of a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A server.
    Url(Url),
    /// This machine.
    Path(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(formatter),
            Self::Path(path) => path.display().fmt(formatter),
        }
    }
}

/// A file that would have to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The file.
    pub file: String,
}

/// Fetches the file of each distribution and sends it as soon as it is proven, in order of arrival.
///
/// Returns when every file was sent, when the receiver is gone (which is no error), or on an error; no thread is left then.
/// A file from the cache whose archive turns out to be broken can be thrown away with [`Cache::discard`] and fetched again.
///
/// # Errors
///
/// See [`enum@Error`]. With [`Network::Offline`] nothing is sent before it is known that nothing is missing.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is dropped on return, which tells the receiver that nothing more comes"
)]
pub fn fetch(job: &Fetch<'_>, sender: SyncSender<Fetched>) -> Result<(), Error> {
    let done = fetch_all(job, &sender);
    for warning in job.cache.take_warnings() {
        job.reporter.report(Event::Warning(warning));
    }
    done
}

fn fetch_all(job: &Fetch<'_>, sender: &SyncSender<Fetched>) -> Result<(), Error> {
    let (hits, work) = sort(job)?;
    if job.options.network == Network::Offline {
        refuse_network(&work)?;
    }
    let n_threads = job.options.n_connections.max(1).min(work.len());
    let queue = Queue::new(work, job.options.n_connections);
    run(job, &queue, n_threads, hits, sender)?;
    queue.into_result()
}

fn run<'a>(
    job: &Fetch<'a>,
    queue: &Queue<'a>,
    n_threads: usize,
    hits: Vec<Hit<'a>>,
    sender: &SyncSender<Fetched>,
) -> Result<(), Error> {
    thread::scope(|scope| {
        for n_started in 0..n_threads {
            let worker = Worker::new(job, queue, sender.clone());
            let started = thread::Builder::new()
                .name("fetch".to_owned())
                .spawn_scoped(scope, move || worker.run());
            match started {
                Ok(_) => {}
                // Those that run do the work of those that do not.
                Err(_) if n_started > 0 => break,
                Err(cause) => return Err(Error::Thread(cause)),
            }
        }
        for hit in hits {
            let id = hit.wanted.id();
            let is_over = match hit.open(job.cache) {
                Ok(fetched) => sender.send(fetched).is_err(),
                Err(error) => queue.fail(id, error).is_break(),
            };
            if is_over {
                queue.stop();
                job.client.interrupt();
                break;
            }
        }
        Ok(())
    })
}

/// A file that is in the cache.
struct Hit<'a> {
    wanted: WantedFile<'a>,
    file: Option<VerifiedFile>,
}

impl Hit<'_> {
    fn open(self, cache: &Cache) -> Result<Fetched, Error> {
        let file = match self.file {
            Some(file) => Some(file),
            None => cache.find(self.wanted.digests)?,
        };
        let file = file.ok_or_else(|| Error::Vanished {
            package: self.wanted.package().clone(),
            file: self.wanted.file.to_owned(),
        })?;
        Ok(Fetched {
            id: self.wanted.id(),
            found: Found::File(file),
            from_cache: true,
        })
    }
}

/// Finds what is here already, and makes jobs of the rest.
fn sort<'a>(job: &Fetch<'a>) -> Result<(Vec<Hit<'a>>, Vec<Job<'a>>), Error> {
    let mut hits: Vec<Hit<'a>> = Vec::new();
    let mut jobs = Vec::new();
    let mut pages: BTreeMap<(String, String, &PackageName), PageJob<'a>> = BTreeMap::new();
    for distribution in job.distributions {
        let Some(wanted) = WantedFile::new(distribution)? else {
            continue;
        };
        if let Origin::File { path, .. } = &distribution.origin {
            jobs.push(Job::Local(LocalJob { wanted, path }));
            continue;
        }
        if let Some(file) = job.cache.find(wanted.digests)? {
            job.reporter.report(Event::Fetched {
                file: wanted.file,
                from_cache: true,
            });
            let file = (hits.len() < N_OPEN_HITS).then_some(file);
            hits.push(Hit { wanted, file });
            continue;
        }
        match online_job(job, distribution, wanted)? {
            Job::Page(page) => {
                let key = (
                    page.index.name.clone(),
                    page.index.key().to_owned(),
                    page.package,
                );
                match pages.get_mut(&key) {
                    Some(known) => known.wanted.extend(page.wanted),
                    None => drop(pages.insert(key, page)),
                }
            }
            other @ (Job::Download(_) | Job::Local(_) | Job::Look(_)) => jobs.push(other),
        }
    }
    jobs.extend(pages.into_values().map(Job::Page));
    Ok((hits, jobs))
}

/// Downloads at once what has a known address; asks the index about the rest.
fn online_job<'a>(
    job: &Fetch<'a>,
    distribution: &'a Distribution,
    mut wanted: WantedFile<'a>,
) -> Result<Job<'a>, Error> {
    let index = match &distribution.origin {
        Origin::Index { source, .. } => job.client.index(source.as_ref())?,
        Origin::Url { url, .. } => return direct_job(job, url, wanted),
        Origin::File { path, .. } | Origin::Directory { path } => {
            return Ok(Job::Local(LocalJob { wanted, path }));
        }
        Origin::Git(_) => return Err(wanted.unproven()),
    };
    let remembered = job.cache.address(index.key(), wanted.file, wanted.digests);
    Ok(match remembered {
        Some(address) => {
            wanted.announce(address.n_bytes, job.reporter);
            Job::Download(DownloadJob {
                wanted,
                url: address.url,
                n_bytes: address.n_bytes,
                index: Some(index),
                is_remembered: true,
            })
        }
        None => page_job(index, wanted),
    })
}

fn direct_job<'a>(
    job: &Fetch<'a>,
    url: &WrittenUrl,
    mut wanted: WantedFile<'a>,
) -> Result<Job<'a>, Error> {
    let url = url.parse().map_err(|source| {
        index::Error::from(http::Error::Address {
            what: wanted.file.to_owned(),
            source,
        })
    })?;
    wanted.announce(None, job.reporter);
    Ok(Job::Download(DownloadJob {
        wanted,
        url,
        n_bytes: None,
        index: None,
        is_remembered: false,
    }))
}

fn page_job(index: Index, wanted: WantedFile<'_>) -> Job<'_> {
    Job::Page(PageJob {
        index,
        package: wanted.package(),
        wanted: vec![wanted],
    })
}

fn refuse_network(work: &[Job<'_>]) -> Result<(), Error> {
    let mut wanted: Vec<&WantedFile<'_>> = Vec::new();
    for job in work {
        match job {
            Job::Page(page) => wanted.extend(&page.wanted),
            Job::Download(download) => wanted.push(&download.wanted),
            Job::Local(_) | Job::Look(_) => {}
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    wanted.sort_by_key(|wanted| wanted.id());
    let missing = wanted.into_iter().map(|wanted| Missing {
        package: wanted.distribution.name.clone(),
        version: wanted.distribution.version.clone(),
        file: wanted.file.to_owned(),
    });
    Err(Error::Offline {
        missing: missing.collect(),
    })
}
