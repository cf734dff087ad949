//! Files that other processes are fetching: a file is fetched by the one that has its claim, and the others take it from the
//! cache. Other files go first, and whoever waits looks again now and then: a holder that ends, however it does, or that
//! makes no progress is not waited for.

use std::time::Instant;

use crate::event::Event;
use crate::http::Cancellation as _;
use crate::install::PreparedWheel;
use crate::plan::{Distribution, Form};
use crate::prepare::Error;
use crate::prepare::build;
use crate::prepare::job::{DownloadJob, PageJob, Task, Waiting, WantedFile};
use crate::prepare::sort::unpacked;
use crate::prepare::watch::{PAUSE, Watch};
use crate::prepare::worker::Worker;
use crate::store::{Claiming, Mark};

/// Who fetches a file.
enum Turn {
    Ours,
    Theirs(Mark),
    /// It is here already.
    Nobody,
}

impl<'a> Worker<'_, 'a> {
    /// Keeps of a page what is ours to fetch; `None` when that is nothing.
    pub(super) fn claim_page(&self, job: PageJob<'a>) -> Result<Option<PageJob<'a>>, Error> {
        let mut ours = Vec::with_capacity(job.wanted.len());
        for mut wanted in job.wanted {
            match self.turn(&mut wanted)? {
                Turn::Ours => ours.push(wanted),
                Turn::Theirs(mark) => {
                    let index = job.index.clone();
                    self.leave(wanted, Task::Ask { index }, mark);
                }
                Turn::Nobody => {}
            }
        }
        let job = PageJob {
            wanted: ours,
            ..job
        };
        Ok((!job.wanted.is_empty()).then_some(job))
    }

    /// Returns the download if it is ours.
    pub(super) fn claim_download(
        &self,
        mut job: DownloadJob<'a>,
    ) -> Result<Option<DownloadJob<'a>>, Error> {
        match self.turn(&mut job.wanted)? {
            Turn::Ours => return Ok(Some(job)),
            Turn::Theirs(mark) => {
                let task = Task::Download {
                    url: job.url,
                    n_bytes: job.n_bytes,
                    index: job.index,
                    is_remembered: job.is_remembered,
                };
                self.leave(job.wanted, task, mark);
            }
            Turn::Nobody => {}
        }
        Ok(None)
    }

    fn turn(&self, wanted: &mut WantedFile<'a>) -> Result<Turn, Error> {
        if wanted.claim.is_some() {
            return Ok(Turn::Ours);
        }
        let claiming = self.job.cache.claim(wanted.digests);
        self.settle(wanted, claiming)
    }

    fn settle(&self, wanted: &mut WantedFile<'a>, claiming: Claiming) -> Result<Turn, Error> {
        match claiming {
            Claiming::Unknown => Ok(Turn::Ours),
            Claiming::Others(mark) => Ok(Turn::Theirs(mark)),
            // Whoever had the claim before may have been done just now.
            Claiming::Ours(_) if self.is_found(wanted)? => Ok(Turn::Nobody),
            Claiming::Ours(claim) => {
                wanted.claim = Some(claim);
                Ok(Turn::Ours)
            }
        }
    }

    fn leave(&self, wanted: WantedFile<'a>, task: Task, mark: Mark) {
        let file = wanted.file;
        self.job.reporter.report(Event::Awaiting { file });
        self.queue.wait([Waiting {
            wanted,
            task,
            mark,
            since: Instant::now(),
        }]);
    }

    /// Delivers the file, or the wheel that was made of it, if the cache has it now.
    pub(super) fn is_found(&self, wanted: &WantedFile<'a>) -> Result<bool, Error> {
        if let Some(wheel) = self.ready(wanted.distribution) {
            self.send_file(wheel);
            return Ok(true);
        }
        let Some(file) = self.job.cache.find(wanted.digests)? else {
            return Ok(false);
        };
        self.deliver(WantedFile::new(wanted.distribution)?, file, true);
        Ok(true)
    }

    /// Finds the wheel that was unpacked or built.
    fn ready(&self, distribution: &Distribution) -> Option<PreparedWheel> {
        match &distribution.form {
            Form::Wheel(_) => unpacked(self.job, distribution),
            Form::Sdist { .. } | Form::Tree { .. } => build::kept(self.job, distribution),
        }
    }

    /// Looks at everything that is waited for, once.
    pub(super) fn look(&self, all: Vec<Waiting<'a>>, watch: &Watch<'_, 'a>) -> Result<(), Error> {
        let n_before = all.len();
        let mut rest = Vec::with_capacity(n_before);
        for waiting in all {
            rest.extend(self.look_at(waiting)?);
        }
        if rest.len() == n_before && watch.pause(PAUSE).is_break() {
            return Ok(());
        }
        self.queue.wait(rest);
        Ok(())
    }

    /// Returns what is still to be waited for.
    fn look_at(&self, mut waiting: Waiting<'a>) -> Result<Option<Waiting<'a>>, Error> {
        if self.is_found(&waiting.wanted)? {
            return Ok(None);
        }
        let digests = waiting.wanted.digests;
        let mut claiming = self.job.cache.claim(digests);
        if let Claiming::Others(mark) = claiming
            && mark == waiting.mark
            && waiting.since.elapsed() >= self.job.options.patience
        {
            claiming = self.job.cache.take_over(digests, mark);
        }
        match self.settle(&mut waiting.wanted, claiming)? {
            Turn::Ours => self.queue.add(waiting.into_job()),
            Turn::Nobody => {}
            Turn::Theirs(mark) => {
                if mark != waiting.mark {
                    (waiting.mark, waiting.since) = (mark, Instant::now());
                }
                return Ok(Some(waiting));
            }
        }
        Ok(None)
    }
}
