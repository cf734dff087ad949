//! Preparing wheels: what is asked of whom, what is trusted, what is said when it fails.

use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use fs_err as fs;
use lock2venv::configuration::{Configuration, CredentialsOrigin, Documents, SettingsDocument};
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::event::{Event, Reporter};
use lock2venv::filename::WheelFilename;
use lock2venv::http::{self, Limits, Network, Status};
use lock2venv::index::{self, Client, IndexSettings};
use lock2venv::install::{PreparedWheel, WheelContent};
use lock2venv::name::PackageName;
use lock2venv::plan::{
    Action, Distribution, DistributionId, Form as PlannedForm, IndexSource, Origin, Plan,
};
use lock2venv::prepare::{
    self, Building, Error, N_CONNECTIONS, Place, Prepare, PrepareOptions, prepare,
};
use lock2venv::project_wheel;
use lock2venv::store::Cache;
use lock2venv::url::{Url, WrittenUrl};
use lock2venv::version::Version;
use tempfile::TempDir;

use crate::support::local_index::{Fault, Form, LocalIndex};
use crate::support::program::write_program;

/// A machine with nothing set but what the test sets.
struct Machine {
    folder: TempDir,
    variables: Vec<(String, String)>,
    auth: String,
    netrc: String,
    index_url: Option<String>,
    reports: Reports,
}

/// Keeps the text of each report, and the sum of bytes.
#[derive(Default)]
struct Reports {
    texts: Mutex<Vec<String>>,
    n_bytes: Mutex<i64>,
}

impl Reporter for Reports {
    fn report(&self, event: Event<'_>) {
        if let Event::BytesReceived { n_bytes } = event {
            *self.n_bytes.lock().unwrap() += n_bytes;
        } else {
            self.texts.lock().unwrap().push(format!("{event:?}"));
        }
    }
}

impl Reports {
    fn count(&self, what: &str) -> usize {
        let texts = self.texts.lock().unwrap();
        texts.iter().filter(|text| text.contains(what)).count()
    }
}

impl Machine {
    /// A machine whose default index is `index`.
    fn new(index: &LocalIndex) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            auth: String::new(),
            netrc: String::new(),
            index_url: Some(index.url()),
            reports: Reports::default(),
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn client(&self) -> Client {
        let documents = Documents {
            auth: Some(SettingsDocument {
                path: self.folder.path(),
                text: &self.auth,
            }),
            netrc: Some(&self.netrc),
            ..Documents::default()
        };
        let configuration = Configuration::parse(&documents, self.variables.clone()).unwrap();
        let index_url = self.index_url.as_deref();
        Client::new(IndexSettings {
            index_url: index_url.map(|url| Url::parse(url).unwrap()),
            sources: Vec::new(),
            configuration,
            base_delay: Duration::ZERO,
            limits: Limits::default(),
        })
        .unwrap()
    }

    fn cache(&self) -> Cache {
        Cache::open(&self.folder.path().join("cache"), self.folder.path()).unwrap()
    }

    fn fetch(&self, distributions: &[Distribution]) -> Result<Vec<String>, Error> {
        self.fetch_with(distributions, &self.cache(), Network::Online)
    }

    /// Fetches, and returns for each file its position and content, in the order of the plan.
    fn fetch_with(
        &self,
        distributions: &[Distribution],
        cache: &Cache,
        network: Network,
    ) -> Result<Vec<String>, Error> {
        let client = self.client();
        let plan = Plan::new(distributions.iter().cloned().map(Action::Install).collect());
        let distributions: Vec<&Distribution> = plan.distributions().collect();
        let (sender, receiver) = mpsc::sync_channel(1);
        let job = Prepare {
            distributions: &distributions,
            project: None,
            client: &client,
            cache,
            kept: None,
            folders: &project_wheel::BuildOptions::default(),
            building: Building::Refused,
            options: &PrepareOptions {
                network,
                ..PrepareOptions::default()
            },
            reporter: &self.reports,
        };
        let (done, mut wheels) = std::thread::scope(|scope| {
            let preparing = scope.spawn(|| prepare(&job, sender));
            let wheels: Vec<PreparedWheel> = receiver.into_iter().collect();
            (preparing.join().unwrap(), wheels)
        });
        wheels.sort_by_key(|wheel| wheel.id);
        done.map(|()| wheels.iter().map(shown).collect())
    }

    /// Every byte of every file of the cache, as one text.
    fn everything_kept(&self) -> String {
        let mut text = String::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    text += &entry.path().display().to_string();
                    text += &String::from_utf8_lossy(&fs::read(entry.path()).unwrap());
                }
            }
        }
        text
    }
}

/// Says where a file came from, which distribution it is for, and what is in it, as far as that is short.
fn shown(wheel: &PreparedWheel) -> String {
    if let WheelContent::Built(built) = &wheel.content {
        return format!("built {}: {}", wheel.id, built.file_name());
    }
    let WheelContent::Archive(file) = &wheel.content else {
        panic!("nothing is unpacked here");
    };
    let mut bytes = vec![0; usize::try_from(file.n_bytes()).unwrap()];
    file.source().read_exact_at(&mut bytes, 0).unwrap();
    bytes.truncate(12);
    let origin = if wheel.from_cache { "cache" } else { "fetched" };
    format!("{origin} {}: {}", wheel.id, String::from_utf8_lossy(&bytes))
}

