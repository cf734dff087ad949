//! What there is to do, shared by the threads that do it.

use std::cmp::Reverse;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::index::{Lines, Servers};
use crate::plan::DistributionId;
use crate::prepare::Error;
use crate::prepare::job::{
    BuildJob, CheckOutJob, DownloadJob, Job, ListJob, LocalJob, PageJob, Waiting,
};

/// The place in line of a file whose size nobody knows: behind the large ones.
const GUESSED_BYTES: u64 = 1 << 20;

/// Downloads come by their size; of the same size, the first of the plan first.
type DownloadRank = (u64, Reverse<DistributionId>);

#[derive(Debug, Default)]
struct State<'a> {
    local: Vec<LocalJob<'a>>,
    checkouts: Vec<CheckOutJob<'a>>,
    builds: Vec<BuildJob<'a>>,
    /// By their number: the last one first.
    pages: Lines<usize, PageJob<'a>>,
    n_pages: usize,
    lists: Vec<ListJob<'a>>,
    downloads: Lines<DownloadRank, DownloadJob<'a>>,
    waiting: Vec<Waiting<'a>>,
    servers: Servers,
    n_running: usize,
    n_downloading: usize,
    n_building: usize,
    n_builds_at_most: usize,
    /// Something is missing for good: indexes are still asked for the rest, but nothing more is downloaded, checked out or
    /// built.
    has_gaps: bool,
    is_stopped: bool,
    errors: Vec<(DistributionId, Error)>,
}

impl<'a> State<'a> {
    fn add(&mut self, job: Job<'a>) {
        if let Some(server) = job.server() {
            self.servers.add(server);
        }
        match job {
            Job::Page(job) => self.add_page(job),
            Job::List(job) => self.lists.push(job),
            Job::Download(job) => self.add_download(job),
            Job::Local(job) => self.local.push(job),
            Job::CheckOut(job) => self.checkouts.push(job),
            Job::Build(job) => self.builds.push(job),
            Job::Look(waiting) => self.waiting.extend(waiting),
        }
    }

    fn add_page(&mut self, job: PageJob<'a>) {
        self.n_pages += 1;
        let server = job.index.key().to_owned();
        self.pages.push(&server, self.n_pages, job);
    }

    fn add_download(&mut self, job: DownloadJob<'a>) {
        let n_bytes = job.n_bytes.unwrap_or(GUESSED_BYTES);
        let server = job.server().to_owned();
        let rank = (n_bytes, Reverse(job.wanted.id()));
        self.downloads.push(&server, rank, job);
    }

    /// Takes the next job. While there are pages left to ask for, no more than a part of the threads downloads: a page may
    /// reveal a file that is larger than all others.
    fn take(&mut self, n_threads: usize) -> Option<Job<'a>> {
        if let Some(job) = self.local.pop() {
            return Some(Job::Local(job));
        }
        if !self.has_gaps
            && let Some(job) = self.take_program()
        {
            return Some(job);
        }
        let n_downloading_at_most = if self.pages.is_empty() {
            n_threads
        } else {
            n_threads.div_ceil(3)
        };
        if !self.has_gaps
            && self.n_downloading < n_downloading_at_most
            && let Some(job) = self.downloads.take(&self.servers, n_threads)
        {
            return Some(Job::Download(job));
        }
        if let Some(job) = self.pages.take(&self.servers, n_threads) {
            return Some(Job::Page(job));
        }
        if let Some(job) = self.lists.pop() {
            return Some(Job::List(job));
        }
        self.has_waiting()
            .then(|| Job::Look(std::mem::take(&mut self.waiting)))
    }

    /// Takes a job that runs a program.
    fn take_program(&mut self) -> Option<Job<'a>> {
        // A check-out may take the longest, and a build follows it.
        if let Some(job) = self.checkouts.pop() {
            return Some(Job::CheckOut(job));
        }
        if self.n_building == self.n_builds_at_most {
            return None;
        }
        self.builds.pop().map(Job::Build)
    }

    fn has_waiting(&self) -> bool {
        !self.has_gaps && !self.waiting.is_empty()
    }

    fn is_done(&self) -> bool {
        let has_questions =
            !(self.pages.is_empty() && self.lists.is_empty() && self.local.is_empty());
        let has_work =
            !(self.downloads.is_empty() && self.checkouts.is_empty() && self.builds.is_empty());
        let has_more = has_questions || self.has_waiting() || (has_work && !self.has_gaps);
        self.is_stopped || (self.n_running == 0 && !has_more)
    }
}

/// The jobs, and how far the work is.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
    n_threads: usize,
}

/// What an error ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Nothing,
    /// Whatever is of use only if nothing at all is missing.
    Programs,
    All,
}

/// A job that is being done; gives its place free when dropped.
pub(super) struct Running<'q, 'a> {
    queue: &'q Queue<'a>,
    is_download: bool,
    is_build: bool,
    /// Whom it asks.
    server: Option<String>,
}

impl Drop for Running<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.n_running -= 1;
        state.n_downloading -= usize::from(self.is_download);
        state.n_building -= usize::from(self.is_build);
        if let Some(server) = &self.server {
            state.servers.end(server);
        }
        // A thread that panics ends the others; the panic goes on where they are joined.
        state.is_stopped |= std::thread::panicking();
        drop(state);
        self.queue.changed.notify_all();
    }
}

