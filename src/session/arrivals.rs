//! The wheels of a plan as they come to be there: built from folders, or fetched by threads of their own.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::Error;
use super::meanwhile::Meanwhile;
use crate::digest::{Algorithm, Hasher};
use crate::fetch::{self, Fetch, Fetched, Found};
use crate::install::{Arrival, Content};
use crate::plan::{Distribution, DistributionId, Form, Origin};
use crate::project_wheel::{self, BuiltWheel};
use crate::store::KeptWheel;
use crate::store::{Cache, VerifiedFile};

/// How many fetched files may wait to be unpacked.
const MOST_WAITING: usize = 32;

/// Wheels in order of arrival: first those that are built or unpacked here, which takes no time, then those that are fetched.
pub(super) struct Arrivals<'scope, 'a> {
    distributions: BTreeMap<DistributionId, &'a Distribution>,
    here: VecDeque<Arrival>,
    meanwhile: &'a Meanwhile,
    receiver: Receiver<Fetched>,
    thread: Option<ScopedJoinHandle<'scope, Result<(), fetch::Error>>>,
}

impl<'scope, 'a: 'scope> Arrivals<'scope, 'a> {
    /// Builds what has to be built, and starts to fetch the rest; `unpacked` need not be fetched.
    pub(super) fn start(
        scope: &'scope Scope<'scope, '_>,
        job: Fetch<'a>,
        unpacked: Vec<(&Distribution, KeptWheel)>,
        options: &project_wheel::Options,
        meanwhile: &'a Meanwhile,
    ) -> Result<Self, Error> {
        let built = job
            .distributions
            .iter()
            .filter_map(|distribution| build(distribution, options, job.cache));
        let mut here = built.collect::<Result<VecDeque<_>, _>>()?;
        here.extend(unpacked.into_iter().filter_map(|(distribution, wheel)| {
            let content = Content::Kept(Box::new(wheel));
            arrival(distribution, content)
        }));
        let distributions = job.distributions.iter();
        let distributions = distributions.map(|distribution| (distribution.id, *distribution));
        let distributions = distributions.collect();
        let (sender, receiver) = mpsc::sync_channel(MOST_WAITING);
        let thread = thread::Builder::new()
            .name("fetch".to_owned())
            .spawn_scoped(scope, move || fetch::fetch(&job, sender))
            .map_err(fetch::Error::Thread)?;
        Ok(Self {
            distributions,
            here,
            meanwhile,
            receiver,
            thread: Some(thread),
        })
    }

    /// Tells why nothing more comes.
    fn end(&mut self) -> Option<Result<Arrival, Error>> {
        match self.thread.take()?.join() {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error.into())),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl<'scope, 'a: 'scope> Iterator for Arrivals<'scope, 'a> {
    type Item = Result<Arrival, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(arrival) = self.here.pop_front() {
            return Some(Ok(arrival));
        }
        let Ok(fetched) = self.receiver.recv() else {
            return self.end();
        };
        let content = match fetched.found {
            Found::File(file) => Content::Archive(file),
            Found::Unpacked => match self.meanwhile.remove(fetched.id) {
                Some(wheel) => Content::Kept(Box::new(wheel)),
                None => return self.next(),
            },
        };
        let distribution = self.distributions.get(&fetched.id)?;
        arrival(distribution, content).map(Ok)
    }
}

/// `None` for what has to be built.
fn arrival(distribution: &Distribution, content: Content) -> Option<Arrival> {
    Some(Arrival {
        id: distribution.id,
        file: distribution.wheel()?.clone(),
        content,
    })
}

/// Builds the wheel of a folder; `None` for what is no folder.
fn build(
    distribution: &Distribution,
    options: &project_wheel::Options,
    cache: &Cache,
) -> Option<Result<Arrival, Error>> {
    let built = built(distribution, options)?;
    Some(built.and_then(|wheel| {
        let content = Content::Archive(verified(&wheel, cache)?);
        Ok(Arrival {
            id: distribution.id,
            file: wheel.into_filename(),
            content,
        })
    }))
}

/// Puts the wheel of a folder together, and writes nothing; `None` for what is no folder.
pub(super) fn built(
    distribution: &Distribution,
    options: &project_wheel::Options,
) -> Option<Result<BuiltWheel, Error>> {
    let (Origin::Directory { path }, Form::Tree { is_editable }) =
        (&distribution.origin, &distribution.form)
    else {
        return None;
    };
    let built = if *is_editable {
        project_wheel::build_editable(path, options)
    } else {
        project_wheel::build(path, options)
    };
    Some(built.map_err(|source| Error::Build {
        package: distribution.name.clone(),
        source,
    }))
}

/// Writes the wheel to a temporary file and proves it by its own digest: what is installed goes one way only.
fn verified(wheel: &BuiltWheel, cache: &Cache) -> Result<VerifiedFile, Error> {
    let output = |cause| Error::Temporary { cause };
    let temporary = tempfile::NamedTempFile::new().map_err(output)?;
    wheel.write(temporary.as_file()).map_err(Error::Archive)?;
    let digest = digest_of(temporary.path()).map_err(output)?;
    Ok(cache.verify_local(temporary.path(), &[digest])?)
}

fn digest_of(path: &Path) -> std::io::Result<crate::digest::Digest> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hasher.finish()),
            n_bytes => hasher.update(&buffer[..n_bytes]),
        }
    }
}
