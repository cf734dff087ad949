//! Which servers can be reached, so that one that cannot be is waited for once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, PoisonError};

use crate::http;
use crate::index;
use crate::url::Url;

/// How servers can be reached, by what tells each from the others.
#[derive(Default)]
pub(super) struct Reachability(Mutex<BTreeMap<String, Reach>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Answers,
    Unreachable,
}

impl Reachability {
    /// Asks the server of `url` by `ask`, unless it cannot be reached. The error is `None` where another request has told that.
    pub(super) fn ask<T>(
        &self,
        url: &Url,
        ask: impl FnOnce() -> Result<T, index::Error>,
    ) -> Result<T, Option<index::Error>> {
        let server = server(url);
        if self.is_unreachable(&server) {
            return Err(None);
        }
        match ask() {
            Ok(answer) => {
                self.has_answered(&server);
                Ok(answer)
            }
            Err(error) if self.is_known_of(&server, &error) => Err(None),
            Err(error) => Err(Some(error)),
        }
    }

    /// Tells whether a server never answered, and could not be reached: it is not asked again, as each request waits for a long
    /// time.
    pub(super) fn is_unreachable(&self, server: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(server) == Some(&Reach::Unreachable)
    }

    /// Notes that a server answered. It may well be slow with one page.
    pub(super) fn has_answered(&self, server: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(server.to_owned(), Reach::Answers);
    }

    /// Notes what came of a request; tells whether the server could not be reached for another either, which fails once for all.
    pub(super) fn is_known_of(&self, server: &str, error: &index::Error) -> bool {
        if !is_broken(error) {
            self.has_answered(server);
            return false;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.entry(server.to_owned()) {
            Entry::Occupied(entry) => *entry.get() == Reach::Unreachable,
            Entry::Vacant(entry) => {
                entry.insert(Reach::Unreachable);
                false
            }
        }
    }
}

/// Tells the server of an address from others.
pub(super) fn server(url: &Url) -> String {
    format!("{:?}:{:?}", url.host(), url.port())
}

fn is_broken(error: &index::Error) -> bool {
    matches!(error, index::Error::Http(http::Error::Transport { .. }))
}
