//! From a repository's URL to the files of one commit: into the database, from there into a folder of its own, then its submodules.
//!
//! Git computes the name of each object that it receives from its bytes, so what has the commit's name is the commit.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::address::{Address, check_commit, check_reference};
use super::command::{Caller, Outcome};
use super::{CheckOut, Error, Folders, Git, History, Refusal, Repository};
use crate::process::Stop;
use crate::url::WrittenUrl;

/// A file in a database: the commits, a line each, that came with the branches and tags of their time.
const HAS_HISTORY: &str = "lock2venv-history";

/// In a database references have the names that they have at the server.
const BRANCHES_AND_TAGS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/// The same in a checkout, as `git clone` makes it.
const OF_CHECKOUT: [&str; 2] = [
    "+refs/heads/*:refs/remotes/origin/*",
    "+refs/tags/*:refs/tags/*",
];

pub(super) fn check_out(
    git: &Git,
    repository: &Repository<'_>,
    folders: Folders<'_>,
    stop: &Stop,
) -> Result<CheckOut, Error> {
    let address = Address::parse(repository.url)?;
    check_commit(repository.commit)?;
    repository.reference.map_or(Ok(()), check_reference)?;
    check_subdirectory(repository)?;
    let database = create(folders.database)?;
    let root = create(folders.root)?;
    let mut caller = Caller::new(git, repository.url, &database, stop);
    let credentials = repository.credentials.or(address.credentials.as_ref());
    if let Some(credentials) = credentials {
        caller.use_credentials(&address, credentials)?;
    }

    let database = Database {
        caller: &caller,
        repository,
        path: &database,
    };
    database.fetch(&address)?;
    let commit = database.export(&address, &root)?;
    if !address.is_local {
        caller.allow_remote_transports_only();
    }
    check_out_submodules(&caller, repository.history, &root)?;
    Ok(CheckOut {
        project: project(repository, &root)?,
        commit,
    })
}

/// Fetches all branches and tags into `database`, and finds the commit whose name begins with `start`; `None` when there is none,
/// or more than one.
pub(super) fn whole_name(
    caller: &Caller<'_>,
    address: &Address,
    (url, start): (&WrittenUrl, &str),
    database: &Path,
) -> Result<Option<String>, Error> {
    let database = Database {
        caller,
        repository: &Repository {
            url,
            commit: start,
            reference: None,
            subdirectory: None,
            history: History::Full,
            credentials: None,
        },
        path: database,
    };
    database.create()?;
    let all = Attempt {
        depth: History::Full,
        references: BRANCHES_AND_TAGS.map(str::to_owned).to_vec(),
    };
    let fetched = database.fetch_by(address, &all)?;
    if !fetched.is_success {
        return Err(caller.failure("fetch", fetched));
    }
    let commit = format!("{start}^{{commit}}");
    let found = database.call(&["rev-parse", "--verify", "--quiet", &commit])?;
    let mut lines = found.last_lines.into_iter();
    Ok(lines.find(|line| check_commit(line).is_ok()))
}

pub(super) fn create(folder: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    fs::canonicalize(folder).map_err(Error::io("open", folder))
}

struct Database<'a> {
    caller: &'a Caller<'a>,
    repository: &'a Repository<'a>,
    path: &'a Path,
}

/// One way to have the commit sent.
struct Attempt {
    depth: History,
    references: Vec<String>,
}

