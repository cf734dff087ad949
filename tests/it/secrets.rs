//! Who is told a secret: the address that the project or the settings name for it, and nobody else.

use std::fs;

use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;

use crate::support::local_index::{Fault, LocalIndex};
use crate::support::one_package::{OnePackage, index, legacy, wheel};
use crate::support::tls::{self, TlsServer};
use crate::support::workspace::Output;

const COMMANDS: [&[&str]; 4] = [
    &["verify"],
    &["install"],
    &["install", "--dry-run"],
    &["export", "-f", "pylock.toml"],
];

#[test]
fn a_changed_lock_asks_nobody_and_shows_both_addresses() {
    let (ours, theirs) = (index(), index());
    let scene = OnePackage::moved(
        &ours.at_with("u:secret-one", "/simple/"),
        &theirs.at_with("u:secret-two", "/simple/"),
    );
    for command in COMMANDS {
        let output = scene.run(command).failed(
            1,
            &[
                "error: the source `private` has another URL in poetry.lock than in pyproject.toml",
                &format!("poetry.lock     {}", theirs.url()),
                // As pyproject.toml has it, without the `/`.
                &format!("pyproject.toml  {}", ours.at("/simple")),
                "hint: ",
            ],
        );
        assert!(!output.stderr.contains("secret"), "{output:?}");
    }
    assert!(ours.take_requests().is_empty());
    assert!(theirs.take_requests().is_empty());
}

#[test]
fn another_index_of_the_same_host_is_another_address() {
    let host = index();
    for path in ["/simple-evil", "/", "/simple/below", "/Simple", "/simple?x"] {
        let scene = OnePackage::moved(&host.at("/simple"), &host.at(path));
        scene.run(&["install"]).failed(1, &["has another URL"]);
    }
    assert!(host.take_requests().is_empty());
}

#[test]
fn one_address_may_be_written_in_many_ways() {
    for (project, locked) in [
        ("/simple/", "/simple"),
        ("/simple", "/simple/"),
        ("/simple", "//x/../s%69mple"),
    ] {
        let host = index();
        host.require("reader-canary:hush-canary");
        let scene = OnePackage::moved(&host.at(project), &host.at(locked));
        scene.run(&["install"]).succeeded();
    }
}

#[test]
fn credentials_in_one_of_the_addresses_are_no_difference() {
    for (in_project, in_lock) in [(true, false), (false, true), (true, true)] {
        let host = index();
        host.require(if in_project {
            "mine:canary"
        } else {
            "reader-canary:hush-canary"
        });
        let at = |is_there| {
            if is_there {
                host.at_with("mine:canary", "/simple")
            } else {
                host.at("/simple")
            }
        };
        let scene = OnePackage::moved(&at(in_project), &at(in_lock));
        // What is asked is the project's address, with the credentials that are set for it.
        scene.run(&["install"]).succeeded();
        scene.run(&["export", "-f", "pylock.toml"]).succeeded();
    }
}

#[test]
fn names_of_sources_are_compared_without_case() {
    let host = index();
    host.require("reader-canary:hush-canary");
    let sources = [("Private", host.url())];
    let sources = sources.each_ref().map(|(name, url)| (*name, url.as_str()));
    let scene = OnePackage::new(&sources, &legacy(&host.url(), "private"));
    scene.run(&["install"]).succeeded();
}

#[test]
fn a_source_that_the_project_lacks_is_told_with_those_that_it_has() {
    let host = index();
    for sources in [&[][..], &[("Other", "http://127.0.0.1:9/simple")]] {
        let scene = OnePackage::new(sources, &legacy(&host.url(), "private"));
        // As Poetry, which does not take a repository of the settings for a source.
        let mut command = scene.command(&["install"]);
        command.env("POETRY_REPOSITORIES_PRIVATE_URL", host.url());
        Output::of(&mut command).failed(
            1,
            &["error: poetry.lock names the source `private`, which pyproject.toml does not define"],
        );
        let output = scene.run(&["install"]).failed(1, &["PyPI"]);
        assert_eq!(output.stderr.contains("Other"), !sources.is_empty());
        scene
            .run(&["export", "-f", "pylock.toml"])
            .failed(1, &["Repository \"private\" does not exist.", "PyPI"]);
    }
    assert!(host.take_requests().is_empty());
}

