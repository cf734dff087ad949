//! Asking for the simple page of a package, and choosing from it.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::http::{self, Body, Get};
use crate::index::error::PageError;
use crate::index::simple::{self, Entry, Page};
use crate::index::{Error, Index, IndexFile, IndexSession, Wanted};
use crate::name::PackageName;
use crate::url::{self, Url};

const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
    application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

impl IndexSession<'_> {
    /// Asks `index` for the URLs of files of `package`, in one request. The answers are in the order of `wanted`.
    ///
    /// # Errors
    ///
    /// What concerns the package as a whole: [`Error::NoPackage`], [`Error::PackageRefused`], a page that makes no sense, and
    /// what [`http::HttpSession::get`] says. Within: [`Error::NoFile`], [`Error::Advertised`].
    pub fn find(
        &mut self,
        index: &Index,
        package: &PackageName,
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Result<IndexFile, Error>>, Error> {
        let url = index.url.child_folder(package.as_str());
        let realm = self.client.index_realm(index)?;
        let request = PageRequest {
            index,
            package,
            url: &url,
            http: &self.client.http,
        };
        let body = self.http.get(&Get {
            what: package.as_str(),
            url: &url,
            accept: ACCEPT,
            realm: &realm,
        });
        let body = body.map_err(|error| request.failed(error))?;
        let names: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.file).collect();
        let page = request.parse(&body, &names)?;
        let base = body.url();
        let chosen = wanted
            .iter()
            .map(|wanted| request.choose(&page, base, wanted));
        Ok(chosen.collect())
    }
}

/// Which index was asked for what.
struct PageRequest<'a> {
    index: &'a Index,
    package: &'a PackageName,
    url: &'a Url,
    http: &'a http::Client,
}

impl PageRequest<'_> {
    fn parse(&self, body: &Body<'_>, wanted: &BTreeSet<&str>) -> Result<Page, Error> {
        let content_type = body.content_type().unwrap_or("text/html");
        let media_type = content_type.split(';').next().unwrap_or_default();
        let page = match media_type.trim().to_ascii_lowercase().as_str() {
            "application/vnd.pypi.simple.v1+json"
            | "application/vnd.pypi.simple.latest+json"
            | "application/json" => {
                simple::parse_json(body.bytes(), wanted).map_err(|cause| self.broken(&cause))?
            }
            "application/vnd.pypi.simple.v1+html"
            | "application/vnd.pypi.simple.latest+html"
            | "application/xhtml+xml"
            | "text/html" => simple::parse_html(body.bytes(), wanted),
            _ => {
                return Err(Error::NotAPage {
                    index: self.index.name.clone(),
                    package: self.package.clone(),
                    url: self.url.clone(),
                    content_type: content_type.to_owned(),
                });
            }
        };
        match &page.version {
            Some(version) if version.split('.').next() != Some("1") => Err(Error::ApiVersion {
                index: self.index.name.clone(),
                url: self.url.clone(),
                version: self.http.shown(version),
            }),
            Some(_) | None => Ok(page),
        }
    }

    /// Chooses among the entries of one name: one whose digest fits, else one that claims nothing against it.
    fn choose(&self, page: &Page, base: &Url, wanted: &Wanted<'_>) -> Result<IndexFile, Error> {
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
        let url = url.map_err(|source| http::Error::Address {
            what: wanted.file.to_owned(),
            source,
        })?;
        let url = self.http.shown_url(url);
        if !self.index.url.may_share_with(&url) && self.http.is_given_away(&url) {
            let what = wanted.file.to_owned();
            return Err(http::Error::GivenAway { what, url }.into());
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
            Some(self.http.shown(said))
        };
        Ok(IndexFile {
            url,
            n_bytes: entry.n_bytes,
            yanked: shown(&entry.yanked),
            upload_time: shown(&entry.upload_time),
            digests: entry.digests.clone(),
        })
    }

    fn broken(&self, cause: &serde_json::Error) -> Error {
        Error::BrokenPage {
            index: self.index.name.clone(),
            package: self.package.clone(),
            url: self.url.clone(),
            source: PageError::new(cause),
        }
    }

    /// Adds what is known of the page.
    fn failed(&self, error: http::Error) -> Error {
        let (index, package) = (self.index.name.clone(), self.package.clone());
        if matches!(error, http::Error::Absent { .. }) {
            let url = self.url.clone();
            return Error::NoPackage {
                index,
                package,
                url,
            };
        }
        if let http::Error::TooLarge { limit, .. } = error {
            let url = self.url.clone();
            return Error::HugePage {
                index,
                package,
                url,
                limit,
            };
        }
        let http::Error::Refused {
            url,
            status,
            tried,
            flaw,
            ..
        } = error
        else {
            return error.into();
        };
        Error::PackageRefused {
            index,
            package,
            url,
            status,
            tried,
            flaw,
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
