//! Pages with links for all packages: one is fetched once for a client, however many packages are looked for on it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::{self, Body, Get, HttpSession};
use crate::index::Index;
use crate::url::Url;

/// The pages that were fetched, by the key of their index.
#[derive(Debug, Default)]
pub(super) struct FlatPages(Mutex<BTreeMap<String, Arc<Mutex<Slot>>>>);

/// A page, which whoever fetches it holds meanwhile.
#[derive(Debug, Default)]
enum Slot {
    #[default]
    Unknown,
    Kept(FlatPage),
    /// It could not be fetched: from then on nobody waits for another.
    Failed,
}

/// What a server sent.
#[derive(Clone, Debug)]
struct FlatPage {
    url: Url,
    content_type: Option<String>,
    bytes: Arc<Vec<u8>>,
}

impl FlatPages {
    /// Returns the page of `index`, which `get` asks for.
    ///
    /// # Errors
    ///
    /// As [`HttpSession::get`].
    pub(super) fn get<'s>(
        &self,
        index: &Index,
        get: &Get<'_>,
        session: &'s mut HttpSession<'_>,
    ) -> Result<Body<'s>, http::Error> {
        let slot = Arc::clone(locked(&self.0).entry(index.key().to_owned()).or_default());
        let mut held = locked(&slot);
        let page = match &*held {
            Slot::Kept(page) => page.clone(),
            Slot::Failed => {
                drop(held);
                return session.get(get);
            }
            Slot::Unknown => match fetch(get, session) {
                Ok(page) => {
                    *held = Slot::Kept(page.clone());
                    page
                }
                Err(error) => {
                    *held = Slot::Failed;
                    return Err(error);
                }
            },
        };
        drop(held);
        Ok(session.shared_body(page.url, page.content_type, page.bytes))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fetch(get: &Get<'_>, session: &mut HttpSession<'_>) -> Result<FlatPage, http::Error> {
    let body = session.get(get)?;
    Ok(FlatPage {
        url: body.url().clone(),
        content_type: body.content_type().map(str::to_owned),
        bytes: Arc::new(body.bytes().to_vec()),
    })
}