#[test]
fn a_package_without_a_source_comes_from_the_first_where_pypi_is_displaced() {
    let (pypi, first) = (index(), index());
    first.require("reader-canary:hush-canary");
    let scene = OnePackage::new(&[], "");
    let pyproject = std::fs::read_to_string(scene.workspace.project().join("pyproject.toml"));
    let source = format!(
        "[[tool.poetry.source]]\nname = \"private\"\nurl = \"{}\"\n",
        first.url()
    );
    let pyproject = pyproject.unwrap() + &source;
    scene.workspace.write("pyproject.toml", &pyproject);
    let project = Project::parse(&pyproject, &scene.workspace.project(), &Disk).unwrap();
    let lock = std::fs::read_to_string(scene.workspace.project().join("poetry.lock")).unwrap();
    let (head, _) = lock.split_once("content-hash").unwrap();
    let hash = project.content_hash().unwrap();
    let lock = format!("{head}content-hash = \"{hash}\"\n");
    scene.workspace.write("poetry.lock", lock);
    let mut command = scene.command(&["install"]);
    command.env("LOCK2VENV_INDEX_URL", pypi.url());
    Output::of(&mut command).succeeded();
    assert!(pypi.take_requests().is_empty());
}

#[test]
fn pypi_named_as_a_source_is_pypi() {
    let stand_in = index();
    for (url, is_right) in [
        ("https://pypi.org/simple/", true),
        ("http://127.0.0.1:9/simple", false),
    ] {
        let scene = OnePackage::new(&[("PyPI", "")], &legacy(url, "PyPI"));
        let mut command = scene.command(&["install"]);
        command.env("LOCK2VENV_INDEX_URL", stand_in.url());
        let output = Output::of(&mut command);
        if is_right {
            output.succeeded();
        } else {
            output.failed(1, &["pyproject.toml  https://pypi.org/simple/"]);
        }
    }
}

#[test]
fn a_source_that_changed_does_not_matter_for_what_is_there() {
    let (ours, theirs) = (index(), index());
    ours.require("reader-canary:hush-canary");
    let scene = OnePackage::moved(&ours.url(), &ours.url());
    scene.run(&["install"]).succeeded();
    let lock = std::fs::read_to_string(scene.workspace.project().join("poetry.lock")).unwrap();
    let lock = lock.replace(&ours.url(), &theirs.url());
    scene.workspace.write("poetry.lock", lock);
    scene.run(&["install"]).succeeded();
    scene.run(&["export"]).succeeded();
    assert!(theirs.take_requests().is_empty());
}

#[test]
fn files_of_another_host_use_its_own_credentials() {
    let (page, files) = (LocalIndex::start(), index());
    let name = wheel().file_name();
    let of_files = files.at(&format!("/files/{name}"));
    page.require("reader-canary:hush-canary");
    files.require("other:other-canary");
    page.add("acme", &name, &wheel().build());
    let sources = [("private", page.url()), ("files", files.url())];
    let sources = sources.each_ref().map(|(name, url)| (*name, url.as_str()));
    let scene = OnePackage::new(&sources, &legacy(&page.url(), "private"));
    let body = format!(
        "{{\"meta\":{{\"api-version\":\"1.0\"}},\"files\":[{{\"filename\":\"{name}\",\"url\":\"{of_files}\",\"hashes\":{{\"sha256\":\"{}\"}}}}]}}",
        scene.digest.hex()
    );
    for is_redirect in [false, true] {
        let fault = if is_redirect {
            Fault::Redirect(of_files.clone())
        } else {
            Fault::Body(body.clone().into_bytes())
        };
        let path = if is_redirect {
            format!("/files/{name}")
        } else {
            "/simple/acme/".to_owned()
        };
        page.misbehave(&path, fault, 1);
        let mut command = scene.command(&["install", "--no-cache"]);
        command.env("POETRY_HTTP_BASIC_FILES_USERNAME", "other");
        command.env("POETRY_HTTP_BASIC_FILES_PASSWORD", "other-canary");
        Output::of(&mut command).succeeded();
        assert_eq!(files.take_paths(), [format!("/files/{name}")]);
        std::fs::remove_dir_all(scene.workspace.project().join(".venv")).unwrap();
    }
}

