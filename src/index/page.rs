//! Asking for the simple page of a package, and choosing from it.

use std::collections::BTreeSet;
use std::io;
use std::sync::MutexGuard;

use crate::digest::Digest;
use crate::index::auth::{Authenticator, Realm};
use crate::index::encoding;
use crate::index::error::{Error, PageError, Status, TransportError};
use crate::index::limits::Paced;
use crate::index::page_body::{self, Extent, SMALL_BYTES};
use crate::index::session::{Session, persist};
use crate::index::simple::{self, Entry, Page};
use crate::index::transport::{Answer, Ask, Failure, drain};
use crate::index::{Index, Listed, Wanted};
use crate::name::PackageName;
use crate::url::{self, Url};

const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
    application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

impl<'s> Session<'s> {
    /// Asks `index` for the addresses of files of `package`, in one request. The answers are in the order of `wanted`.
    ///
    /// # Errors
    ///
    /// What concerns the package as a whole: [`Error::NoPackage`], [`Error::PackageRefused`], [`Error::Answer`],
    /// [`Error::Transport`], a page that makes no sense, [`Error::Stopped`]. Within: [`Error::NoFile`], [`Error::Advertised`].
    pub fn find(
        &mut self,
        index: &Index,
        package: &PackageName,
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Result<Listed, Error>>, Error> {
        let url = index.url.child_folder(package.as_str());
        let realm = self.client.index_realm(index)?;
        let asked = Asked {
            index,
            package,
            url: &url,
            authenticator: &self.client.authenticator,
        };
        let (client, watcher) = (self.client, self.watcher);
        let answer = persist(client, watcher, package.as_str(), &mut || {
            self.read_page(&asked, &realm)
        })?;
        let names: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.file).collect();
        let page = asked.parse(&answer, &self.page, &names)?;
        if self.page.capacity() > SMALL_BYTES {
            self.page = Vec::new();
        }
        Ok(wanted
            .iter()
            .map(|wanted| asked.choose(&page, &answer.base, wanted))
            .collect())
    }

    /// Reads a page into memory.
    fn read_page(&mut self, asked: &Asked<'_>, realm: &Realm) -> Result<PageAnswer<'s>, Failure> {
        let answer = self.client.agents.exchange(
            &Ask {
                what: asked.package.as_str(),
                url: asked.url,
                headers: &[("accept", ACCEPT), ("accept-encoding", "gzip")],
                realm,
            },
            &self.client.authenticator,
        )?;
        match answer.status() {
            200 => {}
            404 | 410 => {
                drain(answer, self.client.agents.limits().pace);
                return Err(Failure::Final(asked.no_package()));
            }
            401 | 403 => return Err(Failure::Final(asked.refused(&answer))),
            _ => return Err(Failure::Status(Box::new(answer))),
        }
        let content_type = answer.header("content-type").unwrap_or("text/html");
        let content_type = asked.authenticator.shown(content_type);
        let codings = encoding::parse(answer.headers("content-encoding"));
        let codings = codings.map_err(|coding| asked.unknown_coding(&coding))?;
        let base = answer.url.clone();
        let failed = |cause: io::Error| {
            Failure::Transport(TransportError::new(ureq::Error::from(cause)), base.clone())
        };
        self.page.clear();
        let body = answer.response.into_body().into_reader();
        let limits = self.client.agents.limits();
        let body = Paced::page(body, limits.pace);
        let room = &self.client.room;
        let read = page_body::read(body, &codings, &mut self.page, limits.page_bytes, room);
        if !matches!(read, Ok(Extent::Whole(_))) {
            // Another page may be large now.
            self.page = Vec::new();
        }
        let Extent::Whole(room) = read.map_err(failed)? else {
            return Err(Failure::Final(asked.huge_page(limits.page_bytes)));
        };
        Ok(PageAnswer {
            content_type,
            base,
            _room: room,
        })
    }
}

/// A page that was read, and where it came from.
struct PageAnswer<'r> {
    content_type: String,
    base: Url,
    /// Held until the page was looked at.
    _room: Option<MutexGuard<'r, ()>>,
}

/// Whom we asked for what.
struct Asked<'a> {
    index: &'a Index,
    package: &'a PackageName,
    url: &'a Url,
    authenticator: &'a Authenticator,
}

