//! Downloading files of build requirements.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::turns::{Turn, Wanted, What};
use super::workplace::Workplace;
use super::{Builder, Error};
use crate::digest::{self, Algorithm, Digest};
use crate::event::{Event, Reporter};
use crate::http::{Network, Sink};
use crate::index::{Download, Index, IndexSession};
use crate::store::{self, Cache, Key, VerifiedFile, Writer};
use crate::url::Url;

/// A file somewhere else.
#[derive(Clone, Debug)]
pub(super) struct RemoteFile {
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) n_bytes: Option<u64>,
    /// What its index claims, or its address says; may be nothing.
    pub(super) digests: Vec<Digest>,
    /// `None` for a direct address.
    pub(super) index: Option<Index>,
}

impl Builder<'_> {
    /// Takes a file from the cache, or downloads it into it. A file without a digest goes to the work folder instead: nobody
    /// can tell it from another.
    pub(super) fn fetch(
        &self,
        session: &mut IndexSession<'_>,
        workplace: &Workplace,
        file: &RemoteFile,
    ) -> Result<VerifiedFile, Error> {
        if file.url.scheme() == "file" {
            return take_local(workplace, file);
        }
        if file.digests.is_empty() {
            return self.fetch_unproven(session, workplace, file);
        }
        let mut fetched = None;
        // Those that want the same file wait here, and find it in the cache.
        self.downloads.get_or_make(&file.url, || {
            fetched = Some(self.fetch_proven(session, workplace, file)?);
            Ok::<_, Error>(())
        })?;
        match fetched {
            Some(file) => Ok(file),
            None => self.fetch_proven(session, workplace, file),
        }
    }

    fn fetch_proven(
        &self,
        session: &mut IndexSession<'_>,
        workplace: &Workplace,
        file: &RemoteFile,
    ) -> Result<VerifiedFile, Error> {
        let cache = workplace.cache();
        let Some(digest) = file.digests.first() else {
            return self.fetch_unproven(session, workplace, file);
        };
        let wanted = Wanted {
            cache,
            key: &Key::of(digest),
            what: What::File(&file.name),
            patience: Some(self.settings.patience),
        };
        match self.turn(wanted, || Ok(cache.find(&file.digests)?))? {
            Turn::Found(found) => Ok(found),
            Turn::Ours(_claim) => self.download(session, workplace, file),
        }
    }

    /// Does `act` with a file, and again with a new copy of it where the one in the cache turns out to be damaged.
    pub(super) fn with_file<T>(
        &self,
        session: &mut IndexSession<'_>,
        workplace: &Workplace,
        file: &RemoteFile,
        act: impl Fn(&VerifiedFile) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let fetched = self.fetch(session, workplace, file)?;
        match act(&fetched) {
            Err(_) if discard_if_damaged(workplace.cache(), &fetched) => {
                act(&self.fetch(session, workplace, file)?)
            }
            done => done,
        }
    }

    fn download(
        &self,
        session: &mut IndexSession<'_>,
        workplace: &Workplace,
        file: &RemoteFile,
    ) -> Result<VerifiedFile, Error> {
        let writer = workplace
            .cache()
            .sized_writer(&file.digests, file.n_bytes)?;
        let mut intake = Intake {
            target: Target::Cache(writer),
            reporter: self.tools.reporter,
            failure: None,
        };
        self.receive(session, file, &mut intake)?;
        let Target::Cache(writer) = intake.target else {
            return Err(Error::Interrupted);
        };
        writer.finish().map_err(|error| mismatch(error, file))
    }

    fn fetch_unproven(
        &self,
        session: &mut IndexSession<'_>,
        workplace: &Workplace,
        file: &RemoteFile,
    ) -> Result<VerifiedFile, Error> {
        let path = workplace.new_path("d");
        let target = File::create_new(&path).map_err(Error::io("create", &path))?;
        let mut intake = Intake {
            target: Target::File {
                file: target,
                path: path.clone(),
                n_bytes: 0,
            },
            reporter: self.tools.reporter,
            failure: None,
        };
        self.receive(session, file, &mut intake)?;
        Ok(workplace.cache().verify_local(&path, &[hash(&path)?])?)
    }

    fn receive(
        &self,
        session: &mut IndexSession<'_>,
        file: &RemoteFile,
        intake: &mut Intake<'_>,
    ) -> Result<(), Error> {
        if self.settings.network == Network::Offline {
            let file = file.name.clone();
            return Err(Error::NotCached { file });
        }
        self.tools.reporter.report(Event::DownloadAnnounced {
            file: &file.name,
            n_bytes: file.n_bytes,
        });
        let download = Download {
            file: &file.name,
            url: &file.url,
            n_bytes: file.n_bytes,
            index: file.index.as_ref(),
        };
        let received = session.download(&download, intake);
        match (received, intake.failure.take()) {
            (_, Some(failure)) => Err(failure),
            (Err(error), None) => Err(error.into()),
            (Ok(()), None) => Ok(()),
        }
    }
}

