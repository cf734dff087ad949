//! One thread that takes jobs from the queue until there are none.

use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError};

use crate::event::{Event, Reporter, Warning};
use crate::http::Sink;
use crate::index::{self, Download, FileQuery, IndexFile, IndexSession};
use crate::install::PreparedWheel;
use crate::plan::DistributionId;
use crate::prepare::halt::{Done, Halt};
use crate::prepare::job::{
    Arrived, BuildJob, BuildSource, DownloadJob, Job, ListJob, LocalJob, PageJob, Waiting,
    WantedFile, failed_proof,
};
use crate::prepare::queue::{Ending, Queue};
use crate::prepare::repositories::Repositories;
use crate::prepare::watch::Watch;
use crate::prepare::{Error, Place, Prepare, build};
use crate::store::{self, Address, VerifiedFile, Writer};

#[derive(Clone)]
pub(super) struct Worker<'q, 'a> {
    pub(super) job: &'q Prepare<'a>,
    pub(super) queue: &'q Queue<'a>,
    sender: &'q SyncSender<PreparedWheel>,
    pub(super) repositories: Repositories<'a>,
    /// Says, when the last clone is dropped, that the work is done.
    done: Option<Arc<Done<'q>>>,
}

impl<'q, 'a> Worker<'q, 'a> {
    pub(super) fn new(
        job: &'q Prepare<'a>,
        queue: &'q Queue<'a>,
        sender: &'q SyncSender<PreparedWheel>,
    ) -> Self {
        Self {
            job,
            queue,
            sender,
            repositories: Repositories::new(&job.options.git),
            done: None,
        }
    }

    /// Lets `halt` know when the last clone of this worker is gone.
    pub(super) fn that_ends(mut self, halt: &'q Halt) -> Self {
        self.done = Some(Arc::new(halt.done()));
        self
    }

    pub(super) fn run(self) {
        let watch = |is_download| Watch {
            queue: self.queue,
            reporter: self.job.reporter,
            is_download,
        };
        let (page_watch, download_watch) = (watch(false), watch(true));
        let mut pages = self.job.client.session(&page_watch);
        let mut downloads = self.job.client.session(&download_watch);
        while let Some((job, _running)) = self.queue.next() {
            let (id, done) = match job {
                Job::Page(job) => (first_id(&job), self.ask(&mut pages, job)),
                Job::List(job) => (DistributionId::new(job.first), self.list(&mut pages, &job)),
                Job::Download(job) => (job.wanted.id(), self.download(&mut downloads, job)),
                Job::Local(job) => (job.wanted.id(), self.prove_local(job)),
                Job::CheckOut(job) => (job.id, self.check_out(&job, &download_watch)),
                Job::Build(job) => (job.distribution.id, self.build(&job)),
                Job::Look(all) => {
                    let id = all.first().map(Waiting::id).unwrap_or_default();
                    (id, self.look(all, &download_watch))
                }
            };
            if let Err(error) = done {
                self.fail(id, error);
            }
        }
    }

    fn ask(&self, session: &mut IndexSession<'_>, job: PageJob<'a>) -> Result<(), Error> {
        let Some(job) = self.claim_page(job)? else {
            return Ok(());
        };
        let wanted: Vec<FileQuery<'_>> = job
            .wanted
            .iter()
            .map(|wanted| FileQuery {
                file: wanted.file,
                digests: wanted.digests,
            })
            .collect();
        let listed = session.find(&job.index, job.package, &wanted)?;
        for (wanted, listed) in job.wanted.into_iter().zip(listed) {
            match listed {
                Ok(listed) => self.announce(&job.index, wanted, listed),
                Err(error) if error.is_absence() => self.take_next_best(&job.index, wanted, error),
                Err(error) => self.fail(wanted.id(), error.into()),
            }
        }
        Ok(())
    }

    /// Goes on with the next best of the locked files.
    fn take_next_best(&self, index: &index::Index, wanted: WantedFile<'a>, reason: index::Error) {
        let id = wanted.id();
        let next = wanted.next_best(reason.into());
        if let Err(error) = next.and_then(|next| self.seek(index, next)) {
            self.fail(id, error);
        }
    }

