//! Servers that people put before their packages: nginx, pypiserver, tinyproxy; and the certificates for them.
//!
//! Each returns `None`, with a line that says so, where the machine does not have it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::local_index::latin_1;
use super::one_package::wheel;
use super::requirement::missing;
use super::server_process::ServerProcess;

/// What the servers want to hear; passwords of real people have such characters.
pub(crate) const USERNAME: &str = "reader-canary";
pub(crate) const PASSWORD: &str = "hush/canary:é@#";

/// What pypiserver can read of what Poetry sends: it takes headers for UTF-8.
pub(crate) const ASCII_PASSWORD: &str = "hush/canary:e@#";

/// An index of static files: plain with a password, encrypted with a password, encrypted with a client certificate, and all of
/// it again by IPv6.
pub(crate) struct Nginx {
    process: ServerProcess,
    folder: TempDir,
    ports: [u16; 3],
}

impl Nginx {
    pub(crate) fn start() -> Option<Self> {
        let (nginx, openssl) = (program("nginx", "-v")?, program("openssl", "version")?);
        let folder = TempDir::new().unwrap();
        let here = folder.path();
        write_index(&here.join("www"));
        write_certificates(here, &openssl);
        fs::write(here.join("htpasswd"), htpasswd(&openssl, PASSWORD)).unwrap();
        let (process, ports) = ServerProcess::start(
            |ports| {
                fs::write(here.join("nginx.conf"), configuration(here, ports)).unwrap();
                let mut command = Command::new(&nginx);
                command.arg("-p").arg(here);
                command.arg("-c").arg(here.join("nginx.conf"));
                command
            },
            "getrlimit(",
        );
        Some(Self {
            process,
            folder,
            ports,
        })
    }

    /// The index that wants a password.
    pub(crate) fn plain(&self) -> String {
        format!("http://127.0.0.1:{}/simple/", self.ports[0])
    }

    /// The same, by IPv6.
    pub(crate) fn plain_by_ipv6(&self) -> String {
        format!("http://[::1]:{}/simple/", self.ports[0])
    }

    /// The index that wants a password, and shows a certificate of the authority.
    pub(crate) fn encrypted(&self) -> String {
        format!("https://localhost:{}/simple/", self.ports[1])
    }

    /// The index that wants a client certificate.
    pub(crate) fn mutual(&self) -> String {
        format!("https://localhost:{}/simple/", self.ports[2])
    }

    /// A file that [`write_certificates`] made, such as `authority.pem`.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The lines of the access log, each with the authority and the user name of a request.
    pub(crate) fn requests(&self) -> Vec<String> {
        let lines = self.process.lines().into_iter();
        lines.filter(|line| line.starts_with("request ")).collect()
    }
}

/// An index that is meant for uploads, with a password for everything.
pub(crate) struct PypiServer {
    _process: ServerProcess,
    _folder: TempDir,
    port: u16,
}