/// Takes a file of this machine.
fn take_local(workplace: &Workplace, file: &RemoteFile) -> Result<VerifiedFile, Error> {
    let path = file.url.local_path();
    let path = path.ok_or_else(|| Error::UnsupportedUrl {
        url: file.url.clone(),
    })?;
    let digests = if file.digests.is_empty() {
        vec![hash(&path)?]
    } else {
        file.digests.clone()
    };
    let taken = workplace.cache().verify_local(&path, &digests);
    taken.map_err(|error| mismatch(error, file))
}

fn hash(path: &Path) -> Result<Digest, Error> {
    let hashed = File::open(path).and_then(|file| digest::hash(Algorithm::Sha256, file));
    hashed.map_err(Error::io("read", path))
}

/// Makes an error about other bytes than were expected one about the file.
fn mismatch(error: store::Error, file: &RemoteFile) -> Error {
    if let store::Error::Mismatch(source) = error {
        return Error::Mismatch {
            file: file.name.clone(),
            url: file.url.clone(),
            source,
        };
    }
    error.into()
}

/// Removes from the cache what does not have its digest any more; tells whether it did.
pub(super) fn discard_if_damaged(cache: &Cache, file: &VerifiedFile) -> bool {
    !file.has_its_digest() && cache.discard(file).is_ok()
}

/// Takes the bytes of one download.
struct Intake<'a> {
    target: Target<'a>,
    reporter: &'a dyn Reporter,
    failure: Option<Error>,
}

enum Target<'a> {
    Cache(Writer<'a>),
    File {
        file: File,
        path: PathBuf,
        n_bytes: u64,
    },
}

impl Intake<'_> {
    fn note(&mut self, done: Result<(), Error>) -> ControlFlow<()> {
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn report(&self, n_bytes: i64) {
        self.reporter.report(Event::BytesReceived { n_bytes });
    }
}

impl Sink for Intake<'_> {
    fn write(&mut self, data: &[u8]) -> ControlFlow<()> {
        self.report(data.len().try_into().unwrap_or(i64::MAX));
        let written = match &mut self.target {
            Target::Cache(writer) => writer.write(data).map_err(Error::from),
            Target::File {
                file,
                path,
                n_bytes,
            } => {
                *n_bytes += data.len() as u64;
                file.write_all(data).map_err(Error::io("write", path))
            }
        };
        self.note(written)
    }

    fn restart(&mut self) -> ControlFlow<()> {
        self.report(-i64::try_from(self.n_bytes()).unwrap_or(i64::MAX));
        let restarted = match &mut self.target {
            Target::Cache(writer) => writer.restart().map_err(Error::from),
            Target::File {
                file,
                path,
                n_bytes,
            } => {
                *n_bytes = 0;
                let emptied = file.set_len(0).and_then(|()| file.rewind());
                emptied.map_err(Error::io("write", path))
            }
        };
        self.note(restarted)
    }

    fn n_bytes(&self) -> u64 {
        match &self.target {
            Target::Cache(writer) => writer.n_bytes(),
            Target::File { n_bytes, .. } => *n_bytes,
        }
    }
}
