//! A package index on loopback that can misbehave, and remembers what it was asked.
//!
//! It speaks HTTP/1.1 over kept connections, one thread for each. Files and their simple pages are added by name; a [`Fault`]
//! is queued for a path and used up by so many requests. Nothing of it sleeps or measures time.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use lock2venv::digest::{Algorithm, Digest};

/// How simple pages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As PEP 691 has it, with sizes.
    #[default]
    Json,
    /// As PEP 503 has it.
    Html,
}

/// One way to misbehave.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This status, with these headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// A reset of the connection after so many bytes of the body.
    Reset(usize),
    /// The end of the connection after so many bytes of the body.
    Short(usize),
    /// Another body.
    Body(Vec<u8>),
    /// Another type of content.
    ContentType(&'static str),
    /// A redirect to this address.
    Redirect(String),
    /// The body in chunks, with no length.
    Chunked,
    /// The body in chunks, and the end of the connection after so many bytes.
    ChunkedShort(usize),
    /// The body packed with gzip.
    Gzip,
    /// The body after a byte order mark.
    Marked,
    /// The body packed with gzip so many times, under this name.
    Packed(usize, &'static str),
    /// Another body, packed with gzip.
    GzipBody(Vec<u8>),
    /// Nothing after so many bytes of the body, until the client hangs up.
    Stall(usize),
    /// Nothing until the test lets go.
    Hold,
    /// This status, with these headers, one byte of a large body, and nothing more until the client hangs up.
    Drip(u16, &'static [(&'static str, &'static str)]),
    /// Half of the headers, and nothing more until the client hangs up.
    HalfOfHeaders,
    /// The body again and again, with no length, until the client hangs up.
    Endless,
}

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What was asked for, such as `/simple/demo/`.
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Returns the value of a header, named in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// The index; ends when dropped.
pub(crate) struct LocalIndex {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    /// Whenever a request came or a test let go.
    changed: Arc<Condvar>,
}

#[derive(Default)]
struct Shared {
    is_let_go: bool,
    form: Form,
    /// By package: file names in the order of the page.
    packages: BTreeMap<String, Vec<String>>,
    /// By file name: bytes, and the digest that the page claims.
    files: BTreeMap<String, (Vec<u8>, String)>,
    yanked: BTreeMap<String, String>,
    /// By file name: the METADATA that is offered beside the file.
    metadata: BTreeMap<String, String>,
    provenance: BTreeMap<String, Vec<u8>>,
    /// By path: other pages.
    pages: BTreeMap<String, String>,
    faults: BTreeMap<String, VecDeque<(Fault, usize)>>,
    /// The header that every request has to have.
    authorization: Option<String>,
    /// How entity tags begin; `None` where there are none.
    entity_tags: Option<&'static str>,
    requests: Vec<Request>,
    n_connections: usize,
    is_over: bool,
}

impl LocalIndex {
    /// Starts an index that has nothing.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            entity_tags: Some(""),
            ..Shared::default()
        }));
        let for_thread = Arc::clone(&shared);
        let changed = Arc::new(Condvar::new());
        let hint = Arc::clone(&changed);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut state = lock(&for_thread);
                if state.is_over {
                    return;
                }
                state.n_connections += 1;
                drop(state);
                let shared = Arc::clone(&for_thread);
                let changed = Arc::clone(&hint);
                // A broken connection is the client's business.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared, &changed)));
            }
        });
        Self {
            address,
            shared,
            changed,
        }
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the root page.
    pub(crate) fn url(&self) -> String {
        self.at("/simple/")
    }

    /// Returns the address of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the address of a path, with a user name and password in it.
    pub(crate) fn at_with(&self, credentials: &str, path: &str) -> String {
        format!("http://{credentials}@{}{path}", self.address)
    }

    /// Adds a file to the page of `package`, and returns its digest.
    pub(crate) fn add(&self, package: &str, file: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(Algorithm::Sha256, bytes);
        let mut shared = lock(&self.shared);
        let files = shared.packages.entry(package.to_owned()).or_default();
        files.push(file.to_owned());
        shared
            .files
            .insert(file.to_owned(), (bytes.to_vec(), digest.hex()));
        digest
    }

    /// Changes what the page claims to be the SHA-256 of `file`; nothing, if empty.
    pub(crate) fn claim(&self, file: &str, hex: &str) {
        let mut shared = lock(&self.shared);
        hex.clone_into(&mut shared.files.get_mut(file).unwrap().1);
    }

    /// Offers the METADATA of `file` by itself.
    pub(crate) fn add_metadata(&self, file: &str, text: &str) {
        let mut shared = lock(&self.shared);
        shared.metadata.insert(file.to_owned(), text.to_owned());
    }

    /// Offers the provenance of `file` (PEP 740), or no more.
    pub(crate) fn attest(&self, file: &str, provenance: Option<&[u8]>) {
        let all = &mut lock(&self.shared).provenance;
        match provenance {
            Some(text) => all.insert(file.to_owned(), text.to_owned()),
            None => all.remove(file),
        };
    }

    /// Offers a page at `path`, whatever is there otherwise.
    pub(crate) fn add_page(&self, path: &str, text: &str) {
        let mut shared = lock(&self.shared);
        shared.pages.insert(path.to_owned(), text.to_owned());
    }

    /// Marks `file` as withdrawn.
    pub(crate) fn yank(&self, file: &str, reason: &str) {
        let mut shared = lock(&self.shared);
        shared.yanked.insert(file.to_owned(), reason.to_owned());
    }

    /// Sets how simple pages are written.
    pub(crate) fn set_form(&self, form: Form) {
        lock(&self.shared).form = form;
    }

    /// Sends no entity tags any more, so that no download can go on where it stopped.
    pub(crate) fn drop_entity_tags(&self) {
        lock(&self.shared).entity_tags = None;
    }

    /// Sends weak entity tags, which do not promise the same bytes.
    pub(crate) fn weaken_entity_tags(&self) {
        lock(&self.shared).entity_tags = Some("W/");
    }

    /// Wants this user name and password (`user:password`) from now on.
    pub(crate) fn require(&self, credentials: &str) {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(latin_1(credentials));
        lock(&self.shared).authorization = Some(format!("Basic {encoded}"));
    }

    /// Misbehaves the next `n_times` that `path` is asked for.
    pub(crate) fn misbehave(&self, path: &str, fault: Fault, n_times: usize) {
        let mut shared = lock(&self.shared);
        let faults = shared.faults.entry(path.to_owned()).or_default();
        faults.push_back((fault, n_times));
    }

    /// Waits until `path` was asked for, so that a test knows how far another process is.
    pub(crate) fn wait_for(&self, path: &str) {
        let is_missing = |shared: &mut Shared| {
            let mut requests = shared.requests.iter();
            !requests.any(|request| request.path == path)
        };
        let waited = self
            .changed
            .wait_timeout_while(lock(&self.shared), PATIENCE, is_missing);
        assert!(!waited.unwrap().1.timed_out(), "`{path}` was not asked for");
    }

    /// Answers what is held back.
    pub(crate) fn let_go(&self) {
        lock(&self.shared).is_let_go = true;
        self.changed.notify_all();
    }

    /// Returns what was asked for since the start, or since the last call.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.shared).requests)
    }

    /// Returns how many connections were made.
    pub(crate) fn n_connections(&self) -> usize {
        lock(&self.shared).n_connections
    }

    /// Returns the paths that were asked for since the start, or since the last call, sorted.
    pub(crate) fn take_paths(&self) -> Vec<String> {
        let requests = self.take_requests().into_iter();
        let mut paths: Vec<String> = requests.map(|request| request.path).collect();
        paths.sort();
        paths
    }
}

