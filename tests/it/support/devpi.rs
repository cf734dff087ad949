//! devpi-server: private indexes, each of which falls back to a mirror of another one.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::requirement::missing_option;
use super::server_process::ServerProcess;

const JSON: &str = "application/json";

/// The server; its user `root` may do anything.
pub(crate) struct Devpi {
    _process: ServerProcess,
    _folder: TempDir,
    port: u16,
    token: String,
}

impl Devpi {
    /// Starts it, where the machine has it; that takes seconds.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = env::var_os("LOCK2VENV_DEVPI").map(PathBuf::from) else {
            missing_option("devpi-server (LOCK2VENV_DEVPI is the folder of its programs)");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let mut command = Command::new(programs.join("devpi-init"));
        let made = command.arg("--no-root-pypi").arg("--serverdir").arg(&data);
        let made = made.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let prepare = |[port]: [u16; 1]| {
            let mut command = Command::new(programs.join("devpi-server"));
            command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
            command.arg("--serverdir").arg(&data);
            command
        };
        let (process, [port]) = ServerProcess::start(prepare, "Serving on");
        let mut server = Self {
            _process: process,
            _folder: folder,
            port,
            token: String::new(),
        };
        let login = json!({"user": "root", "password": ""}).to_string();
        let answer = server.send("POST /+login", JSON, login.as_bytes());
        let token = answer["result"]["password"].as_str().unwrap();
        server.token = STANDARD.encode(format!("root:{token}"));
        Some(server)
    }

    /// Makes the private index `name`, which falls back to a mirror of `mirrored`, and returns its URL.
    pub(crate) fn add_index(&self, name: &str, mirrored: &str) -> String {
        let mirror =
            json!({"type": "mirror", "mirror_url": mirrored, "mirror_no_project_list": true});
        let private = json!({"type": "stage", "bases": [format!("root/{name}-mirror")]});
        for (name, index) in [
            (format!("{name}-mirror"), mirror),
            (name.to_owned(), private),
        ] {
            let body = index.to_string();
            self.send(&format!("PUT /root/{name}"), JSON, body.as_bytes());
        }
        format!("http://127.0.0.1:{}/root/{name}/+simple/", self.port)
    }

    /// Uploads a wheel of `acme` to the index `name`.
    pub(crate) fn upload(&self, name: &str, file: &str, bytes: &[u8]) {
        let mut body = Vec::new();
        for (field, value) in [
            (":action", "file_upload"),
            ("name", "acme"),
            ("version", "1.0"),
            ("filetype", "bdist_wheel"),
            ("pyversion", "py3"),
        ] {
            let head =
                format!("--part\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n");
            body.extend_from_slice(format!("{head}{value}\r\n").as_bytes());
        }
        let head = format!(
            "--part\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{file}\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--part--\r\n");
        let kind = "multipart/form-data; boundary=part";
        self.send(&format!("POST /root/{name}/"), kind, &body);
    }

    /// Sends a request, and returns the JSON of the answer, or nothing.
    fn send(&self, what: &str, kind: &str, body: &[u8]) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "{what} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\naccept: {JSON}\r\n\
             x-devpi-auth: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.port,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{what}: {answer}");
        let (_, text) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(text.trim()).unwrap_or_default()
    }
}
