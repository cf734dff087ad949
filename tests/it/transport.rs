//! How requests travel: proxies, packed pages, and what is asked for again.

use crate::support::local_index::{Fault, Form, LocalIndex};
use crate::support::one_package::{OnePackage, index, wheel};
use crate::support::socks::SocksProxy;
use crate::support::tls::{CERTIFICATE, TlsServer};
use crate::support::workspace::Output;

/// Runs `install` with PyPI replaced by `url`.
fn install(url: &str, variables: &[(&str, &str)]) -> Output {
    let project = OnePackage::new(&[], "");
    let mut command = project.command(&["install"]);
    command.env("LOCK2VENV_INDEX_URL", url);
    command.envs(variables.iter().copied());
    Output::of(&mut command)
}

#[test]
fn plain_http_goes_through_a_proxy_as_a_get_of_the_whole_address() {
    let proxy = index();
    proxy.drop_entity_tags();
    let url = "http://reader:hush@packages.example:8080/simple/";
    let variables = [("HTTP_PROXY", proxy.at_with("me:p%2Fw", ""))];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    install(url, &variables).succeeded();
    let requests = proxy.take_requests();
    let paths = [
        "/simple/acme/".to_owned(),
        format!("/files/{}", wheel().file_name()),
    ];
    assert_eq!(requests.len(), paths.len());
    for (request, path) in requests.iter().zip(paths) {
        assert_eq!(request.path, format!("http://packages.example:8080{path}"));
        assert_eq!(request.header("host"), Some("packages.example:8080"));
        // `me:p/w` for the proxy, `reader:hush` for the index.
        assert_eq!(
            request.header("proxy-authorization"),
            Some("Basic bWU6cC93")
        );
        assert_eq!(
            request.header("authorization"),
            Some("Basic cmVhZGVyOmh1c2g=")
        );
    }
}

/// `requests.auth._basic_auth_str(*requests.utils.get_auth_from_url(address))` says the same.
#[test]
fn a_proxy_is_sent_letters_as_by_requests() {
    for (credentials, header) in [
        ("m%C3%A9:p%C3%A9", "Basic bek6cOk="),
        ("me:p%25w+", "Basic bWU6cCV3Kw=="),
        ("me:", "Basic bWU6"),
    ] {
        let proxy = index();
        let variables = [("HTTP_PROXY", &*proxy.at_with(credentials, ""))];
        install("http://packages.example/simple/", &variables).succeeded();
        for request in proxy.take_requests() {
            assert_eq!(request.header("proxy-authorization"), Some(header));
        }
    }
}

#[test]
fn a_proxy_without_credentials_is_sent_none() {
    let proxy = index();
    let variables = [("http_proxy", proxy.at(""))];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    install("http://packages.example/simple/", &variables).succeeded();
    for request in proxy.take_requests() {
        assert!(request.path.starts_with("http://packages.example/"));
        assert_eq!(request.header("host"), Some("packages.example"));
        assert_eq!(request.header("proxy-authorization"), None);
    }
}

#[test]
fn a_proxy_that_wants_other_credentials_is_named() {
    let proxy = LocalIndex::start();
    proxy.misbehave(
        "http://packages.example/simple/acme/",
        Fault::Status(407, &[("proxy-authenticate", "Basic realm=\"x\"")]),
        1,
    );
    install(
        "http://packages.example/simple/",
        &[("HTTP_PROXY", &proxy.at(""))],
    )
    .failed(
        1,
        &[
            "(407 Proxy Authentication Required)",
            "hint: check the user name and password in the URL of the proxy",
        ],
    );
}