fn distribution(name: &str, origin: Origin) -> Distribution {
    let file = format!("{}-1-py3-none-any.whl", name.replace('-', "_"));
    Distribution {
        id: DistributionId::default(),
        name: PackageName::new(name),
        version: Version::parse("1").unwrap(),
        origin,
        form: PlannedForm::Wheel(WheelFilename::parse(&file).unwrap()),
        is_requested: true,
        next_best: None,
    }
}

fn from_index(name: &str, digest: &Digest) -> Distribution {
    let origin = Origin::Index {
        source: None,
        digests: vec![digest.clone()],
    };
    distribution(name, origin)
}

fn from_source(name: &str, digest: &Digest, source: &str, url: String) -> Distribution {
    let origin = Origin::Index {
        source: Some(IndexSource {
            name: source.to_owned(),
            url: WrittenUrl::new(url),
        }),
        digests: vec![digest.clone()],
    };
    distribution(name, origin)
}

fn from_url(name: &str, digest: &Digest, url: String) -> Distribution {
    let origin = Origin::Url {
        url: WrittenUrl::new(url),
        digests: vec![digest.clone()],
        subdirectory: None,
    };
    distribution(name, origin)
}

/// Adds a package with one wheel that holds `content`, and returns its distribution.
fn add(index: &LocalIndex, name: &str, content: &str) -> Distribution {
    let file = format!("{name}-1-py3-none-any.whl");
    from_index(name, &index.add(name, &file, content.as_bytes()))
}

fn file_path(name: &str) -> String {
    format!("/files/{name}-1-py3-none-any.whl")
}

fn page_path(name: &str) -> String {
    format!("/simple/{name}/")
}

/// The error, its causes, and the `Debug` text of all of it.
fn told(error: &Error) -> String {
    let mut text = format!("{error:?} {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[test]
fn each_package_costs_one_page_and_one_file() {
    for form in [Form::Json, Form::Html] {
        let index = LocalIndex::start();
        index.set_form(form);
        let plan = [add(&index, "a", "wheel a"), add(&index, "b", "wheel b")];
        let machine = Machine::new(&index);
        assert_eq!(
            machine.fetch(&plan).unwrap(),
            ["fetched 0: wheel a", "fetched 1: wheel b"]
        );
        let requests = index.take_requests();
        for request in &requests {
            assert_eq!(request.header("authorization"), None);
            assert!(
                request
                    .header("user-agent")
                    .unwrap()
                    .starts_with("lock2venv/")
            );
            let is_page = request.path.starts_with("/simple/");
            let accept = request.header("accept").unwrap();
            assert_eq!(
                accept.starts_with("application/vnd.pypi.simple.v1+json"),
                is_page
            );
            let encoding = if is_page { "gzip" } else { "identity" };
            assert_eq!(request.header("accept-encoding"), Some(encoding));
        }
        let mut paths: Vec<_> = requests.into_iter().map(|request| request.path).collect();
        paths.sort();
        assert_eq!(
            paths,
            [
                file_path("a"),
                file_path("b"),
                page_path("a"),
                page_path("b")
            ]
        );
        assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 14);
        assert_eq!(machine.reports.count("Fetched"), 2);
    }
}

#[test]
fn files_of_one_package_share_a_page() {
    let index = LocalIndex::start();
    let first = add(&index, "a", "first");
    let digest = index.add("a", "a-2-py3-none-any.whl", b"second");
    let origin = Origin::Index {
        source: None,
        digests: vec![digest],
    };
    let machine = Machine::new(&index);
    let mut second = distribution("a", origin);
    second.form = PlannedForm::Wheel(WheelFilename::parse("a-2-py3-none-any.whl").unwrap());
    let plan = [first, second];
    assert_eq!(
        machine.fetch(&plan).unwrap(),
        ["fetched 0: first", "fetched 1: second"]
    );
    let n_pages = index
        .take_paths()
        .iter()
        .filter(|path| **path == page_path("a"))
        .count();
    assert_eq!(n_pages, 1);
}

#[test]
fn a_filled_cache_needs_no_request() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a"), add(&index, "b", "wheel b")];
    let machine = Machine::new(&index);
    machine.fetch(&plan).unwrap();
    index.take_requests();
    assert_eq!(
        machine.fetch(&plan).unwrap(),
        ["cache 0: wheel a", "cache 1: wheel b"]
    );
    let offline = machine.fetch_with(&plan, &machine.cache(), Network::Offline);
    assert_eq!(offline.unwrap().len(), 2);
    assert!(index.take_requests().is_empty());
}

