//! The documents that an installer adds to `.dist-info` ([recording installed projects], [direct URL origins]).
//!
//! [recording installed projects]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
//! [direct URL origins]: https://packaging.python.org/en/latest/specifications/direct-url/

use std::path::Path;

use serde_json::{Value, json};

use crate::digest::Digest;
use crate::plan::{Distribution, Form, GitOrigin, Origin};

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
        documents.push(("direct_url.json", origin.to_string().into_bytes()));
    }
    documents
}

/// What comes from an index has no `direct_url.json`.
fn direct_url(distribution: &Distribution, digest: Option<&Digest>) -> Option<Value> {
    let (mut document, subdirectory) = match &distribution.origin {
        Origin::Index { .. } => return None,
        Origin::Url {
            url, subdirectory, ..
        } => (archive(&url.without_credentials(), digest), subdirectory),
        Origin::File {
            path, subdirectory, ..
        } => (archive(&file_url(path), digest), subdirectory),
        Origin::Git(git) => (repository(git), &git.subdirectory),
        Origin::Directory { path } => (folder(path, &distribution.form), &None),
    };
    if let Some(subdirectory) = subdirectory {
        document["subdirectory"] = subdirectory.as_str().into();
    }
    Some(document)
}

fn archive(url: &str, digest: Option<&Digest>) -> Value {
    let mut info = json!({});
    if let Some(digest) = digest {
        info["hashes"] = json!({ digest.algorithm().name(): digest.hex() });
    }
    json!({ "archive_info": info, "url": url })
}

fn repository(git: &GitOrigin) -> Value {
    let mut info = json!({ "vcs": "git", "commit_id": git.resolved_reference });
    if let Some(reference) = &git.reference {
        info["requested_revision"] = reference.as_str().into();
    }
    json!({ "url": git.url.without_credentials(), "vcs_info": info })
}

fn folder(path: &Path, form: &Form) -> Value {
    let info = match form {
        Form::Tree { is_editable: true } => json!({ "editable": true }),
        Form::Tree { is_editable: false } | Form::Wheel(_) | Form::Sdist { .. } => json!({}),
    };
    json!({ "dir_info": info, "url": file_url(path) })
}

fn file_url(path: &Path) -> String {
    url::Url::from_file_path(path).map_or_else(|()| path.display().to_string(), Into::into)
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
        };
        let digest = Digest::of(Algorithm::Sha256, b"");
        let text = direct_url(&distribution, Some(&digest))
            .unwrap()
            .to_string();
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
            r#"{"archive_info":{"hashes":{"sha256":"HEX"}},"url":"https://acme.example/a.whl"}"#,
        );
        let file = Origin::File {
            path: PathBuf::from("/srv/a b.whl"),
            digests: Vec::new(),
            subdirectory: Some("python".to_owned()),
        };
        renders(
            file,
            false,
            r#"{"archive_info":{"hashes":{"sha256":"HEX"}},"subdirectory":"python","url":"file:///srv/a%20b.whl"}"#,
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
            r#"{"url":"https://acme.example/a.git","vcs_info":{"commit_id":"0123abc","requested_revision":"main","vcs":"git"}}"#,
        );
        renders(
            folder(),
            false,
            r#"{"dir_info":{},"url":"file:///srv/acme"}"#,
        );
        renders(
            folder(),
            true,
            r#"{"dir_info":{"editable":true},"url":"file:///srv/acme"}"#,
        );
    }
}
