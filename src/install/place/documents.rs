//! The documents that an installer adds to `.dist-info` ([recording installed projects], [direct URL origins]).
//!
//! `direct_url.json` has the bytes that Poetry writes, but for credentials, which are left out.
//!
//! [recording installed projects]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
//! [direct URL origins]: https://packaging.python.org/en/latest/specifications/direct-url/

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::python_json;
use crate::digest::Digest;
use crate::plan::{Distribution, Form, GitOrigin, Origin};
use crate::pyproject::path_to_url;

/// Renders the documents for `distribution`, but for RECORD: each with its name; `digest` is that of its archive.
pub(crate) fn render(
    distribution: &Distribution,
    digest: Option<&Digest>,
    installer_name: &str,
) -> Vec<(&'static str, Vec<u8>)> {
    let mut documents = vec![("INSTALLER", format!("{installer_name}\n").into_bytes())];
    if distribution.is_requested {
        documents.push(("REQUESTED", Vec::new()));
    }
    if let Some(origin) = direct_url(distribution, digest) {
        documents.push(("direct_url.json", origin));
    }
    documents
}

/// What comes from an index has no `direct_url.json`.
fn direct_url(distribution: &Distribution, digest: Option<&Digest>) -> Option<Vec<u8>> {
    let form = &distribution.form;
    let document = match &distribution.origin {
        Origin::Index { .. } => return None,
        Origin::Url { url, .. } => {
            let digest = digest_of(distribution, digest);
            python_json::render(&archive(url.without_credentials(), digest, distribution))
        }
        Origin::File { path, .. } => {
            let digest = digest_of(distribution, digest);
            python_json::render(&archive(path_to_url(path), digest, distribution))
        }
        Origin::Git(git) => python_json::render(&repository(git, distribution)),
        Origin::Directory { path } => python_json::render(&folder(path, form)),
    };
    document.ok()
}

/// Returns the digest of the archive that was locked, and not that of a wheel that was built of it; none where none was locked.
fn digest_of<'d>(
    distribution: &'d Distribution,
    of_wheel: Option<&'d Digest>,
) -> Option<&'d Digest> {
    let locked = distribution.origin.digests().first();
    match &distribution.form {
        Form::Wheel(_) => of_wheel.filter(|_| locked.is_some()),
        Form::Sdist { .. } | Form::Tree { .. } => locked,
    }
}

/// The document of an archive. Poetry installs none whose project is in a folder inside.
#[derive(Serialize)]
struct ArchiveDocument<'a> {
    url: String,
    archive_info: ArchiveInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    subdirectory: Option<&'a str>,
}

#[derive(Serialize)]
struct ArchiveInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    hashes: Option<BTreeMap<&'static str, String>>,
}

#[derive(Serialize)]
struct RepositoryDocument<'a> {
    url: String,
    vcs_info: VcsInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subdirectory: Option<&'a str>,
}

#[derive(Serialize)]
struct VcsInfo<'a> {
    vcs: &'static str,
    requested_revision: Option<&'a str>,
    commit_id: Option<&'a str>,
}

#[derive(Serialize)]
struct FolderDocument {
    url: String,
    dir_info: DirInfo,
}

#[derive(Serialize)]
struct DirInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    editable: Option<bool>,
}

fn archive<'d>(
    url: String,
    digest: Option<&Digest>,
    distribution: &'d Distribution,
) -> ArchiveDocument<'d> {
    let hashes = digest.map(|digest| BTreeMap::from([(digest.algorithm().name(), digest.hex())]));
    ArchiveDocument {
        url,
        archive_info: ArchiveInfo { hashes },
        subdirectory: subdirectory(distribution),
    }
}

/// An empty one is none.
fn subdirectory(distribution: &Distribution) -> Option<&str> {
    distribution
        .origin
        .subdirectory()
        .filter(|path| !path.is_empty())
}

fn repository<'d>(git: &'d GitOrigin, distribution: &'d Distribution) -> RepositoryDocument<'d> {
    RepositoryDocument {
        url: git.url.without_credentials(),
        vcs_info: VcsInfo {
            vcs: "git",
            requested_revision: git.reference.as_deref(),
            commit_id: git.resolved_reference.as_deref(),
        },
        subdirectory: subdirectory(distribution),
    }
}

fn folder(path: &Path, form: &Form) -> FolderDocument {
    let is_editable = matches!(form, Form::Tree { is_editable: true });
    FolderDocument {
        url: path_to_url(path),
        dir_info: DirInfo {
            editable: is_editable.then_some(true),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::digest::Algorithm;
    use crate::name::PackageName;
    use crate::plan::DistributionId;
    use crate::url::WrittenUrl;
    use crate::version::Version;

    #[track_caller]
    fn renders(origin: Origin, is_editable: bool, expected: &str) {
        let distribution = Distribution {
            id: DistributionId::default(),
            name: PackageName::new("acme"),
            version: Version::parse("1").unwrap(),
            origin,
            form: Form::Tree { is_editable },
            is_requested: false,
            next_best: None,
        };
        let digest = Digest::of(Algorithm::Sha256, b"");
        let text = direct_url(&distribution, Some(&digest)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.replace(&digest.hex(), "HEX"), expected);
    }

    fn folder() -> Origin {
        Origin::Directory {
            path: PathBuf::from("/srv/acme"),
        }
    }

    #[test]
    fn direct_urls_name_their_origin_without_credentials() {
        let url = Origin::Url {
            url: WrittenUrl::new("https://user:secret@acme.example/a.whl#sha256=0"),
            digests: Vec::new(),
            subdirectory: None,
        };
        renders(
            url,
            false,
            r#"{"url": "https://acme.example/a.whl", "archive_info": {}}"#,
        );
        let file = Origin::File {
            path: PathBuf::from("/srv/a b.tar.gz"),
            digests: vec![Digest::of(Algorithm::Sha256, b"")],
            subdirectory: Some("python".to_owned()),
        };
        renders(
            file,
            false,
            r#"{"url": "file:///srv/a%20b.tar.gz", "archive_info": {"hashes": {"sha256": "HEX"}}, "subdirectory": "python"}"#,
        );
        let git = Origin::Git(GitOrigin {
            url: WrittenUrl::new("https://user:secret@acme.example/a.git"),
            reference: Some("main".to_owned()),
            resolved_reference: Some("0123abc".to_owned()),
            subdirectory: None,
        });
        renders(
            git,
            false,
            r#"{"url": "https://acme.example/a.git", "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": "0123abc"}}"#,
        );
        renders(
            folder(),
            false,
            r#"{"url": "file:///srv/acme", "dir_info": {}}"#,
        );
        renders(
            folder(),
            true,
            r#"{"url": "file:///srv/acme", "dir_info": {"editable": true}}"#,
        );
    }
}
