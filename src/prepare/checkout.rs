//! Check-outs of git repositories, each kept for later runs under its repository and commit.
//!
//! Projects that run no code when they are built get the commit alone. Whatever a backend computes may depend on tags and
//! earlier commits, as the version does with setuptools-scm, so every other project gets all of them, as Poetry fetches them: a
//! wheel of a wrong version would be worse than a slow one. A check-out is made by one thread for all projects in it, and
//! by one of the processes that share a cache.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fs_err as fs;

use super::Error;
use super::build::{kept_of_commit, native};
use super::job::{BuildJob, BuildSource, CheckOutJob, Job};
use super::watch::{PAUSE, Watch};
use super::worker::Worker;
use crate::builder::TreeProduct;
use crate::event::{Event, Warning};
use crate::git::{self, Folders, History, Repository};
use crate::http::{Cancellation as _, Network};
use crate::name::PackageName;
use crate::plan::Distribution;
use crate::platform::removal;
use crate::store::{self, Cache, Claiming, Key, Mark, WorkFolder};
use crate::url::Credentials;

/// The folder of the files below that of a check-out.
const FILES: &str = "files";

/// The folder that is fetched into, which is not kept.
const DATABASE: &str = "database";

impl<'a> Worker<'_, 'a> {
    /// Makes the projects of a commit ready to be built, and builds those that run no code.
    pub(super) fn check_out(
        &self,
        job: &CheckOutJob<'a>,
        watch: &Watch<'_, 'a>,
    ) -> Result<(), Error> {
        let Some(files) = self.files(job, watch)? else {
            return Ok(());
        };
        for distribution in &job.distributions {
            let folder = project(job, distribution, &files)?;
            match native(distribution, &folder, self.job.folders)? {
                Some(wheel) => self.send(wheel),
                None => self.leave_to_backend(job, distribution, &files)?,
            }
        }
        Ok(())
    }

    /// Has the project built by its backend, which may write into its folder: it gets one of its own.
    fn leave_to_backend(
        &self,
        job: &CheckOutJob<'a>,
        distribution: &'a Distribution,
        files: &Path,
    ) -> Result<(), Error> {
        if let Some(wheel) = kept_of_commit(self.job, distribution) {
            self.send(wheel);
            return Ok(());
        }
        let files = self
            .job
            .cache
            .copy_checkout(files, self.work_folder(job)?)?;
        self.queue.add(Job::Build(BuildJob {
            distribution,
            source: BuildSource::Folder {
                path: Cow::Owned(project(job, distribution, &files)?),
                product: TreeProduct::Wheel,
            },
        }));
        Ok(())
    }

    /// Finds the check-out or makes it; `None` when the work is over.
    fn files(
        &self,
        job: &CheckOutJob<'a>,
        watch: &Watch<'_, 'a>,
    ) -> Result<Option<PathBuf>, Error> {
        let mut seen = None;
        loop {
            if let Some(files) = self.kept(job)? {
                self.report_checked_out(job, true);
                return Ok(Some(files));
            }
            match self.claim(job, seen) {
                Claiming::Others(mark) => {
                    if seen.is_none_or(|(known, _)| known != mark) {
                        self.report_waiting(job);
                        seen = Some((mark, Instant::now()));
                    }
                    if watch.pause(PAUSE).is_break() {
                        return Ok(None);
                    }
                }
                // The claim is held until the check-out is there.
                _claim @ (Claiming::Ours(_) | Claiming::Unknown) => {
                    // Whoever had it before may have been done just now.
                    let files = self.kept(job)?.map_or_else(|| self.make(job), Ok);
                    return files.map(Some);
                }
            }
        }
    }

    /// Asks who makes the check-out; `seen` is how far another process was, and since when.
    fn claim(&self, job: &CheckOutJob<'_>, seen: Option<(Mark, Instant)>) -> Claiming {
        let key = job.key(History::Full);
        match (self.job.cache.claim_key(&key), seen) {
            (Claiming::Others(mark), Some((known, since)))
                if mark == known && since.elapsed() >= self.job.options.patience =>
            {
                self.job.cache.take_over_key(&key, known)
            }
            (claiming, _) => claiming,
        }
    }

    /// Finds the check-out if it has all that its projects need.
    fn kept(&self, job: &CheckOutJob<'a>) -> Result<Option<PathBuf>, Error> {
        if let Some(files) = job.kept(self.job.cache, History::Full) {
            return Ok(Some(files));
        }
        match job.kept(self.job.cache, History::Commit) {
            Some(files) if !self.needs_history(job, &files)? => Ok(Some(files)),
            Some(_) | None => Ok(None),
        }
    }

    fn make(&self, job: &CheckOutJob<'a>) -> Result<PathBuf, Error> {
        if self.job.options.network == Network::Offline {
            return Err(Error::Offline {
                missing: job.missing(),
            });
        }
        self.job.reporter.report(Event::CheckingOut {
            repository: &job.shown,
            commit: job.commit,
        });
        let draft = self.work_folder(job)?;
        let credentials = self.repositories.credentials(job.url)?;
        let mut history = History::Commit;
        self.fetch(job, &draft, history, credentials.as_ref())?;
        if self.needs_history(job, &draft.path().join(FILES))? {
            history = History::Full;
            remove(&draft, FILES)?;
            self.fetch(job, &draft, history, credentials.as_ref())?;
        }
        remove(&draft, DATABASE)?;
        let folder = if self.lacks_lfs(&draft.path().join(FILES)) {
            let repository = job.shown.clone();
            let warning = Warning::LfsPointers { repository };
            self.job.reporter.report(Event::Warning(warning));
            self.job.cache.hold_checkout(draft)
        } else {
            self.job.cache.keep_checkout(draft, &job.key(history))?
        };
        self.report_checked_out(job, false);
        Ok(folder.join(FILES))
    }

    /// Makes a folder that an interruption removes.
    fn work_folder(&self, job: &CheckOutJob<'_>) -> Result<WorkFolder, Error> {
        let stop = self.repositories.stop();
        let made = stop.while_making(|| self.job.cache.work_folder(), WorkFolder::path)?;
        made.ok_or_else(|| Error::Git {
            package: job.package.clone(),
            source: Box::new(git::Error::Interrupted),
        })
    }

    /// Tells whether files that git-lfs has to bring were left as pointers.
    fn lacks_lfs(&self, files: &Path) -> bool {
        let git = self.repositories.git();
        let attributes = fs::read_to_string(files.join(".gitattributes"));
        git.is_ok_and(|git| !git.has_lfs())
            && attributes.is_ok_and(|text| text.contains("filter=lfs"))
    }

    fn fetch(
        &self,
        job: &CheckOutJob<'a>,
        draft: &WorkFolder,
        history: History,
        credentials: Option<&Credentials>,
    ) -> Result<(), Error> {
        let repository = Repository {
            credentials,
            ..job.repository(history)
        };
        let folders = Folders {
            database: &draft.path().join(DATABASE),
            root: &draft.path().join(FILES),
        };
        let git = self.repositories.git();
        let done = git.and_then(|git| {
            let stop = self.repositories.stop();
            git.check_out(&repository, folders, stop)
        });
        done.map(drop).map_err(|error| failed(job.package, error))
    }

    /// Tells whether one of the projects runs code when it is built.
    fn needs_history(&self, job: &CheckOutJob<'a>, files: &Path) -> Result<bool, Error> {
        for distribution in &job.distributions {
            let folder = project(job, distribution, files)?;
            if native(distribution, &folder, self.job.folders)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn report_checked_out(&self, job: &CheckOutJob<'_>, from_cache: bool) {
        self.job.reporter.report(Event::CheckedOut {
            repository: &job.shown,
            commit: job.commit,
            from_cache,
        });
    }

    fn report_waiting(&self, job: &CheckOutJob<'_>) {
        let file = &job.shown;
        self.job.reporter.report(Event::Awaiting { file });
    }
}

impl<'a> CheckOutJob<'a> {
    fn repository(&self, history: History) -> Repository<'a> {
        Repository {
            url: self.url,
            commit: self.commit,
            reference: self.reference,
            subdirectory: None,
            history,
            credentials: None,
        }
    }

    /// Tells whether the cache has the check-out, whatever comes with the commit.
    pub(super) fn is_kept(&self, cache: &Cache) -> bool {
        let histories = [History::Full, History::Commit];
        let mut kept = histories
            .into_iter()
            .map(|history| self.kept(cache, history));
        kept.any(|files| files.is_some())
    }

    fn kept(&self, cache: &Cache, history: History) -> Option<PathBuf> {
        let kept = cache.checkout(&self.key(history))?;
        Some(kept.join(FILES))
    }

    fn key(&self, history: History) -> Key {
        let extent = match history {
            History::Commit => "commit",
            History::Full => "history",
        };
        let url = self.url.without_credentials();
        Key::of_question(format!("{url}\n{}\n{extent}", self.commit).as_bytes())
    }
}

fn project(
    job: &CheckOutJob<'_>,
    distribution: &Distribution,
    files: &Path,
) -> Result<PathBuf, Error> {
    let repository = Repository {
        subdirectory: distribution.origin.subdirectory(),
        ..job.repository(History::Commit)
    };
    git::project(&repository, files).map_err(|error| failed(&distribution.name, error))
}

fn remove(draft: &WorkFolder, name: &str) -> Result<(), Error> {
    let path = draft.path().join(name);
    let removed = removal::remove(&path);
    removed.map_err(|source| store::Error::Io { path, source }.into())
}

fn failed(package: &PackageName, source: git::Error) -> Error {
    Error::Git {
        package: package.clone(),
        source: Box::new(source),
    }
}
