//! What there is to do, shared by the threads that do it.

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::event::{Event, Reporter};
use crate::filename::WheelFilename;
use crate::http::Cancellation;
use crate::index::{Index, IndexFile, Wanted};
use crate::install::{PreparedWheel, WheelContent};
use crate::name::PackageName;
use crate::plan::{Distribution, DistributionId};
use crate::prepare::Error;
use crate::prepare::waiting::Waiting;
use crate::store::Claim;
use crate::url::Url;

/// The place in line of a file whose size nobody knows: behind the large ones.
const GUESSED_BYTES: u64 = 1 << 20;

/// A file, and what proves it.
#[derive(Debug)]
pub(super) struct WantedFile<'a> {
    pub(super) distribution: &'a Distribution,
    wheel: &'a WheelFilename,
    pub(super) file: &'a str,
    pub(super) digests: &'a [Digest],
    /// Keeps other processes from fetching it too.
    pub(super) claim: Option<Claim>,
    is_announced: bool,
}

impl<'a> WantedFile<'a> {
    pub(super) fn new(distribution: &'a Distribution) -> Result<Self, Error> {
        let package = &distribution.name;
        let Some(wheel) = distribution.wheel() else {
            return Err(Error::NeedsBuild {
                package: package.clone(),
            });
        };
        let digests = distribution.origin.digests();
        if digests.is_empty() {
            return Err(Error::Unproven {
                package: package.clone(),
                file: wheel.as_str().to_owned(),
            });
        }
        Ok(Self {
            distribution,
            wheel,
            file: wheel.as_str(),
            digests,
            claim: None,
            is_announced: false,
        })
    }

    pub(super) fn id(&self) -> DistributionId {
        self.distribution.id
    }

    pub(super) fn package(&self) -> &'a PackageName {
        &self.distribution.name
    }

    /// Makes the wheel of it.
    pub(super) fn prepared(&self, content: WheelContent, from_cache: bool) -> PreparedWheel {
        PreparedWheel {
            id: self.id(),
            file: self.wheel.clone(),
            content,
            from_cache,
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

/// One thing to do.
#[derive(Debug)]
pub(super) enum Job<'a> {
    Page(PageJob<'a>),
    List(ListJob<'a>),
    Download(DownloadJob<'a>),
    Local(LocalJob<'a>),
    Build(BuildJob<'a>),
    /// See whether other processes have fetched what they are at.
    Look(Vec<Waiting<'a>>),
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
    pub(super) files: &'a [Wanted<'a>],
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
}

/// Build the wheel of a folder.
#[derive(Debug)]
pub(super) struct BuildJob<'a> {
    pub(super) distribution: &'a Distribution,
    pub(super) folder: &'a Path,
    pub(super) is_editable: bool,
}

/// Downloads in line, the largest first; of the same size, the first of the plan first.
#[derive(Debug)]
struct InLine<'a>(DownloadJob<'a>);

impl InLine<'_> {
    fn rank(&self) -> (u64, std::cmp::Reverse<DistributionId>) {
        let n_bytes = self.0.n_bytes.unwrap_or(GUESSED_BYTES);
        (n_bytes, std::cmp::Reverse(self.0.wanted.id()))
    }
}

impl PartialEq for InLine<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for InLine<'_> {}

impl PartialOrd for InLine<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InLine<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

#[derive(Debug, Default)]
struct State<'a> {
    local: Vec<LocalJob<'a>>,
    builds: Vec<BuildJob<'a>>,
    pages: Vec<PageJob<'a>>,
    lists: Vec<ListJob<'a>>,
    downloads: BinaryHeap<InLine<'a>>,
    waiting: Vec<Waiting<'a>>,
    n_running: usize,
    n_downloading: usize,
    /// Something is missing for good: what else is missing is still found out, but nothing more is downloaded.
    has_gaps: bool,
    is_stopped: bool,
    errors: Vec<(DistributionId, Error)>,
}

impl<'a> State<'a> {
    fn add(&mut self, job: Job<'a>) {
        match job {
            Job::Page(job) => self.pages.push(job),
            Job::List(job) => self.lists.push(job),
            Job::Download(job) => self.downloads.push(InLine(job)),
            Job::Local(job) => self.local.push(job),
            Job::Build(job) => self.builds.push(job),
            Job::Look(waiting) => self.waiting.extend(waiting),
        }
    }

    /// Takes the next job. While there are pages left to ask for, no more than a part of the threads downloads: a page may
    /// reveal a file that is larger than all others.
    fn take(&mut self, n_threads: usize) -> Option<Job<'a>> {
        if let Some(job) = self.local.pop() {
            return Some(Job::Local(job));
        }
        if let Some(job) = self.builds.pop() {
            return Some(Job::Build(job));
        }
        let n_downloading_at_most = if self.pages.is_empty() {
            n_threads
        } else {
            n_threads.div_ceil(3)
        };
        if !self.has_gaps
            && self.n_downloading < n_downloading_at_most
            && let Some(InLine(job)) = self.downloads.pop()
        {
            return Some(Job::Download(job));
        }
        if let Some(job) = self.pages.pop() {
            return Some(Job::Page(job));
        }
        if let Some(job) = self.lists.pop() {
            return Some(Job::List(job));
        }
        self.has_waiting()
            .then(|| Job::Look(std::mem::take(&mut self.waiting)))
    }

    fn has_waiting(&self) -> bool {
        !self.has_gaps && !self.waiting.is_empty()
    }

    fn is_done(&self) -> bool {
        let has_downloads = !self.has_gaps && !self.downloads.is_empty();
        self.is_stopped
            || (self.n_running == 0
                && !has_downloads
                && !self.has_waiting()
                && self.pages.is_empty()
                && self.lists.is_empty()
                && self.builds.is_empty()
                && self.local.is_empty())
    }
}

/// The jobs, and how the work stands.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
    n_threads: usize,
}

