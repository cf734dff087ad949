//! The documents that an installer adds to `.dist-info` ([recording installed projects], [direct URL origins]).
//!
//! [recording installed projects]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
//! [direct URL origins]: https://packaging.python.org/en/latest/specifications/direct-url/

use std::path::Path;

use serde_json::{Value, json};

use crate::digest::Digest;
use crate::plan::{Distribution, Origin};

/// Renders the documents for `distribution`, but for RECORD: each with its name.
pub(in crate::install) fn render(
    distribution: &Distribution,
    digest: &Digest,
    installer_name: &str,
) -> Vec<(&'static str, Vec<u8>)> {
    let mut documents = vec![("INSTALLER", format!("{installer_name}\n").into_bytes())];
    if distribution.is_requested {
        documents.push(("REQUESTED", Vec::new()));
    }
    if let Some(origin) = direct_url(&distribution.origin, digest) {
        documents.push(("direct_url.json", origin.to_string().into_bytes()));
    }
    documents
}

/// What comes from an index has no `direct_url.json`.
fn direct_url(origin: &Origin, digest: &Digest) -> Option<Value> {
    match origin {
        Origin::Index { .. } => None,
        Origin::Url { url, .. } => Some(archive(&without_credentials(url), digest)),
        Origin::File { path, .. } => Some(archive(&file_url(path), digest)),
        Origin::Directory { path, is_editable } => {
            let info = if *is_editable {
                json!({ "editable": true })
            } else {
                json!({})
            };
            Some(json!({ "dir_info": info, "url": file_url(path) }))
        }
    }
}

fn archive(url: &str, digest: &Digest) -> Value {
    let hashes = json!({ digest.algorithm().name(): digest.hex() });
    json!({ "archive_info": { "hashes": hashes }, "url": url })
}

/// The specification wants no user and password in the address unless they are names of variables.
fn without_credentials(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Ok(mut parsed) = url::Url::parse(url) else {
        return url.to_owned();
    };
    if parsed.username().is_empty() && parsed.password().is_none() {
        return url.to_owned();
    }
    // Only addresses without a host cannot have them changed, and those have none.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.into()
}

fn file_url(path: &Path) -> String {
    url::Url::from_file_path(path).map_or_else(|()| path.display().to_string(), Into::into)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::digest::Algorithm;

    #[track_caller]
    fn renders(origin: &Origin, expected: &str) {
        let digest = Digest::of(Algorithm::Sha256, b"");
        let text = direct_url(origin, &digest).unwrap().to_string();
        assert_eq!(text.replace(&digest.hex(), "HEX"), expected);
    }

    #[test]
    fn direct_urls_name_their_origin_without_credentials() {
        renders(
            &Origin::Url {
                url: "https://user:secret@acme.example/a.whl#sha256=0".to_owned(),
                file: "a.whl".to_owned(),
                digests: Vec::new(),
            },
            r#"{"archive_info":{"hashes":{"sha256":"HEX"}},"url":"https://acme.example/a.whl"}"#,
        );
        renders(
            &Origin::File {
                path: PathBuf::from("/srv/a b.whl"),
                digests: Vec::new(),
            },
            r#"{"archive_info":{"hashes":{"sha256":"HEX"}},"url":"file:///srv/a%20b.whl"}"#,
        );
        renders(
            &Origin::Directory {
                path: PathBuf::from("/srv/acme"),
                is_editable: false,
            },
            r#"{"dir_info":{},"url":"file:///srv/acme"}"#,
        );
        renders(
            &Origin::Directory {
                path: PathBuf::from("/srv/acme"),
                is_editable: true,
            },
            r#"{"dir_info":{"editable":true},"url":"file:///srv/acme"}"#,
        );
    }
}