#[test]
fn a_remembered_address_needs_no_page() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a"), add(&index, "b", "wheel b")];
    let machine = Machine::new(&index);
    machine.fetch(&plan[..1]).unwrap();
    fs::remove_dir_all(machine.folder.path().join("cache/v1/archives")).unwrap();
    index.take_requests();
    assert_eq!(
        machine.fetch(&plan).unwrap(),
        ["fetched 0: wheel a", "fetched 1: wheel b"]
    );
    assert_eq!(
        index.take_paths(),
        [file_path("a"), file_path("b"), page_path("b")]
    );
}

#[test]
fn a_remembered_address_that_is_stale_is_asked_for_again() {
    for fault in [
        Fault::Status(404, &[]),
        Fault::Status(403, &[]),
        Fault::Body(b"weasel".to_vec()),
    ] {
        let index = LocalIndex::start();
        let plan = [add(&index, "a", "wheel a")];
        let machine = Machine::new(&index);
        machine.fetch(&plan).unwrap();
        fs::remove_dir_all(machine.folder.path().join("cache/v1/archives")).unwrap();
        index.take_requests();
        index.misbehave(&file_path("a"), fault, 1);
        assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
        assert_eq!(
            index.take_paths(),
            [file_path("a"), file_path("a"), page_path("a")]
        );
        assert_eq!(machine.reports.count("DownloadAnnounced"), 2);
        assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 14);
    }
}

#[test]
fn without_a_cache_everything_is_fetched_and_nothing_left() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    let machine = Machine::new(&index);
    let cache = Cache::disabled(machine.folder.path());
    let fetched = machine.fetch_with(&plan, &cache, Network::Online);
    assert_eq!(fetched.unwrap(), ["fetched 0: wheel a"]);
    assert_eq!(fs::read_dir(machine.folder.path()).unwrap().count(), 0);
}

#[test]
fn offline_tells_everything_that_is_missing() {
    let index = LocalIndex::start();
    let plan = [
        add(&index, "a", "a"),
        add(&index, "b", "b"),
        add(&index, "c", "c"),
    ];
    let machine = Machine::new(&index);
    machine.fetch(&plan[1..2]).unwrap();
    index.take_requests();
    let error = machine
        .fetch_with(&plan, &machine.cache(), Network::Offline)
        .unwrap_err();
    let Error::Offline { missing } = error else {
        panic!("{error:?}");
    };
    let files: Vec<_> = missing
        .iter()
        .map(|missing| missing.file.as_str())
        .collect();
    assert_eq!(files, ["a-1-py3-none-any.whl", "c-1-py3-none-any.whl"]);
    assert!(index.take_requests().is_empty());
}

#[test]
fn pages_may_be_packed_and_in_pieces() {
    for fault in [Fault::Gzip, Fault::Chunked] {
        let index = LocalIndex::start();
        let plan = [add(&index, "a", &"wheel a ".repeat(10_000))];
        index.misbehave(&page_path("a"), fault, 1);
        index.misbehave(&file_path("a"), Fault::Chunked, 1);
        let machine = Machine::new(&index);
        assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a whee"]);
    }
}

#[test]
fn a_file_marked_as_packed_is_taken_as_it_comes() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(
        &file_path("a"),
        Fault::Status(200, &[("content-encoding", "gzip")]),
        1,
    );
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    // The body is `no`, which is no gzip: it was not unpacked on the way.
    let expected = Digest::of(Algorithm::Sha256, b"no");
    assert!(
        matches!(&error, Error::Mismatch { source, .. } if source.received == expected),
        "{error:?}"
    );
}

#[test]
fn what_fails_for_the_moment_is_tried_again() {
    let faults = [
        Fault::Status(429, &[("retry-after", "0")]),
        Fault::Status(500, &[]),
        Fault::Status(502, &[]),
        Fault::Status(503, &[]),
        Fault::Status(504, &[]),
        Fault::Reset(0),
        Fault::Reset(3),
        Fault::Short(3),
        Fault::ChunkedShort(3),
    ];
    for fault in faults {
        for form in [Form::Json, Form::Html] {
            let index = LocalIndex::start();
            index.set_form(form);
            let plan = [add(&index, "a", "wheel a")];
            index.misbehave(&page_path("a"), fault.clone(), 2);
            index.misbehave(&file_path("a"), fault.clone(), 2);
            let machine = Machine::new(&index);
            assert_eq!(
                machine.fetch(&plan).unwrap(),
                ["fetched 0: wheel a"],
                "{fault:?}"
            );
            assert_eq!(machine.reports.count("Retrying"), 4, "{fault:?}");
            assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 7, "{fault:?}");
        }
    }
}

