//! One interpreter that compiles, at the other end of two pipes.

use std::io::{self, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = include_str!("worker.py");

/// A running interpreter. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What the interpreter says of one source: the `.pyc`, or why there is none.
pub(super) type Answer = Result<Vec<u8>, String>;

impl Worker {
    /// Starts `interpreter`; every code object will record `token`.
    ///
    /// `-I` and `-S` keep the user's and the environment's packages out, `-W ignore` the warnings about sources, which
    /// nobody here can mend.
    pub(super) fn start(interpreter: &Path, token: &str) -> io::Result<Self> {
        let mut child = Command::new(interpreter)
            .args(["-I", "-S", "-B", "-W", "ignore", "-c", SCRIPT])
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
        request.extend(length(paths.len()));
        for path in paths {
            let path = path.as_os_str().as_bytes();
            request.extend(length(path.len()));
            request.extend_from_slice(path);
        }
        self.input.write_all(&request)
    }

    /// Reads the answer to the first path not yet answered.
    pub(super) fn receive(&mut self) -> io::Result<Answer> {
        let mut header = [0; 5];
        self.output.read_exact(&mut header)?;
        let [status, length @ ..] = header;
        let n_bytes = u64::from(u32::from_le_bytes(length));
        let mut payload = Vec::new();
        let n_read = (&mut self.output).take(n_bytes).read_to_end(&mut payload)?;
        if n_read as u64 != n_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if status == 0 {
            Ok(Ok(payload))
        } else {
            Ok(Err(String::from_utf8_lossy(&payload).into_owned()))
        }
    }

    /// Waits for an interpreter that stopped answering, and says how it ended.
    pub(super) fn how_it_ended(mut self) -> String {
        let _ = self.child.kill();
        let status = self.child.wait();
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Nothing is left to be answered: the interpreter would end by itself at the end of its input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn length(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}