/// Every file below `folder`, as one text of names and contents.
fn everything_below(folder: &std::path::Path) -> String {
    let mut text = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            text += &entry.path().display().to_string();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                text += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap());
            }
        }
    }
    text
}

/// What must be nowhere: the secrets of `private`, as they are, encoded, and as their header has them.
const CANARIES: [&str; 6] = [
    "hush-canary",
    "hush%2Dcanary",
    "%68ush-canary",
    "reader-canary",
    // `reader-canary:hush-canary`
    "cmVhZGVyLWNhbmFyeTpodXNoLWNhbmFyeQ",
    "token-in-path",
];

#[track_caller]
fn holds_no_canary(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
}

/// A page whose one entry has these keys, too.
fn page(of: &OnePackage, url: &str, more: &str) -> Fault {
    let text = format!(
        "{{\"meta\":{{\"api-version\":\"1.0\"}},\"files\":[{{\"filename\":\"{}\",\"url\":\"{url}\",\"hashes\":{{\"sha256\":\"{}\"}}{more}}}]}}",
        wheel().file_name(),
        of.digest.hex()
    );
    Fault::Body(text.into_bytes())
}

#[test]
fn what_a_server_repeats_is_not_shown_and_not_kept() {
    const BASIC: &str = "Basic cmVhZGVyLWNhbmFyeTpodXNoLWNhbmFyeQ==";
    let gone = |url: &str| Fault::Redirect(url.to_owned());
    let scene = OnePackage::new(&[], "");
    let faults = [
        Fault::ContentType("image/hush-canary; x=%68ush-canary"),
        Fault::ContentType(BASIC),
        Fault::Packed(0, "hush-canary"),
        Fault::Body(b"{\"meta\":{\"api-version\":\"2.reader-canary\"}}".to_vec()),
        Fault::Body(b"{\"files\":\"hush-canary\"}".to_vec()),
        Fault::Body(b"{\"files\":[\"hush-canary\"]}".to_vec()),
        Fault::Body(b"hush-canary".to_vec()),
        Fault::Status(401, &[("www-authenticate", "Basic realm=\"hush-canary\"")]),
        Fault::Status(403, &[("location", "/hush-canary")]),
        Fault::Status(418, &[("retry-after", "hush-canary")]),
        gone("/simple/hush-canary/%68ush-canary/"),
        gone("ftp://hush-canary@127.0.0.1/reader-canary"),
        gone("http://hush-canary:1:2/"),
        page(&scene, "/files/hush-canary/x.whl", ""),
        page(&scene, "/files/x.whl?unknown=hush-canary", ""),
        page(&scene, "ftp://127.0.0.1/%2568ush-canary", ""),
        page(&scene, "http://[hush-canary/", ""),
    ];
    for fault in faults {
        for more in [&[][..], &["-v"]] {
            let host = index();
            host.require("reader-canary:hush-canary");
            host.misbehave("/simple/acme/", fault.clone(), 9);
            let scene = OnePackage::moved(&host.url(), &host.url());
            for command in COMMANDS {
                let mut command = scene.command(&[more, command].concat());
                command.env("POETRY_REQUESTS_MAX_RETRIES", "0");
                let output = Output::of(&mut command);
                holds_no_canary(&output.stdout);
                holds_no_canary(&output.stderr);
            }
            holds_no_canary(&everything_below(&scene.workspace.home()));
        }
    }
}

