//! Indexes as people run them: installed from, exported with credentials, verified; and what is said when they refuse.

use crate::support::devpi::Devpi;
use crate::support::local_index::LocalIndex;
use crate::support::one_package::{OnePackage, index, legacy, wheel};
use crate::support::real_servers::{
    ASCII_PASSWORD, Nginx, PASSWORD, PypiServer, Tinyproxy, USERNAME,
};
use crate::support::workspace::Output;

const PASSWORD_VARIABLE: &str = "POETRY_HTTP_BASIC_PRIVATE_PASSWORD";
const USERNAME_VARIABLE: &str = "POETRY_HTTP_BASIC_PRIVATE_USERNAME";
const AUTHORITY_VARIABLE: &str = "POETRY_CERTIFICATES_PRIVATE_CERT";
const CLIENT_VARIABLE: &str = "POETRY_CERTIFICATES_PRIVATE_CLIENT_CERT";

/// A project whose package comes from the source `private` at `url`.
struct Customer {
    project: OnePackage,
    variables: Vec<(&'static str, String)>,
}

impl Customer {
    fn new(url: &str) -> Self {
        Self {
            project: OnePackage::new(&[("private", url)], &legacy(url, "private")),
            variables: Vec::new(),
        }
    }

    fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((variable, value.into()));
        self
    }

    fn with_password(self) -> Self {
        self.with(USERNAME_VARIABLE, USERNAME)
            .with(PASSWORD_VARIABLE, PASSWORD)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.project.command(arguments);
        command
            .env_remove(USERNAME_VARIABLE)
            .env_remove(PASSWORD_VARIABLE);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("POETRY_REQUESTS_MAX_RETRIES", "0");
        Output::of(&mut command)
    }

    /// Installs, exports with credentials, and verifies, also by the bytes.
    #[track_caller]
    fn is_served(&self, exported: &str) {
        let output = self.run(&["install"]).succeeded();
        assert!(!output.stderr.contains("canary"), "{output:?}");
        let text = self.run(&["export", "--with-credentials"]).succeeded();
        assert!(text.stdout.contains(exported), "{text:?}");
        assert!(!text.stderr.contains("canary"), "{text:?}");
        for arguments in [&["verify"][..], &["verify", "--download"]] {
            let output = self.run(arguments).succeeded();
            let expected = "1 of 1 file of 1 package are as locked";
            assert!(output.stdout.contains(expected), "{output:?}");
            assert!(!output.stdout.contains("canary"), "{output:?}");
        }
        self.run(&["check"]).succeeded();
    }

    /// Refuses to install and to verify, with these words.
    #[track_caller]
    fn is_refused(&self, parts: &[&str]) {
        for command in ["install", "verify"] {
            let output = self.run(&[command]).failed(1, &[]);
            let said = output.stdout + &output.stderr;
            for part in parts {
                assert!(said.contains(part), "{command}: no `{part}` in {said}");
            }
            assert!(!said.contains("canary"), "{said}");
        }
    }
}

/// A URL with the credentials in it, percent-encoded as Poetry does.
fn opened(url: &str) -> String {
    let encoded = "hush%2Fcanary%3A%C3%A9%40%23";
    let url = url.trim_end_matches('/');
    url.replacen("://", &format!("://{USERNAME}:{encoded}@"), 1)
}

#[test]
fn nginx_with_a_password() {
    let Some(nginx) = Nginx::start() else { return };
    let url = nginx.plain();
    let customer = Customer::new(&url).with_password();
    customer.is_served(&opened(&url));
    Customer::new(&url).is_refused(&[
        "(401 Unauthorized)",
        "no credentials known",
        "set POETRY_HTTP_BASIC_PRIVATE_USERNAME and POETRY_HTTP_BASIC_PRIVATE_PASSWORD",
    ]);
    Customer::new(&url)
        .with(USERNAME_VARIABLE, USERNAME)
        .with(PASSWORD_VARIABLE, "other")
        .is_refused(&[
            "(401 Unauthorized)",
            "credentials tried: environment",
            "check POETRY_HTTP_BASIC_PRIVATE_USERNAME and POETRY_HTTP_BASIC_PRIVATE_PASSWORD",
        ]);
}

#[test]
fn nginx_by_ipv6() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        // A machine may well have none: nothing to install would help.
        return;
    }
    let Some(nginx) = Nginx::start() else { return };
    let url = nginx.plain_by_ipv6();
    let customer = Customer::new(&url)
        .with_password()
        .with("HTTP_PROXY", "http://127.0.0.1:9")
        .with("NO_PROXY", "::1");
    customer.is_served(&opened(&url));
}

