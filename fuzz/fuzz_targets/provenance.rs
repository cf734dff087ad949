//! Provenance objects and records of publishers: what is made of a real provenance proves what that proves or nothing, and what is
//! written of a record reads alike.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lock2venv::attestation::{Provenance, Record, TrustedRoot};

/// The files of the seeds, with their SHA-256 and publishers.
const FILES: [[&str; 3]; 2] = [
    [
        "pypi_attestations-0.0.19.tar.gz",
        "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
        "GitHub owner_id=2314423 repository=trailofbits/pypi-attestations repository_id=772247423 workflow=release.yml",
    ],
    [
        "gcb_attestation_test-0.0.0.tar.gz",
        "461317362419124b6012e855423a9078d6de8aed3e74fa78cc74d669b23dc6cf",
        "Google email=919436158236-compute@developer.gserviceaccount.com",
    ],
];

static ROOT: LazyLock<TrustedRoot> =
    LazyLock::new(|| TrustedRoot::parse(include_str!("../../fixtures/attestations/trusted_root.json")).unwrap());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(provenance) = Provenance::parse(bytes) {
        for [file, sha256, publisher] in FILES {
            if let Ok(identities) = provenance.verify(file, sha256, &ROOT) {
                let identities: Vec<_> = identities.iter().map(ToString::to_string).collect();
                assert_eq!(identities, [publisher]);
            }
        }
    }
    let text = str::from_utf8(bytes).unwrap_or_default();
    if let Ok(record) = Record::parse(text) {
        assert_eq!(Record::parse(&record.render()).unwrap(), record);
    }
});
