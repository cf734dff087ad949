//! A Python interpreter, asked once for what the rest of the crate needs to know.
//!
//! The question is one short script (`probe.py`), run isolated, so neither environment variables nor anything in a
//! site-packages folder has a say. The answer is kept in a folder of the caller's and holds as long as the file that was run
//! is the same and the system is the same; a script that stands for an interpreter (a shim of pyenv) is asked each time,
//! for what it starts depends on more than itself.
//!
//! One question costs the start of a Python, some 50 ms; a kept answer costs a read. A program that does not answer within
//! a minute is killed.

mod answer;
pub(crate) mod fuzz;
mod kept;
mod layout;
mod managed;
mod own_scheme;
mod search;
mod shim;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::process::run_within;
use crate::store::PrivateCache;
use crate::target::Target;

pub use layout::Layout;
pub use managed::managed_folders;
pub use own_scheme::{OwnScheme, OwnSchemeFault};
pub use search::{InterpreterRequest, Search, Tried};
pub use shim::Shims;

/// The script that an interpreter is asked with.
const PROBE: &str = include_str!("probe.py");

/// How long an interpreter may take to answer: emulated ones take seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// What an interpreter says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The file that was run, absolute; it may lie in a virtual environment.
    pub executable: PathBuf,
    /// The file that a new environment links to, absolute: never in a virtual environment.
    pub base_executable: PathBuf,
    /// `sys.base_prefix`.
    pub base_prefix: PathBuf,
    /// Major, minor and micro version.
    pub version: (u32, u32, u32),
    /// Whether its pointers have 64 bits.
    pub is_64_bit: bool,
    /// Its markers and tags.
    pub target: Target,
    /// Where things lie in an environment of it.
    pub layout: Layout,
    /// Which bytecode it reads.
    pub bytecode: Bytecode,
}

/// Which bytecode an interpreter reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytecode {
    /// The first four bytes of its `.pyc` files.
    pub magic_number: [u8; 4],
    /// The middle of their names, such as `cpython-311`; `None` when it keeps no bytecode.
    pub cache_tag: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be run.
    #[error("cannot run `{}`", path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It did not end in time, and was killed.
    #[error("`{}` did not answer within {} seconds", path.display(), limit.as_secs())]
    Silent {
        /// The file.
        path: PathBuf,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It ended with an error.
    #[error("`{}` failed as a Python interpreter ({status}){}", path.display(), last_line(stderr))]
    Failed {
        /// The file.
        path: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// It ended well and said something else than was asked.
    #[error("`{}` did not answer like a Python interpreter{}", path.display(), last_line(stderr))]
    Answer {
        /// The file.
        path: PathBuf,
        /// What it wrote to standard output.
        stdout: String,
        /// What it wrote to standard error.
        stderr: String,
        /// What is wrong with the answer.
        source: serde_json::Error,
    },
    /// The answer lacks a fact that cannot be done without.
    #[error("`{}` did not report its {fact}", path.display())]
    Fact {
        /// The file.
        path: PathBuf,
        /// What is missing.
        fact: &'static str,
    },
    /// The interpreter that was asked for by path does not fit the project.
    #[error("`{}` is Python {version}, but the project requires {requires}", path.display())]
    Unsuitable {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: String,
        /// What the project requires.
        requires: String,
    },
    /// No interpreter that fits was found.
    #[error("no Python {wanted} was found{}", search::summary(tried))]
    NotFound {
        /// What was wanted, such as `>=3.10` or `3.12`.
        wanted: String,
        /// What was looked at, in order.
        tried: Vec<Tried>,
    },
}

impl Interpreter {
    /// Runs `executable` and asks it.
    ///
    /// # Errors
    ///
    /// [`Error::Run`], [`Error::Silent`], [`Error::Failed`], [`Error::Answer`] or [`Error::Fact`], each with the path and what
    /// the program wrote to standard error.
    pub fn query(executable: &Path) -> Result<Self, Error> {
        let said = ask(executable, PROBE)?;
        answer::read(executable, &said)
    }

    /// Asks `executable`, unless `cache` holds its answer from before; keeps the answer there.
    ///
    /// A kept answer that cannot be read is as good as none, and a cache that cannot be written to is no error.
    ///
    /// # Errors
    ///
    /// As [`Interpreter::query`].
    pub fn query_once(executable: &Path, cache: &PrivateCache) -> Result<Self, Error> {
        let Some(place) = kept::AnswerPlace::of(executable, cache) else {
            return Self::query(executable);
        };
        if let Some(interpreter) = place.read() {
            return Ok(interpreter);
        }
        let interpreter = Self::query(executable)?;
        place.write(&interpreter);
        Ok(interpreter)
    }

    /// Tells whether environments of both are made of one Python, whatever its executables are called.
    pub fn is_same(&self, other: &Self) -> bool {
        self.base_executable == other.base_executable
            || (self.base_prefix == other.base_prefix && self.version == other.version)
    }

    /// Returns the folder that `pyvenv.cfg` names as `home`.
    pub fn home(&self) -> &Path {
        self.base_executable.parent().unwrap_or(Path::new("/"))
    }
}

/// What an interpreter wrote, having ended well.
struct Said {
    stdout: String,
    stderr: String,
}

/// Runs `question` in `executable`, which sees nothing of the user's and nothing that is installed.
fn ask(executable: &Path, question: &str) -> Result<Said, Error> {
    let mut command = Command::new(executable);
    command
        .args(["-I", "-S", "-B", "-c", question])
        // Without it, a Python built for an old macOS is told that every newer one is 10.16.
        .env("SYSTEM_VERSION_COMPAT", "0")
        .env_remove("__PYVENV_LAUNCHER__");
    let ended = run_within(&mut command, LIMIT).map_err(|source| Error::Run {
        path: executable.to_owned(),
        source,
    })?;
    let output = ended.ok_or_else(|| Error::Silent {
        path: executable.to_owned(),
        limit: LIMIT,
    })?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(Error::Failed {
            path: executable.to_owned(),
            status: output.status,
            stderr,
        });
    }
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Said { stdout, stderr })
}

/// Reads the answer to a question. A wrapper may greet before it starts the interpreter; the answer is the last line.
fn parse_last_line<T: DeserializeOwned>(path: &Path, said: &Said) -> Result<T, Error> {
    let line = said.stdout.trim_end().rsplit('\n').next();
    serde_json::from_str(line.unwrap_or_default()).map_err(|source| Error::Answer {
        path: path.to_owned(),
        stdout: said.stdout.clone(),
        stderr: said.stderr.clone(),
        source,
    })
}

/// The line that says why: Python says it last, and a shim says it before its advice. What repeats the question, as a program does
/// that takes it for the name of a file, says nothing.
fn last_line(stderr: &str) -> String {
    // Up to the first quotation mark, before which some write a backslash.
    let question = PROBE.split(['\'', '\n']).next().unwrap_or_default();
    if stderr.contains(question) {
        return String::new();
    }
    let mut lines = stderr.lines().filter(|line| !line.trim().is_empty());
    let first = lines
        .clone()
        .find(|line| line.ends_with("command not found"));
    match first.or_else(|| lines.next_back()) {
        Some(line) => format!(": {}", line.trim()),
        None => String::new(),
    }
}
