//! Everything that an index offers of a project.

use crate::http::Body;
use crate::index::page::{Media, PageRequest};
use crate::index::simple::{self, CoreMetadata, Detail, DetailEntry, ProjectStatus};
use crate::index::{Error, Index, IndexFile, IndexSession, UrlFault};
use crate::name::PackageName;
use crate::url::Url;

/// What an index says of a project: its
/// [project detail](https://packaging.python.org/en/latest/specifications/simple-repository-api/).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectDetail {
    /// The version of the API, such as `1.4`; `None` where the page names none, which means 1.0.
    pub api_version: Option<String>,
    /// The status of the project (PEP 792).
    pub status: ProjectStatus,
    /// Why the project has this status.
    pub status_reason: Option<String>,
    /// All files, in the order of the page; a name may occur twice. A file whose URL cannot be used is not among them.
    pub files: Vec<ProjectFile>,
    /// The other files: those whose URL cannot be used, in no particular order.
    pub faults: Vec<FileFault>,
}

/// A file that a page lists and that nobody can fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// Its name.
    pub name: String,
    /// What is wrong with its URL; `None` where the page has none.
    pub cause: Option<UrlFault>,
}

/// Everything that an index says of a file. What is `None` was not said; HTML pages have neither sizes nor upload times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its name.
    pub name: String,
    /// Where it is, and what is claimed of it.
    pub file: IndexFile,
    /// The algorithms of digests that are offered beside [`IndexFile::digests`] and prove nothing here, such as `md5`.
    pub other_algorithms: Vec<String>,
    /// The supported Python versions, as the page writes them (PEP 503).
    pub requires_python: Option<String>,
    /// Whether its metadata can be fetched by itself (PEP 658 and 714).
    pub core_metadata: Option<CoreMetadata>,
    /// Where its provenance is (PEP 740); absolute.
    pub provenance: Option<Url>,
    /// What is wrong with the URL of its provenance, where there is one that cannot be used.
    pub provenance_fault: Option<UrlFault>,
}

impl ProjectFile {
    /// Describes a file of which nothing is known but its name and place.
    pub fn at(name: &str, url: Url) -> Self {
        Self {
            name: name.to_owned(),
            file: IndexFile {
                url,
                n_bytes: None,
                yanked: None,
                upload_time: None,
                digests: Vec::new(),
            },
            other_algorithms: Vec::new(),
            requires_python: None,
            core_metadata: None,
            provenance: None,
            provenance_fault: None,
        }
    }
}

impl IndexSession<'_> {
    /// Asks `index` for everything that it offers of `package`, in one request.
    ///
    /// # Errors
    ///
    /// [`Error::NoPackage`], [`Error::PackageRefused`], a page that makes no sense, and what
    /// [`HttpSession::get`](crate::http::HttpSession::get) says. What is odd about one file is not an error: see
    /// [`ProjectDetail::faults`].
    pub fn list(&mut self, index: &Index, package: &PackageName) -> Result<ProjectDetail, Error> {
        let request = PageRequest::new(self.client, index, package);
        let body = request.send(&mut self.http)?;
        let detail = parse(&request, &body)?;
        let base = detail.base.as_deref();
        let without_url = detail.without_url.iter().map(|name| FileFault {
            name: request.http.shown(name),
            cause: None,
        });
        let (mut files, mut faults) = (Vec::new(), without_url.collect::<Vec<_>>());
        for entry in detail.entries {
            match request.project_file(&entry, body.url(), base) {
                Ok(file) => files.push(file),
                Err(cause) => faults.push(FileFault {
                    name: request.http.shown(&entry.entry.file),
                    cause: Some(cause),
                }),
            }
        }
        Ok(ProjectDetail {
            files,
            faults,
            api_version: request.shown(detail.version.as_deref()),
            status: detail.status.shown(|text| request.http.shown(text)),
            status_reason: request.shown(detail.status_reason.as_deref()),
        })
    }
}

fn parse(request: &PageRequest<'_>, body: &Body<'_>) -> Result<Detail, Error> {
    let detail = match request.media(body)? {
        Media::Json => {
            simple::parse_json_detail(body.bytes()).map_err(|cause| request.broken(body, &cause))?
        }
        Media::Html => simple::parse_html_detail(body.bytes()),
    };
    request.check_version(detail.version.as_deref())?;
    if detail.has_too_many_files() {
        return Err(request.too_long());
    }
    Ok(detail)
}

impl PageRequest<'_> {
    fn project_file(
        &self,
        entry: &DetailEntry,
        page: &Url,
        base: Option<&str>,
    ) -> Result<ProjectFile, UrlFault> {
        let listed = &entry.entry;
        let url = self.resolve(page, base, &listed.address)?;
        let provenance = entry.provenance.as_deref();
        let provenance = provenance.map(|address| self.resolve(page, base, address));
        Ok(ProjectFile {
            name: self.http.shown(&listed.file),
            provenance_fault: provenance
                .as_ref()
                .and_then(|url| url.as_ref().err().cloned()),
            provenance: provenance.and_then(Result::ok),
            file: self.file(listed, url),
            requires_python: self.shown(entry.requires_python.as_deref()),
            core_metadata: entry.core_metadata.clone(),
            other_algorithms: entry
                .other_algorithms
                .iter()
                .map(|name| self.http.shown(name))
                .collect(),
        })
    }
}