#[test]
fn what_keeps_failing_is_told_with_its_address() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(&file_path("a"), Fault::Status(503, &[]), 99);
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    let Error::Index(index::Error::Http(http::Error::Response {
        what,
        url,
        status,
        n_attempts,
    })) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(what, "a-1-py3-none-any.whl");
    assert_eq!(url.to_string(), index.at(&file_path("a")));
    assert_eq!((*status, *n_attempts), (Status(503), 6));
    assert_eq!(
        error.to_string(),
        "`a-1-py3-none-any.whl` could not be fetched (503 Service Unavailable)"
    );
    index.take_requests();
    index.misbehave(&page_path("b"), Fault::Short(3), 99);
    let error = machine.fetch(&[add(&index, "b", "b")]).unwrap_err();
    assert!(
        told(&error).ends_with(
            "`b` could not be fetched: the connection was closed before the response was complete"
        ),
        "{}",
        told(&error)
    );
    assert_eq!(index.take_requests().len(), 6);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    let mut machine = Machine::new(&index);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    machine.index_url = Some(format!("http://user:hidden@127.0.0.1:{port}/simple/"));
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Index(index::Error::Http(http::Error::Transport {
                n_attempts: 6,
                ..
            }))
        ),
        "{error:?}"
    );
    assert!(told(&error).contains("refused"), "{}", told(&error));
    assert!(!told(&error).contains("hidden"), "{}", told(&error));
}

#[test]
fn a_download_goes_on_where_it_stopped_if_the_file_is_the_same() {
    let content = "0123456789".repeat(1000);
    let index = LocalIndex::start();
    let plan = [add(&index, "a", &content)];
    index.misbehave(&file_path("a"), Fault::Short(4321), 1);
    index.misbehave(&file_path("a"), Fault::Status(503, &[]), 1);
    let machine = Machine::new(&index);
    assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: 012345678901"]);
    let ranges: Vec<_> = index
        .take_requests()
        .iter()
        .filter(|request| request.path == file_path("a"))
        .map(|request| request.header("range").map(str::to_owned))
        .collect();
    let rest = Some("bytes=4321-".to_owned());
    assert_eq!(ranges, [None, rest.clone(), rest]);
    assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 10_000);
}

#[test]
fn a_download_starts_again_when_another_part_comes_than_was_asked_for() {
    for status in [206, 416] {
        let content = "0123456789".repeat(1000);
        let index = LocalIndex::start();
        let plan = [add(&index, "a", &content)];
        index.misbehave(&file_path("a"), Fault::Short(4321), 1);
        index.misbehave(&file_path("a"), Fault::Status(status, &[]), 1);
        let machine = Machine::new(&index);
        assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: 012345678901"]);
        assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 10_000);
    }
}

#[test]
fn a_download_starts_again_where_nothing_proves_that_the_file_is_the_same() {
    for change in [LocalIndex::drop_entity_tags, LocalIndex::weaken_entity_tags] {
        let content = "0123456789".repeat(1000);
        let index = LocalIndex::start();
        change(&index);
        let plan = [add(&index, "a", &content)];
        index.misbehave(&file_path("a"), Fault::Short(4321), 1);
        let machine = Machine::new(&index);
        assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: 012345678901"]);
        assert!(
            index
                .take_requests()
                .iter()
                .all(|request| request.header("range").is_none())
        );
        assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 10_000);
    }
}

#[test]
fn other_bytes_are_never_taken() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(&file_path("a"), Fault::Body(b"weasel".to_vec()), 1);
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a-1-py3-none-any.whl` is not the file that was locked"
    );
    let Error::Mismatch {
        package,
        place,
        source,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(package.as_str(), "a");
    assert_eq!(
        place,
        Place::Url(Url::parse(&index.at(&file_path("a"))).unwrap())
    );
    assert_eq!(source.received, Digest::of(Algorithm::Sha256, b"weasel"));
    assert_eq!(source.n_bytes, 6);
    assert!(!machine.everything_kept().contains("weasel"));
    assert_eq!(*machine.reports.n_bytes.lock().unwrap(), 0);
}

#[test]
fn a_file_without_end_is_broken_off() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(&file_path("a"), Fault::Body(vec![b'x'; 5_000_000]), 1);
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Index(index::Error::Http(http::Error::TooLong { n_bytes: 7, .. }))
        ),
        "{error:?}"
    );
}

#[test]
fn what_the_index_claims_against_the_lock_is_told_before_any_download() {
    for form in [Form::Json, Form::Html] {
        let index = LocalIndex::start();
        index.set_form(form);
        let plan = [add(&index, "a", "wheel a")];
        index.claim("a-1-py3-none-any.whl", &"0".repeat(64));
        let machine = Machine::new(&index);
        let error = machine.fetch(&plan).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a-1-py3-none-any.whl` is not the file that was locked"
        );
        assert!(
            matches!(&error, Error::Index(index::Error::Advertised { .. })),
            "{error:?}"
        );
        assert_eq!(index.take_paths(), [page_path("a")]);
        index.claim("a-1-py3-none-any.whl", "");
        assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
    }
}

#[test]
fn all_gaps_are_told_at_once_in_the_order_of_the_plan() {
    let index = LocalIndex::start();
    let nothing = Digest::of(Algorithm::Sha256, b"");
    index.add("other", "other-2-py3-none-any.whl", b"");
    let plan = [
        from_index("no-such", &nothing),
        add(&index, "a", "wheel a"),
        from_index("other", &nothing),
    ];
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    let Error::Several { errors } = error else {
        panic!("{error:?}");
    };
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "index `127.0.0.1` has no package `no-such`",
            "index `127.0.0.1` does not offer `other-1-py3-none-any.whl`"
        ]
    );
}

