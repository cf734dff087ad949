//! Real attestations, and what is left of each when anything about it is changed.

#![cfg(feature = "attestations")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use lock2venv::attestation::{Provenance, TrustedRoot};
use serde_json::{Value, json};

use crate::support::attested::{
    Attested, CIRCLE_CI, GITHUB, GITLAB, GOOGLE, STAGING, attestation, trust, trusted_root,
};
use crate::support::causes::with_causes;

/// Returns who made the attestations, or why they prove nothing, with the causes.
fn verify(file: Attested, provenance: &Value, root: &TrustedRoot) -> Result<String, String> {
    let parsed = Provenance::parse(provenance.to_string().as_bytes());
    let parsed = parsed.map_err(|fault| with_causes(&fault))?;
    let identities = parsed.verify(file.file, file.sha256, root);
    let identities = identities.map_err(|fault| with_causes(&fault))?;
    let texts = identities.iter().map(ToString::to_string);
    Ok(texts.collect::<Vec<_>>().join("; "))
}

/// Changes the attestation at `pointer` within the first attestation of the real provenance, and returns why it proves nothing.
#[track_caller]
fn tampered(pointer: &str, change: impl Fn(&mut Value)) -> String {
    let mut provenance = GITHUB.provenance();
    let pointer = format!("/attestation_bundles/0/attestations/0{pointer}");
    change(provenance.pointer_mut(&pointer).unwrap());
    assert_ne!(provenance, GITHUB.provenance());
    verify(GITHUB, &provenance, &trust(&trusted_root())).unwrap_err()
}

/// Changes a byte in the middle of what is base64.
fn flip(value: &mut Value) {
    let text = value.as_str().unwrap().replace('\n', "");
    let mut bytes = BASE64_STANDARD.decode(text).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    *value = json!(BASE64_STANDARD.encode(bytes));
}

const ENTRY: &str = "/verification_material/transparency_entries/0";

#[test]
fn real_attestations_of_every_kind_of_publisher_are_verified() {
    let root = trust(&trusted_root());
    let check = |file: Attested, expected: &str| {
        let verified = verify(file, &file.provenance(), &root);
        assert_eq!(verified.as_deref(), Ok(expected));
    };
    check(
        GITHUB,
        "GitHub owner_id=2314423 repository=trailofbits/pypi-attestations repository_id=772247423 workflow=release.yml",
    );
    check(
        GITLAB,
        "GitLab owner_id=12885801 repository=facutuesca/gitlab-oidc-project repository_id=55235664 workflow_filepath=.gitlab-ci.yml",
    );
    check(
        GOOGLE,
        "Google email=919436158236-compute@developer.gserviceaccount.com",
    );
    check(
        CIRCLE_CI,
        "CircleCI pipeline_definition_id=8e4f8ab2-8d7c-4827-9f15-de076d6d647f project_id=fdd9283f-e619-46af-8f9c-851f7d3e8b2b vcs_origin=github.com/CircleCI-Public/sign-and-publish-examples",
    );
}

#[test]
fn all_attestations_of_a_file_have_to_be_right() {
    let root = trust(&trusted_root());
    let mut provenance = GITHUB.provenance();
    let slsa = attestation("pypi_attestations-0.0.19.tar.gz.slsa.attestation");
    let all = "/attestation_bundles/0/attestations";
    provenance
        .pointer_mut(all)
        .unwrap()
        .as_array_mut()
        .unwrap()
        .push(slsa);
    let both = verify(GITHUB, &provenance, &root);
    assert_eq!(both, verify(GITHUB, &GITHUB.provenance(), &root));
    flip(
        provenance
            .pointer_mut(&format!("{all}/1/envelope/signature"))
            .unwrap(),
    );
    let fault = verify(GITHUB, &provenance, &root).unwrap_err();
    assert!(
        fault.starts_with("an attestation cannot be verified"),
        "{fault}"
    );
}

#[test]
fn attestations_of_another_file_are_refused() {
    let root = trust(&trusted_root());
    let other_digest = Attested {
        sha256: GOOGLE.sha256,
        ..GITHUB
    };
    let fault = verify(other_digest, &GITHUB.provenance(), &root).unwrap_err();
    assert!(
        fault.contains("artifact hash does not match any subject"),
        "{fault}"
    );
    let other_name = Attested {
        file: "pypi_attestations-0.0.20.tar.gz",
        ..GITHUB
    };
    let fault = verify(other_name, &GITHUB.provenance(), &root).unwrap_err();
    assert_eq!(
        fault,
        "an attestation is about another file, `pypi_attestations-0.0.19.tar.gz`"
    );
    let normal_name = Attested {
        file: "PyPI.attestations-0.0.19.0.tar.gz",
        ..GITHUB
    };
    assert!(verify(normal_name, &GITHUB.provenance(), &root).is_ok());
}

