//! Canaries in every place that credentials can come from, searched for in everything that is written or sent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::support::local_index::{Fault, LocalIndex, latin_1};
use crate::support::one_package::{OnePackage, index, legacy, wheel};
use crate::support::program::write_program;
use crate::support::workspace::{Output, search_path};

const USERNAME: &str = "reader-canary";
const PASSWORD: &str = "hush/canary @+é";

/// Where the credentials of the source `private` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Url,
    Variables,
    PasswordFile,
    Auth,
    Config,
    PoetryToml,
    MountedAuth,
    Keyring,
    KeyringOfKnownUser,
    Netrc,
    TokenAsUsername,
    Proxy,
}

const WAYS: [Way; 12] = [
    Way::Url,
    Way::Variables,
    Way::PasswordFile,
    Way::Auth,
    Way::Config,
    Way::PoetryToml,
    Way::MountedAuth,
    Way::Keyring,
    Way::KeyringOfKnownUser,
    Way::Netrc,
    Way::TokenAsUsername,
    Way::Proxy,
];

/// What every command is run with, and whether what it prints may hold credentials.
const COMMANDS: [(&[&str], bool); 17] = [
    (&["-v", "verify"], false),
    (&["verify", "--download", "--format", "json"], false),
    (&["install", "--dry-run"], false),
    (&["-v", "install"], false),
    (&["install", "--offline"], false),
    (&["-v", "check"], false),
    (&["check", "--format", "json"], false),
    (&["export"], false),
    (&["export", "-f", "pylock.toml"], false),
    (&["export", "--with-credentials"], true),
    (&["-v", "download", "wheels"], false),
    (&["-v", "sync"], false),
    (&["build"], false),
    (&["cache", "dir"], false),
    (&["-v", "cache", "size"], false),
    (&["-v", "cache", "verify"], false),
    (&["-v", "cache", "clear"], false),
];

/// A project whose only package comes from an index that wants the canaries.
struct Trap {
    scene: OnePackage,
    index: LocalIndex,
    variables: Vec<(String, String)>,
    /// What holds the credentials because the user put them there.
    own: Vec<PathBuf>,
}

impl Trap {
    fn new(way: Way) -> Self {
        let index = index();
        let url = if way == Way::Url {
            index.at_with("reader-canary:hush%2Fcanary%20%40%2B%C3%A9", "/simple/")
        } else if way == Way::Proxy {
            "http://packages.example/simple/".to_owned()
        } else {
            index.url()
        };
        if way == Way::TokenAsUsername {
            index.require(&format!("{USERNAME}:"));
        } else if way != Way::Proxy {
            index.require(&format!("{USERNAME}:{PASSWORD}"));
        }
        let mut trap = Self {
            scene: OnePackage::new(&[("private", &url)], &legacy(&url, "private")),
            index,
            variables: Vec::new(),
            own: Vec::new(),
        };
        trap.set(way);
        trap
    }