#[test]
fn a_file_without_a_proving_digest_is_refused() {
    let index = LocalIndex::start();
    let origin = Origin::Index {
        source: None,
        digests: Vec::new(),
    };
    let machine = Machine::new(&index);
    let error = machine.fetch(&[distribution("a", origin)]).unwrap_err();
    assert!(matches!(error, Error::Unproven { .. }));
    assert!(index.take_requests().is_empty());
}

#[test]
fn yanked_files_are_installed_with_a_warning() {
    for form in [Form::Json, Form::Html] {
        let index = LocalIndex::start();
        index.set_form(form);
        let plan = [add(&index, "a", "wheel a")];
        index.yank("a-1-py3-none-any.whl", "it is bad");
        let machine = Machine::new(&index);
        assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
        assert_eq!(machine.reports.count("it is bad"), 1);
    }
}

#[test]
fn a_package_with_a_source_comes_from_there_alone() {
    let (pypi, acme) = (LocalIndex::start(), LocalIndex::start());
    let digest = acme.add("a", "a-1-py3-none-any.whl", b"from acme");
    pypi.add("a", "a-1-py3-none-any.whl", b"from pypi");
    let machine = Machine::new(&pypi);
    let plan = [from_source("a", &digest, "acme", acme.url())];
    assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: from acme"]);
    assert!(pypi.take_requests().is_empty());
    let another = Digest::of(Algorithm::Sha256, b"another");
    let plan = [from_source("b", &another, "acme", acme.url())];
    let error = machine.fetch(&plan).unwrap_err();
    assert_eq!(error.to_string(), "index `acme` has no package `b`");
    assert!(pypi.take_requests().is_empty());
}

/// Writes a program `keyring` that has this for every service, and returns its folder, which stays.
fn keyring(username: &str, password: &str) -> String {
    let folder = tempfile::tempdir().unwrap().keep();
    let text = format!("#!/bin/sh\nprintf '{username}\n{password}\n'\n");
    write_program(&folder.join("keyring"), text);
    folder.to_str().unwrap().to_owned()
}

/// Sets the credentials `user:hidden` for the source `acme-b` of the machine, by one of the ways there are; returns its address.
fn set_credentials(machine: &mut Machine, acme: &LocalIndex, origin: CredentialsOrigin) -> String {
    // Without a project, only this says that the name is for that address.
    machine.set("POETRY_REPOSITORIES_ACME_B_URL", &acme.url());
    match origin {
        CredentialsOrigin::Environment => {
            machine.set("POETRY_HTTP_BASIC_ACME_B_USERNAME", "user");
            machine.set("POETRY_HTTP_BASIC_ACME_B_PASSWORD", "hidden");
        }
        CredentialsOrigin::Configuration => {
            machine
                .auth
                .push_str("http-basic.acme-b = { username = 'user', password = 'hidden' }");
        }
        CredentialsOrigin::Netrc => {
            machine
                .netrc
                .push_str("machine 127.0.0.1 login user password hidden");
        }
        CredentialsOrigin::Url => return acme.at_with("user:hidden", "/simple/"),
        CredentialsOrigin::Keyring => {
            machine.set("PATH", &keyring("user", "hidden"));
        }
    }
    acme.url()
}

/// The keyring is asked after a refusal alone.
const SENT_AT_ONCE: [CredentialsOrigin; 4] = [
    CredentialsOrigin::Environment,
    CredentialsOrigin::Configuration,
    CredentialsOrigin::Url,
    CredentialsOrigin::Netrc,
];

const WAYS: [CredentialsOrigin; 5] = [
    CredentialsOrigin::Keyring,
    CredentialsOrigin::Environment,
    CredentialsOrigin::Configuration,
    CredentialsOrigin::Url,
    CredentialsOrigin::Netrc,
];

#[test]
fn credentials_of_every_kind_open_their_index_and_are_kept_nowhere() {
    for origin in WAYS {
        let (pypi, acme) = (LocalIndex::start(), LocalIndex::start());
        acme.require("user:hidden");
        let digest = acme.add("a", "a-1-py3-none-any.whl", b"wheel a");
        let mut machine = Machine::new(&pypi);
        let url = set_credentials(&mut machine, &acme, origin);
        let plan = [from_source("a", &digest, "acme-b", url)];
        assert_eq!(
            machine.fetch(&plan).unwrap(),
            ["fetched 0: wheel a"],
            "{origin}"
        );
        assert!(!machine.everything_kept().contains("hidden"), "{origin}");
        assert!(
            !format!("{:?}", machine.client()).contains("hidden"),
            "{origin}"
        );
        assert_eq!(machine.reports.count("hidden"), 0, "{origin}");
    }
}

