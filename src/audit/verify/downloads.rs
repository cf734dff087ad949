//! Fetches files to hash them. The bytes go nowhere.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use super::question::WantedFile;
use super::reach::{Reachability, server};
use super::report::Bytes;
use super::workers::Workers;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::event::{Event, Reporter};
use crate::http::Sink;
use crate::index::{Download, Index, IndexSession};
use crate::url::Url;

/// A file to fetch.
pub(super) struct DownloadJob<'a> {
    /// The position of the package in the plan.
    pub(super) package: usize,
    /// The position of the file in the package.
    pub(super) position: usize,
    pub(super) file: &'a WantedFile<'a>,
    pub(super) url: Url,
    pub(super) n_bytes: Option<u64>,
    /// `None` for a URL of its own.
    pub(super) index: Option<&'a Index>,
}

/// Fetches and hashes all files, the largest first; answers are in the order of `jobs`, which is changed.
pub(super) fn hash_all(jobs: &mut [DownloadJob<'_>], workers: Workers<'_>) -> Vec<Bytes> {
    jobs.sort_unstable_by_key(|job| Reverse(job.n_bytes));
    for job in &*jobs {
        workers.reporter.report(Event::DownloadAnnounced {
            file: job.file.name,
            n_bytes: job.n_bytes,
        });
    }
    let reachability = Reachability::default();
    workers.for_all(jobs, DownloadJob::server, |session, job| {
        job.hash(session, workers.reporter, &reachability)
    })
}

impl DownloadJob<'_> {
    /// Tells the server from others: that of the index, whose files count as its own, or the host.
    fn server(&self) -> &str {
        let host = || self.url.host().unwrap_or_default();
        self.index.map_or_else(host, Index::key)
    }

    fn hash(
        &self,
        session: &mut IndexSession<'_>,
        reporter: &dyn Reporter,
        reachability: &Reachability,
    ) -> Bytes {
        let mut intake = Intake::new(self.file, reporter);
        let download = Download {
            file: self.file.name,
            url: &self.url,
            n_bytes: self.n_bytes,
            index: self.index,
        };
        let downloaded = reachability.ask(&self.url, || {
            let downloaded = session.download(&download, &mut intake);
            if intake.n_bytes > 0 {
                reachability.has_answered(&server(&self.url));
            }
            downloaded
        });
        match downloaded {
            Ok(()) => intake.finish(self.file),
            Err(error) => Bytes::Failed(error),
        }
    }
}

/// Hashes the bytes of one file by every algorithm of the lock.
struct Intake<'a> {
    algorithms: Vec<Algorithm>,
    hashers: Vec<Hasher>,
    n_bytes: u64,
    reporter: &'a dyn Reporter,
}

impl<'a> Intake<'a> {
    fn new(file: &WantedFile<'_>, reporter: &'a dyn Reporter) -> Self {
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for digest in &file.digests {
            if !algorithms.contains(&digest.algorithm()) {
                algorithms.push(digest.algorithm());
            }
        }
        let mut intake = Self {
            algorithms,
            hashers: Vec::new(),
            n_bytes: 0,
            reporter,
        };
        intake.begin();
        intake
    }

    fn begin(&mut self) {
        self.hashers = self.algorithms.iter().copied().map(Hasher::new).collect();
        self.n_bytes = 0;
    }

    fn finish(self, file: &WantedFile<'_>) -> Bytes {
        let n_bytes = self.n_bytes;
        let digests: Vec<Digest> = self.hashers.into_iter().map(Hasher::finish).collect();
        if digests.iter().any(|digest| file.digests.contains(digest)) {
            Bytes::Same
        } else {
            Bytes::Different { digests, n_bytes }
        }
    }

    fn report(&self, n_bytes: i64) {
        self.reporter.report(Event::BytesReceived { n_bytes });
    }
}

impl Sink for Intake<'_> {
    fn write(&mut self, data: &[u8]) -> ControlFlow<()> {
        for hasher in &mut self.hashers {
            hasher.update(data);
        }
        self.n_bytes += data.len() as u64;
        self.report(i64::try_from(data.len()).unwrap_or(i64::MAX));
        ControlFlow::Continue(())
    }

    fn restart(&mut self) -> ControlFlow<()> {
        self.report(-i64::try_from(self.n_bytes).unwrap_or(i64::MAX));
        self.begin();
        ControlFlow::Continue(())
    }

    fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}
