//! Prepares the wheels of a plan: brings files and commits to this machine and proves each file, and builds what is no wheel,
//! many at once.
//!
//! What the cache has is delivered at once. Of the rest, indexes are asked once for each package whose file has no remembered
//! address, while downloads are already under way, the largest known first; commits are checked out and folders built meanwhile. Each wheel is sent
//! the moment it is ready, so that unpacking overlaps the network and the builds. What a file means, and whether its archive
//! is sound, is for [`crate::install`].
//!
//! What another process with the same cache is fetching is left to that, and taken from the cache: see [`Cache::claim`].
//!
//! Threads live in [`prepare`] and none outlives it. The first error ends the work: requests under way are broken off. Only
//! that an index does not have what the lock names does not keep the others from being asked, so that all such gaps are
//! reported at once.

mod build;
mod checkout;
mod error;
mod halt;
mod housed;
mod job;
mod list;
mod queue;
mod repositories;
mod sort;
mod waiting;
mod watch;
mod wheels;
mod worker;

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::{self, Scope};
use std::time::Duration;

use crate::builder::Builder;
use crate::event::{Event, Reporter};
use crate::http::Network;
use crate::index::Client;
use crate::install::{Finder, PreparedWheel};
use crate::name::PackageName;
use crate::plan::Distribution;
use crate::project_wheel;
use crate::store::Cache;
use crate::wheelhouse::{Stock, Wheelhouse};

use self::queue::{Ending, Queue};
use self::sort::{Hit, refuse_network, sort};
use self::worker::Worker;

pub use self::error::{Error, Missing, Place};
pub use self::halt::Halt;
pub use self::list::{Question, list};
pub use self::repositories::GitSettings;
pub use self::wheels::{Wheels, wheels};

/// How many requests are under way at once, unless the user says otherwise: enough to keep a line busy whose answers take 40 ms.
pub const N_CONNECTIONS: usize = 24;

/// What a file that another process is fetching may take without progress, unless the user says otherwise.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// What to prepare, and with what.
#[derive(Clone, Copy)]
pub struct Prepare<'a> {
    /// The distributions.
    pub distributions: &'a [&'a Distribution],
    /// The name of the project itself, if it is among them: it is built as Poetry builds what it is called for.
    pub project: Option<&'a PackageName>,
    /// Asks the indexes.
    pub client: &'a Client,
    /// Keeps the files.
    pub cache: &'a Cache,
    /// Knows of wheels that the cache keeps unpacked.
    pub kept: Option<&'a Finder>,
    /// What the wheels of folders depend on besides the folders.
    pub folders: &'a project_wheel::BuildOptions,
    /// What becomes of source distributions, and of folders that only a build backend can build.
    pub building: Building<'a>,
    /// How to go about it.
    pub options: &'a PrepareOptions,
    /// Hears of it.
    pub reporter: &'a dyn Reporter,
}

/// What becomes of what a build backend has to build.
#[derive(Clone, Copy)]
pub enum Building<'a> {
    /// It is built.
    With(&'a Builder<'a>),
    /// It is an error.
    Refused,
    /// It is proven as far as it is on this machine, and not built: no wheel of it is sent. Of folders that are not the
    /// project's nothing is built either, as in a dry run of Poetry's.
    Rehearsed,
    /// Archives are put into a wheelhouse as they are; folders are an error.
    Stocked(&'a Stock),
}

/// How to prepare.
#[derive(Clone, Debug)]
pub struct PrepareOptions {
    /// Whether the network may be used.
    pub network: Network,
    /// How many requests are under way at once, at least 1; builds count as requests.
    pub n_connections: usize,
    /// How many builds are under way at once, at least 1.
    pub n_builds: usize,
    /// How long another process that is fetching a file may make no progress before we do it ourselves.
    pub patience: Duration,
    /// What git is started with.
    pub git: GitSettings,
    /// Where files are looked for before the network is asked.
    pub wheelhouse: Option<Arc<Wheelhouse>>,
}