#[test]
fn refused_credentials_are_told_by_where_they_came_from() {
    for origin in SENT_AT_ONCE {
        let (pypi, acme) = (LocalIndex::start(), LocalIndex::start());
        acme.require("user:another");
        let digest = acme.add("a", "a-1-py3-none-any.whl", b"wheel a");
        let mut machine = Machine::new(&pypi);
        let url = set_credentials(&mut machine, &acme, origin);
        let error = machine
            .fetch(&[from_source("a", &digest, "acme-b", url)])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "index `acme-b` refused to show `a` (401 Unauthorized)"
        );
        let Error::Index(index::Error::PackageRefused { tried, url, .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*tried, Some(origin));
        assert_eq!(url.to_string(), acme.at(&page_path("a")));
        assert!(!told(&error).contains("hidden"));
        assert_eq!(acme.take_requests().len(), 1);
    }
}

#[test]
fn no_credentials_are_told_as_none() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(&page_path("a"), Fault::Status(403, &[]), 1);
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Index(index::Error::PackageRefused {
                tried: None,
                status: Status(403),
                ..
            })
        ),
        "{error:?}"
    );
}

#[test]
fn files_and_redirects_elsewhere_get_no_credentials() {
    for origin in SENT_AT_ONCE {
        for what in [page_path("a"), file_path("a")] {
            let (pypi, acme, other) = (
                LocalIndex::start(),
                LocalIndex::start(),
                LocalIndex::start(),
            );
            acme.require("user:hidden");
            let digest = acme.add("a", "a-1-py3-none-any.whl", b"wheel a");
            other.add("a", "a-1-py3-none-any.whl", b"wheel a");
            acme.misbehave(&what, Fault::Redirect(other.at(&what)), 1);
            let mut machine = Machine::new(&pypi);
            let url = set_credentials(&mut machine, &acme, origin);
            let plan = [from_source("a", &digest, "acme-b", url)];
            assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
            let elsewhere = other.take_requests();
            assert!(!elsewhere.is_empty());
            assert!(
                elsewhere
                    .iter()
                    .all(|request| request.header("authorization").is_none())
            );
            let at_home = acme.take_requests();
            assert!(
                at_home
                    .iter()
                    .all(|request| request.header("authorization").is_some())
            );
        }
    }
}

#[test]
fn a_redirect_on_the_same_host_keeps_credentials() {
    let (pypi, acme) = (LocalIndex::start(), LocalIndex::start());
    acme.require("user:hidden");
    let digest = acme.add("a", "a-1-py3-none-any.whl", b"wheel a");
    acme.misbehave(&page_path("a"), Fault::Redirect("../a/#é".to_owned()), 1);
    acme.misbehave(&file_path("a"), Fault::Redirect(file_path("a")), 1);
    let mut machine = Machine::new(&pypi);
    let url = set_credentials(&mut machine, &acme, CredentialsOrigin::Environment);
    let plan = [from_source("a", &digest, "acme-b", url)];
    assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
    assert_eq!(acme.take_requests().len(), 4);
}

#[test]
fn redirects_without_end_are_broken_off() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(&page_path("a"), Fault::Redirect(page_path("a")), 99);
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Index(index::Error::Http(http::Error::Redirects { .. }))
        ),
        "{error:?}"
    );
    assert_eq!(index.take_requests().len(), 11);
}

#[test]
fn a_redirect_to_a_local_file_is_refused() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(
        &file_path("a"),
        Fault::Redirect("file:///etc/passwd".to_owned()),
        1,
    );
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Index(index::Error::Http(http::Error::Scheme { .. }))
        ),
        "{error:?}"
    );
}

#[test]
fn pages_that_are_none_are_told() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    let machine = Machine::new(&index);
    index.misbehave(&page_path("a"), Fault::ContentType("image/png"), 1);
    let error = machine.fetch(&plan).unwrap_err();
    assert_eq!(
        error.to_string(),
        "index `127.0.0.1` answered with `image/png` for `a`, which is not a simple page"
    );
    index.misbehave(&page_path("a"), Fault::Body(b"{\"files\":[{]".to_vec()), 1);
    let error = machine.fetch(&plan).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the page of `a` from index `127.0.0.1` is invalid"
    );
    // Another version may have another shape.
    for files in ["[]", "{}", "[7]"] {
        let page = format!("{{\"meta\":{{\"api-version\":\"2.0\"}},\"files\":{files}}}");
        index.misbehave(&page_path("a"), Fault::Body(page.into_bytes()), 1);
        let error = machine.fetch(&plan).unwrap_err();
        assert!(
            matches!(error, Error::Index(index::Error::ApiVersion { .. })),
            "{error:?}"
        );
    }
}