impl Database<'_> {
    /// Fetches the commit, unless it is there.
    fn fetch(&self, address: &Address) -> Result<(), Error> {
        self.create()?;
        if self.has_all()? {
            return Ok(());
        }
        let mut last = None;
        for attempt in self.attempts() {
            let outcome = self.fetch_by(address, &attempt)?;
            if outcome.is_success && self.has_commit()? {
                return self.keep();
            }
            if says_missing(&outcome) {
                return Err(self.missing());
            }
            if !outcome.is_success && Refusal::recognize(&outcome.last_lines).is_some() {
                return Err(self.caller.failure("fetch", outcome));
            }
            last = Some(outcome);
        }
        match last {
            Some(outcome) if !outcome.is_success => Err(self.caller.failure("fetch", outcome)),
            Some(_) | None => Err(self.missing()),
        }
    }

    fn missing(&self) -> Error {
        Error::CommitMissing {
            url: self.repository.url.clone(),
            commit: self.repository.commit.to_owned(),
        }
    }

    fn create(&self) -> Result<(), Error> {
        if self.path.join("HEAD").exists() {
            return remove_locks(self.path).map_err(Error::io("remove the locks in", self.path));
        }
        let format = object_format(self.repository.commit);
        let arguments = ["init", "--quiet", "--bare", "--template="];
        let arguments: Vec<&str> = arguments.into_iter().chain(format).chain(["."]).collect();
        self.caller.must(self.path, &words(&arguments))?;
        // For a checkout of a git that is set to speak the first version of the protocol.
        self.call(&["config", "uploadpack.allowAnySHA1InWant", "true"])?;
        Ok(())
    }

    fn call(&self, arguments: &[&str]) -> Result<Outcome, Error> {
        let folder = self.git_dir();
        let mut all = vec![folder.as_os_str()];
        all.extend(words(arguments));
        self.caller.call(self.path, &all)
    }

    fn git_dir(&self) -> OsString {
        option("--git-dir=", self.path)
    }

    fn has_commit(&self) -> Result<bool, Error> {
        let commit = format!("{}^{{commit}}", self.repository.commit);
        Ok(self.call(&["cat-file", "-e", &commit])?.is_success)
    }

    fn has_all(&self) -> Result<bool, Error> {
        let suffices = self.repository.history == History::Commit || self.has_history();
        Ok(suffices && self.has_commit()?)
    }

    /// Tells whether nothing that precedes the commit is missing. A later fetch of another commit alone may cut it off.
    fn has_history(&self) -> bool {
        let commits = fs::read_to_string(self.path.join(HAS_HISTORY)).unwrap_or_default();
        !self.is_shallow() && commits.lines().any(|line| line == self.repository.commit)
    }

    fn is_shallow(&self) -> bool {
        self.path.join("shallow").exists()
    }

    /// Gives the commit a reference: what has none is not advertised to a checkout, and goes with `git gc`.
    fn keep(&self) -> Result<(), Error> {
        let commit = self.repository.commit;
        let reference = format!("refs/lock2venv/{commit}");
        let outcome = self.call(&["update-ref", &reference, commit])?;
        if !outcome.is_success {
            return Err(self.caller.failure("update-ref", outcome));
        }
        if self.repository.history == History::Commit {
            return Ok(());
        }
        let path = self.path.join(HAS_HISTORY);
        let file = fs::OpenOptions::new().append(true).create(true).open(&path);
        let written = file.and_then(|mut file| writeln!(file, "{commit}"));
        written.map_err(Error::io("write", &path))
    }

    /// Lists what is tried, the cheapest first.
    fn attempts(&self) -> Vec<Attempt> {
        let alone = |reference: String| Attempt {
            depth: History::Commit,
            references: vec![reference],
        };
        let whole = |references: &[&str]| Attempt {
            depth: History::Full,
            references: references.iter().copied().map(str::to_owned).collect(),
        };
        let mut attempts = Vec::new();
        if self.repository.history == History::Commit {
            attempts.push(alone(self.repository.commit.to_owned()));
            let reference = self.repository.reference.filter(|name| *name != "HEAD");
            for kind in ["heads", "tags"] {
                attempts.extend(reference.map(|name| alone(format!("refs/{kind}/{name}"))));
            }
        }
        attempts.extend([whole(&BRANCHES_AND_TAGS), whole(&["+refs/*:refs/*"])]);
        attempts
    }

    fn fetch_by(&self, address: &Address, attempt: &Attempt) -> Result<Outcome, Error> {
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        match attempt.depth {
            History::Commit => arguments.push("--depth=1"),
            // An attempt before this one may have cut the history.
            History::Full if self.is_shallow() => arguments.push("--unshallow"),
            History::Full => {}
        }
        arguments.extend(["--", address.text.as_str()]);
        arguments.extend(attempt.references.iter().map(String::as_str));
        self.call(&arguments)
    }

    /// Makes a repository of its own in `root`, with the files of the commit. Returns the name of the commit.
    fn export(&self, address: &Address, root: &Path) -> Result<String, Error> {
        let commit = self.repository.commit;
        let init = ["init", "--quiet", "--template="];
        let init: Vec<&str> = init.into_iter().chain(object_format(commit)).collect();
        self.caller.must(root, &words(&init))?;
        let folder = [
            option("--git-dir=", &root.join(".git")),
            option("--work-tree=", root),
        ];
        let run = |arguments: &[&OsStr]| {
            let folder = folder.iter().map(OsString::as_os_str);
            let all: Vec<&OsStr> = folder.chain(arguments.iter().copied()).collect();
            self.caller.must(root, &all)
        };
        run(&words(&["remote", "add", "origin", &address.text]))?;
        let references: &[&str] = match self.repository.history {
            History::Commit => &["--depth=1", "--"],
            History::Full => &["--"],
        };
        let mut fetch = words(&["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]);
        fetch.extend(words(references));
        fetch.extend([self.path.as_os_str(), OsStr::new(commit)]);
        if self.repository.history == History::Full {
            fetch.extend(words(&OF_CHECKOUT));
        }
        run(&fetch)?;
        run(&words(&[
            "checkout", "--quiet", "--force", "--detach", commit, "--",
        ]))?;
        let head = run(&words(&["rev-parse", "--verify", "HEAD^{commit}"]))?;
        let mut lines = head.last_lines.into_iter();
        let head = lines.find(|line| check_commit(line).is_ok());
        head.ok_or_else(|| self.missing())
    }
}

/// Removes what a git that was killed left behind. No other git is at work in a database.
fn remove_locks(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "lock") {
            crate::platform::removal::remove(&path)?;
        } else if path.is_dir() && !path.ends_with("objects") {
            remove_locks(&path)?;
        }
    }
    Ok(())
}

