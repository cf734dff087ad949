//! Asking for the simple page of a package.

use std::io::ErrorKind;
use std::path::Path;

use crate::http::{self, Body, Get, HttpSession};
use crate::index::error::{PageError, UrlFault};
use crate::index::flat::FlatPages;
use crate::index::simple::{self, Entry};
use crate::index::{Client, Error, Index, IndexFile, local};
use crate::name::PackageName;
use crate::url::{self, Url};

const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
    application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// The page of one package on one index.
pub(super) struct PageRequest<'a> {
    pub(super) http: &'a http::Client,
    flat_pages: &'a FlatPages,
    pub(super) index: &'a Index,
    pub(super) package: &'a PackageName,
    pub(super) url: Url,
}

/// The two forms of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Html,
}

impl<'a> PageRequest<'a> {
    pub(super) fn new(client: &'a Client, index: &'a Index, package: &'a PackageName) -> Self {
        Self {
            http: &client.http,
            flat_pages: &client.flat_pages,
            index,
            package,
            url: index.page_of(package),
        }
    }

    /// Reads the page into memory.
    pub(super) fn send<'s>(&self, session: &'s mut HttpSession<'_>) -> Result<Body<'s>, Error> {
        if let Some(path) = self.url.local_path() {
            return self.read(session, &path);
        }
        let get = Get {
            what: self.package.as_str(),
            url: &self.url,
            accept: ACCEPT,
            realm: &self.index.realm(self.http)?,
        };
        let body = if self.index.is_flat() {
            self.flat_pages.get(self.index, &get, session)
        } else {
            session.get(&get)
        };
        body.map_err(|error| self.failed(error))
    }

    /// Reads a page of this machine.
    fn read<'s>(&self, session: &'s mut HttpSession<'_>, path: &Path) -> Result<Body<'s>, Error> {
        let (index, package) = (self.index.name.clone(), self.package.clone());
        let (url, limit) = (self.url.clone(), self.http.limits().body_bytes);
        match local::read_page(&self.url, path, limit) {
            Ok(Some(page)) => Ok(session.body_of(page.url, page.text)),
            Ok(None) => Err(Error::HugePage {
                index,
                package,
                url,
                limit,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::NoPackage {
                index,
                package,
                url,
                tried: None,
            }),
            Err(source) => Err(Error::Local {
                what: self.package.to_string(),
                path: path.to_owned(),
                source,
            }),
        }
    }

    pub(super) fn media(&self, body: &Body<'_>) -> Result<Media, Error> {
        let content_type = body.content_type().unwrap_or("text/html");
        let media_type = content_type.split(';').next().unwrap_or_default();
        match media_type.trim().to_ascii_lowercase().as_str() {
            "application/vnd.pypi.simple.v1+json"
            | "application/vnd.pypi.simple.latest+json"
            | "application/json" => Ok(Media::Json),
            "application/vnd.pypi.simple.v1+html"
            | "application/vnd.pypi.simple.latest+html"
            | "application/xhtml+xml"
            | "text/html" => Ok(Media::Html),
            // Stores of files may know no better type; for Poetry everything but JSON is HTML.
            _ if self.index.is_flat() => Ok(Media::Html),
            _ => Err(Error::NotAPage {
                index: self.index.name.clone(),
                package: self.package.clone(),
                url: self.url.clone(),
                content_type: content_type.to_owned(),
            }),
        }
    }

    /// Checks that the page has version 1 of the API, if it says so.
    pub(super) fn check_version(&self, version: Option<&str>) -> Result<(), Error> {
        match version {
            Some(version) if version.split('.').next() != Some("1") => Err(Error::ApiVersion {
                index: self.index.name.clone(),
                url: self.url.clone(),
                version: self.http.shown(version),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Makes a file of an entry, with what may be shown of it.
    pub(super) fn file(&self, entry: &Entry, url: Url) -> IndexFile {
        IndexFile {
            url,
            n_bytes: entry.n_bytes,
            yanked: self.shown(entry.yanked.as_deref()),
            upload_time: self.shown(entry.upload_time.as_deref()),
            digests: entry.digests.clone(),
        }
    }

    pub(super) fn shown(&self, said: Option<&str>) -> Option<String> {
        Some(self.http.shown(said?))
    }

    /// Returns the URL at `address`, which the page gives for a file, and whose base is `base`.
    pub(super) fn resolve(
        &self,
        page: &Url,
        base: Option<&str>,
        address: &str,
    ) -> Result<Url, UrlFault> {
        let url = resolve(page, base, address).map_err(UrlFault::Invalid)?;
        let url = self.http.shown_url(url);
        if !self.index.url.may_share_with(&url) && self.http.is_given_away(&url) {
            return Err(UrlFault::GivenAway(url));
        }
        let is_local = (page.scheme(), url.scheme()) == ("file", "file");
        if !is_local && !matches!(url.scheme(), "http" | "https") {
            return Err(UrlFault::Scheme(url));
        }
        Ok(url)
    }

    /// Makes an error of a JSON page that cannot be read; one of another version may have any shape.
    pub(super) fn broken(&self, body: &Body<'_>, cause: &serde_json::Error) -> Error {
        let version = simple::parse_json_version(body.bytes());
        if let Err(error) = self.check_version(version.as_deref()) {
            return error;
        }
        Error::BrokenPage {
            index: self.index.name.clone(),
            package: self.package.clone(),
            url: self.url.clone(),
            source: PageError::new(cause),
        }
    }

    pub(super) fn too_long(&self) -> Error {
        Error::TooManyFiles {
            index: self.index.name.clone(),
            package: self.package.clone(),
            limit: simple::MAX_FILES,
        }
    }

    /// Adds what is known of the page.
    fn failed(&self, error: http::Error) -> Error {
        let (index, package) = (self.index.name.clone(), self.package.clone());
        if let http::Error::Absent { tried, .. } = error {
            let url = self.url.clone();
            return Error::NoPackage {
                index,
                package,
                url,
                tried,
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