#[test]
fn https_goes_through_a_tunnel() {
    let proxy = LocalIndex::start();
    let variables = [
        ("HTTPS_PROXY", proxy.at("")),
        ("POETRY_REQUESTS_MAX_RETRIES", "0".to_owned()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    install("https://packages.example/simple/", &variables).failed(1, &[]);
    let requests = proxy.take_requests();
    assert_eq!(requests[0].path, "packages.example:443");
}

#[test]
fn a_socks_proxy_is_used() {
    let index = index();
    let proxy = SocksProxy::start(index.address());
    for (scheme, host, kind) in [
        ("socks5", index.at("/simple/"), 1),
        ("socks5h", "http://packages.example/simple/".to_owned(), 3),
    ] {
        install(&host, &[("ALL_PROXY", &proxy.url(scheme))]).succeeded();
        let kinds = proxy.take_kinds();
        assert!(!kinds.is_empty());
        assert!(
            kinds.iter().all(|used| *used == kind),
            "{scheme}: {kinds:?}"
        );
    }
}

#[test]
fn a_proxy_of_no_known_kind_is_told_by_its_variable() {
    for (variable, value) in [
        ("ALL_PROXY", "ftp://user:hidden@127.0.0.1:1"),
        ("http_proxy", "http://"),
        ("HTTP_PROXY", "http://user:hidden@:x"),
    ] {
        let output = install("http://127.0.0.1:9/simple/", &[(variable, value)]);
        let output = output.failed(
            1,
            &[&format!("error: `{variable}` is not the URL of a proxy")],
        );
        assert!(!output.stderr.contains("hidden"), "{output:?}");
    }
}

#[test]
fn pages_may_be_packed_under_any_spelling() {
    for form in [Form::Json, Form::Html] {
        for (n_times, name) in [
            (1, "GZIP"),
            (1, "X-GZip , identity"),
            (2, "gzip, Gzip"),
            (0, "Identity"),
        ] {
            let index = index();
            index.set_form(form);
            index.misbehave("/simple/acme/", Fault::Packed(n_times, name), 1);
            install(&index.url(), &[]).succeeded();
        }
    }
    let index = index();
    index.misbehave("/simple/acme/", Fault::Packed(0, "compress"), 1);
    install(&index.url(), &[]).failed(1, &["`compress`, which is not supported"]);
}

#[test]
fn a_host_that_does_not_resolve_is_asked_for_twice() {
    let url = "http://packages.invalid/simple/";
    let output = install(url, &[]).failed(1, &["simple/acme/, requested twice"]);
    assert_eq!(output.stderr.matches("retrying (").count(), 1, "{output:?}");
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    for form in [Form::Json, Form::Html] {
        let index = index();
        index.set_form(form);
        index.misbehave("/simple/acme/", Fault::Marked, 1);
        install(&index.url(), &[]).succeeded();
    }
}

#[test]
fn what_poetry_asks_for_again_is_asked_for_again() {
    for status in [429, 500, 501, 502, 503, 504] {
        let index = index();
        let fault = Fault::Status(status, &[("retry-after", "0")]);
        index.misbehave("/simple/acme/", fault, 1);
        install(&index.url(), &[]).succeeded();
        assert_eq!(index.take_requests().len(), 3);
    }
}

#[test]
fn a_cause_is_told_once_however_many_requests_it_breaks() {
    let index = index();
    let fault = Fault::Status(503, &[("retry-after", "0")]);
    index.misbehave("/simple/acme/", fault, 3);
    let output = install(&index.url(), &[]).succeeded();
    assert_eq!(output.stderr.matches("retrying (").count(), 1, "{output:?}");
}

#[test]
fn a_system_without_certificates_is_told() {
    let server = TlsServer::start();
    let output = install(&server.url(), &[("SSL_CERT_FILE", "")]);
    output.failed(
        1,
        &[
            "hint: this system has no CA certificates",
            "ca-certificates",
            "--builtin-certificates",
        ],
    );
}

#[test]
fn weak_digests_install_only_where_they_are_allowed() {
    let index = index();
    let project = OnePackage::new(&[], "");
    let lock = project.workspace.project().join("poetry.lock");
    let text = std::fs::read_to_string(&lock).unwrap();
    for name in ["md5", "sha1", "sha224", "blake2b", "sha3_256"] {
        let output = std::process::Command::new("python3")
            .args(["-c", "import hashlib, sys; print(hashlib.new(sys.argv[1], sys.stdin.buffer.read()).hexdigest())", name])
            .stdin(wheel_file())
            .output()
            .unwrap();
        let digest = format!(
            "{name}:{}",
            String::from_utf8(output.stdout).unwrap().trim()
        );
        std::fs::write(&lock, text.replace(&project.digest.to_string(), &digest)).unwrap();
        let run = |arguments: &[&str]| {
            let mut command = project.command(arguments);
            Output::of(command.env("LOCK2VENV_INDEX_URL", index.url()))
        };
        let is_weak = matches!(name, "md5" | "sha1");
        if is_weak {
            run(&["install"]).failed(
                1,
                &[
                    &format!("poetry.lock has only a {name} digest of `acme-1.0-py3-none-any.whl`"),
                    "hint: take the file nevertheless: `--allow-weak-hashes`",
                ],
            );
        }
        let arguments: &[&str] = if is_weak {
            &["install", "--allow-weak-hashes"]
        } else {
            &["install"]
        };
        run(arguments).succeeded();
        let path = format!("/files/{}", wheel().file_name());
        assert!(index.take_paths().contains(&path), "{name}");
        // From the cache, which knows it by this digest.
        std::fs::remove_dir_all(project.workspace.project().join(".venv")).unwrap();
        run(arguments).succeeded();
        assert!(index.take_paths().is_empty(), "{name}");
        run(&["cache", "verify"]).succeeded();
        std::fs::remove_dir_all(project.workspace.project().join(".venv")).unwrap();
        let other = digest.replace(|digit| matches!(digit, 'a'..='f'), "0");
        let name = digest.split(':').next().unwrap();
        let other = format!("{name}:{}", &other[name.len() + 1..]);
        std::fs::write(&lock, text.replace(&project.digest.to_string(), &other)).unwrap();
        run(arguments).failed(1, &["is not the file that was locked"]);
        index.take_paths();
    }
}

/// The wheel, as a file to read.
fn wheel_file() -> std::fs::File {
    use std::io::{Seek as _, Write as _};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&wheel().build()).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn built_in_authorities_are_trusted_only_when_asked() {
    let server = TlsServer::start();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, CERTIFICATE).unwrap();
    let trusted = ("SSL_CERT_FILE", authority.to_str().unwrap());
    let asked = ("LOCK2VENV_BUILTIN_CERTIFICATES", "1");
    // This server answers 404 to whoever trusts it.
    install(&server.url(), &[trusted]).failed(1, &["has no package `acme`"]);
    for variables in [[trusted, asked], [("SSL_CERT_FILE", ""), asked]] {
        let output = install(&server.url(), &variables);
        assert!(!output.stderr.contains("no CA certificates"), "{output:?}");
        output.failed(1, &["if the certificate of `127.0.0.1` comes from"]);
    }
}
