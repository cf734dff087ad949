//! Who makes something, of all processes that share a cache: the one that has the claim.
//!
//! The others wait for what becomes of it. A claim goes with its process, however that ends. Nobody holds a claim to a build
//! while waiting for another one, so two processes never wait for each other.

use std::time::{Duration, Instant};

use super::{Builder, Error};
use crate::event::Event;
use crate::name::PackageName;
use crate::store::{Cache, Claim, Claiming, Key, Mark};

/// How long nobody looks at what another process is at.
const PAUSE: Duration = Duration::from_millis(50);

/// Whose turn it is to make something.
pub(super) enum Turn<T> {
    /// It is here already.
    Found(T),
    /// It is ours; others wait as long as the claim lives, if there is one.
    Ours(Option<Claim>),
}

/// What is to be made, for people.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// A file is fetched.
    File(&'a str),
    /// The wheel of a package is built.
    Wheel(&'a PackageName),
}

impl<'a> What<'a> {
    fn awaiting(self) -> Event<'a> {
        match self {
            Self::File(file) => Event::Awaiting { file },
            Self::Wheel(name) => Event::AwaitingBuild { name },
        }
    }
}

/// What is to be made, and who may be at it.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) cache: &'a Cache,
    pub(super) key: &'a Key,
    pub(super) what: What<'a>,
    /// How long another process may make no progress; `None` where progress does not show.
    pub(super) patience: Option<Duration>,
}

impl Builder<'_> {
    /// Waits until something is found, or is ours to make.
    pub(super) fn turn<T>(
        &self,
        wanted: Wanted<'_>,
        mut find: impl FnMut() -> Result<Option<T>, Error>,
    ) -> Result<Turn<T>, Error> {
        let mut seen = None;
        loop {
            if let Some(found) = find()? {
                return Ok(Turn::Found(found));
            }
            match wanted.claim(seen) {
                Claiming::Unknown => return Ok(Turn::Ours(None)),
                // Whoever had it before may have been done just now.
                Claiming::Ours(claim) => {
                    return Ok(find()?.map_or(Turn::Ours(Some(claim)), Turn::Found));
                }
                Claiming::Others(mark) => {
                    if seen.is_none_or(|(known, _)| known != mark) {
                        self.tools.reporter.report(wanted.what.awaiting());
                        seen = Some((mark, Instant::now()));
                    }
                    if self.tools.stop.wait(PAUSE) {
                        return Err(Error::Interrupted);
                    }
                }
            }
        }
    }
}

impl Wanted<'_> {
    /// Asks for the claim; `seen` is how far another process was, and since when.
    pub(super) fn claim(self, seen: Option<(Mark, Instant)>) -> Claiming {
        match (self.cache.claim_key(self.key), seen) {
            (Claiming::Others(mark), Some((known, since)))
                if mark == known
                    && self
                        .patience
                        .is_some_and(|patience| since.elapsed() >= patience) =>
            {
                self.cache.take_over_key(self.key, known)
            }
            (claiming, _) => claiming,
        }
    }
}