    fn set(&mut self, way: Way) {
        const START: &str = "POETRY_HTTP_BASIC_PRIVATE_";
        let toml =
            format!("[http-basic.private]\nusername = \"{USERNAME}\"\npassword = \"{PASSWORD}\"\n");
        match way {
            Way::Url => {}
            Way::Variables => {
                self.variable(&format!("{START}USERNAME"), USERNAME);
                self.variable(&format!("{START}PASSWORD"), PASSWORD);
            }
            Way::PasswordFile => {
                self.variable(&format!("{START}USERNAME"), USERNAME);
                let path = self.file("secret", &format!("{PASSWORD}\n"));
                self.variable(&format!("{START}PASSWORD_FILE"), &path);
            }
            Way::Auth => drop(self.file(".config/pypoetry/auth.toml", &toml)),
            Way::Config => drop(self.file(".config/pypoetry/config.toml", &toml)),
            Way::PoetryToml => self.scene.workspace.write("poetry.toml", toml),
            Way::MountedAuth => {
                let path = self.file("mounted.toml", &toml);
                self.variable("LOCK2VENV_AUTH_FILE", &path);
            }
            Way::Keyring => self.keyring(&format!("'{USERNAME}' '{PASSWORD}'")),
            Way::KeyringOfKnownUser => {
                self.variable(&format!("{START}USERNAME"), USERNAME);
                self.keyring(&format!("'{PASSWORD}'"));
            }
            Way::Netrc => {
                let entry = format!("machine 127.0.0.1 login {USERNAME} password \"{PASSWORD}\"\n");
                self.file(".netrc", &entry);
            }
            Way::TokenAsUsername => self.variable(&format!("{START}USERNAME"), USERNAME),
            Way::Proxy => {
                let url = self
                    .index
                    .at_with("reader-canary:hush%2Fcanary%20%40%2B%C3%A9", "");
                self.variable("HTTP_PROXY", &url);
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a file of the user's home, and returns its path.
    fn file(&mut self, name: &str, text: &str) -> String {
        let path = self.scene.workspace.home().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.own.push(path.clone());
        path.to_str().unwrap().to_owned()
    }

    /// Makes a program `keyring` that prints these words, one in a line.
    fn keyring(&mut self, words: &str) {
        let program = self.scene.workspace.home().join("bin/keyring");
        write_program(&program, format!("#!/bin/sh\nprintf '%s\\n' {words}\n"));
        self.own.push(program.clone());
        let folder = program.parent().unwrap().to_str().unwrap();
        self.variable("PATH", &format!("{folder}:{}", search_path()));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.scene.workspace.command(arguments);
        command.env("PATH", search_path());
        command.env("POETRY_REQUESTS_MAX_RETRIES", "0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Searches everything that was written but by the user.
    #[track_caller]
    fn is_clean(&self, when: &str) {
        let project = self.scene.workspace.project();
        for folder in [self.scene.workspace.home(), project] {
            self.search(&folder, when);
        }
    }

    #[track_caller]
    fn search(&self, folder: &Path, when: &str) {
        const WRITTEN_BY_THE_USER: [&str; 3] = ["pyproject.toml", "poetry.lock", "poetry.toml"];
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = entry.file_name().to_str().unwrap().to_owned();
            holds_none(&name, when);
            if kind.is_dir() {
                self.search(&path, when);
            } else if kind.is_file()
                && !self.own.contains(&path)
                && !WRITTEN_BY_THE_USER.contains(&name.as_str())
            {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                holds_none(&text, &format!("{when}, {}", path.display()));
            }
        }
    }
}

/// All forms of the canaries.
fn forms() -> Vec<String> {
    let pair = format!("{USERNAME}:{PASSWORD}");
    let token = format!("{USERNAME}:");
    let mut forms = vec![
        USERNAME.to_owned(),
        "canary".to_owned(),
        PASSWORD.to_owned(),
        "hush%2Fcanary".to_owned(),
        "hush%2fcanary".to_owned(),
    ];
    for text in [&pair, &token, PASSWORD, USERNAME] {
        forms.push(STANDARD.encode(text).trim_end_matches('=').to_owned());
        forms.push(URL_SAFE.encode(text).trim_end_matches('=').to_owned());
        let sent = STANDARD.encode(latin_1(text));
        forms.push(sent.trim_end_matches('=').to_owned());
        let hex = text.bytes().map(|byte| format!("{byte:02x}"));
        forms.push(hex.collect::<Vec<_>>().concat());
    }
    forms
}

#[track_caller]
fn holds_none(text: &str, when: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "{when}: {form} in {text}");
    }
}

#[test]
fn no_command_shows_or_keeps_credentials_of_any_origin() {
    for way in WAYS {
        let trap = Trap::new(way);
        for (arguments, may_print) in COMMANDS {
            let when = format!("{way:?}, {arguments:?}");
            let output = Output::of(&mut trap.command(arguments));
            // The project of the trap is none to build.
            assert_eq!(
                output.code == 0,
                arguments != ["build"],
                "{when}: {output:?}"
            );
            holds_none(&output.stderr, &when);
            // As Poetry, which repeats what pyproject.toml has.
            let repeats = way == Way::Url && arguments[0] == "export";
            if !may_print && !repeats {
                holds_none(&output.stdout, &when);
            }
            trap.is_clean(&when);
        }
        let sent = trap.index.take_requests();
        assert!(!sent.is_empty());
    }
}

#[test]
fn refused_credentials_of_any_origin_are_not_shown() {
    for way in WAYS {
        for status in [401, 403, 404] {
            let trap = Trap::new(way);
            trap.index
                .misbehave("/simple/acme/", Fault::Status(status, &[]), 99);
            let proxied = "http://packages.example/simple/acme/";
            trap.index
                .misbehave(proxied, Fault::Status(status, &[]), 99);
            for arguments in [
                &["-v", "install"][..],
                &["-v", "verify"],
                &["-v", "download", "wheels"],
                &["-v", "export", "-f", "pylock.toml"],
            ] {
                let when = format!("{way:?}, {status}, {arguments:?}");
                let output = Output::of(&mut trap.command(arguments));
                assert_eq!(output.code, 1, "{when}: {output:?}");
                holds_none(&output.stdout, &when);
                holds_none(&output.stderr, &when);
                trap.is_clean(&when);
            }
        }
    }
}

#[test]
fn another_host_is_sent_credentials_of_no_origin() {
    for way in WAYS {
        for is_redirect in [false, true] {
            let elsewhere = index();
            let trap = Trap::new(way);
            // By another name, as netrc goes by the host and no port.
            let port = elsewhere.address().port();
            let url = format!("http://localhost:{port}/files/{}", wheel().file_name());
            let digest = trap.scene.digest.hex();
            let page = format!(
                "{{\"files\":[{{\"filename\":\"{}\",\"url\":\"{url}\",\"hashes\":{{\"sha256\":\"{digest}\"}}}}]}}",
                wheel().file_name()
            );
            let (path, fault) = if is_redirect {
                (
                    format!("/files/{}", wheel().file_name()),
                    Fault::Redirect(url),
                )
            } else {
                ("/simple/acme/".to_owned(), Fault::Body(page.into_bytes()))
            };
            for start in ["", "http://packages.example"] {
                let path = format!("{start}{path}");
                trap.index.misbehave(&path, fault.clone(), 9);
            }
            let mut command = trap.command(&["-v", "install"]);
            let output = Output::of(command.env("NO_PROXY", "localhost")).succeeded();
            holds_none(&output.stderr, &format!("{way:?}"));
            let requests = elsewhere.take_requests();
            assert!(!requests.is_empty(), "{way:?}");
            for request in requests {
                assert_eq!(request.header("authorization"), None, "{way:?}");
                assert_eq!(request.header("proxy-authorization"), None, "{way:?}");
                holds_none(&format!("{request:?}"), &format!("{way:?}"));
            }
        }
    }
}

#[test]
fn the_keyring_is_asked_once_and_only_after_a_refusal() {
    let mut trap = Trap::new(Way::Variables);
    let log = trap.scene.workspace.home().join("asked");
    let ask = format!("'$0' \"$@\" >> '{}'\nexit 1", log.display());
    trap.keyring(&format!("x >/dev/null\necho {ask}"));
    Output::of(&mut trap.command(&["install"])).succeeded();
    assert!(!log.exists());

    let mut trap = Trap::new(Way::Netrc);
    trap.own.clear();
    fs::remove_file(trap.scene.workspace.home().join(".netrc")).unwrap();
    let log = trap.scene.workspace.home().join("asked");
    let words = format!("'{USERNAME}' '{PASSWORD}'");
    trap.keyring(&format!("{words}\necho \"$@\" >> '{}'", log.display()));
    Output::of(&mut trap.command(&["install"])).succeeded();
    let asked = fs::read_to_string(&log).unwrap();
    let expected = format!("--mode creds get {}\n", trap.index.at("/simple"));
    assert_eq!(asked, expected);

    // As Poetry, which sends what the keyring has with the first request: some servers hide what one may not see.
    let hidden = Fault::Status(404, &[]);
    trap.index.misbehave("/simple/acme/", hidden, 1);
    let arguments = ["install", "--no-cache", "--venv", "hidden"];
    Output::of(&mut trap.command(&arguments)).succeeded();

    trap.variable("POETRY_KEYRING_ENABLED", "false");
    fs::remove_file(&log).unwrap();
    let arguments = ["install", "--no-cache", "--venv", "other"];
    let output = Output::of(&mut trap.command(&arguments));
    output.failed(1, &["(401 Unauthorized)", "no credentials known"]);
    assert!(!log.exists());
}

#[test]
fn the_keyring_comes_before_netrc() {
    let mut trap = Trap::new(Way::Keyring);
    let other = "machine 127.0.0.1 login other password other\n";
    trap.file(".netrc", other);
    trap.index.take_requests();
    Output::of(&mut trap.command(&["install"])).succeeded();
    let requests = trap.index.take_requests();
    let expected = format!(
        "Basic {}",
        STANDARD.encode(latin_1(&format!("{USERNAME}:{PASSWORD}")))
    );
    for request in requests {
        let sent = request.header("authorization");
        assert_eq!(sent, Some(expected.as_str()), "{request:?}");
    }
}

#[test]
fn netrc_opens_what_the_keyring_does_not_know() {
    let mut trap = Trap::new(Way::Netrc);
    let log = trap.scene.workspace.home().join("asked");
    trap.keyring(&format!(
        "x >/dev/null\necho \"$@\" >> '{}'\nexit 1",
        log.display()
    ));
    Output::of(&mut trap.command(&["install"])).succeeded();
    let asked = fs::read_to_string(&log).unwrap();
    // The URL and the host, each once, whatever is fetched from there.
    assert_eq!(asked.lines().count(), 2, "{asked}");
}