impl Drop for LocalIndex {
    fn drop(&mut self) {
        lock(&self.shared).is_over = true;
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
    }
}

/// The bytes that Python's `requests` sends for letters of Latin-1.
pub(crate) fn latin_1(text: &str) -> Vec<u8> {
    let bytes = text.chars().map(u8::try_from);
    bytes.map(Result::unwrap).collect()
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap()
}

/// A test that waits for longer fails.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

fn serve(stream: &TcpStream, shared: &Mutex<Shared>, changed: &Condvar) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let (answer, fault) = {
            let mut shared = lock(shared);
            shared.requests.push(request.clone());
            changed.notify_all();
            answer(&mut shared, &request)
        };
        if matches!(fault, Some(Fault::Hold)) {
            let is_held = |shared: &mut Shared| !shared.is_let_go && !shared.is_over;
            let waited = changed.wait_timeout_while(lock(shared), PATIENCE, is_held);
            drop(waited.unwrap());
        }
        if !write_answer(stream, &answer, fault.as_ref())? {
            return Ok(());
        }
    }
    Ok(())
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(Some(Request { path, headers }));
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
}

fn answer(shared: &mut Shared, request: &Request) -> (Answer, Option<Fault>) {
    let fault = take_fault(shared, &request.path);
    match &fault {
        Some(Fault::Status(status, headers)) => {
            let answer = headers.iter().fold(Answer::new(*status), |answer, header| {
                answer.with(header.0, header.1)
            });
            return (answer.with_body(b"no".to_vec()), None);
        }
        Some(Fault::Drip(status, headers)) => {
            let answer = headers.iter().fold(Answer::new(*status), |answer, header| {
                answer.with(header.0, header.1)
            });
            return (answer, fault);
        }
        Some(Fault::Redirect(to)) => return (Answer::new(302).with("location", to), None),
        _ => {}
    }
    let is_let_in = shared.authorization.is_none()
        || shared.authorization.as_deref() == request.header("authorization");
    if !is_let_in {
        let refusal = Answer::new(401).with("www-authenticate", "Basic realm=\"x\"");
        return (refusal, None);
    }
    let mut answer = find(shared, request);
    match &fault {
        Some(Fault::Body(body)) => answer.body.clone_from(body),
        Some(Fault::ContentType(content_type)) => {
            answer = answer.with("content-type", content_type);
        }
        Some(Fault::Marked) => answer.body.splice(..0, *b"\xef\xbb\xbf").for_each(drop),
        Some(Fault::Packed(n_times, name)) => {
            for _ in 0..*n_times {
                answer.body = gzip(&answer.body);
            }
            answer = answer.with("content-encoding", name);
        }
        Some(Fault::GzipBody(body)) => {
            answer.body = gzip(body);
            answer = answer.with("content-encoding", "gzip");
        }
        Some(Fault::Gzip) => {
            answer.body = gzip(&answer.body);
            answer = answer.with("content-encoding", "gzip");
        }
        _ => {}
    }
    (answer, fault)
}

