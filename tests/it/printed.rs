//! No public value shows a credential, printed with `{:?}` or `{}`, wherever the credential came from.

use std::fmt::{Debug, Display};
use std::path::Path;

use lock2venv::configuration::{Configuration, Documents, SettingsDocument};
use lock2venv::export::FileInfo;
use lock2venv::http::Limits;
use lock2venv::index::{Client, IndexSettings};
use lock2venv::installed::{Installed, InstalledDistribution};
use lock2venv::lock::{self, Lock};
use lock2venv::name::PackageName;
use lock2venv::plan::{self, Plan, WantedPackage, index_source};
use lock2venv::project_files::{Disk, ProjectFiles};
use lock2venv::pyproject::Project;
use lock2venv::requirement::Requirement;
use lock2venv::select::{self, Choice, DefaultGroups};
use lock2venv::target::Target;
use lock2venv::url::{Url, WrittenUrl};
use lock2venv::version::Version;

const PYPROJECT: &str = r#"
[project]
name = "acme"
version = "1.0"
requires-python = ">=3.8"
dependencies = ["standard @ https://user:CANARY@acme.example/standard-1.0.zip"]

[[tool.poetry.source]]
name = "private"
url = "https://user:CANARY@acme.example/simple?token=CANARY"

[tool.poetry.dependencies]
table = { git = "https://CANARY@acme.example/table.git" }
archive = { url = "https://user:CANARY@acme.example/archive-1.0.tar.gz" }

[tool.other]
password = "CANARY"
"#;

