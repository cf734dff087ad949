//! URLs of repositories in requirements: `git+https://host/path@REVISION#subdirectory=FOLDER` ([direct references]).
//!
//! [direct references]: https://packaging.python.org/en/latest/specifications/version-specifiers/#direct-references

use std::path::PathBuf;

use super::{Url, WrittenUrl, percent_decode};

/// A repository, and what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryUrl {
    /// Where it is.
    pub url: WrittenUrl,
    /// The branch, tag or commit; `None` for the one that the repository shows first.
    pub revision: Option<String>,
    /// The folder of the project.
    pub subdirectory: Option<String>,
}

impl Url {
    /// Takes the URL of a git repository apart; `None` for one of anything else.
    pub fn repository(&self) -> Option<RepositoryUrl> {
        let text = self.expose().strip_prefix("git+")?;
        let text = text.split('#').next().unwrap_or(text);
        let path = text.find("://").map_or(0, |at| at + 3);
        let path = path + text[path..].find('/').unwrap_or_default();
        let (url, revision) = match text[path..].rfind('@') {
            Some(at) => (&text[..path + at], Some(&text[path + at + 1..])),
            None => (text, None),
        };
        Some(RepositoryUrl {
            url: WrittenUrl::new(url),
            revision: revision.map(percent_decode),
            subdirectory: self.subdirectory(),
        })
    }

    /// Returns the folder of the project that the fragment names (`#subdirectory=FOLDER`).
    pub fn subdirectory(&self) -> Option<String> {
        let mut pairs = self.fragment().unwrap_or_default().split('&');
        let subdirectory = pairs.find_map(|pair| pair.strip_prefix("subdirectory="));
        subdirectory.map(percent_decode)
    }

    /// Returns the path of a `file` URL of this machine: one without a host, or with `localhost`.
    pub fn local_path(&self) -> Option<PathBuf> {
        // The crate looks at no scheme.
        let is_file = self.scheme() == "file";
        is_file.then(|| self.0.url.to_file_path().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parts(text: &str, url: &str, revision: Option<&str>, subdirectory: Option<&str>) {
        let parsed = Url::parse(text).unwrap().repository().unwrap();
        assert_eq!(parsed.url.as_written(), url);
        assert_eq!(parsed.revision.as_deref(), revision, "{text}");
        assert_eq!(parsed.subdirectory.as_deref(), subdirectory, "{text}");
    }

    #[test]
    fn paths_are_those_of_files_of_this_machine() {
        let path = |text: &str| {
            let path = Url::parse(text).unwrap().local_path();
            path.map(|path| path.display().to_string())
        };
        assert_eq!(path("file:///a/b%20c").as_deref(), Some("/a/b c"));
        assert_eq!(path("file://localhost/a").as_deref(), Some("/a"));
        assert_eq!(path("file://other/a"), None);
        assert_eq!(path("http://localhost/a"), None);
    }

    #[test]
    fn revisions_are_told_from_users() {
        parts(
            "git+https://a.example/b.git",
            "https://a.example/b.git",
            None,
            None,
        );
        parts(
            "git+https://u:p@a.example/b.git@v1.0",
            "https://u:p@a.example/b.git",
            Some("v1.0"),
            None,
        );
        parts(
            "git+ssh://git@a.example/b.git@feature/x%20y#egg=b&subdirectory=python%2Fb",
            "ssh://git@a.example/b.git",
            Some("feature/x y"),
            Some("python/b"),
        );
        parts(
            "git+file:///srv/b@main",
            "file:///srv/b",
            Some("main"),
            None,
        );
        assert_eq!(
            Url::parse("https://a.example/b").unwrap().repository(),
            None
        );
    }
}
