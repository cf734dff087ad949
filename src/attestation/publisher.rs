//! Whom an index names as the publisher, and which certificates are that publisher's: as PyPI's own `pypi-attestations` has it.

use serde::Deserialize;

use super::fault::Fault;
use super::identity::Identity;

const GITHUB: &str = "https://github.com";
const GITLAB: &str = "https://gitlab.com";

/// A publisher as a provenance object writes it; which fields there are depends on the kind.
#[derive(Debug, Deserialize)]
pub(super) struct WrittenPublisher {
    kind: String,
    repository: Option<String>,
    workflow: Option<String>,
    workflow_filepath: Option<String>,
    email: Option<String>,
    project_id: Option<String>,
    pipeline_definition_id: Option<String>,
    vcs_origin: Option<String>,
    vcs_ref: Option<String>,
}

/// What a certificate of Fulcio says of whom it was given to.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) issuer: Option<String>,
    pub(super) email: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) repository_id: Option<String>,
    pub(super) owner_id: Option<String>,
    pub(super) commit: Option<String>,
    pub(super) git_ref: Option<String>,
    pub(super) build_config: Option<String>,
    pub(super) build_signer: Option<String>,
}

impl WrittenPublisher {
    /// Returns the identity of the publisher, whose certificate has to say `claims`.
    pub(super) fn identity(&self, claims: &Claims) -> Result<Identity, Fault> {
        match self.kind.as_str() {
            "GitHub" => self.github(claims),
            "GitLab" => self.gitlab(claims),
            "Google" => self.google(claims),
            "CircleCI" => self.circle_ci(claims),
            other => Err(Fault::PublisherKind(other.to_owned())),
        }
    }

    fn github(&self, claims: &Claims) -> Result<Identity, Fault> {
        let repository = self.field("repository", self.repository.as_ref())?;
        let workflow = self.field("workflow", self.workflow.as_ref())?;
        claims.has_issuer("https://token.actions.githubusercontent.com")?;
        claims.has_repository(&format!("{GITHUB}/{repository}"))?;
        claims.has_build(&format!(
            "{GITHUB}/{repository}/.github/workflows/{workflow}"
        ))?;
        Ok(self.with_repository(claims, [("workflow", Some(workflow))]))
    }

    fn gitlab(&self, claims: &Claims) -> Result<Identity, Fault> {
        let repository = self.field("repository", self.repository.as_ref())?;
        let workflow = self.field("workflow_filepath", self.workflow_filepath.as_ref())?;
        claims.has_issuer(GITLAB)?;
        claims.has_repository(&format!("{GITLAB}/{repository}"))?;
        claims.has_build(&format!("{GITLAB}/{repository}//{workflow}"))?;
        Ok(self.with_repository(claims, [("workflow_filepath", Some(workflow))]))
    }

    fn google(&self, claims: &Claims) -> Result<Identity, Fault> {
        let email = self.field("email", self.email.as_ref())?;
        claims.has_issuer("https://accounts.google.com")?;
        expect("email", email, claims.email.as_ref())?;
        Ok(Identity::new(&self.kind, [("email", Some(email))]))
    }

    fn circle_ci(&self, claims: &Claims) -> Result<Identity, Fault> {
        let project = self.field("project_id", self.project_id.as_ref())?;
        let pipeline = self.pipeline_definition_id.as_ref();
        let pipeline = self.field("pipeline_definition_id", pipeline)?;
        claims.has_issuer("https://oidc.circleci.com")?;
        if let Some(origin) = &self.vcs_origin {
            claims.has_repository(origin)?;
        }
        if let Some(git_ref) = &self.vcs_ref {
            expect("ref", git_ref, claims.git_ref.as_ref())?;
        }
        let signer = format!(
            "https://circleci.com/api/v2/projects/{project}/pipeline-definitions/{pipeline}"
        );
        expect("pipeline", &signer, claims.build_signer.as_ref())?;
        let fields = [
            ("project_id", Some(project)),
            ("pipeline_definition_id", Some(pipeline)),
            ("vcs_origin", self.vcs_origin.as_deref()),
        ];
        Ok(Identity::new(&self.kind, fields))
    }

    fn with_repository(&self, claims: &Claims, [workflow]: [(&str, Option<&str>); 1]) -> Identity {
        let fields = [
            ("repository", self.repository.as_deref()),
            workflow,
            ("repository_id", claims.repository_id.as_deref()),
            ("owner_id", claims.owner_id.as_deref()),
        ];
        Identity::new(&self.kind, fields)
    }

