//! Hashes the listed files, on several threads, the largest first.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::listed::{Claim, Inventory, is_absent, needs_no_digest};
use super::report::{Actual, Problem};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::event::{Event, Reporter};
use crate::platform::file::{is_link, open_cautiously};
use crate::wheel::RecordEntry;

/// How much is read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// How many files are taken at once: small ones take microseconds.
const BATCH: usize = 16;

/// What the files are.
#[derive(Debug, Default)]
pub(super) struct Hashed {
    /// By the paths of the files.
    pub(super) problems: Vec<Problem>,
    pub(super) n_bytes: u64,
}

/// Compares every file of `inventory`, which is below `root`.
pub(super) fn compare(
    inventory: &Inventory,
    root: &Path,
    n_threads: usize,
    reporter: &dyn Reporter,
) -> Hashed {
    let mut files: Vec<(&String, &Vec<Claim>)> = inventory.files.iter().collect();
    files.sort_unstable_by_key(|(_, claims)| Reverse(size_of(claims)));
    let next = AtomicUsize::new(0);
    let n_bytes = AtomicU64::new(0);
    let problems = Mutex::new(Vec::new());
    let work = || {
        let mut comparison = Comparison {
            inventory,
            root,
            buffer: vec![0; BUFFER_BYTES],
            n_bytes: 0,
        };
        loop {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(rest) = files.get(first..) else {
                break;
            };
            let batch = &rest[..rest.len().min(BATCH)];
            for (path, claims) in batch {
                if let Some(problem) = comparison.problem(path, claims) {
                    let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner);
                    problems.push(problem);
                }
            }
            let n_files = batch.len();
            reporter.report(Event::Compared { n_files });
        }
        n_bytes.fetch_add(comparison.n_bytes, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        for _ in 1..n_threads {
            // Fewer threads do the work of all.
            let named = thread::Builder::new().name("check".to_owned());
            if named.spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut problems = problems
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    problems.sort_by(|one: &Problem, other| one.path().cmp(&other.path()));
    Hashed {
        problems,
        n_bytes: n_bytes.into_inner(),
    }
}

/// Returns the size that RECORD has.
fn size_of(claims: &[Claim]) -> u64 {
    let sizes = claims.iter().filter_map(|claim| claim.entry.n_bytes);
    sizes.max().unwrap_or_default()
}

/// One thread's comparison of files.
struct Comparison<'a> {
    inventory: &'a Inventory,
    root: &'a Path,
    buffer: Vec<u8>,
    n_bytes: u64,
}

impl Comparison<'_> {
    /// Says what is wrong with a file. One that several distributions list is right if it is what one of them has.
    fn problem(&mut self, path: &str, claims: &[Claim]) -> Option<Problem> {
        let distribution = claims.first()?.distribution.clone();
        let path = path.to_owned();
        let compared = open(&self.root.join(&path)).and_then(|mut file| {
            let size = file.metadata()?.len();
            self.difference(&mut file, size, claims)
        });
        match compared {
            Ok(Difference::None) => None,
            Ok(Difference::Unproven) if needs_no_digest(&path) => None,
            Ok(Difference::Unproven) => Some(Problem::Unproven { distribution, path }),
            Ok(Difference::Changed(recorded, actual)) => Some(Problem::Changed {
                distribution,
                path,
                recorded,
                actual,
            }),
            Err(cause) if is_absent(&cause) && self.inventory.scripts.contains_key(&path) => {
                Some(Problem::MissingScript { distribution, path })
            }
            Err(cause) if is_absent(&cause) => Some(Problem::Missing { distribution, path }),
            Err(cause) => Some(Problem::Unreadable {
                distribution,
                path,
                cause,
            }),
        }
    }

    /// Compares a file of `size` bytes with what is claimed of it. One of another size is not read.
    fn difference(
        &mut self,
        file: &mut File,
        size: u64,
        claims: &[Claim],
    ) -> io::Result<Difference> {
        let mut difference = Difference::Unproven;
        let mut digests: Vec<Digest> = Vec::new();
        for claim in claims {
            let RecordEntry { digest, n_bytes } = &claim.entry;
            let Some(recorded) = digest else {
                continue;
            };
            let actual = if n_bytes.is_some_and(|n_bytes| n_bytes != size) {
                Actual::Size(size)
            } else {
                let algorithm = recorded.algorithm();
                let known = digests.iter().find(|known| known.algorithm() == algorithm);
                let digest = match known {
                    Some(known) => known.clone(),
                    None => self.hash(file, algorithm, !digests.is_empty())?,
                };
                digests.push(digest.clone());
                Actual::Digest(digest)
            };
            if matches!(&actual, Actual::Digest(actual) if actual == recorded) {
                return Ok(Difference::None);
            }
            if matches!(difference, Difference::Unproven) {
                difference = Difference::Changed(recorded.clone(), actual);
            }
        }
        Ok(difference)
    }

    fn hash(&mut self, file: &mut File, algorithm: Algorithm, is_read: bool) -> io::Result<Digest> {
        if is_read {
            file.rewind()?;
        }
        let mut hasher = Hasher::new(algorithm);
        loop {
            match file.read(&mut self.buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(n_read) => {
                    hasher.update(&self.buffer[..n_read]);
                    self.n_bytes += n_read as u64;
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
    }
}

/// How a file differs from all that is claimed of it.
enum Difference {
    None,
    /// Nobody claims a digest.
    Unproven,
    /// The first digest that is claimed, and what the file is.
    Changed(Digest, Actual),
}

/// Opens a file, or the file that a link leads to; waits for nobody, as opening a pipe would.
fn open(path: &Path) -> io::Result<File> {
    let file = match open_cautiously(path) {
        Err(cause) if is_link(&cause) => open_cautiously(&fs_err::canonicalize(path)?)?,
        opened => opened?,
    };
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is not a file",
    ))
}