/// Tells whether a server says that it does not have what was asked for, and not only that it may not be asked for.
fn says_missing(outcome: &Outcome) -> bool {
    let mut lines = outcome.last_lines.iter();
    !outcome.is_success && lines.any(|line| line.contains("not our ref"))
}

/// The format of a repository with such names, where it is not the usual one.
fn object_format(commit: &str) -> Option<&'static str> {
    (commit.len() == 64).then_some("--object-format=sha256")
}

/// Brings the submodules at their recorded commits, each with only that commit where its server allows.
fn check_out_submodules(caller: &Caller<'_>, history: History, root: &Path) -> Result<(), Error> {
    if !root.join(".gitmodules").is_file() {
        return Ok(());
    }
    let update = [
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
        "--checkout",
    ];
    let whole = words(&update);
    if history == History::Full {
        return caller.must(root, &whole).map(|_| ());
    }
    let mut shallow = whole.clone();
    shallow.extend(words(&["--depth", "1"]));
    let outcome = caller.call(root, &shallow)?;
    if outcome.is_success {
        return Ok(());
    }
    if Refusal::recognize(&outcome.last_lines).is_some() {
        return Err(caller.failure("submodule", outcome));
    }
    caller.must(
        root,
        &words(&["submodule", "--quiet", "deinit", "--force", "--all"]),
    )?;
    let modules = root.join(".git/modules");
    crate::platform::removal::remove(&modules).map_err(Error::io("remove", &modules))?;
    caller.must(root, &whole).map(|_| ())
}

fn check_subdirectory(repository: &Repository<'_>) -> Result<(), Error> {
    let path = Path::new(repository.subdirectory.unwrap_or_default());
    let is_inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.components().all(is_inside) {
        return Ok(());
    }
    Err(no_folder(repository))
}

/// Finds the folder of the project, which no link may lead out of the repository.
pub(super) fn project(repository: &Repository<'_>, root: &Path) -> Result<PathBuf, Error> {
    check_subdirectory(repository)?;
    let root = &fs::canonicalize(root).map_err(Error::io("open", root))?;
    let path = root.join(repository.subdirectory.unwrap_or_default());
    match fs::canonicalize(&path) {
        Ok(path) if path.starts_with(root) && path.is_dir() => Ok(path),
        Ok(_) | Err(_) => Err(no_folder(repository)),
    }
}

fn no_folder(repository: &Repository<'_>) -> Error {
    Error::Subdirectory {
        url: repository.url.clone(),
        subdirectory: repository.subdirectory.unwrap_or_default().to_owned(),
    }
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

fn words<'a>(texts: &[&'a str]) -> Vec<&'a OsStr> {
    texts.iter().copied().map(OsStr::new).collect()
}