#[test]
fn whatever_is_changed_in_an_attestation_is_noticed() {
    let other = attestation("pypi_attestations-0.0.19.tar.gz.slsa.attestation");
    let put = |pointer: &str| {
        let value = other.pointer(pointer).unwrap().clone();
        tampered(pointer, move |place| *place = value.clone())
    };
    let faults = [
        tampered("/envelope/statement", flip),
        tampered("/envelope/signature", flip),
        tampered("/verification_material/certificate", flip),
        put("/envelope/statement"),
        put("/envelope/signature"),
        put("/verification_material/certificate"),
        put(ENTRY),
        tampered("/verification_material/transparency_entries", |entries| {
            *entries = json!([]);
        }),
        tampered(ENTRY, |entry| {
            entry.as_object_mut().unwrap().remove("inclusionProof");
        }),
        tampered(ENTRY, |entry| {
            entry.as_object_mut().unwrap().remove("inclusionPromise");
        }),
        tampered(
            &format!("{ENTRY}/inclusionProof/checkpoint/envelope"),
            |checkpoint| {
                let text = checkpoint.as_str().unwrap();
                *checkpoint = json!(text.replacen("rekor", "other", 1));
            },
        ),
        tampered(&format!("{ENTRY}/inclusionProof/rootHash"), flip),
        tampered(&format!("{ENTRY}/inclusionProof/hashes/0"), flip),
        tampered(&format!("{ENTRY}/inclusionProof/logIndex"), |index| {
            *index = json!("7");
        }),
        tampered(
            &format!("{ENTRY}/inclusionPromise/signedEntryTimestamp"),
            flip,
        ),
        tampered(&format!("{ENTRY}/logId/keyId"), flip),
        tampered(&format!("{ENTRY}/canonicalizedBody"), flip),
        tampered(&format!("{ENTRY}/logIndex"), |index| *index = json!("7")),
        // Long after the certificate ended.
        tampered(&format!("{ENTRY}/integratedTime"), |time| {
            *time = json!("1800000000");
        }),
        tampered(&format!("{ENTRY}/integratedTime"), |time| {
            *time = json!("99999999999999999999");
        }),
    ];
    for fault in &faults {
        assert!(
            fault.starts_with("an attestation cannot be verified: "),
            "{fault}"
        );
    }
    let base64 = tampered("/envelope/signature", |signature| *signature = json!("?"));
    assert!(
        base64.starts_with("an attestation is not base64: "),
        "{base64}"
    );
}

#[test]
fn what_the_root_does_not_trust_proves_nothing() {
    let fault = |change: &dyn Fn(&mut Value)| {
        let mut root = trusted_root();
        change(&mut root);
        verify(GITHUB, &GITHUB.provenance(), &trust(&root)).unwrap_err()
    };
    // The authority was trusted until a day before the certificate was given.
    let expired = fault(&|root| {
        for authority in root["certificateAuthorities"].as_array_mut().unwrap() {
            authority["validFor"] =
                json!({"start": "2021-03-07T03:20:29Z", "end": "2024-12-03T00:00:00Z"});
        }
    });
    assert!(
        expired.contains("no trusted certificate authority is valid at 2024-12-04"),
        "{expired}"
    );
    let without_authority = fault(&|root| root["certificateAuthorities"] = json!([]));
    assert!(
        without_authority.contains("no trusted certificate authority"),
        "{without_authority}"
    );
    let without_log = fault(&|root| root["tlogs"] = json!([]));
    assert!(without_log.contains("log"), "{without_log}");
    let without_certificate_log = fault(&|root| root["ctlogs"] = json!([]));
    assert!(
        without_certificate_log.contains("no CT log keys"),
        "{without_certificate_log}"
    );
    let staging = attestation("staging_trusted_root.json");
    let of_staging = verify(GITHUB, &GITHUB.provenance(), &trust(&staging)).unwrap_err();
    assert!(of_staging.contains("log"), "{of_staging}");
    // Right by its own instance, so only the publisher is wrong.
    let staged = verify(STAGING, &STAGING.provenance(), &trust(&staging)).unwrap_err();
    assert_eq!(
        staged,
        "the certificate's issuer is `https://github.com/login/oauth`, not `https://accounts.google.com`, as the index says"
    );
    assert!(verify(STAGING, &STAGING.provenance(), &trust(&trusted_root())).is_err());
}

#[test]
fn a_publisher_whose_certificate_it_is_not_is_refused() {
    let root = trust(&trusted_root());
    let fault = |file: Attested, field: &str, value: &str| {
        let mut provenance = file.provenance();
        provenance["attestation_bundles"][0]["publisher"][field] = json!(value);
        verify(file, &provenance, &root).unwrap_err()
    };
    for (file, field, value, claim) in [
        (
            GITHUB,
            "repository",
            "trailofbits/pypi-attestation",
            "repository",
        ),
        (GITHUB, "workflow", "tests.yml", "workflow"),
        (GITHUB, "kind", "GitLab", ""),
        (GITLAB, "repository", "facutuesca/other", "repository"),
        (GITLAB, "workflow_filepath", "ci.yml", "workflow"),
        (GOOGLE, "email", "someone@example.com", "email"),
        (CIRCLE_CI, "project_id", "8e4f8ab2", "pipeline"),
        (CIRCLE_CI, "pipeline_definition_id", "8e4f8ab2", "pipeline"),
        (
            CIRCLE_CI,
            "vcs_origin",
            "github.com/acme/core",
            "repository",
        ),
        (CIRCLE_CI, "vcs_ref", "refs/heads/main", "ref"),
    ] {
        let fault = fault(file, field, value);
        let expected = match claim {
            "" => "its publisher of kind `GitLab` has no `workflow_filepath`".to_owned(),
            claim => format!("the certificate's {claim} is "),
        };
        assert!(fault.starts_with(&expected), "{field}: {fault}");
    }
    let unknown = fault(GITHUB, "kind", "Other");
    assert_eq!(unknown, "publishers of kind `Other` are not known");
}

#[test]
fn odd_roots_are_refused() {
    for odd in ["", "null", "[]", "{}"] {
        let error = TrustedRoot::parse(odd).unwrap_err();
        assert_eq!(error.to_string(), "not a trusted root of Sigstore", "{odd}");
    }
    let mut root = trusted_root();
    *root
        .pointer_mut("/certificateAuthorities/0/certChain/certificates/0/rawBytes")
        .unwrap() = json!("AAAA");
    assert!(TrustedRoot::parse(&root.to_string()).is_err());
}