impl Default for PrepareOptions {
    fn default() -> Self {
        Self {
            network: Network::Online,
            n_connections: N_CONNECTIONS,
            n_builds: 1,
            patience: PATIENCE,
            git: GitSettings::default(),
            wheelhouse: None,
        }
    }
}

/// Prepares the wheel of each distribution and sends it as soon as it is ready, in order of arrival.
///
/// Returns when every wheel was sent, when the receiver is gone (which is not an error), or on an error; no thread is left
/// then. A file from the cache whose archive turns out to be broken can be thrown away with [`Cache::discard`] and fetched
/// again.
///
/// # Errors
///
/// See [`enum@Error`]. With [`Network::Offline`] nothing is sent before it is known that nothing is missing.
pub fn prepare(prepare: &Prepare<'_>, sender: SyncSender<PreparedWheel>) -> Result<(), Error> {
    prepare_until(prepare, sender, &Halt::default())
}

/// As [`prepare`], but returns as soon as can be when `halt` says so.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is dropped on return, which tells the receiver that nothing more comes"
)]
fn prepare_until(
    prepare: &Prepare<'_>,
    sender: SyncSender<PreparedWheel>,
    halt: &Halt,
) -> Result<(), Error> {
    let done = prepare_all(prepare, &sender, halt);
    for warning in prepare.cache.take_warnings() {
        prepare.reporter.report(Event::Warning(warning));
    }
    done
}

fn prepare_all(
    prepare: &Prepare<'_>,
    sender: &SyncSender<PreparedWheel>,
    halt: &Halt,
) -> Result<(), Error> {
    let sorted = sort(prepare)?;
    if prepare.options.network == Network::Offline {
        refuse_network(&sorted.jobs, prepare.cache)?;
    }
    let options = prepare.options;
    let n_threads = options.n_connections.min(sorted.jobs.len());
    let queue = Queue::new(sorted.jobs, options.n_connections, options.n_builds);
    thread::scope(|scope| {
        let worker = Worker::new(prepare, &queue, sender).that_ends(halt);
        start(scope, n_threads, &worker)?;
        send_hits(prepare, &queue, sorted.hits, sender);
        drop(worker);
        if halt.wait() {
            queue.stop();
            prepare.interrupt();
        }
        Ok::<(), Error>(())
    })?;
    queue.into_result()
}

impl Prepare<'_> {
    /// Breaks off what is under way.
    fn interrupt(&self) {
        self.client.interrupt();
        self.options.git.stop.stop();
    }
}

/// Starts up to `n_threads` threads that do the jobs of `queue`.
///
/// # Errors
///
/// [`Error::Thread`] when not even one can be started; fewer do the work of all.
fn start<'scope, 'a>(
    scope: &'scope Scope<'scope, '_>,
    n_threads: usize,
    worker: &Worker<'scope, 'a>,
) -> Result<(), Error>
where
    'a: 'scope,
{
    for n_started in 0..n_threads {
        let worker = worker.clone();
        let started = thread::Builder::new()
            .name("prepare".to_owned())
            .spawn_scoped(scope, move || worker.run());
        match started {
            Ok(_) => {}
            Err(_) if n_started > 0 => break,
            Err(cause) => return Err(Error::Thread(cause)),
        }
    }
    Ok(())
}

fn send_hits<'a>(
    prepare: &Prepare<'a>,
    queue: &Queue<'a>,
    hits: Vec<Hit<'a>>,
    sender: &SyncSender<PreparedWheel>,
) {
    for hit in hits {
        let id = hit.id();
        let is_over = match hit.open(prepare.cache) {
            Ok(wheel) => sender.send(wheel).is_err(),
            Err(error) => queue.fail(id, error) == Ending::All,
        };
        if is_over {
            queue.stop();
            prepare.interrupt();
            break;
        }
    }
}