    /// Takes a file from the cache, or asks the index for it.
    fn seek(&self, index: &index::Index, wanted: WantedFile<'a>) -> Result<(), Error> {
        if self.is_found(&wanted)? {
            self.warn(index, &wanted);
            return Ok(());
        }
        self.queue.add(Job::Page(PageJob {
            index: index.clone(),
            package: wanted.package(),
            wanted: vec![wanted],
        }));
        Ok(())
    }

    /// Warns of a file that is not the best of those that are locked.
    fn warn(&self, index: &index::Index, wanted: &WantedFile<'_>) {
        if let Some(warning) = wanted.warning(index) {
            self.job.reporter.report(Event::Warning(warning));
        }
    }

    fn list(&self, session: &mut IndexSession<'_>, job: &ListJob<'a>) -> Result<(), Error> {
        let answers = session.find(&job.index, job.package, job.files)?;
        for (number, answer) in (job.first..).zip(answers) {
            match answer {
                Ok(file) => {
                    let mut found = job.found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.insert(number, file);
                }
                Err(error) => self.fail(DistributionId::new(number), error.into()),
            }
        }
        Ok(())
    }

    fn fail(&self, id: DistributionId, error: Error) {
        match self.queue.fail(id, error) {
            Ending::Nothing => {}
            Ending::Programs => self.job.options.git.stop.stop(),
            Ending::All => self.job.interrupt(),
        }
    }

    fn announce(&self, index: &index::Index, mut wanted: WantedFile<'a>, listed: IndexFile) {
        if let Some(reason) = listed.yanked {
            self.job.reporter.report(Event::Warning(Warning::Yanked {
                file: wanted.file.to_owned(),
                reason,
            }));
        }
        self.warn(index, &wanted);
        wanted.announce(listed.n_bytes, self.job.reporter);
        self.queue.add(Job::Download(DownloadJob {
            wanted,
            url: listed.url,
            n_bytes: listed.n_bytes,
            index: Some(index.clone()),
            is_remembered: false,
        }));
    }

