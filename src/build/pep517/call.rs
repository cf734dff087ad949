//! One call of a hook: a folder for the question and the answer, a process, and what came of it.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use fs_err as fs;
use serde::Serialize;

use super::answer::{Answer, Value};
use super::{Frontend, shortened};
use crate::build::{Error, Hook, Output};
use crate::configuration::BuildSetting;
use crate::platform::removal;
use crate::process::{Ended, Program};

const RUNNER: &str = include_str!("runner.py");

/// Far more than the longest list of requirements.
const MAX_ANSWER_BYTES: u64 = 4 << 20;

#[derive(Serialize)]
struct Request<'a> {
    hook: &'static str,
    module: &'a str,
    object: &'a [String],
    /// Relative to the tree.
    backend_path: &'a [PathBuf],
    config_settings: &'a BTreeMap<String, BuildSetting>,
}

/// The folder of one call, which only this user may read: settings may be secret. It goes with its value.
struct Control {
    path: PathBuf,
}

impl Control {
    fn create(parent: &Path) -> Result<Self, Error> {
        let path = parent.join(format!("call-{:016x}", fastrand::u64(..)));
        let created = DirBuilder::new().mode(0o700).create(&path);
        created.map_err(Error::io("create", &path))?;
        Ok(Self { path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // What stays is in a folder of the caller's.
        let _ = removal::remove(&self.path);
    }
}

/// The output of one call: the end of the log.
struct Log {
    file: File,
    offset: u64,
}

impl Frontend<'_> {
    /// Calls `hook`, which writes into `target`; `None` when the backend does not have it.
    pub(super) fn call(&self, hook: Hook, target: &Path) -> Result<Option<Value>, Error> {
        let target = fs::canonicalize(target).map_err(Error::io("open", target))?;
        let control = Control::create(self.work)?;
        let control = control.path.as_path();
        let script = control.join("runner.py");
        write(&script, RUNNER.as_bytes())?;
        write(&control.join("request.json"), &self.request(hook)?)?;
        let log = self.open_log(hook)?;
        let program = Program {
            file: self.interpreter,
            arguments: &[script.as_os_str(), control.as_os_str(), target.as_os_str()],
            folder: self.tree,
            variables: self.variables.all(),
            output: log.file,
        };
        let ended = program.run(self.stop).map_err(|source| Error::Start {
            interpreter: self.interpreter.to_owned(),
            source,
        })?;
        match ended {
            Ended::Stopped => Err(Error::Interrupted),
            Ended::Finished(status) => {
                let answer = read_answer(&control.join("answer.json"), hook)?;
                self.judge(hook, answer, status, log.offset)
            }
        }
    }

    /// Makes errors of what went wrong.
    fn judge(
        &self,
        hook: Hook,
        answer: Option<Answer>,
        status: ExitStatus,
        offset: u64,
    ) -> Result<Option<Value>, Error> {
        let output = || {
            // A backend can remove even this.
            let output = Output::read(self.log, offset).unwrap_or_default();
            Box::new(output)
        };
        Err(match answer {
            None => Error::Ended {
                hook,
                status,
                output: output(),
            },
            Some(Answer::Unavailable { message, module }) => Error::BackendUnavailable {
                backend: self.system.backend(),
                module,
                message: shortened(&message),
                output: output(),
            },
            Some(Answer::Unsupported { message }) => Error::Unsupported {
                hook,
                message: shortened(&message),
                output: output(),
            },
            Some(Answer::Failed {
                exception,
                message,
                module,
            }) => Error::Failed {
                hook,
                exception: shortened(&exception),
                message: shortened(&message),
                module,
                output: output(),
            },
            Some(Answer::Done { value }) => return Ok(Some(value)),
            Some(Answer::Missing) => return Ok(None),
        })
    }

    fn request(&self, hook: Hook) -> Result<Vec<u8>, Error> {
        let request = Request {
            hook: hook.name(),
            module: self.system.module(),
            object: self.system.object(),
            backend_path: self.system.backend_path(),
            config_settings: self.settings,
        };
        serde_json::to_vec(&request).map_err(|cause| Error::io("describe", self.tree)(cause.into()))
    }

    fn open_log(&self, hook: Hook) -> Result<Log, Error> {
        let open = || {
            let mut file = File::options().append(true).create(true).open(self.log)?;
            writeln!(file, "{hook} of {}:", self.system.backend())?;
            let offset = file.metadata()?.len();
            Ok(Log { file, offset })
        };
        open().map_err(Error::io("write", self.log))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(Error::io("write", path))
}

/// Reads the answer; `None` when the process ended without one.
fn read_answer(path: &Path, hook: Hook) -> Result<Option<Answer>, Error> {
    let mut bytes = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::io("read", path)(cause)),
    };
    let read = file.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes);
    read.map_err(Error::io("read", path))?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|_| Error::Answer {
            hook,
            answer: String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned(),
            what: "which is not an answer",
        })
}