#[test]
fn what_a_server_repeats_is_used_and_not_kept() {
    let host = index();
    host.require("reader-canary:hush-canary");
    let scene = OnePackage::moved(&host.url(), &host.url());
    let file = format!("/files/{}", wheel().file_name());
    let more = ",\"yanked\":\"hush-canary, %68ush-canary\",\"upload-time\":\"hush-canary\"";
    for url in [file.clone(), format!("{file}?unknown=hush-canary")] {
        host.misbehave("/simple/acme/", page(&scene, &url, more), 2);
        host.misbehave(&file, Fault::Redirect(format!("{file}?x=hush-canary")), 1);
        for command in COMMANDS {
            let output = scene.run(&[&["-v"], command].concat());
            holds_no_canary(&output.stdout);
            holds_no_canary(&output.stderr);
        }
        holds_no_canary(&everything_below(&scene.workspace.home()));
        let environment = scene.workspace.project().join(".venv");
        if environment.exists() {
            holds_no_canary(&everything_below(&environment));
            std::fs::remove_dir_all(environment).unwrap();
        }
    }
}

#[test]
fn a_token_in_the_path_of_an_index_is_not_kept() {
    let host = index();
    let scene = OnePackage::new(&[], "");
    let file = wheel().file_name();
    host.misbehave(
        "/token-in-path/simple/acme/",
        Fault::Redirect("/simple/acme/".to_owned()),
        1,
    );
    host.misbehave("/simple/acme/", page(&scene, "/token-in-path/x.whl", ""), 1);
    host.misbehave(
        "/token-in-path/x.whl",
        Fault::Redirect(format!("/files/{file}")),
        1,
    );
    let mut command = scene.command(&["install"]);
    command.env("LOCK2VENV_INDEX_URL", host.at("/token-in-path/simple/"));
    Output::of(&mut command).succeeded();
    holds_no_canary(&everything_below(&scene.workspace.home()));
    holds_no_canary(&everything_below(&scene.workspace.project().join(".venv")));
}

#[test]
fn a_server_that_leads_elsewhere_with_our_password_is_not_followed() {
    let (host, elsewhere) = (index(), index());
    host.require("reader-canary:hush-canary");
    let scene = OnePackage::moved(&host.url(), &host.url());
    for path in ["/hush-canary", "/x?y=%68ush-canary"] {
        let url = elsewhere.at(path);
        for fault in [Fault::Redirect(url.clone()), page(&scene, &url, "")] {
            host.misbehave("/simple/acme/", fault, 1);
            let output = scene.run(&["install"]).failed(1, &["to another server"]);
            holds_no_canary(&output.stderr);
        }
    }
    assert!(elsewhere.take_requests().is_empty());
}

#[test]
fn what_is_wrong_with_refused_credentials_is_told() {
    let host = index();
    host.require("other:other");
    let scene = OnePackage::moved(&host.url(), &host.url());
    let username = "POETRY_HTTP_BASIC_PRIVATE_USERNAME";
    let password = "POETRY_HTTP_BASIC_PRIVATE_PASSWORD";
    let check = |set: &[(&str, &str)], expected: &str| {
        let mut command = scene.command(&["install"]);
        command.env_remove(username).env_remove(password);
        command.envs(set.iter().copied());
        Output::of(&mut command).failed(1, &[&format!("hint: {expected}")]);
    };
    check(&[(password, "p")], &format!("{username} is missing"));
    check(&[(username, "u")], &format!("{password} is missing"));
    check(
        &[(username, "u"), (password, "p\n")],
        &format!("{password} begins or ends with a line break"),
    );
    check(
        &[(username, "u\r\n"), (password, "p")],
        &format!("{username} begins or ends with a line break"),
    );
    check(
        &[(username, "u"), (password, "p")],
        &format!("check {username} and {password}"),
    );
    check(&[], &format!("set {username} and {password}"));
}

