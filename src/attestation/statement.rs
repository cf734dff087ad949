//! What is signed: an [in-toto statement](https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) about one file.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::fault::Fault;
use crate::filename::DistributionFilename;
use crate::tag::TagSet;

const TYPE: &str = "https://in-toto.io/Statement/v1";

/// What may be said of a file: that it was published, or how it was built.
const PREDICATES: [&str; 2] = [
    "https://docs.pypi.org/attestations/publish/v1",
    "https://slsa.dev/provenance/v1",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    name: String,
    digest: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

/// Checks that a statement is about the file of this name and SHA-256, in hexadecimal digits, and says something of it that is known.
pub(super) fn check(text: &[u8], file: &DistributionFilename, sha256: &str) -> Result<(), Fault> {
    let statement: Statement = serde_json::from_slice(text).map_err(Fault::Statement)?;
    if statement.kind != TYPE {
        return Err(Fault::StatementType(statement.kind));
    }
    let [subject] = statement.subject.as_slice() else {
        return Err(Fault::Subjects(statement.subject.len()));
    };
    if !is_named(&subject.name, file) {
        return Err(Fault::OtherName(subject.name.clone()));
    }
    if subject.digest.sha256.as_deref() != Some(sha256) {
        return Err(Fault::OtherDigest(subject.digest.sha256.clone()));
    }
    if !PREDICATES.contains(&statement.predicate_type.as_str()) {
        return Err(Fault::Predicate(statement.predicate_type));
    }
    Ok(())
}

/// Compares names as `packaging` does, and PyPI with it: by what they mean, as the order of compressed tags means nothing.
fn is_named(name: &str, file: &DistributionFilename) -> bool {
    let Ok(named) = DistributionFilename::parse(name) else {
        return false;
    };
    if (named.name(), named.version()) != (file.name(), file.version()) {
        return false;
    }
    match (&named, file) {
        (DistributionFilename::Wheel(named), DistributionFilename::Wheel(file)) => {
            named.build() == file.build() && tags(named.tags()) == tags(file.tags())
        }
        (DistributionFilename::Sdist(_), DistributionFilename::Sdist(_)) => true,
        (DistributionFilename::Wheel(_), DistributionFilename::Sdist(_))
        | (DistributionFilename::Sdist(_), DistributionFilename::Wheel(_)) => false,
    }
}

fn tags(tags: &TagSet) -> [BTreeSet<&str>; 3] {
    let sets = [tags.interpreters(), tags.abis(), tags.platforms()];
    sets.map(|set| set.iter().map(String::as_str).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<String> {
        let file = DistributionFilename::parse("acme-1.0-py2.py3-none-any.whl").unwrap();
        let fault = check(text.as_bytes(), &file, "00").err()?;
        Some(fault.to_string())
    }

    fn statement(subjects: &str) -> String {
        format!(
            r#"{{"_type":"{TYPE}","subject":[{subjects}],"predicateType":"{}"}}"#,
            PREDICATES[0]
        )
    }

    fn about(name: &str, digest: &str) -> Option<String> {
        fault(&statement(&format!(
            r#"{{"name":"{name}","digest":{digest}}}"#
        )))
    }

    #[test]
    fn a_file_is_told_by_name_and_digest() {
        let digest = r#"{"sha256":"00"}"#;
        assert_eq!(about("acme-1.0-py2.py3-none-any.whl", digest), None);
        assert_eq!(about("Acme-1-py3.py2-none-any.whl", digest), None);
        for other in [
            "acme-1.1-py2.py3-none-any.whl",
            "acme-1.0-py3-none-any.whl",
            "acme-1.0.tar.gz",
            "acme-1.0-1-py2.py3-none-any.whl",
            "",
        ] {
            let said = format!("an attestation is about another file, `{other}`");
            assert_eq!(about(other, digest), Some(said));
        }
        for (digest, said) in [
            (r#"{"sha256":"01"}"#, "sha256:01"),
            (r#"{"sha512":"00"}"#, "without a SHA-256"),
        ] {
            let said = format!("an attestation is about other bytes, {said}");
            assert_eq!(about("acme-1.0-py2.py3-none-any.whl", digest), Some(said));
        }
    }

    #[test]
    fn a_statement_is_of_a_known_kind_and_about_one_file() {
        let subject = r#"{"name":"acme-1.0-py2.py3-none-any.whl","digest":{"sha256":"00"}}"#;
        let two = statement(&format!("{subject},{subject}"));
        assert_eq!(fault(&two).unwrap(), "an attestation is about 2 files");
        assert_eq!(
            fault(&statement("")).unwrap(),
            "an attestation is about 0 files"
        );
        let right = statement(subject);
        let kind = fault(&right.replace("Statement/v1", "Statement/v0.1"));
        assert_eq!(
            kind.unwrap(),
            "an attestation signs a statement of type `https://in-toto.io/Statement/v0.1`"
        );
        let predicate = fault(&right.replace("publish/v1", "publish/v2"));
        assert_eq!(
            predicate.unwrap(),
            "an attestation has the unknown predicate `https://docs.pypi.org/attestations/publish/v2`"
        );
        for odd in ["", "[]", "{}", "null", &"[".repeat(1000)] {
            assert_eq!(
                fault(odd).unwrap(),
                "an attestation signs no in-toto statement"
            );
        }
    }
}