impl<'a> Queue<'a> {
    /// Makes a queue for so many threads, of which so many may build at once.
    pub(super) fn new(jobs: Vec<Job<'a>>, n_threads: usize, n_builds: usize) -> Self {
        let mut state = State {
            n_builds_at_most: n_builds.max(1),
            ..State::default()
        };
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
                let is_build = matches!(job, Job::Build(_));
                state.n_building += usize::from(is_build);
                let server = job.server().map(str::to_owned);
                if let Some(server) = &server {
                    state.servers.begin(server);
                }
                return Some((
                    job,
                    Running {
                        queue: self,
                        is_download,
                        is_build,
                        server,
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

    /// Waits until something has changed, at most for `pause`.
    pub(super) fn wait_for_change(&self, pause: Duration) {
        let state = self.lock();
        drop(self.changed.wait_timeout(state, pause));
    }

    /// Tells whether requests are of no use any more; downloads are of none when anything at all is missing.
    pub(super) fn is_over(&self, is_download: bool) -> bool {
        let state = self.lock();
        state.is_stopped || (is_download && state.has_gaps)
    }

    /// Ends the work.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Keeps an error, unless it is but an effect of having stopped. Tells what it ends.
    pub(super) fn fail(&self, id: DistributionId, error: Error) -> Ending {
        let mut state = self.lock();
        let is_gap = matches!(&error, Error::Index(error) if error.is_absence());
        let is_echo = state.is_stopped || error.is_cancellation();
        if is_echo {
            return Ending::Nothing;
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
            Ending::Programs
        } else {
            Ending::All
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::builder::TreeProduct;
    use crate::digest::{Algorithm, Digest};
    use crate::filename::WheelFilename;
    use crate::name::PackageName;
    use crate::plan::{Distribution, Form, Origin};
    use crate::prepare::job::{BuildSource, WantedFile};
    use crate::url::Url;
    use crate::version::Version;
    use crate::{git, index};

    fn distribution(number: usize) -> Distribution {
        let file = format!("p{number}-1-py3-none-any.whl");
        Distribution {
            id: DistributionId::new(number),
            name: PackageName::new(&format!("p{number}")),
            version: Version::parse("1").unwrap(),
            origin: Origin::Index {
                source: None,
                digests: vec![Digest::of(Algorithm::Sha256, b"")],
            },
            form: Form::Wheel(WheelFilename::parse(&file).unwrap()),
            is_requested: true,
            next_best: None,
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
            is_housed: false,
        })
    }

    fn build(distribution: &Distribution) -> Job<'_> {
        Job::Build(BuildJob {
            distribution,
            source: BuildSource::Folder {
                path: Path::new("/a").into(),
                product: TreeProduct::Wheel,
            },
        })
    }

    /// What is taken, one after the other, as long as nothing new is added.
    fn order(jobs: Vec<Job<'_>>) -> Vec<String> {
        let queue = Queue::new(jobs, 3, 3);
        let mut order = Vec::new();
        while let Some((job, _running)) = queue.next() {
            order.push(match job {
                Job::Download(job) => format!("download {}", job.wanted.id()),
                Job::Local(job) => format!("local {}", job.wanted.id()),
                Job::Build(job) => format!("build {}", job.distribution.id),
                Job::Page(_) | Job::List(_) | Job::CheckOut(_) | Job::Look(_) => {
                    panic!("there is none")
                }
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
    fn what_runs_programs_is_left_out_once_a_file_is_missing() {
        let all: Vec<Distribution> = (0..3).map(distribution).collect();
        let jobs = vec![build(&all[0]), download(&all[1], None), local(&all[2])];
        let queue = Queue::new(jobs, 3, 3);
        let absent = index::Error::NoFile {
            index: "PyPI".to_owned(),
            package: PackageName::new("p9"),
            file: "p9-1-py3-none-any.whl".to_owned(),
            n_files: 0,
            url: Url::parse("https://index.example/p9/").unwrap(),
        };
        assert_eq!(queue.fail(all[1].id, absent.into()), Ending::Programs);
        // What it ended is no error.
        let interrupted = Error::Git {
            package: PackageName::new("p8"),
            source: Box::new(git::Error::Interrupted),
        };
        assert_eq!(queue.fail(all[0].id, interrupted), Ending::Nothing);
        assert!(matches!(queue.next(), Some((Job::Local(_), _))));
        assert!(queue.next().is_none());
        assert!(matches!(queue.into_result(), Err(Error::Index(_))));
    }

    #[test]
    fn an_error_ends_the_work_and_what_follows_from_that_is_not_kept() {
        let all: Vec<Distribution> = (0..2).map(distribution).collect();
        let queue = Queue::new(vec![build(&all[0]), build(&all[1])], 2, 2);
        let (_, running) = queue.next().unwrap();
        let error = |name: &str| Error::NeedsBuild {
            package: PackageName::new(name),
        };
        assert_eq!(queue.fail(all[0].id, error("p0")), Ending::All);
        assert_eq!(queue.fail(all[1].id, error("p1")), Ending::Nothing);
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