/// What `private` sends on to plain http is asked for there without the credentials.
#[test]
fn credentials_for_https_do_not_follow_a_redirect_to_http() {
    let plain = index();
    let secure = TlsServer::start_sending_on(plain.at(""));
    let url = secure.url();
    let scene = OnePackage::new(&[("private", &url)], &legacy(&url, "private"));
    scene.workspace.write("authority.pem", tls::CERTIFICATE);
    // Those of a host are for each of its ports, but not in the clear where the host is known by https.
    let netrc = "machine 127.0.0.1 login reader password hush-canary\n";
    fs::write(scene.workspace.home().join(".netrc"), netrc).unwrap();
    let mut command = scene.command(&["install"]);
    command.env("POETRY_CERTIFICATES_PRIVATE_CERT", "authority.pem");
    Output::of(&mut command).succeeded();
    let told = secure.lines();
    assert!(told.iter().any(|line| line.contains("Basic ")), "{told:?}");
    let requests = plain.take_requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.header("authorization"), None, "{request:?}");
    }
}

/// The lock's URL of an archive may let the bearer in: `direct_url.json` has it without, and is still known as the same.
#[test]
fn tokens_in_the_url_of_an_archive_are_not_written_into_the_environment() {
    let host = index();
    let path = format!("/files/{}?token=hush-canary&mirror=2", wheel().file_name());
    let url = host.at_with("reader-canary:hush-canary", &path);
    let entry = format!("[package.source]\ntype = \"url\"\nurl = \"{url}\"\n");
    let scene = OnePackage::new(&[], &entry);
    scene.run(&["install"]).succeeded();
    let written = installed_file(&scene, "acme-1.0.dist-info/direct_url.json");
    let expected = host.at(&format!("/files/{}?mirror=2", wheel().file_name()));
    assert!(
        written.contains(&format!("\"url\": \"{expected}\"")),
        "{written}"
    );
    assert!(!written.contains("canary"), "{written}");
    assert!(
        host.take_paths()
            .iter()
            .any(|asked| asked.contains("hush-canary"))
    );
    scene
        .run(&["install"])
        .succeeded()
        .said(&["No dependencies to install or update"]);
    assert!(host.take_requests().is_empty());
}

/// Reads a file of the environment's site-packages.
fn installed_file(scene: &OnePackage, path: &str) -> String {
    let lib = scene.workspace.project().join(".venv/lib");
    let mut pythons = fs::read_dir(lib).unwrap();
    let python = pythons.next().unwrap().unwrap().path();
    fs::read_to_string(python.join("site-packages").join(path)).unwrap()
}

#[test]
fn sources_that_share_their_variables_are_named() {
    let host = index();
    let url = host.url();
    let sources = [("my.repo", url.as_str()), ("my-repo", url.as_str())];
    let scene = OnePackage::new(&sources, &legacy(&url, "my-repo"));
    let warning =
        "the sources `my.repo` and `my-repo` share the variables POETRY_HTTP_BASIC_MY_REPO_…";
    let output = scene.run(&["install"]).succeeded();
    assert!(!output.stderr.contains(warning), "{output:?}");
    let mut command = scene.command(&["verify"]);
    command.env("POETRY_HTTP_BASIC_MY_REPO_PASSWORD", "hush");
    Output::of(&mut command).succeeded().said(&[warning]);
}

#[test]
fn an_index_that_hides_what_one_may_not_see_is_explained() {
    let host = LocalIndex::start();
    let scene = OnePackage::moved(&host.url(), &host.url());
    scene.run(&["install"]).failed(
        1,
        &[
            "error: index `private` has no package `acme`",
            "/simple/acme/, credentials tried: environment",
            "hint: if the index hides it without the right credentials: check POETRY_HTTP_BASIC_PRIVATE_USERNAME",
        ],
    );
}