const LOCK: &str = r#"
[[package]]
name = "indexed"
version = "1.0"
optional = false
python-versions = "*"
groups = ["main"]
files = [{file = "indexed-1.0.tar.gz", hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000"}]

[package.source]
type = "legacy"
url = "https://user:CANARY@acme.example/simple?token=CANARY"
reference = "private"

[[package]]
name = "table"
version = "1.0"
optional = false
python-versions = "*"
groups = ["main"]
files = []

[package.source]
type = "git"
url = "https://CANARY@acme.example/table.git"
reference = "HEAD"
resolved_reference = "0123abc"

[[package]]
name = "archive"
version = "1.0"
optional = false
python-versions = "*"
groups = ["main"]
files = [{file = "archive-1.0.tar.gz", hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000"}]

[package.source]
type = "url"
url = "https://user:CANARY@acme.example/archive-1.0.tar.gz"

[metadata]
lock-version = "2.1"
python-versions = "*"
content-hash = ""
"#;

/// Searches what `value` prints; upper or lower case.
#[track_caller]
fn hides(value: &impl Debug) {
    let text = format!("{value:?} {value:#?}");
    assert!(!text.to_lowercase().contains("canary"), "{text}");
}

#[track_caller]
fn hides_all(value: &(impl Debug + Display)) {
    hides(value);
    let text = value.to_string();
    assert!(!text.to_lowercase().contains("canary"), "{text}");
}

/// The error, and its causes.
#[track_caller]
fn hides_error(error: &dyn std::error::Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        hides_all(&error);
        next = error.source();
    }
}

fn project() -> Project {
    Project::parse(PYPROJECT, Path::new("/work"), &Disk).unwrap()
}

fn lock() -> Lock {
    let text = LOCK.into();
    let document = lock::LockDocument::parse(&text).unwrap();
    document.read(Path::new("/work"), &Disk).unwrap()
}

fn target() -> Target {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets");
    let path = path.join("cp311-manylinux_2_36_x86_64.json");
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

fn plan_of(lock: &Lock, project: &Project, builds: plan::Builds) -> Result<Plan, plan::Error> {
    let wanted = lock.packages.iter().map(|package| WantedPackage {
        package,
        is_requested: true,
    });
    let options = plan::PlanOptions {
        sources: Some(project.sources.clone()),
        builds,
        ..plan::PlanOptions::default()
    };
    let wanted: Vec<_> = wanted.collect();
    plan::plan(&wanted, &target(), &Installed::default(), &options)
}

#[test]
fn documents_and_what_is_made_of_them_hide_credentials() {
    let (project, lock) = (project(), lock());
    hides(&project);
    hides(&lock);
    for package in &lock.packages {
        hides(package);
        let source = package.resolved_source.as_ref().unwrap();
        hides_all(&source.location);
        hides(&index_source(package, Some(&project.sources)).unwrap());
        hides(&index_source(package, None).unwrap());
    }
    let request = select::Request::default();
    let choice = Choice::new(&project, &request, DefaultGroups::NonOptional).unwrap();
    hides(&choice);
    let environment = target().marker_environment;
    hides(&select::select_for(&project, &lock, &choice, &environment).unwrap());
    hides(&plan_of(&lock, &project, plan::Builds::Allowed).unwrap());
    let error = plan_of(&lock, &project, plan::Builds::Refused).unwrap_err();
    hides_error(&error);
    assert!(
        error
            .explanation()
            .iter()
            .all(|line| !line.contains("CANARY"))
    );
}

#[test]
fn a_moved_source_hides_credentials() {
    let (mut project, lock) = (project(), lock());
    project.sources[0].url = Some(WrittenUrl::new("https://user:CANARY@moved.example/simple"));
    hides_error(&plan_of(&lock, &project, plan::Builds::Allowed).unwrap_err());
}

#[test]
fn errors_about_documents_hide_credentials() {
    for requirement in [
        "acme @ https://user:CANARY@acme.example/a.zip trailing",
        "acme @ git+https://CANARY@acme.example/",
        "acme @ git+ssh://user:CANARY@/",
        "acme (https://user:CANARY@acme.example)",
    ] {
        if let Err(error) = Requirement::parse(requirement) {
            hides_error(&error);
        }
        let text = format!(
            "[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"{requirement}\"]\n"
        );
        if let Err(error) = Project::parse(&text, Path::new("/work"), &Disk) {
            hides_error(&error);
        }
    }
    for dependency in [
        "{ git = \"https://user:CANARY@acme.example:x/\" }",
        "{ url = \"user:CANARY@acme.example\" }",
        "\"https://user:CANARY@acme.example\"",
    ] {
        let head = "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\n";
        let text = format!("{head}acme = {dependency}\n");
        if let Err(error) = Project::parse(&text, Path::new("/work"), &Disk) {
            hides_error(&error);
        }
    }
    let text = LOCK
        .replace(
            "https://CANARY@acme.example/table.git",
            "https://user:CANARY@",
        )
        .into();
    let document = lock::LockDocument::parse(&text).unwrap();
    hides_error(&document.read(Path::new("/work"), &Disk).unwrap_err());
}

#[test]
fn requirements_and_facts_hide_credentials() {
    let requirement = "acme @ https://user:CANARY@acme.example/a.zip ; python_version > '3'";
    hides(&Requirement::parse(requirement).unwrap());
    hides(&FileInfo {
        url: WrittenUrl::new("https://user:CANARY@acme.example/a.whl?sig=CANARY"),
        n_bytes: None,
        upload_time: None,
    });
    hides(&InstalledDistribution {
        name: PackageName::new("acme"),
        version: Version::parse("1").unwrap(),
        dist_info: "acme-1.dist-info".into(),
        direct_url: Some(r#"{"url": "https://user:CANARY@acme.example/a.whl"}"#.to_owned()),
    });
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("pyproject.toml"), PYPROJECT).unwrap();
    fs_err::write(folder.path().join("poetry.lock"), LOCK).unwrap();
    hides(&ProjectFiles::read(folder.path()).unwrap());
    for text in [
        "https://CANARY@acme.example/",
        "https://user:CANARY@acme.example/?token=CANARY",
        "git+ssh://user:CANARY@acme.example/a.git",
        "user:CANARY@acme.example:a.git",
        "CANARY@acme.example:a.git",
        "//user:CANARY@acme.example/a",
        "https://user:CANARY@/",
    ] {
        hides_all(&WrittenUrl::new(text));
        match Url::parse(text) {
            Ok(url) => hides_all(&url),
            Err(error) => hides_error(&error),
        }
    }
    assert_eq!(
        WrittenUrl::new("git@acme.example:a.git").to_string(),
        "git@acme.example:a.git"
    );
}

#[test]
fn settings_and_the_client_made_of_them_hide_credentials() {
    let path = Path::new("/home/user/auth.toml");
    let auth = "[http-basic.private]\nusername = \"user\"\npassword = \"CANARY\"\n[repositories.private]\nurl = \"https://user:CANARY@acme.example/simple\"\n";
    let netrc = "machine acme.example login user password CANARY\n";
    let documents = Documents {
        auth: Some(SettingsDocument { path, text: auth }),
        netrc: Some(netrc),
        ..Documents::default()
    };
    hides(&documents);
    let variables = [
        ("POETRY_HTTP_BASIC_OTHER_PASSWORD", "CANARY"),
        (
            "POETRY_REPOSITORIES_OTHER_URL",
            "https://u:CANARY@acme.example/other",
        ),
        ("HTTPS_PROXY", "http://user:CANARY@proxy.example:3128"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let configuration = Configuration::parse(&documents, variables).unwrap();
    hides(&configuration);
    hides(&configuration.repositories().unwrap());
    hides(&configuration.credentials("private").unwrap());
    let settings = IndexSettings {
        index_url: Some(
            Url::parse("https://user:CANARY@acme.example/simple?token=CANARY").unwrap(),
        ),
        sources: Vec::new(),
        configuration,
        base_delay: std::time::Duration::ZERO,
        limits: Limits::default(),
    };
    let client = Client::new(settings).unwrap();
    hides(&client.index(None).unwrap());
    let broken = SettingsDocument {
        path,
        text: "password = \"CANARY\" CANARY\n",
    };
    let documents = Documents {
        auth: Some(broken),
        ..Documents::default()
    };
    hides_error(&Configuration::parse(&documents, []).unwrap_err());
}
