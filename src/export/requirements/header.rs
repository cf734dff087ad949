//! The options that name indexes.

use crate::export::ExportOptions;
use crate::pyproject::{Priority, Project, ProjectSource};
use crate::url::{WrittenUrl, percent_decode, percent_encode};

/// The options that name the indexes in use.
#[derive(Default)]
pub(super) struct Header {
    pub(super) text: String,
    /// The sources that are named.
    pub(super) names: Vec<String>,
    /// Whether any address has credentials.
    pub(super) has_credentials: bool,
    /// The sources whose credentials are written twice.
    pub(super) twice: Vec<String>,
}

impl Header {
    /// PyPI needs no option, unless the project has displaced it: then the source that is asked first is `--index-url`.
    pub(super) fn new(project: &Project, indexes: &[&str], options: &ExportOptions<'_>) -> Self {
        let sources = &project.sources;
        let has_pypi = sources.iter().any(ProjectSource::is_pypi);
        let first = sources
            .iter()
            .find(|source| source.priority != Priority::Explicit);
        let mut header = Self::default();
        for source in sources {
            let url = source.url.as_ref().map(WrittenUrl::as_written);
            let Some(url) = url.filter(|url| indexes.contains(url)) else {
                continue;
            };
            let is_main = !has_pypi && first.is_some_and(|first| std::ptr::eq(first, source));
            let option = if is_main {
                "--index-url"
            } else {
                "--extra-index-url"
            };
            let authenticated = authenticated(url, source, options);
            header.has_credentials |= authenticated.is_some();
            if authenticated.is_some() && own_credentials(url).is_some() {
                header.twice.push(source.name.clone());
            }
            header.names.push(source.name.clone());
            header.push(option, authenticated.as_deref().unwrap_or(url));
        }
        header
    }

    pub(super) fn push(&mut self, option: &str, url: &str) {
        if let Some(rest) = url.strip_prefix("http://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
            self.text.extend(["--trusted-host ", host, "\n"]);
        }
        self.text.extend([option, " ", url, "\n"]);
    }
}

/// Puts the credentials of `source` into its URL, when they are wanted and known. Those in the URL itself come first; as in
/// Poetry, they are then written twice, and pip reads another password from such a line.
fn authenticated(url: &str, source: &ProjectSource, options: &ExportOptions<'_>) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let known = options.credentials?;
    let (user, password) = own_credentials(url).or_else(|| known.of(source))?;
    // Poetry keeps neither query nor fragment here.
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let user = percent_encode(user.as_bytes());
    let password = percent_encode(password.as_bytes());
    Some(format!("{scheme}://{user}:{password}@{rest}"))
}

/// Returns the user name and password that a URL holds, decoded.
fn own_credentials(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let host_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (own, _) = rest[..host_length].rsplit_once('@')?;
    let (user, password) = own.split_once(':').unwrap_or((own, ""));
    Some((percent_decode(user), percent_decode(password)))
}
