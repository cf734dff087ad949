//! Real attestations; `fixtures/README.md` says whence.

use std::fs;
use std::path::{Path, PathBuf};

use lock2venv::attestation::TrustedRoot;
use serde_json::{Value, json};

/// A file that has attestations, with its SHA-256.
#[derive(Clone, Copy)]
pub(crate) struct Attested {
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) file: &'static str,
    pub(crate) sha256: &'static str,
}

pub(crate) const GITHUB: Attested = Attested {
    package: "pypi-attestations",
    version: "0.0.19",
    file: "pypi_attestations-0.0.19.tar.gz",
    sha256: "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
};

pub(crate) const GOOGLE: Attested = Attested {
    package: "gcb-attestation-test",
    version: "0.0.0",
    file: "gcb_attestation_test-0.0.0.tar.gz",
    sha256: "461317362419124b6012e855423a9078d6de8aed3e74fa78cc74d669b23dc6cf",
};

pub(crate) const CIRCLE_CI: Attested = Attested {
    package: "circleci-sign-publish-example",
    version: "0.0.1.dev137",
    file: "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl",
    sha256: "8cb34da1e27336f11a2c43f3f9c7433bd76f24f470c904724f06ad7f131d9e9f",
};

pub(crate) const GITLAB: Attested = Attested {
    package: "gitlab-oidc-project",
    version: "0.0.3",
    file: "gitlab_oidc_project-0.0.3.tar.gz",
    sha256: "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
};

/// Signed with the staging instance.
pub(crate) const STAGING: Attested = Attested {
    package: "rfc8785",
    version: "0.1.2",
    file: "rfc8785-0.1.2-py3-none-any.whl",
    sha256: "c4e92e9ecc828bef2aa7dba1de8ac983511f7532a0df11c770d39099a25cf201",
};

impl Attested {
    /// Returns its provenance object.
    pub(crate) fn provenance(&self) -> Value {
        let path = fixture(&format!("{}.provenance", self.file));
        if path.exists() {
            return read(&path);
        }
        let publisher = match self.package {
            "gitlab-oidc-project" => json!({
                "kind": "GitLab",
                "repository": "facutuesca/gitlab-oidc-project",
                "workflow_filepath": ".gitlab-ci.yml",
            }),
            _ => json!({"kind": "Google", "email": "william@yossarian.net"}),
        };
        let attestation = attestation(&format!("{}.publish.attestation", self.file));
        json!({
            "version": 1,
            "attestation_bundles": [{"publisher": publisher, "attestations": [attestation]}],
        })
    }
}

/// Reads one attestation.
pub(crate) fn attestation(name: &str) -> Value {
    read(&fixture(name))
}

/// Returns where a fixture is.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/attestations");
    folder.join(name)
}

/// Reads the trusted root of the public instance.
pub(crate) fn trusted_root() -> Value {
    read(&fixture("trusted_root.json"))
}

/// Trusts what `root` says.
pub(crate) fn trust(root: &Value) -> TrustedRoot {
    TrustedRoot::parse(&root.to_string()).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