fn take_fault(shared: &mut Shared, path: &str) -> Option<Fault> {
    let faults = shared.faults.get_mut(path)?;
    let (fault, n_times) = faults.front_mut()?;
    let taken = fault.clone();
    *n_times -= 1;
    if *n_times == 0 {
        faults.pop_front();
    }
    Some(taken)
}

/// The path alone of a request that came to a proxy.
fn route(path: &str) -> &str {
    let rest = path.strip_prefix("http://").unwrap_or(path);
    rest.find('/').map_or(path, |slash| &rest[slash..])
}

fn find(shared: &Shared, request: &Request) -> Answer {
    let path = route(&request.path);
    if let Some(page) = shared.pages.get(path) {
        return Answer::new(200)
            .with("content-type", "text/html")
            .with_body(page.clone().into_bytes());
    }
    if let Some(package) = path.strip_prefix("/simple/") {
        let package = package.trim_end_matches('/');
        return match (shared.packages.get(package), shared.form) {
            (None, _) => Answer::new(404),
            (Some(files), Form::Json) => Answer::new(200)
                .with("content-type", "application/vnd.pypi.simple.v1+json")
                .with_body(json_page(shared, package, files)),
            (Some(files), Form::Html) => Answer::new(200)
                .with("content-type", "text/html; charset=utf-8")
                .with_body(html_page(shared, files)),
        };
    }
    let file = path.strip_prefix("/files/").unwrap_or_default();
    let file = file.split('?').next().unwrap_or_default();
    let metadata = file.strip_suffix(".metadata");
    if let Some(text) = metadata.and_then(|file| shared.metadata.get(file)) {
        return file_answer(shared, request, text.as_bytes());
    }
    let provenance = file.strip_suffix(".provenance");
    if let Some(text) = provenance.and_then(|file| shared.provenance.get(file)) {
        return file_answer(shared, request, text);
    }
    match shared.files.get(file) {
        Some((bytes, _)) => file_answer(shared, request, bytes),
        None => Answer::new(404),
    }
}

fn file_answer(shared: &Shared, request: &Request, bytes: &[u8]) -> Answer {
    let tag = format!("\"{}\"", Digest::of(Algorithm::Sha256, bytes).hex());
    let start = request
        .header("range")
        .filter(|_| request.header("if-range") == Some(&tag))
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse()
                .ok()
        });
    let answer = match start {
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
            Answer::new(206)
                .with("content-range", &range)
                .with_body(bytes[start..].to_vec())
        }
        None => Answer::new(200).with_body(bytes.to_vec()),
    };
    let answer = answer.with("content-type", "application/octet-stream");
    match shared.entity_tags {
        Some(start) => answer.with("etag", &format!("{start}{tag}")),
        None => answer,
    }
}

