//! One interpreter that compiles, at the other end of two pipes.

use std::io::{self, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

const SCRIPT: &str = include_str!("worker.py");

/// How every answer goes on after the two bytes of the version's own number: the end of the magic number, and the flags of
/// an unchecked hash.
const AFTER_VERSION: &[u8] = b"\r\n\x01\0\0\0";

/// A running interpreter. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What the interpreter says.
#[derive(Debug)]
pub(super) enum WorkerAnswer {
    /// The `.pyc` of one source.
    Compiled(Vec<u8>),
    /// The compiler refuses the source, and always will: why.
    Refused(String),
    /// The compiler failed, and may not fail the next time: why.
    Failed(String),
    /// The source cannot be read.
    Unreadable(io::Error),
    /// No answer to a source: another interpreter has to go on, for this one would compile the next source differently.
    Stale,
}

impl Worker {
    /// Starts `interpreter`; every code object will record `token`.
    ///
    /// `-I` and `-S` keep the user's and the environment's packages out, `-W ignore` the warnings about sources, which
    /// nobody here can mend. The script is also an argument, for an interpreter that has to be started with other settings.
    pub(super) fn start(interpreter: &Path, token: &str) -> io::Result<Self> {
        let mut child = Command::new(interpreter)
            .args(["-I", "-S", "-B", "-W", "ignore", "-c", SCRIPT, SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        input.write_all(format!("{token}\n").as_bytes())?;
        let output = BufReader::with_capacity(1 << 16, output);
        Ok(Self {
            child,
            input,
            output,
        })
    }

    /// Sends paths, which must fit a pipe together with those not yet answered.
    pub(super) fn send<'a>(
        &mut self,
        paths: impl ExactSizeIterator<Item = &'a PathBuf>,
    ) -> io::Result<()> {
        let mut request = Vec::with_capacity(paths.len() * 128);
        request.extend(length(paths.len())?);
        for path in paths {
            let path = path.as_os_str().as_bytes();
            request.extend(length(path.len())?);
            request.extend_from_slice(path);
        }
        self.input.write_all(&request)
    }

    /// Reads the answer to the first path not yet answered.
    ///
    /// An interpreter that ended is `UnexpectedEof`, one that answers what no interpreter would `InvalidData`.
    pub(super) fn receive(&mut self) -> io::Result<WorkerAnswer> {
        let mut header = [0; 5];
        self.output.read_exact(&mut header)?;
        let [status, length @ ..] = header;
        if !b"CRFLS".contains(&status) {
            return Err(garbage());
        }
        let n_bytes = u64::from(u32::from_le_bytes(length));
        let mut payload = Vec::new();
        let n_read = (&mut self.output).take(n_bytes).read_to_end(&mut payload)?;
        if n_read as u64 != n_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = || String::from_utf8_lossy(&payload).into_owned();
        match status {
            b'C' if payload.get(2..8) == Some(AFTER_VERSION) => Ok(WorkerAnswer::Compiled(payload)),
            b'R' => Ok(WorkerAnswer::Refused(text())),
            b'F' => Ok(WorkerAnswer::Failed(text())),
            b'L' => {
                let number = text().parse().map_err(|_| garbage())?;
                Ok(WorkerAnswer::Unreadable(io::Error::from_raw_os_error(
                    number,
                )))
            }
            b'S' => Ok(WorkerAnswer::Stale),
            _ => Err(garbage()),
        }
    }

    /// Has it end: it will not answer any more.
    pub(super) fn stop(&mut self) {
        // One that has ended already keeps its status.
        let _ = self.child.kill();
    }

    /// Waits for an interpreter that stopped answering, and says how it ended.
    pub(super) fn end(mut self) -> io::Result<ExitStatus> {
        self.stop();
        self.child.wait()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Nothing is left to be answered: the interpreter would end by itself at the end of its input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn garbage() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "its answer is not bytecode")
}

fn length(number: usize) -> io::Result<[u8; 4]> {
    let number = u32::try_from(number).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(number.to_le_bytes())
}
