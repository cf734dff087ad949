//! The client by itself: what a page says of files, and whom it believes over TLS.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use fs_err as fs;
use lock2venv::configuration::{Configuration, Documents};
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::http::{self, Cancellation, Limits, TransportErrorKind};
use lock2venv::index::simple::{CoreMetadata, ProjectStatus};
use lock2venv::index::{
    Client, Error, FileQuery, IndexFile, IndexSettings, ProjectDetail, UrlFault,
};
use lock2venv::name::PackageName;
use lock2venv::plan::IndexSource;
use lock2venv::url::{Url, WrittenUrl};

use crate::support::local_index::{Fault, Form, LocalIndex};
use crate::support::tls::{self, TlsServer};

/// Waits for nothing and cancels nothing.
struct Patient;

impl Cancellation for Patient {
    fn retrying(&self, _what: &str, _cause: &str) {}

    fn pause(&self, _pause: Duration) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Waits for nothing, and keeps how long it should have waited.
#[derive(Default)]
struct Pauses(Mutex<Vec<Duration>>);

impl Cancellation for Pauses {
    fn retrying(&self, _what: &str, _cause: &str) {}

    fn pause(&self, pause: Duration) -> ControlFlow<()> {
        self.0.lock().unwrap().push(pause);
        ControlFlow::Continue(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

fn client(index_url: &str, variables: &[(&str, &str)]) -> Client {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Client::new(IndexSettings {
        index_url: Some(Url::parse(index_url).unwrap()),
        sources: Vec::new(),
        configuration: Configuration::parse(&Documents::default(), variables).unwrap(),
        base_delay: Duration::ZERO,
        limits: Limits::default(),
    })
    .unwrap()
}

/// Asks for files of the package `demo`.
fn ask(
    client: &Client,
    source: Option<&IndexSource>,
    wanted: &[FileQuery<'_>],
) -> Result<Vec<Result<IndexFile, Error>>, Error> {
    let index = client.index(source).unwrap();
    client
        .session(&Patient)
        .find(&index, &PackageName::new("demo"), wanted)
}

#[test]
fn answers_are_in_the_order_of_the_question() {
    for form in [Form::Json, Form::Html] {
        let index = LocalIndex::start();
        index.set_form(form);
        let first = [index.add("demo", "demo-1.tar.gz", b"one")];
        let second = [index.add("demo", "demo-2.tar.gz", b"three")];
        let wanted = |file, digests| FileQuery { file, digests };
        let answers = ask(
            &client(&index.url(), &[]),
            None,
            &[
                wanted("demo-2.tar.gz", &second),
                wanted("demo-3.tar.gz", &first),
                wanted("demo-1.tar.gz", &first),
            ],
        );
        let answers = answers.unwrap();
        let listed = answers[0].as_ref().unwrap();
        assert_eq!(listed.url.expose(), index.at("/files/demo-2.tar.gz"));
        assert_eq!(listed.n_bytes, (form == Form::Json).then_some(5));
        assert_eq!(listed.digests, second);
        assert!(matches!(&answers[1], Err(Error::NoFile { n_files: 2, .. })));
        let listed = answers[2].as_ref().unwrap();
        assert_eq!(listed.url.expose(), index.at("/files/demo-1.tar.gz"));
        assert_eq!(index.take_paths(), ["/simple/demo/"]);
    }
}

#[test]
fn large_pages_are_read_whole() {
    for form in [Form::Json, Form::Html] {
        for fault in [None, Some(Fault::Gzip)] {
            let index = LocalIndex::start();
            index.set_form(form);
            for number in 0..5_000 {
                index.add("demo", &format!("demo-{number}.tar.gz"), b"");
            }
            if let Some(fault) = fault {
                index.misbehave("/simple/demo/", fault, 1);
            }
            let digests = [Digest::of(Algorithm::Sha256, b"")];
            let wanted = FileQuery {
                file: "demo-4999.tar.gz",
                digests: &digests,
            };
            let answers = ask(&client(&index.url(), &[]), None, &[wanted]).unwrap();
            let url = &answers[0].as_ref().unwrap().url;
            assert_eq!(url.expose(), index.at("/files/demo-4999.tar.gz"));
        }
    }
}

#[test]
fn of_two_entries_with_one_name_the_one_that_fits_is_chosen() {
    let index = LocalIndex::start();
    let digests = [Digest::of(Algorithm::Sha256, b"right")];
    let wrong = Digest::of(Algorithm::Sha256, b"wrong");
    let mut page = String::from("<html>");
    for (folder, digest) in [("x", &wrong), ("y", &digests[0]), ("z", &wrong)] {
        let _ = write!(
            page,
            "<a href='/{folder}/demo-1.whl#sha256={}'>d</a>",
            digest.hex()
        );
    }
    index.set_form(Form::Html);
    index.add("demo", "demo-1.whl", b"");
    index.misbehave("/simple/demo/", Fault::Body(page.into_bytes()), 1);
    let wanted = FileQuery {
        file: "demo-1.whl",
        digests: &digests,
    };
    let answers = ask(&client(&index.url(), &[]), None, &[wanted]).unwrap();
    assert_eq!(
        answers[0].as_ref().unwrap().url.expose(),
        index.at("/y/demo-1.whl")
    );
}

/// Asks a TLS server with these variables (and the source `acme`), and returns the error of a package that is not there.
fn ask_tls(server: &TlsServer, variables: &[(&str, &str)]) -> Error {
    let source = IndexSource {
        name: "acme".to_owned(),
        url: WrittenUrl::new(server.url()),
    };
    let url = server.url();
    let repository = [("POETRY_REPOSITORIES_ACME_URL", url.as_str())];
    let variables = [&repository, variables].concat();
    ask(&client(&url, &variables), Some(&source), &[]).unwrap_err()
}

#[test]
fn a_server_is_believed_by_the_certificates_that_are_set_and_no_others() {
    let server = TlsServer::start();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("authority.pem");
    fs::write(&place, tls::CERTIFICATE).unwrap();
    let path = place.to_str().unwrap();
    for name in [
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "POETRY_CERTIFICATES_ACME_CERT",
    ] {
        let error = ask_tls(&server, &[(name, path)]);
        assert!(
            matches!(error, Error::NoPackage { .. }),
            "{name}: {error:?}"
        );
    }
    for variables in [vec![], vec![("POETRY_CERTIFICATES_OTHER_CERT", path)]] {
        let error = ask_tls(&server, &variables);
        assert!(
            matches!(
                &error,
                Error::Http(http::Error::Transport { n_attempts: 1, .. })
            ),
            "{error:?}"
        );
        assert_eq!(kind(&error), TransportErrorKind::Certificate, "{error:?}");
    }
}

#[test]
fn certificates_that_cannot_be_used_are_told_by_their_path() {
    let server = TlsServer::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let absent = folder.path().join("absent").to_str().unwrap().to_owned();
    let cases = [
        ("CERT", absent),
        ("CERT", file("empty.pem", "")),
        ("CLIENT_CERT", file("no-key.pem", tls::CERTIFICATE)),
        ("CLIENT_CERT", file("no-certificate.pem", tls::KEY)),
        (
            "CLIENT_CERT",
            file("other.pem", &(tls::CERTIFICATE.to_owned() + tls::OTHER_KEY)),
        ),
    ];
    for (half, path) in cases {
        let name = format!("POETRY_CERTIFICATES_ACME_{half}");
        let error = ask_tls(&server, &[(&name, &path)]);
        assert_eq!(
            error.to_string(),
            format!("cannot read certificates from `{path}`")
        );
    }
}

#[test]
fn a_client_certificate_is_shown_to_its_own_source() {
    let server = TlsServer::start_with_client_certificates();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let authority = file("authority.pem", tls::CERTIFICATE);
    let ours = file("ours.pem", &(tls::CERTIFICATE.to_owned() + tls::KEY));
    let shown = ask_tls(
        &server,
        &[
            ("SSL_CERT_FILE", &authority),
            ("POETRY_CERTIFICATES_ACME_CLIENT_CERT", &ours),
        ],
    );
    assert!(matches!(shown, Error::NoPackage { .. }), "{shown:?}");
    let hidden = ask_tls(
        &server,
        &[
            ("SSL_CERT_FILE", &authority),
            ("POETRY_CERTIFICATES_OTHER_CLIENT_CERT", &ours),
        ],
    );
    assert_eq!(kind(&hidden), TransportErrorKind::Alert, "{hidden:?}");
}

/// What kind of trouble broke the connection.
#[track_caller]
fn kind(error: &Error) -> TransportErrorKind {
    let Error::Http(http::Error::Transport { source, .. }) = error else {
        panic!("{error:?}");
    };
    source.kind()
}

/// Lists the project `demo`.
fn list(index: &LocalIndex) -> ProjectDetail {
    let client = client(&index.url(), &[]);
    let mut session = client.session(&Patient);
    let index = client.index(None).unwrap();
    session.list(&index, &PackageName::new("demo")).unwrap()
}

#[test]
fn all_that_an_index_offers_is_listed() {
    for form in [Form::Json, Form::Html] {
        let index = LocalIndex::start();
        index.set_form(form);
        let digest = index.add("demo", "demo-1.tar.gz", b"one");
        index.add("demo", "demo-2-py3-none-any.whl", b"three");
        index.claim("demo-2-py3-none-any.whl", "");
        index.yank("demo-2-py3-none-any.whl", "broken");
        let detail = list(&index);
        assert_eq!(detail.status, ProjectStatus::Active);
        let [first, second] = detail.files.as_slice() else {
            panic!("{detail:?}");
        };
        assert_eq!(first.name, "demo-1.tar.gz");
        assert_eq!(first.file.url.expose(), index.at("/files/demo-1.tar.gz"));
        assert_eq!(first.file.n_bytes, (form == Form::Json).then_some(3));
        assert_eq!(first.file.digests, [digest]);
        assert_eq!(first.file.yanked, None);
        assert_eq!(second.name, "demo-2-py3-none-any.whl");
        assert_eq!(second.file.digests, []);
        assert_eq!(second.file.yanked.as_deref(), Some("broken"));
        assert_eq!(index.take_paths(), ["/simple/demo/"]);
    }
}

#[test]
fn what_a_listed_file_may_say_is_resolved_and_what_cannot_be_fetched_is_named() {
    let json = br#"{"meta":{"api-version":"1.4"},"name":"demo",
        "project-status":{"status":"deprecated","reason":"use sample"},
        "files":[{"filename":"demo-1.whl","url":"../../files/demo-1.whl","hashes":{"md5":"00"},
                  "requires-python":">=3.9","core-metadata":true,"provenance":"/integrity/demo-1.whl"},
                 {"filename":"demo-2.whl","url":"http://[","hashes":{}},
                 {"filename":"demo-3.whl","url":"ftp://demo.example/demo-3.whl","hashes":{}},
                 {"filename":"demo-4.whl","url":null}]}"#;
    let html = b"<meta name='pypi:repository-version' content='1.4'>
        <meta name='pypi:project-status' content='deprecated'>
        <meta name='pypi:project-status-reason' content='use sample'>
        <a href='../../files/demo-1.whl#md5=d41d8cd98f00b204e9800998ecf8427e' data-requires-python='&gt;=3.9'
           data-core-metadata='true' data-provenance='/integrity/demo-1.whl'>demo-1.whl</a>
        <a href='http://['>demo-2.whl</a><a href='ftp://demo.example/demo-3.whl'>x</a>";
    for (form, page) in [(Form::Json, &json[..]), (Form::Html, &html[..])] {
        let index = LocalIndex::start();
        index.set_form(form);
        index.add("demo", "demo-1.whl", b"");
        index.misbehave("/simple/demo/", Fault::Body(page.to_vec()), 1);
        let detail = list(&index);
        assert_eq!(detail.api_version.as_deref(), Some("1.4"));
        assert_eq!(detail.status, ProjectStatus::Deprecated);
        assert_eq!(detail.status_reason.as_deref(), Some("use sample"));
        let [file] = detail.files.as_slice() else {
            panic!("{detail:?}");
        };
        assert_eq!(file.file.url.expose(), index.at("/files/demo-1.whl"));
        assert_eq!(file.other_algorithms, ["md5"]);
        assert_eq!(file.requires_python.as_deref(), Some(">=3.9"));
        assert_eq!(file.core_metadata, Some(CoreMetadata::default()));
        let provenance = file.provenance.as_ref().unwrap();
        assert_eq!(provenance.expose(), index.at("/integrity/demo-1.whl"));
        let faults = detail.faults.iter().map(|fault| {
            let cause = fault.cause.as_ref().map(ToString::to_string);
            format!("{}: {}", fault.name, cause.unwrap_or_default())
        });
        let expected = [
            "demo-2.whl: its URL cannot be used",
            "demo-3.whl: its URL is neither http nor https: ftp://demo.example/demo-3.whl",
            "demo-4.whl: ",
        ];
        let n_expected = if form == Form::Json { 3 } else { 2 };
        let mut faults: Vec<String> = faults.collect();
        faults.sort();
        assert_eq!(faults, expected[..n_expected]);
    }
}

#[test]
fn a_listed_url_that_would_give_a_password_away_is_named() {
    let index = LocalIndex::start();
    let url = index.at_with("reader:canary-of-a-secret", "/simple/");
    let client = client(&url, &[]);
    let page = br#"{"files":[{"filename":"demo-1.whl","url":"http://x.example/canary-of-a-secret/demo-1.whl"}]}"#;
    index.add("demo", "demo-1.whl", b"");
    index.misbehave("/simple/demo/", Fault::Body(page.to_vec()), 1);
    let mut session = client.session(&Patient);
    let listed = session.list(&client.index(None).unwrap(), &PackageName::new("demo"));
    let detail = listed.unwrap();
    assert_eq!(detail.files, []);
    let cause = detail.faults[0].cause.as_ref().unwrap();
    assert!(matches!(cause, UrlFault::GivenAway(_)), "{cause:?}");
    assert!(!cause.to_string().contains("canary"), "{cause}");
}

#[test]
fn a_project_that_is_not_there_cannot_be_listed() {
    let index = LocalIndex::start();
    let client = client(&index.url(), &[]);
    let mut session = client.session(&Patient);
    let listed = session.list(&client.index(None).unwrap(), &PackageName::new("demo"));
    assert!(matches!(listed, Err(Error::NoPackage { .. })), "{listed:?}");
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let index = LocalIndex::start();
    index.add("demo", "demo-1.tar.gz", b"");
    let waits: [(u16, &'static [(&'static str, &'static str)]); 4] = [
        (429, &[("retry-after", "7")]),
        (503, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]),
        (501, &[]),
        (429, &[("retry-after", "86400")]),
    ];
    for (status, headers) in waits {
        index.misbehave("/simple/demo/", Fault::Status(status, headers), 1);
    }
    let client = client(&index.url(), &[]);
    let pauses = Pauses::default();
    let mut session = client.session(&pauses);
    let demo = PackageName::new("demo");
    let found = session.list(&client.index(None).unwrap(), &demo).unwrap();
    assert_eq!(found.files.len(), 1);
    // The last one is more than anybody waits.
    let expected = [7, 0, 0, 120].map(Duration::from_secs);
    assert_eq!(*pauses.0.lock().unwrap(), expected);
}

/// A socket whose queue of connections is full: Linux drops what else comes.
#[cfg(target_os = "linux")]
#[test]
fn a_host_that_does_not_answer_at_all_is_given_up() {
    let code = "import socket, sys\nserver = socket.socket()\nserver.bind(('127.0.0.1', 0))\nserver.listen(0)\n\
        made = [socket.socket() for _ in range(4)]\n\
        for one in made:\n    one.setblocking(False)\n    one.connect_ex(server.getsockname())\n\
        print(server.getsockname()[1], flush=True)\nsys.stdin.read()";
    let mut python = Command::new("python3");
    python.args(["-c", code]);
    python.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let mut port = String::new();
    let mut said = BufReader::new(python.stdout.take().unwrap());
    said.read_line(&mut port).unwrap();
    let url = format!("http://127.0.0.1:{}/simple/", port.trim());
    let client = client(&url, &[("POETRY_REQUESTS_TIMEOUT", "1")]);
    let error = ask(&client, None, &[]).unwrap_err();
    drop(python.stdin.take());
    python.wait().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "timed out while connecting");
}