fn json_page(shared: &Shared, package: &str, files: &[String]) -> Vec<u8> {
    let entries = files.iter().map(|file| {
        let (bytes, claim) = &shared.files[file];
        let hashes = if claim.is_empty() {
            serde_json::json!({})
        } else {
            serde_json::json!({ "sha256": claim })
        };
        let yanked = shared.yanked.get(file);
        serde_json::json!({
            "filename": file,
            "url": format!("../../files/{file}"),
            "hashes": hashes,
            "size": bytes.len(),
            "core-metadata": shared.metadata.contains_key(file),
            "provenance": shared.provenance.contains_key(file).then(|| format!("../../files/{file}.provenance")),
            "yanked": yanked.map_or(serde_json::json!(false), |reason| serde_json::json!(reason)),
        })
    });
    let entries: Vec<_> = entries.collect();
    let page = serde_json::json!({
        "meta": { "api-version": "1.1" },
        "name": package,
        "files": entries,
    });
    page.to_string().into_bytes()
}

fn html_page(shared: &Shared, files: &[String]) -> Vec<u8> {
    let anchors = files.iter().map(|file| {
        let claim = &shared.files[file].1;
        let fragment = match claim.as_str() {
            "" => String::new(),
            hex => format!("#sha256={hex}"),
        };
        let yanked = shared
            .yanked
            .get(file)
            .map_or_else(String::new, |reason| format!(" data-yanked=\"{reason}\""));
        let provenance = if shared.provenance.contains_key(file) {
            format!(" data-provenance=\"{file}.provenance\"")
        } else {
            String::new()
        };
        format!("<a href=\"{file}{fragment}\"{yanked}{provenance}>{file}</a><br>\n")
    });
    let anchors: String = anchors.collect();
    format!("<!DOCTYPE html><html><head><base href=\"/files/\"></head><body>\n{anchors}")
        .into_bytes()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn head(answer: &Answer, fault: Option<&Fault>) -> String {
    let headers = answer.headers.iter();
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let headers = headers.concat();
    let length = match fault {
        Some(Fault::Drip(..)) => "content-length: 1000000".to_owned(),
        Some(Fault::Chunked | Fault::ChunkedShort(_) | Fault::Endless) => {
            "transfer-encoding: chunked".to_owned()
        }
        _ => format!("content-length: {}", answer.body.len()),
    };
    format!("HTTP/1.1 {} X\r\n{headers}{length}\r\n\r\n", answer.status)
}

/// Tells whether the connection can be used further.
fn write_answer(
    mut stream: &TcpStream,
    answer: &Answer,
    fault: Option<&Fault>,
) -> std::io::Result<bool> {
    let body = &answer.body;
    let head = head(answer, fault);
    if matches!(fault, Some(Fault::HalfOfHeaders)) {
        stream.write_all(&head.as_bytes()[..head.len() / 2])?;
        let _ = stream.read(&mut [0])?;
        return Ok(false);
    }
    stream.write_all(head.as_bytes())?;
    match fault {
        Some(Fault::Reset(n_bytes)) => {
            stream.write_all(&body[..*n_bytes])?;
            let now = Some(std::time::Duration::ZERO);
            rustix::net::sockopt::set_socket_linger(stream, now)?;
            Ok(false)
        }
        Some(Fault::Short(n_bytes)) => {
            stream.write_all(&body[..*n_bytes])?;
            Ok(false)
        }
        Some(Fault::Endless) => loop {
            write_chunk(stream, body)?;
        },
        Some(Fault::Drip(..)) => {
            stream.write_all(b"x")?;
            let _ = stream.read(&mut [0])?;
            Ok(false)
        }
        Some(Fault::Stall(n_bytes)) => {
            stream.write_all(&body[..*n_bytes])?;
            let _ = stream.read(&mut [0])?;
            Ok(false)
        }
        Some(Fault::Chunked) => {
            for piece in body.chunks(1000) {
                write_chunk(stream, piece)?;
            }
            stream.write_all(b"0\r\n\r\n")?;
            Ok(true)
        }
        Some(Fault::ChunkedShort(n_bytes)) => {
            write_chunk(stream, &body[..*n_bytes])?;
            Ok(false)
        }
        Some(
            Fault::Status(..)
            | Fault::Body(_)
            | Fault::ContentType(_)
            | Fault::Redirect(_)
            | Fault::Gzip
            | Fault::Packed(..)
            | Fault::Marked
            | Fault::GzipBody(_)
            | Fault::HalfOfHeaders
            | Fault::Hold,
        )
        | None => {
            stream.write_all(body)?;
            Ok(true)
        }
    }
}

fn write_chunk(mut stream: &TcpStream, piece: &[u8]) -> std::io::Result<()> {
    write!(stream, "{:x}\r\n", piece.len())?;
    stream.write_all(piece)?;
    stream.write_all(b"\r\n")
}
