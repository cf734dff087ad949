//! Indexes that send too much, or too slowly. What they do not end is ended here; nothing of this waits for a clock.

use std::ops::ControlFlow;
use std::time::Duration;

use lock2venv::configuration::{Configuration, Documents};
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::http::{self, Cancellation, Limits, Pace, Sink};
use lock2venv::index::{Client, Download, Error, FileQuery, IndexSettings};
use lock2venv::name::PackageName;
use lock2venv::url::Url;

use crate::support::causes::with_causes;
use crate::support::local_index::{Fault, LocalIndex};

const FILE: &str = "acme-1.0-py3-none-any.whl";
const FILE_PATH: &str = "/files/acme-1.0-py3-none-any.whl";
const PAGE_PATH: &str = "/simple/acme/";

/// No pace is fast enough.
const HURRY: Pace = Pace {
    n_bytes: u64::MAX,
    window: Duration::ZERO,
};

/// Has no time to lose, and waits for no retry.
struct Calm;

impl Cancellation for Calm {
    fn retrying(&self, _what: &str, _cause: &str) {}

    fn pause(&self, _pause: Duration) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Counts bytes.
#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn write(&mut self, data: &[u8]) -> ControlFlow<()> {
        self.0 += data.len() as u64;
        ControlFlow::Continue(())
    }

    fn restart(&mut self) -> ControlFlow<()> {
        self.0 = 0;
        ControlFlow::Continue(())
    }

    fn n_bytes(&self) -> u64 {
        self.0
    }
}

/// An index with one file, and one who asks it within `limits`, but waits an hour for a byte.
struct Line {
    index: LocalIndex,
    client: Client,
}

impl Line {
    fn new(limits: Limits) -> Self {
        let index = LocalIndex::start();
        index.add("acme", FILE, &[7; 5000]);
        let hour = ("POETRY_REQUESTS_TIMEOUT".to_owned(), "3600".to_owned());
        let configuration = Configuration::parse(&Documents::default(), [hour]).unwrap();
        let client = Client::new(IndexSettings {
            index_url: Some(Url::parse(&index.url()).unwrap()),
            sources: Vec::new(),
            configuration,
            base_delay: Duration::ZERO,
            limits,
        });
        Self {
            index,
            client: client.unwrap(),
        }
    }

    fn find(&self) -> Result<(), Error> {
        let digests = [Digest::of(Algorithm::Sha256, &[7; 5000])];
        let wanted = FileQuery {
            file: FILE,
            digests: &digests,
        };
        let index = self.client.index(None).unwrap();
        let mut session = self.client.session(&Calm);
        let found = session.find(&index, &PackageName::new("acme"), &[wanted])?;
        found.into_iter().try_for_each(|listed| listed.map(drop))
    }

    /// Downloads the file; also returns how many bytes came.
    fn download(&self, n_bytes: Option<u64>) -> (Result<(), Error>, u64) {
        let url = Url::parse(&self.index.at(FILE_PATH)).unwrap();
        let download = Download {
            file: FILE,
            url: &url,
            n_bytes,
            index: None,
        };
        let mut count = Count::default();
        let done = self.client.session(&Calm).download(&download, &mut count);
        (done, count.0)
    }
}

#[test]
fn a_page_without_end_is_refused_by_name_and_limit() {
    let line = Line::new(Limits {
        body_bytes: 10_000,
        ..Limits::default()
    });
    line.find().unwrap();
    line.index.misbehave(PAGE_PATH, Fault::Endless, 1);
    let error = line.find().unwrap_err();
    let expected = "the page of `acme` from index `127.0.0.1` is larger than 10000 bytes";
    assert_eq!(with_causes(&error), expected);
    line.find().unwrap();
}

#[test]
fn a_page_that_unpacks_to_more_than_the_limit_is_refused() {
    let line = Line::new(Limits {
        body_bytes: 10_000,
        ..Limits::default()
    });
    let bomb = Fault::GzipBody(vec![b' '; 1 << 20]);
    line.index.misbehave(PAGE_PATH, bomb, 1);
    let error = line.find().unwrap_err();
    assert!(matches!(error, Error::HugePage { .. }), "{error:?}");
}

#[test]
fn a_file_without_end_ends_where_its_index_says() {
    let line = Line::new(Limits::default());
    line.index.misbehave(FILE_PATH, Fault::Endless, 1);
    let (done, n_bytes) = line.download(Some(5000));
    assert!(matches!(
        done,
        Err(Error::Http(http::Error::TooLong { n_bytes: 5000, .. }))
    ));
    assert!(n_bytes < 1 << 20, "{n_bytes}");
}

#[test]
fn a_file_without_end_or_size_ends_at_the_limit() {
    let line = Line::new(Limits {
        file_bytes: 100_000,
        ..Limits::default()
    });
    assert!(line.download(None).0.is_ok());
    for n_listed in [None, Some(u64::MAX)] {
        line.index.misbehave(FILE_PATH, Fault::Endless, 1);
        let (done, n_bytes) = line.download(n_listed);
        let error = done.unwrap_err();
        let expected = "is larger than the limit of 100000 bytes";
        assert!(with_causes(&error).contains(expected), "{error:?}");
        assert!(n_bytes < 1 << 20, "{n_bytes}");
    }
}

#[test]
fn a_file_that_is_said_to_be_too_large_is_not_begun() {
    let line = Line::new(Limits {
        file_bytes: 4999,
        ..Limits::default()
    });
    let (done, n_bytes) = line.download(None);
    assert!(matches!(
        done,
        Err(Error::Http(http::Error::TooLarge { limit: 4999, .. }))
    ));
    assert_eq!(n_bytes, 0);
}

/// A byte now and then is no answer. (The server sends one, and then waits for the client to hang up.)
#[test]
fn bodies_that_drip_end() {
    let line = Line::new(Limits {
        pace: HURRY,
        ..Limits::default()
    });
    let ok = Fault::Drip(200, &[("content-type", "text/html")]);
    line.index.misbehave(PAGE_PATH, ok.clone(), 1);
    line.index.misbehave(FILE_PATH, ok, 1);
    let asked = [line.find().err(), line.download(None).0.err()];
    for error in asked {
        // The first failure asks for a retry, which nobody waits for here.
        assert!(
            matches!(error, Some(Error::Http(http::Error::Cancelled))),
            "{error:?}"
        );
    }
}

#[test]
fn bodies_that_nobody_needs_are_not_waited_for() {
    let line = Line::new(Limits {
        pace: HURRY,
        ..Limits::default()
    });
    line.index.misbehave(PAGE_PATH, Fault::Drip(404, &[]), 1);
    assert!(matches!(line.find(), Err(Error::NoPackage { .. })));
    line.index.misbehave(FILE_PATH, Fault::Drip(404, &[]), 1);
    assert!(matches!(line.download(None).0, Err(Error::FileGone { .. })));
    line.index.misbehave(FILE_PATH, Fault::Drip(503, &[]), 1);
    assert!(matches!(
        line.download(None).0,
        Err(Error::Http(http::Error::Cancelled))
    ));
    let away = Fault::Drip(302, &[("location", "/files/gone.whl")]);
    line.index.misbehave(FILE_PATH, away, 1);
    assert!(matches!(line.download(None).0, Err(Error::FileGone { .. })));
}

#[test]
fn headers_that_drip_end() {
    let line = Line::new(Limits {
        headers: Duration::from_millis(1),
        ..Limits::default()
    });
    line.index.misbehave(PAGE_PATH, Fault::HalfOfHeaders, 1);
    assert!(matches!(
        line.find(),
        Err(Error::Http(http::Error::Cancelled))
    ));
}
