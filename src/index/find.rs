//! Exactly the wanted files of a package.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::http::Body;
use crate::index::page::{Media, PageRequest};
use crate::index::simple::{self, Entry, Page};
use crate::index::{Error, FileQuery, Index, IndexFile, IndexSession};
use crate::name::PackageName;
use crate::url::Url;

impl IndexSession<'_> {
    /// Asks `index` for the URLs of files of `package`, in one request. The answers are in the order of `wanted`.
    ///
    /// Nothing else is built of the page, which may have thousands of files; for everything, see [`IndexSession::list`].
    ///
    /// # Errors
    ///
    /// What concerns the package as a whole: [`Error::NoPackage`], [`Error::PackageRefused`], a page that makes no sense, and
    /// what [`HttpSession::get`](crate::http::HttpSession::get) says. Within: [`Error::NoFile`], [`Error::Advertised`].
    pub fn find(
        &mut self,
        index: &Index,
        package: &PackageName,
        wanted: &[FileQuery<'_>],
    ) -> Result<Vec<Result<IndexFile, Error>>, Error> {
        let request = PageRequest::new(self.client, index, package);
        let body = request.send(&mut self.http)?;
        let names: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.file).collect();
        let page = parse(&request, &body, &names)?;
        let chosen = wanted
            .iter()
            .map(|wanted| request.choose(&page, body.url(), wanted));
        Ok(chosen.collect())
    }
}

fn parse(
    request: &PageRequest<'_>,
    body: &Body<'_>,
    wanted: &BTreeSet<&str>,
) -> Result<Page, Error> {
    let page = match request.media(body)? {
        Media::Json => simple::parse_json(body.bytes(), wanted)
            .map_err(|cause| request.broken(body, &cause))?,
        Media::Html => simple::parse_html(body.bytes(), wanted),
    };
    request.check_version(page.version.as_deref())?;
    Ok(page)
}

impl PageRequest<'_> {
    /// Chooses among the entries of one name: one whose digest fits, else one that claims nothing against it.
    fn choose(&self, page: &Page, base: &Url, wanted: &FileQuery<'_>) -> Result<IndexFile, Error> {
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
        let url = self.resolve(base, page.base.as_deref(), &entry.address);
        let url = url.map_err(|fault| fault.of(wanted.file))?;
        if let Some(advertised) = contradiction(entry, wanted) {
            return Err(Error::Advertised {
                index: self.index.name.clone(),
                file: wanted.file.to_owned(),
                locked: wanted.digests.to_vec(),
                advertised,
                url,
            });
        }
        Ok(self.file(entry, url))
    }
}

/// Returns what the index claims against the lock: a digest by an algorithm that the lock uses, and not one of the lock's.
fn contradiction(entry: &Entry, wanted: &FileQuery<'_>) -> Option<Digest> {
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