    fn download(&self, session: &mut IndexSession<'_>, job: DownloadJob<'a>) -> Result<(), Error> {
        let Some(job) = self.claim_download(job)? else {
            return Ok(());
        };
        match self.receive(session, &job) {
            Ok(file) => {
                self.remember(&job, &file);
                self.deliver(job.wanted, file, false);
                Ok(())
            }
            Err(error) if job.is_remembered && is_stale(&error) => {
                self.ask_again(job);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn receive(
        &self,
        session: &mut IndexSession<'_>,
        job: &DownloadJob<'_>,
    ) -> Result<VerifiedFile, Error> {
        let (cache, digests) = (self.job.cache, job.wanted.digests);
        let mut intake = Intake {
            writer: match job.wanted.wheel {
                _ if digests.is_empty() => cache.unproven_writer()?,
                Some(_) => cache.sized_writer(digests, job.n_bytes)?,
                None => cache.source_writer(digests, job.n_bytes)?,
            },
            reporter: self.job.reporter,
            failure: None,
        };
        let download = Download {
            file: job.wanted.file,
            url: &job.url,
            n_bytes: job.n_bytes,
            index: job.index.as_ref(),
        };
        let received = session.download(&download, &mut intake);
        let Intake {
            writer, failure, ..
        } = intake;
        let n_bytes = writer.n_bytes();
        let proven = match (received, failure) {
            (_, Some(failure)) => Err(failure.into()),
            (Err(error), None) => Err(error.into()),
            (Ok(()), None) => writer
                .finish()
                .map_err(|error| failed_proof(&job.wanted, Place::Url(job.url.clone()), error)),
        };
        if proven.is_err() {
            take_back(self.job.reporter, n_bytes);
        }
        proven
    }

    fn remember(&self, job: &DownloadJob<'_>, file: &VerifiedFile) {
        if let (Some(index), false) = (&job.index, job.is_remembered) {
            let address = Address {
                url: job.url.clone(),
                n_bytes: Some(file.n_bytes()),
            };
            self.job
                .cache
                .remember(index.key(), job.wanted.file, file.digest(), &address);
        }
    }

    /// The file has moved since: the index knows where to.
    fn ask_again(&self, job: DownloadJob<'a>) {
        let Some(index) = job.index else { return };
        self.job
            .cache
            .forget(index.key(), job.wanted.file, job.wanted.digests);
        self.queue.add(Job::Page(PageJob {
            index,
            package: job.wanted.package(),
            wanted: vec![job.wanted],
        }));
    }

    fn prove_local(&self, job: LocalJob<'a>) -> Result<(), Error> {
        let (cache, digests) = (self.job.cache, job.wanted.digests);
        let proven = if digests.is_empty() {
            cache.identify_local(job.path)
        } else {
            cache.verify_local(job.path, digests)
        };
        let file = proven.map_err(|error| {
            let path = job.path.to_owned();
            let place = if job.is_housed {
                Place::Wheelhouse(path)
            } else {
                Place::Path(path)
            };
            let error = failed_proof(&job.wanted, place, error);
            if let Error::Cache(source) = error {
                return Error::Local {
                    package: job.wanted.package().clone(),
                    source,
                };
            }
            error
        })?;
        self.job.reporter.report(Event::Found {
            file: job.wanted.file,
            path: job.path,
        });
        match job.wanted.arrived(file, false) {
            Arrived::Wheel(wheel) => self.send(wheel),
            Arrived::Source(job) => self.queue.add(Job::Build(job)),
        }
        Ok(())
    }

    fn build(&self, job: &BuildJob<'_>) -> Result<(), Error> {
        if let Some(wheel) = build::build(job, self.job)? {
            self.send(wheel);
        }
        Ok(())
    }

    /// Sends a wheel on; anything else has to be built first.
    pub(super) fn deliver(&self, wanted: WantedFile<'a>, file: VerifiedFile, from_cache: bool) {
        match wanted.arrived(file, from_cache) {
            Arrived::Wheel(wheel) => self.send_file(wheel),
            Arrived::Source(job) => {
                if let BuildSource::Archive {
                    file_name: file, ..
                } = job.source
                {
                    let arrival = Event::Fetched { file, from_cache };
                    self.job.reporter.report(arrival);
                }
                self.queue.add(Job::Build(job));
            }
        }
    }

    pub(super) fn send_file(&self, wheel: PreparedWheel) {
        self.job.reporter.report(Event::Fetched {
            file: wheel.file.as_str(),
            from_cache: wheel.from_cache,
        });
        self.send(wheel);
    }

    pub(super) fn send(&self, wheel: PreparedWheel) {
        if self.sender.send(wheel).is_err() {
            self.queue.stop();
            self.job.interrupt();
        }
    }
}

/// Takes the bytes of one download.
struct Intake<'a> {
    writer: Writer<'a>,
    reporter: &'a dyn Reporter,
    failure: Option<store::Error>,
}

impl Intake<'_> {
    fn note(&mut self, done: Result<(), store::Error>) -> ControlFlow<()> {
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Sink for Intake<'_> {
    fn write(&mut self, data: &[u8]) -> ControlFlow<()> {
        self.reporter.report(Event::BytesReceived {
            n_bytes: data.len().try_into().unwrap_or(i64::MAX),
        });
        let written = self.writer.write(data);
        self.note(written)
    }

    fn restart(&mut self) -> ControlFlow<()> {
        take_back(self.reporter, self.writer.n_bytes());
        let restarted = self.writer.restart();
        self.note(restarted)
    }

    fn n_bytes(&self) -> u64 {
        self.writer.n_bytes()
    }
}

fn take_back(reporter: &dyn Reporter, n_bytes: u64) {
    if n_bytes > 0 {
        reporter.report(Event::BytesReceived {
            n_bytes: -n_bytes.try_into().unwrap_or(i64::MAX),
        });
    }
}

fn first_id(job: &PageJob<'_>) -> DistributionId {
    let ids = job.wanted.iter().map(WantedFile::id);
    ids.min().unwrap_or_default()
}

fn is_stale(error: &Error) -> bool {
    match error {
        Error::Index(error) => error.is_stale_address(),
        Error::Mismatch { .. } => true,
        Error::Unproven { .. }
        | Error::Offline { .. }
        | Error::Local { .. }
        | Error::Cache(_)
        | Error::Wheelhouse(_)
        | Error::Thread(_)
        | Error::Git { .. }
        | Error::Configuration(_)
        | Error::Build { .. }
        | Error::SourceBuild { .. }
        | Error::NeedsBuild { .. }
        | Error::Vanished { .. }
        | Error::Several { .. } => false,
    }
}
