//! Where a package comes from when an index is not all there is to say: the `source` of a lock entry, or a dependency that
//! names a repository, an address or a path.
//!
//! Poetry compares such sources to find the lock entry that a dependency means, so the comparison lives here too.

use std::path::{Path, PathBuf};

/// The `[package.source]` of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What kind of place it is.
    pub kind: SourceKind,
    /// Its address or path, as written.
    pub url: String,
    /// The path where `url` cannot hold it, because it is not UTF-8; see [`Source::path`].
    pub exact_path: Option<PathBuf>,
    /// The name of the index (legacy), or the revision asked for (git).
    pub reference: Option<String>,
    /// The revision that was locked (git).
    pub resolved_reference: Option<String>,
    /// The folder of the project inside the repository or archive.
    pub subdirectory: Option<String>,
}

/// The `type` of a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// An index other than PyPI (`legacy`).
    Legacy,
    /// A git repository.
    Git,
    /// An address of one archive.
    Url,
    /// A local archive.
    File,
    /// A local folder.
    Directory,
}

impl SourceKind {
    /// Finds the kind by the word that locks use.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "legacy" => Some(Self::Legacy),
            "git" => Some(Self::Git),
            "url" => Some(Self::Url),
            "file" => Some(Self::File),
            "directory" => Some(Self::Directory),
            _ => None,
        }
    }

    /// Returns the word that locks use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Git => "git",
            Self::Url => "url",
            Self::File => "file",
            Self::Directory => "directory",
        }
    }

    /// Tells whether packages of this kind are found without an index.
    pub fn is_direct_origin(self) -> bool {
        match self {
            Self::Legacy => false,
            Self::Git | Self::Url | Self::File | Self::Directory => true,
        }
    }
}

impl Source {
    /// Makes `path` the place.
    pub fn set_path(&mut self, path: PathBuf) {
        match path.into_os_string().into_string() {
            Ok(text) => self.url = text,
            Err(path) => {
                self.url = path.to_string_lossy().into_owned();
                self.exact_path = Some(path.into());
            }
        }
    }

    /// Returns the path of a file or folder, absolute where the source has been resolved.
    pub fn path(&self) -> &Path {
        self.exact_path.as_deref().unwrap_or(Path::new(&self.url))
    }

    /// Tells whether `self` and `other` are one place, as Poetry compares them.
    ///
    /// Kind, address and subdirectory have to be equal. When both revisions are locked and equal, nothing else counts.
    /// Otherwise both or neither have to name a revision, and one of the two names may be the beginning of the other.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_same_place = self.kind == other.kind
            && self.url == other.url
            && filled(self.subdirectory.as_ref()) == filled(other.subdirectory.as_ref());
        if !is_same_place {
            return false;
        }
        let locked = (
            filled(self.resolved_reference.as_ref()),
            filled(other.resolved_reference.as_ref()),
        );
        let named = (
            filled(self.reference.as_ref()),
            filled(other.reference.as_ref()),
        );
        if let (Some(one), Some(two)) = locked {
            if one == two {
                return true;
            }
            if named != (None, None) {
                return false;
            }
        }
        match named {
            (None, None) => true,
            (Some(one), Some(two)) => one.starts_with(two) || two.starts_with(one),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// Takes an empty text for none, as Poetry does.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// Tells whether two packages or dependencies come from one place; having no source is a place too.
pub fn are_same(one: Option<&Source>, other: Option<&Source>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.is_same_as(other),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(reference: Option<&str>, resolved_reference: Option<&str>) -> Source {
        Source {
            kind: SourceKind::Git,
            url: "https://git.example/demo.git".to_owned(),
            exact_path: None,
            reference: reference.map(str::to_owned),
            resolved_reference: resolved_reference.map(str::to_owned),
            subdirectory: None,
        }
    }

    #[track_caller]
    fn same(one: &Source, other: &Source, expected: bool) {
        assert_eq!(one.is_same_as(other), expected);
        assert_eq!(other.is_same_as(one), expected);
    }

    #[test]
    fn references_may_be_short_forms_of_each_other() {
        same(&git(Some("abc"), None), &git(Some("abcdef"), None), true);
        same(&git(Some("abc"), None), &git(Some("main"), None), false);
        same(&git(Some("abc"), None), &git(None, None), false);
        same(&git(None, None), &git(None, None), true);
    }

    #[test]
    fn locked_revisions_decide_where_both_are_known() {
        same(
            &git(Some("main"), Some("1")),
            &git(Some("dev"), Some("1")),
            true,
        );
        same(
            &git(Some("main"), Some("1")),
            &git(Some("main"), Some("2")),
            false,
        );
        same(
            &git(Some("main"), Some("1")),
            &git(Some("main"), None),
            true,
        );
    }

    #[test]
    fn an_empty_subdirectory_is_none() {
        let mut other = git(None, None);
        other.subdirectory = Some(String::new());
        same(&git(None, None), &other, true);
        other.subdirectory = Some("python".to_owned());
        same(&git(None, None), &other, false);
    }
}