impl Asked<'_> {
    fn parse(
        &self,
        answer: &PageAnswer<'_>,
        text: &[u8],
        wanted: &BTreeSet<&str>,
    ) -> Result<Page, Error> {
        let media_type = answer.content_type.split(';').next().unwrap_or_default();
        let page = match media_type.trim().to_ascii_lowercase().as_str() {
            "application/vnd.pypi.simple.v1+json"
            | "application/vnd.pypi.simple.latest+json"
            | "application/json" => {
                simple::parse_json(text, wanted).map_err(|cause| Error::BrokenPage {
                    index: self.index.name.clone(),
                    package: self.package.clone(),
                    url: self.url.clone(),
                    source: PageError::new(&cause),
                })?
            }
            "application/vnd.pypi.simple.v1+html"
            | "application/vnd.pypi.simple.latest+html"
            | "application/xhtml+xml"
            | "text/html" => simple::parse_html(text, wanted),
            _ => {
                return Err(Error::NotAPage {
                    index: self.index.name.clone(),
                    package: self.package.clone(),
                    url: self.url.clone(),
                    content_type: answer.content_type.clone(),
                });
            }
        };
        match &page.version {
            Some(version) if version.split('.').next() != Some("1") => Err(Error::ApiVersion {
                index: self.index.name.clone(),
                url: self.url.clone(),
                version: self.authenticator.shown(version),
            }),
            Some(_) | None => Ok(page),
        }
    }

    /// Chooses among the entries of one name: one whose digest fits, else one that claims nothing against it.
    fn choose(&self, page: &Page, base: &Url, wanted: &Wanted<'_>) -> Result<Listed, Error> {
        let entries: Vec<&Entry> = page
            .entries
            .iter()
            .filter(|entry| entry.file == wanted.file)
            .collect();
        let is_proven = |entry: &&&Entry| {
            entry
                .digests
                .iter()
                .any(|digest| wanted.digests.contains(digest))
        };
        let is_open = |entry: &&&Entry| contradiction(entry, wanted).is_none();
        let chosen = entries
            .iter()
            .find(is_proven)
            .or_else(|| entries.iter().find(is_open))
            .or(entries.first());
        let Some(entry) = chosen else {
            return Err(Error::NoFile {
                index: self.index.name.clone(),
                package: self.package.clone(),
                file: wanted.file.to_owned(),
                url: self.url.clone(),
                n_files: page.n_files,
            });
        };
        let url = resolve(base, page.base.as_deref(), &entry.address);
        let url = url.map_err(|source| Error::Address {
            what: wanted.file.to_owned(),
            source,
        })?;
        let url = self.authenticator.shown_url(url);
        if !self.index.url.may_share_with(&url) && self.authenticator.is_given_away(&url) {
            let what = wanted.file.to_owned();
            return Err(Error::GivenAway { what, url });
        }
        if let Some(advertised) = contradiction(entry, wanted) {
            return Err(Error::Advertised {
                index: self.index.name.clone(),
                file: wanted.file.to_owned(),
                locked: wanted.digests.to_vec(),
                advertised,
                url,
            });
        }
        let shown = |said: &Option<String>| {
            let said = said.as_deref()?;
            Some(self.authenticator.shown(said))
        };
        Ok(Listed {
            url,
            n_bytes: entry.n_bytes,
            yanked: shown(&entry.yanked),
            upload_time: shown(&entry.upload_time),
            digests: entry.digests.clone(),
        })
    }

    fn no_package(&self) -> Error {
        Error::NoPackage {
            index: self.index.name.clone(),
            package: self.package.clone(),
            url: self.url.clone(),
        }
    }

    fn refused(&self, answer: &Answer) -> Error {
        Error::PackageRefused {
            index: self.index.name.clone(),
            package: self.package.clone(),
            url: answer.url.clone(),
            status: Status(answer.status()),
            tried: answer.tried,
            flaw: answer.flaw,
        }
    }

    fn unknown_coding(&self, coding: &str) -> Error {
        Error::Coding {
            index: self.index.name.clone(),
            package: self.package.clone(),
            url: self.url.clone(),
            coding: self.authenticator.shown(coding),
        }
    }

    fn huge_page(&self, limit: u64) -> Error {
        Error::HugePage {
            index: self.index.name.clone(),
            package: self.package.clone(),
            url: self.url.clone(),
            limit,
        }
    }
}

/// Returns what the index claims against the lock: a digest by an algorithm that the lock uses, and not one of the lock's.
fn contradiction(entry: &Entry, wanted: &Wanted<'_>) -> Option<Digest> {
    let is_known = |digest: &&Digest| {
        wanted
            .digests
            .iter()
            .any(|locked| locked.algorithm() == digest.algorithm())
    };
    let mut claims = entry.digests.iter().filter(is_known);
    let mut against = claims
        .clone()
        .filter(|claim| !wanted.digests.contains(claim));
    if claims.any(|claim| wanted.digests.contains(claim)) {
        return None;
    }
    against.next().cloned()
}

fn resolve(page: &Url, base: Option<&str>, address: &str) -> Result<Url, url::Error> {
    // A base that is no address says nothing, as in a browser.
    let base = base.and_then(|base| page.join(base).ok());
    let url = base.as_ref().unwrap_or(page).join(address)?;
    // The page's own credentials do not travel in addresses; a realm has them.
    if url.credentials() == page.credentials() {
        return Ok(url.without_credentials());
    }
    Ok(url.without_fragment())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_to_the_base_then_to_the_page() {
        let page = Url::parse("https://u:p@a.example/simple/demo/").unwrap();
        let check = |base, address, expected: &str| {
            assert_eq!(resolve(&page, base, address).unwrap().expose(), expected);
        };
        check(None, "../../f.whl#sha256=00", "https://a.example/f.whl");
        check(Some("/x/"), "f.whl", "https://a.example/x/f.whl");
        check(Some("//b.example/"), "f.whl", "https://b.example/f.whl");
        check(None, "//b.example/f.whl", "https://b.example/f.whl");
    }
}