#[test]
fn direct_addresses_need_no_page() {
    let (pypi, acme) = (LocalIndex::start(), LocalIndex::start());
    let digest = acme.add("a", "a-1-py3-none-any.whl", b"wheel a");
    let machine = Machine::new(&pypi);
    let plan = [from_url("a", &digest, acme.at(&file_path("a")))];
    assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
    assert_eq!(acme.take_paths(), [file_path("a")]);
    assert_eq!(machine.fetch(&plan).unwrap(), ["cache 0: wheel a"]);
    let gone = [from_url(
        "b",
        &Digest::of(Algorithm::Sha256, b"b"),
        acme.at(&file_path("b")),
    )];
    let error = machine.fetch(&gone).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`b-1-py3-none-any.whl` was not found at its URL (404 Not Found)"
    );
}

#[test]
fn direct_addresses_use_the_credentials_of_the_repository_on_their_host() {
    let (pypi, acme) = (LocalIndex::start(), LocalIndex::start());
    acme.require("user:hidden");
    let digest = acme.add("a", "a-1-py3-none-any.whl", b"wheel a");
    let mut machine = Machine::new(&pypi);
    let plan = [from_url("a", &digest, acme.at(&file_path("a")))];
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Index(index::Error::FileRefused { tried: None, .. })
        ),
        "{error:?}"
    );
    set_credentials(&mut machine, &acme, CredentialsOrigin::Environment);
    assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
}

#[test]
fn local_files_are_proven_and_folders_built() {
    let index = LocalIndex::start();
    let machine = Machine::new(&index);
    let path = machine.folder.path().join("a-1-py3-none-any.whl");
    fs::write(&path, b"wheel a").unwrap();
    let local = |bytes: &[u8]| {
        let digests = vec![Digest::of(Algorithm::Sha256, bytes)];
        distribution(
            "a",
            Origin::File {
                path: path.clone(),
                digests,
                subdirectory: None,
            },
        )
    };
    let project = machine.folder.path().join("b");
    fs::create_dir(&project).unwrap();
    let metadata = "[project]\nname = \"b\"\nversion = \"1\"\n\n[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";
    fs::write(project.join("pyproject.toml"), metadata).unwrap();
    fs::write(project.join("b.py"), "").unwrap();
    let folder = Distribution {
        form: PlannedForm::Tree { is_editable: false },
        ..distribution("b", Origin::Directory { path: project })
    };
    let plan = [folder, local(b"wheel a")];
    for network in [Network::Online, Network::Offline] {
        let prepared = machine.fetch_with(&plan, &machine.cache(), network);
        let expected = ["built 0: b-1-py2.py3-none-any.whl", "fetched 1: wheel a"];
        assert_eq!(prepared.unwrap(), expected);
    }
    let error = machine.fetch(&[local(b"another")]).unwrap_err();
    assert!(
        matches!(&error, Error::Mismatch { place: Place::Path(told), .. } if *told == path),
        "{error:?}"
    );
    fs::remove_file(&path).unwrap();
    let error = machine.fetch(&[local(b"wheel a")]).unwrap_err();
    assert!(
        told(&error).contains("a-1-py3-none-any.whl"),
        "{}",
        told(&error)
    );
    assert!(matches!(error, Error::Local { .. }), "{error:?}");
}

#[test]
fn proxies_are_used_as_the_variables_say() {
    let (index, proxy) = (LocalIndex::start(), LocalIndex::start());
    let plan = [add(&index, "a", "wheel a")];
    let mut machine = Machine::new(&index);
    let proxy_url = proxy.at_with("user:hidden", "/");
    machine.set("http_proxy", &proxy_url);
    let error = machine.fetch(&plan).unwrap_err();
    assert!(!told(&error).contains("hidden"), "{}", told(&error));
    assert!(index.take_requests().is_empty());
    assert!(!proxy.take_requests().is_empty());
    machine.set("no_proxy", "127.0.0.1");
    assert_eq!(machine.fetch(&plan).unwrap(), ["fetched 0: wheel a"]);
}

#[test]
fn nothing_more_is_fetched_when_nobody_listens() {
    let index = LocalIndex::start();
    let plan: Vec<_> = (0..200)
        .map(|n| add(&index, &format!("p{n}"), "wheel"))
        .collect();
    let machine = Machine::new(&index);
    let (client, cache) = (machine.client(), machine.cache());
    let distributions: Vec<&Distribution> = plan.iter().collect();
    let (sender, receiver) = mpsc::sync_channel(1);
    drop(receiver);
    let job = Prepare {
        distributions: &distributions,
        project: None,
        client: &client,
        cache: &cache,
        kept: None,
        folders: &project_wheel::BuildOptions::default(),
        building: Building::Refused,
        options: &PrepareOptions {
            n_connections: 2,
            ..PrepareOptions::default()
        },
        reporter: &machine.reports,
    };
    prepare(&job, sender).unwrap();
    // Each connection has at most one file under way when the first finds nobody to take it.
    let asked = index.take_paths();
    let n_files = asked.iter().filter(|path| path.starts_with("/files/"));
    assert!(n_files.count() <= 2, "{asked:?}");
}