#[test]
fn nginx_with_a_certificate_of_a_private_authority() {
    let Some(nginx) = Nginx::start() else { return };
    let url = nginx.encrypted();
    for variable in [AUTHORITY_VARIABLE, "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let customer = Customer::new(&url).with_password();
        let customer = customer.with(variable, nginx.file("authority.pem"));
        customer.is_served(&opened(&url));
    }
    let untrusted = [
        "invalid peer certificate",
        "hint: if the certificate of `localhost` comes from your own authority",
        "POETRY_CERTIFICATES_<NAME>_CERT",
    ];
    Customer::new(&url).with_password().is_refused(&untrusted);
    let other = Customer::new(&url).with_password();
    let other = other.with(AUTHORITY_VARIABLE, nginx.file("other.pem"));
    other.is_refused(&untrusted);
    // Nobody was asked for anything, so nobody was shown the password.
    assert!(
        nginx.requests().iter().all(|line| line.contains(" 200 ")),
        "{:?}",
        nginx.requests()
    );
    let anyone = Customer::new(&url).with_password();
    anyone
        .project
        .workspace
        .write("poetry.toml", "[certificates.private]\ncert = false\n");
    anyone.is_served(&opened(&url));
}

#[test]
fn nginx_that_wants_a_client_certificate() {
    let Some(nginx) = Nginx::start() else { return };
    let url = nginx.mutual();
    let customer = || Customer::new(&url).with(AUTHORITY_VARIABLE, nginx.file("authority.pem"));
    customer()
        .with(CLIENT_VARIABLE, nginx.file("client.pem"))
        .is_served(url.trim_end_matches('/'));
    let refused = [
        "(400 Bad Request)",
        "hint: if `localhost` requires a client certificate: POETRY_CERTIFICATES_<NAME>_CLIENT_CERT=<PEM file>",
    ];
    customer().is_refused(&refused);
    customer()
        .with(CLIENT_VARIABLE, nginx.file("stranger.pem"))
        .is_refused(&refused);
    customer()
        .with(CLIENT_VARIABLE, nginx.file("client.crt"))
        .is_refused(&["client.crt", "it contains no private key"]);
}

#[test]
fn nginx_behind_a_proxy_that_wants_a_password() {
    let (Some(nginx), Some(proxy)) = (Nginx::start(), Tinyproxy::start()) else {
        return;
    };
    for url in [nginx.encrypted(), nginx.plain()] {
        let customer = || {
            let customer = Customer::new(&url).with_password();
            customer.with(AUTHORITY_VARIABLE, nginx.file("authority.pem"))
        };
        let (right, wrong) = (proxy.url("proxy-hush-canary"), proxy.url("wrong-canary"));
        customer()
            .with("ALL_PROXY", &right)
            .is_served(&opened(&url));
        if url == nginx.encrypted() {
            customer().with("ALL_PROXY", &wrong).is_refused(&[
                "the proxy opened no connection (401 Unauthorized)",
                "hint: check the user name and password in the URL of the proxy",
            ]);
        }
        let direct = customer().with("ALL_PROXY", &wrong);
        direct
            .with("NO_PROXY", "localhost,127.0.0.0/8")
            .is_served(&opened(&url));
    }
    assert!(proxy.made_tunnels());
}

#[test]
fn pypiserver_with_passwords() {
    let Some(server) = PypiServer::start() else {
        return;
    };
    let url = server.url();
    Customer::new(&url)
        .with(USERNAME_VARIABLE, USERNAME)
        .with(PASSWORD_VARIABLE, ASCII_PASSWORD)
        .is_served(&opened(&url).replace("%C3%A9", "e"));
    Customer::new(&url).is_refused(&["(401 Unauthorized)", "no credentials known"]);
    Customer::new(&url)
        .with(USERNAME_VARIABLE, USERNAME)
        .with(PASSWORD_VARIABLE, "other")
        .is_refused(&["(403 Forbidden)", "credentials tried: environment"]);
}

#[test]
fn devpi_that_falls_back_to_a_mirror() {
    let Some(server) = Devpi::start() else {
        return;
    };
    let mirrored = index();
    let url = server.add_index("open", &mirrored.url());
    Customer::new(&url).is_served(url.trim_end_matches('/'));

    // Somebody else has a package of that name.
    let foreign = LocalIndex::start();
    foreign.add("acme", &wheel().file_name(), b"other");
    let url = server.add_index("private", &foreign.url());
    let refused = Customer::new(&url).run(&["install"]);
    refused.failed(1, &["is not the file that was locked"]);
    server.upload("private", &wheel().file_name(), &wheel().build());
    Customer::new(&url).is_served(url.trim_end_matches('/'));
}