/// A job that is being done; gives its place free when dropped.
pub(super) struct Running<'q, 'a> {
    queue: &'q Queue<'a>,
    is_download: bool,
}

impl Drop for Running<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.n_running -= 1;
        state.n_downloading -= usize::from(self.is_download);
        // A thread that panics ends the others; the panic goes on where they are joined.
        state.is_stopped |= std::thread::panicking();
        drop(state);
        self.queue.changed.notify_all();
    }
}

impl<'a> Queue<'a> {
    pub(super) fn new(jobs: Vec<Job<'a>>, n_threads: usize) -> Self {
        let mut state = State::default();
        // Taken from the end, so that the first of the plan comes first.
        for job in jobs.into_iter().rev() {
            state.add(job);
        }
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            n_threads: n_threads.max(1),
        }
    }

    /// Waits for a job; `None` when there will be none.
    pub(super) fn next(&self) -> Option<(Job<'a>, Running<'_, 'a>)> {
        let mut state = self.lock();
        loop {
            if state.is_done() {
                drop(state);
                self.changed.notify_all();
                return None;
            }
            if let Some(job) = state.take(self.n_threads) {
                let is_download = matches!(job, Job::Download(_));
                state.n_running += 1;
                state.n_downloading += usize::from(is_download);
                return Some((
                    job,
                    Running {
                        queue: self,
                        is_download,
                    },
                ));
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn add(&self, job: Job<'a>) {
        self.lock().add(job);
        // Not one: it might be a thread in a pause.
        self.changed.notify_all();
    }

    /// Adds files that other processes are fetching.
    pub(super) fn wait(&self, waiting: impl IntoIterator<Item = Waiting<'a>>) {
        self.lock().waiting.extend(waiting);
        self.changed.notify_all();
    }

    /// Ends the work.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Keeps an error, unless it is but an effect of having stopped. Tells whether it ends the work.
    pub(super) fn fail(&self, id: DistributionId, error: Error) -> ControlFlow<()> {
        let mut state = self.lock();
        let is_gap = matches!(&error, Error::Index(error) if error.is_absence());
        let is_echo =
            state.is_stopped || matches!(&error, Error::Index(error) if error.is_cancelled());
        if is_echo {
            return ControlFlow::Continue(());
        }
        if is_gap {
            state.has_gaps = true;
        } else {
            state.is_stopped = true;
        }
        state.errors.push((id, error));
        drop(state);
        self.changed.notify_all();
        if is_gap {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    pub(super) fn into_result(self) -> Result<(), Error> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut errors = state.errors;
        errors.sort_by_key(|(id, _)| *id);
        let mut errors: Vec<Error> = errors.into_iter().map(|(_, error)| error).collect();
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Error::Several { errors }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands by the requests of one thread.
pub(super) struct Watch<'q, 'a> {
    pub(super) queue: &'q Queue<'a>,
    pub(super) reporter: &'q dyn Reporter,
    /// Whether the requests are of use only if nothing at all is missing.
    pub(super) is_download: bool,
}

impl Cancellation for Watch<'_, '_> {
    fn retrying(&self, what: &str, cause: &str) {
        self.reporter.report(Event::Retrying { what, cause });
    }

    fn pause(&self, pause: Duration) -> ControlFlow<()> {
        let end = Instant::now() + pause;
        loop {
            if self.is_cancelled() {
                return ControlFlow::Break(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return ControlFlow::Continue(());
            }
            let state = self.queue.lock();
            drop(self.queue.changed.wait_timeout(state, left));
        }
    }

    fn is_cancelled(&self) -> bool {
        let state = self.queue.lock();
        state.is_stopped || (self.is_download && state.has_gaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DistributionId, Form, Origin};
    use crate::version::Version;

    fn distribution(number: usize) -> Distribution {
        let file = format!("p{number}-1-py3-none-any.whl");
        Distribution {
            id: DistributionId::new(number),
            name: PackageName::new(&format!("p{number}")),
            version: Version::parse("1").unwrap(),
            origin: Origin::Index {
                source: None,
                digests: vec![Digest::of(crate::digest::Algorithm::Sha256, b"")],
            },
            form: Form::Wheel(WheelFilename::parse(&file).unwrap()),
            is_requested: true,
        }
    }

    fn download(distribution: &Distribution, n_bytes: Option<u64>) -> Job<'_> {
        Job::Download(DownloadJob {
            wanted: WantedFile::new(distribution).unwrap(),
            url: Url::parse("https://files.example/a").unwrap(),
            n_bytes,
            index: None,
            is_remembered: false,
        })
    }

    fn local(distribution: &Distribution) -> Job<'_> {
        Job::Local(LocalJob {
            wanted: WantedFile::new(distribution).unwrap(),
            path: Path::new("/a"),
        })
    }

    fn build(distribution: &Distribution) -> Job<'_> {
        Job::Build(BuildJob {
            distribution,
            folder: Path::new("/a"),
            is_editable: false,
        })
    }

    /// What is taken, one after the other, as long as nothing new is added.
    fn order(jobs: Vec<Job<'_>>) -> Vec<String> {
        let queue = Queue::new(jobs, 3);
        let mut order = Vec::new();
        while let Some((job, _running)) = queue.next() {
            order.push(match job {
                Job::Download(job) => format!("download {}", job.wanted.id()),
                Job::Local(job) => format!("local {}", job.wanted.id()),
                Job::Build(job) => format!("build {}", job.distribution.id),
                Job::Page(_) | Job::List(_) | Job::Look(_) => panic!("there is none"),
            });
        }
        order
    }

    #[test]
    fn what_needs_no_network_comes_first_and_then_what_is_large() {
        let all: Vec<Distribution> = (0..7).map(distribution).collect();
        let jobs = vec![
            download(&all[0], Some(10)),
            download(&all[1], Some(2 << 20)),
            build(&all[2]),
            download(&all[3], None),
            local(&all[4]),
            build(&all[5]),
            download(&all[6], Some(10)),
        ];
        let expected = [
            "local 4",
            "build 2",
            "build 5",
            "download 1",
            "download 3",
            "download 0",
            "download 6",
        ];
        assert_eq!(order(jobs), expected);
    }

    #[test]
    fn an_error_ends_the_work_and_what_follows_from_that_is_not_kept() {
        let all: Vec<Distribution> = (0..2).map(distribution).collect();
        let queue = Queue::new(vec![build(&all[0]), build(&all[1])], 2);
        let (_, running) = queue.next().unwrap();
        let error = |name: &str| Error::NeedsBuild {
            package: PackageName::new(name),
        };
        assert!(queue.fail(all[0].id, error("p0")).is_break());
        assert!(queue.fail(all[1].id, error("p1")).is_continue());
        drop(running);
        assert!(queue.next().is_none());
        let result = queue.into_result();
        let is_first = |package: &PackageName| package.as_str() == "p0";
        assert!(
            matches!(&result, Err(Error::NeedsBuild { package }) if is_first(package)),
            "{result:?}"
        );
    }
}