impl PypiServer {
    pub(crate) fn start() -> Option<Self> {
        let Some(program_path) = std::env::var_os("LOCK2VENV_PYPISERVER").map(PathBuf::from) else {
            missing("pypiserver (LOCK2VENV_PYPISERVER is the path of its program)");
            return None;
        };
        let openssl = program("openssl", "version")?;
        let folder = TempDir::new().unwrap();
        let packages = folder.path().join("packages");
        let passwords = folder.path().join("htpasswd");
        fs::create_dir(&packages).unwrap();
        fs::write(packages.join(wheel().file_name()), wheel().build()).unwrap();
        fs::write(&passwords, htpasswd(&openssl, ASCII_PASSWORD)).unwrap();
        let prepare = |[port]: [u16; 1]| {
            let mut command = Command::new(&program_path);
            command.args(["run", "-i", "127.0.0.1", "-p", &port.to_string()]);
            command.args(["-a", "download,list,update", "--disable-fallback", "-P"]);
            command.arg(&passwords).arg(&packages);
            command.env("PYTHONUNBUFFERED", "1");
            command
        };
        let (process, [port]) = ServerProcess::start(prepare, "Listening on");
        Some(Self {
            _process: process,
            _folder: folder,
            port,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/simple/", self.port)
    }
}

/// A proxy that wants a password, through which everything else goes by CONNECT.
pub(crate) struct Tinyproxy {
    process: ServerProcess,
    _folder: TempDir,
    port: u16,
}

impl Tinyproxy {
    pub(crate) fn start() -> Option<Self> {
        let tinyproxy = program("tinyproxy", "-v")?;
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("tinyproxy.conf");
        let prepare = |[port]: [u16; 1]| {
            let text = format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Info\nMaxClients 50\nBasicAuth proxy-canary proxy-hush-canary\n"
            );
            fs::write(&file, text).unwrap();
            let mut command = Command::new(&tinyproxy);
            command.arg("-d").arg("-c").arg(&file);
            command
        };
        let (process, [port]) = ServerProcess::start(prepare, "Accepting connections");
        Some(Self {
            process,
            _folder: folder,
            port,
        })
    }

    /// Its URL with this password.
    pub(crate) fn url(&self, password: &str) -> String {
        format!("http://proxy-canary:{password}@127.0.0.1:{}", self.port)
    }

    /// Tells whether a request for a tunnel came.
    pub(crate) fn made_tunnels(&self) -> bool {
        let mut lines = self.process.lines().into_iter();
        lines.any(|line| line.contains("CONNECT localhost:"))
    }
}

/// Finds a program by running it once.
fn program(name: &str, argument: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
    let mut found = path.split(':').map(|folder| Path::new(folder).join(name));
    let runs = |program: &PathBuf| Command::new(program).arg(argument).output().is_ok();
    let found = found.find(runs);
    if found.is_none() {
        missing(name);
    }
    found
}

/// Writes the pages and files of an index.
fn write_index(root: &Path) {
    let page = root.join("simple/acme");
    fs::create_dir_all(&page).unwrap();
    let (name, bytes) = (wheel().file_name(), wheel().build());
    let digest = lock2venv::digest::Digest::of(lock2venv::digest::Algorithm::Sha256, &bytes);
    let anchor = format!(
        "<a href=\"../../files/{name}#sha256={}\">{name}</a>",
        digest.hex()
    );
    fs::write(page.join("index.html"), anchor).unwrap();
    fs::create_dir(root.join("files")).unwrap();
    fs::write(root.join("files").join(name), bytes).unwrap();
}

/// Makes two authorities, of which one signs a certificate for the server and one for the client.
fn write_certificates(folder: &Path, openssl: &Path) {
    let extensions =
        "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nbasicConstraints=CA:FALSE\n";
    fs::write(folder.join("leaf.ext"), extensions).unwrap();
    let run = |arguments: &str| {
        let mut command = Command::new(openssl);
        command.args(arguments.split(' ')).current_dir(folder);
        let output = command.output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {output:?}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["authority", "other"] {
        run(&format!(
            "req -x509 {key} -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}"
        ));
    }
    for (name, authority) in [
        ("server", "authority"),
        ("client", "authority"),
        ("stranger", "other"),
    ] {
        run(&format!(
            "req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        run(&format!(
            "x509 -req -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -out {name}.crt -days 2 -extfile leaf.ext"
        ));
        let read = |end: &str| fs::read_to_string(folder.join(format!("{name}.{end}"))).unwrap();
        fs::write(
            folder.join(format!("{name}.pem")),
            read("crt") + &read("key"),
        )
        .unwrap();
    }
}

fn htpasswd(openssl: &Path, password: &str) -> String {
    let mut command = Command::new(openssl);
    command.args(["passwd", "-apr1"]);
    command.arg(OsStr::from_bytes(&latin_1(password)));
    let output = command.output().unwrap();
    format!("{USERNAME}:{}", String::from_utf8(output.stdout).unwrap())
}

fn configuration(folder: &Path, [plain, encrypted, mutual]: [u16; 3]) -> String {
    let here = folder.display();
    let ipv6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    let listen = |port: u16, more: &str| {
        let by_ipv6 = if ipv6 {
            format!("listen [::1]:{port} {more};")
        } else {
            String::new()
        };
        format!("listen 127.0.0.1:{port} {more}; {by_ipv6} root {here}/www;")
    };
    let password = format!("auth_basic private; auth_basic_user_file {here}/htpasswd;");
    let certificate =
        format!("ssl_certificate {here}/server.crt; ssl_certificate_key {here}/server.key;");
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {here}/{kind};"))
        .concat();
    format!(
        "daemon off; master_process off; pid {here}/pid; error_log stderr notice;
        events {{}}
        http {{
            {temporary}
            log_format short 'request $host $status $remote_user $request_uri';
            access_log /dev/stderr short;
            types {{ text/html html; }}
            server {{ {} {password} }}
            server {{ {} {certificate} {password} }}
            server {{ {} {certificate} ssl_verify_client on; ssl_client_certificate {here}/authority.pem; }}
        }}",
        listen(plain, ""),
        listen(encrypted, "ssl"),
        listen(mutual, "ssl"),
    )
}
