//! Git repositories, and servers of them on this machine.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use lock2venv::git::{CheckOut, Error, Folders, Git, Repository};
use lock2venv::process::Stop;
use tempfile::TempDir;

/// A folder with repositories, databases and checkouts.
pub(crate) struct GitPlace {
    folder: TempDir,
}

impl GitPlace {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The variables of a machine where nothing is configured.
    pub(crate) fn variables(&self) -> Vec<(OsString, OsString)> {
        let path = std::env::var_os("PATH").unwrap();
        vec![
            ("PATH".into(), path),
            ("HOME".into(), self.folder.path().into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ]
    }

    /// Runs git in the repository `name`, and returns what it prints.
    #[track_caller]
    pub(crate) fn git(&self, name: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(self.path(name))
            .env_clear()
            .envs(self.variables())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Makes a repository with nothing in it.
    pub(crate) fn create(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
        self.git(name, &["init", "--quiet", "--initial-branch=main"]);
    }

    /// Commits a file, and returns the name of the commit.
    pub(crate) fn commit(&self, name: &str, file: &str, text: &str) -> String {
        let path = self.path(name).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.git(name, &["add", "--all"]);
        self.git(name, &["commit", "--quiet", "--message", text]);
        self.git(name, &["rev-parse", "HEAD"])
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Checks out into `out`, by the database `db`.
    pub(crate) fn check_out(&self, repository: &Repository<'_>) -> Result<CheckOut, Error> {
        self.check_out_with(self.variables(), repository)
    }

    pub(crate) fn check_out_with(
        &self,
        variables: Vec<(OsString, OsString)>,
        repository: &Repository<'_>,
    ) -> Result<CheckOut, Error> {
        let stop = Stop::default();
        let git = Git::find(variables, &stop)?;
        let (database, root) = (self.path("db"), self.path("out"));
        let folders = Folders {
            database: &database,
            root: &root,
        };
        git.check_out(repository, folders, &stop)
    }

    /// Lists the files below `name` that hold `text`.
    pub(crate) fn holding(&self, name: &str, text: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.path(name), text.as_bytes(), &mut found);
        found
    }
}

fn collect(path: &Path, text: &[u8], found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), text, found);
        }
        return;
    }
    let content = fs::read(path).unwrap();
    if content.windows(text.len()).any(|window| window == text) {
        found.push(path.to_owned());
    }
}

/// Serves the repositories of a folder by `git daemon`, until dropped.
pub(crate) struct Daemon {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Daemon {
    pub(crate) fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let (folder, over) = (folder.to_owned(), Arc::clone(&is_over));
        let serving = thread::spawn(move || {
            let streams = listener.incoming().map(Result::unwrap);
            for stream in streams.take_while(|_| !over.load(Ordering::Acquire)) {
                let mut process = serve_stream(&folder, stream);
                thread::spawn(move || process.wait());
            }
        });
        Self {
            address,
            is_over,
            serving: Some(serving),
        }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("git://{}/{name}", self.address)
    }
}

/// As a super-server does: no port is chosen before somebody listens on it.
fn serve_stream(folder: &Path, stream: TcpStream) -> Child {
    let output = stream.try_clone().unwrap();
    Command::new("git")
        .args([
            "daemon",
            "--inetd",
            "--export-all",
            "--log-destination=none",
        ])
        .arg(format!("--base-path={}", folder.display()))
        .stdin(OwnedFd::from(stream))
        .stdout(OwnedFd::from(output))
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes who waits for a connection.
        drop(TcpStream::connect(self.address));
        let serving = self.serving.take().unwrap();
        // A panic there has been printed.
        let _ = serving.join();
    }
}

/// Serves files over HTTP to those who know a password, and returns the host with its port.
///
/// It is a git server of the simplest kind, which sends no commit by its name, once `git update-server-info` was run.
pub(crate) fn serve_files(folder: PathBuf, authorization: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &folder, authorization);
        }
    });
    host
}

fn answer(mut stream: TcpStream, folder: &Path, authorization: &str) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let request: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let Some(first) = request.first() else { return };
    let target = first.split(' ').nth(1).unwrap();
    let path = target.split('?').next().unwrap().trim_start_matches('/');
    let wanted = format!("Authorization: {authorization}");
    let is_known = request.contains(&wanted);
    let file = is_known.then(|| fs::read(folder.join(path)).ok());
    let (status, body) = match file {
        Some(Some(body)) => ("200 OK", body),
        Some(None) => ("404 Not Found", Vec::new()),
        None => (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"",
            Vec::new(),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client may be gone.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}