    fn field<'a>(&self, field: &'static str, value: Option<&'a String>) -> Result<&'a str, Fault> {
        let value = value.filter(|value| !value.is_empty());
        let missing = || Fault::PublisherField {
            kind: self.kind.clone(),
            field,
        };
        value.map(String::as_str).ok_or_else(missing)
    }
}

impl Claims {
    fn has_issuer(&self, expected: &str) -> Result<(), Fault> {
        expect("issuer", expected, self.issuer.as_ref())
    }

    fn has_repository(&self, expected: &str) -> Result<(), Fault> {
        expect("repository", expected, self.repository.as_ref())
    }

    /// Checks the file that the build ran by, in the state that the certificate itself names: a publisher knows neither commit
    /// nor ref.
    fn has_build(&self, expected: &str) -> Result<(), Fault> {
        let states = [&self.commit, &self.git_ref].into_iter().flatten();
        let mut builds = states.map(|state| format!("{expected}@{state}"));
        if builds.any(|build| self.build_config.as_ref() == Some(&build)) {
            return Ok(());
        }
        Err(Fault::OtherPublisher {
            claim: "workflow",
            expected: expected.to_owned(),
            found: self.build_config.clone(),
        })
    }
}

fn expect(claim: &'static str, expected: &str, found: Option<&String>) -> Result<(), Fault> {
    if found.is_some_and(|found| found == expected) {
        return Ok(());
    }
    Err(Fault::OtherPublisher {
        claim,
        expected: expected.to_owned(),
        found: found.cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB_PUBLISHER: &str =
        r#"{"kind":"GitHub","repository":"acme/core","workflow":"release.yml","environment":null}"#;

    fn publisher(text: &str) -> WrittenPublisher {
        serde_json::from_str(text).unwrap()
    }

    fn claims() -> Claims {
        let text = |text: &str| Some(text.to_owned());
        Claims {
            issuer: text("https://token.actions.githubusercontent.com"),
            repository: text("https://github.com/acme/core"),
            repository_id: text("7"),
            owner_id: text("8"),
            git_ref: text("refs/tags/v1"),
            build_config: text(
                "https://github.com/acme/core/.github/workflows/release.yml@refs/tags/v1",
            ),
            ..Claims::default()
        }
    }

    #[test]
    fn a_workflow_of_github_is_told_by_file_and_repository() {
        let identity = publisher(GITHUB_PUBLISHER).identity(&claims()).unwrap();
        let expected =
            "GitHub owner_id=8 repository=acme/core repository_id=7 workflow=release.yml";
        assert_eq!(identity.to_string(), expected);
        let at_commit = Claims {
            commit: Some("abc".to_owned()),
            git_ref: None,
            build_config: Some(
                "https://github.com/acme/core/.github/workflows/release.yml@abc".to_owned(),
            ),
            ..claims()
        };
        assert_eq!(
            publisher(GITHUB_PUBLISHER).identity(&at_commit).unwrap(),
            identity
        );
    }

    #[test]
    fn certificates_of_others_are_refused() {
        let check = |change: &dyn Fn(&mut Claims), expected: &str| {
            let mut claims = claims();
            change(&mut claims);
            let fault = publisher(GITHUB_PUBLISHER).identity(&claims).unwrap_err();
            assert!(fault.to_string().contains(expected), "{fault}");
        };
        check(
            &|claims| claims.issuer = Some("https://gitlab.com".to_owned()),
            "issuer is `https://gitlab.com`",
        );
        check(&|claims| claims.issuer = None, "issuer is missing");
        check(
            &|claims| claims.repository = Some("https://github.com/acme/core2".to_owned()),
            "repository is `https://github.com/acme/core2`",
        );
        check(
            &|claims| claims.git_ref = None,
            "workflow is `https://github.com/acme/core/",
        );
        check(
            &|claims| claims.git_ref = Some("refs/tags/v2".to_owned()),
            "workflow is",
        );
        check(&|claims| claims.build_config = None, "workflow is missing");
    }

    #[test]
    fn a_publisher_has_to_be_described_in_full() {
        for (text, expected) in [
            (
                r#"{"kind":"Azure"}"#,
                "publishers of kind `Azure` are not known",
            ),
            (
                r#"{"kind":"GitHub","repository":"a/b"}"#,
                "its publisher of kind `GitHub` has no `workflow`",
            ),
            (
                r#"{"kind":"Google","email":""}"#,
                "its publisher of kind `Google` has no `email`",
            ),
            (
                r#"{"kind":"CircleCI","project_id":"a"}"#,
                "its publisher of kind `CircleCI` has no `pipeline_definition_id`",
            ),
        ] {
            let fault = publisher(text).identity(&claims()).unwrap_err();
            assert_eq!(fault.to_string(), expected);
        }
    }
}
