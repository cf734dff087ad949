//! A server of somebody else, run for a test.

use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

/// How often a port that was free a moment ago may be taken before the test gives up.
const N_ATTEMPTS: usize = 5;

/// The process; ends when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl ServerProcess {
    /// Starts the program that `prepare` makes for as many free ports as asked for, and waits until it prints `ready`.
    pub(crate) fn start<const N: usize>(
        prepare: impl Fn([u16; N]) -> Command,
        ready: &str,
    ) -> (Self, [u16; N]) {
        for _ in 0..N_ATTEMPTS {
            let ports = free_ports();
            if let Some(server) = Self::run(&mut prepare(ports), ready) {
                return (server, ports);
            }
        }
        panic!("the server did not print `{ready}`");
    }

    fn run(command: &mut Command, ready: &str) -> Option<Self> {
        let command = command.stdin(Stdio::null());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (sender, receiver) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let (sender, lines) = (sender.clone(), Arc::clone(&lines));
            let ready = ready.to_owned();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody waits for the second time.
                    let _ = line.contains(&ready).then(|| sender.send(()));
                    lines.lock().unwrap().push(line);
                }
            });
        }
        drop(sender);
        let server = Self { child, lines };
        receiver.recv().ok().map(|()| server)
    }

    /// Returns the lines that it printed until now.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