#[test]
fn a_cached_source_distribution_is_built_although_nothing_else_is_to_be_done() {
    let index = LocalIndex::start();
    let mut plan: Vec<_> = (0..100)
        .map(|n| add(&index, &format!("p{n}"), "wheel"))
        .collect();
    let machine = Machine::new(&index);
    machine.fetch(&plan).unwrap();
    let digest = Digest::of(Algorithm::Sha256, b"source");
    let cache = machine.cache();
    let mut writer = cache.writer(std::slice::from_ref(&digest)).unwrap();
    writer.write(b"source").unwrap();
    writer.finish().unwrap();
    plan.push(Distribution {
        form: PlannedForm::Sdist {
            file: "z-1.tar.gz".to_owned(),
            refused: Vec::new(),
        },
        ..from_index("z", &digest)
    });
    let error = machine.fetch(&plan).unwrap_err();
    assert!(matches!(error, Error::NeedsBuild { .. }), "{error:?}");
}

#[test]
fn a_request_that_nobody_waits_for_is_broken_off() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    index.misbehave(&file_path("a"), Fault::Stall(3), 1);
    let machine = Machine::new(&index);
    let (client, cache) = (machine.client(), machine.cache());
    let distributions: Vec<&Distribution> = plan.iter().collect();
    let job = Prepare {
        distributions: &distributions,
        project: None,
        client: &client,
        cache: &cache,
        kept: None,
        folders: &project_wheel::BuildOptions::default(),
        building: Building::Refused,
        options: &PrepareOptions::default(),
        reporter: &machine.reports,
    };
    std::thread::scope(|scope| {
        let wheels = prepare::wheels(scope, job).unwrap();
        index.wait_for(&file_path("a"));
        drop(wheels);
    });
    assert_eq!(machine.reports.count("Retrying"), 0);
}

#[test]
fn many_packages_come_over_kept_connections_and_overlap() {
    let index = LocalIndex::start();
    let plan: Vec<_> = (0..300)
        .map(|n| add(&index, &format!("p{n}"), &format!("wheel {n}")))
        .collect();
    let machine = Machine::new(&index);
    let fetched = machine.fetch(&plan).unwrap();
    let expected: Vec<_> = (0..300)
        .map(|n| format!("fetched {n}: wheel {n}"))
        .collect();
    assert_eq!(fetched, expected);
    assert_eq!(index.take_requests().len(), 600);
    let expected: Vec<_> = (0..300).map(|n| format!("cache {n}: wheel {n}")).collect();
    assert_eq!(machine.fetch(&plan).unwrap(), expected);
    assert!(index.take_requests().is_empty());
    assert!(
        index.n_connections() <= N_CONNECTIONS,
        "{}",
        index.n_connections()
    );
}

#[test]
fn a_slow_mirror_does_not_hold_the_others() {
    for path in [page_path as fn(&str) -> String, file_path] {
        // The slow one is asked first: by its name, and as its files are larger.
        let (slow, quick) = (LocalIndex::start(), LocalIndex::start());
        let mut plan: Vec<_> = (0..2 * N_CONNECTIONS)
            .map(|n| {
                let name = format!("p{n}");
                // Also when it is asked again.
                slow.misbehave(&path(&name), Fault::Hold, 99);
                let digest = slow.add(
                    &name,
                    &format!("{name}-1-py3-none-any.whl"),
                    b"slow and large",
                );
                from_source(&name, &digest, "0", slow.url())
            })
            .collect();
        plan.push(add(&quick, "quick", "quick"));
        let machine = Machine::new(&quick);
        let fetched = std::thread::scope(|scope| {
            let fetching = scope.spawn(|| machine.fetch(&plan));
            quick.wait_for(&file_path("quick"));
            slow.let_go();
            fetching.join().unwrap()
        });
        assert_eq!(fetched.unwrap().len(), plan.len());
    }
}

#[test]
fn a_broken_cache_folder_is_told_and_not_written_around() {
    let index = LocalIndex::start();
    let plan = [add(&index, "a", "wheel a")];
    let machine = Machine::new(&index);
    let cache = machine.cache();
    let folder = machine.folder.path().join("cache/v1/tmp");
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, b"in the way").unwrap();
    let error = machine
        .fetch_with(&plan, &cache, Network::Online)
        .unwrap_err();
    assert!(told(&error).contains("v1/tmp"), "{}", told(&error));
    assert!(matches!(error, Error::Cache(_)), "{error:?}");
}

#[test]
fn the_first_error_breaks_off_what_is_under_way() {
    let index = LocalIndex::start();
    let plan = [
        add(&index, "a", "wheel a"),
        add(&index, "b", "wheel b"),
        add(&index, "c", "wheel c"),
    ];
    index.misbehave(&page_path("a"), Fault::Stall(3), 1);
    index.misbehave(&file_path("b"), Fault::Stall(3), 1);
    index.misbehave(&file_path("c"), Fault::Status(403, &[]), 1);
    let machine = Machine::new(&index);
    let error = machine.fetch(&plan).unwrap_err();
    assert!(
        matches!(error, Error::Index(index::Error::FileRefused { .. })),
        "{error:?}"
    );
    assert_eq!(machine.reports.count("Retrying"), 0);
}
