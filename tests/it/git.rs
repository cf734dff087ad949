//! Commits of git repositories are checked out whole, from every kind of server, and nothing in them is an option or a command.

use std::ffi::OsString;
use std::fs;

use lock2venv::git::{Error, Git, History, Refusal, Repository, UrlFault};
use lock2venv::process::Stop;
use lock2venv::url::{Credentials, WrittenUrl};

use crate::support::git_server::{Daemon, GitPlace, serve_files};
use crate::support::program::write_program;

const MISSING: &str = "00112233445566778899aabbccddeeff00112233";

fn repository<'a>(url: &'a WrittenUrl, commit: &'a str) -> Repository<'a> {
    Repository {
        url,
        commit,
        reference: None,
        subdirectory: None,
        history: History::Commit,
        credentials: None,
    }
}

/// A place with the repository `a`: an older commit with a tag, and a newer one. Returns their names.
fn two_commits() -> (GitPlace, String, String) {
    let place = GitPlace::new();
    place.create("a");
    let older = place.commit("a", "pkg/setup.py", "older");
    place.git("a", &["tag", "-a", "-m", "one", "v1.0"]);
    let newer = place.commit("a", "pkg/setup.py", "newer");
    (place, older, newer)
}

/// Variables of a git that speaks the first version of the protocol, which knows only what is advertised.
fn first_protocol(place: &GitPlace) -> Vec<(OsString, OsString)> {
    let mut variables = place.variables();
    for (name, value) in [
        ("COUNT", "1"),
        ("KEY_0", "protocol.version"),
        ("VALUE_0", "0"),
    ] {
        variables.push((format!("GIT_CONFIG_{name}").into(), value.into()));
    }
    variables
}

/// The number of commits in the checkout.
fn n_commits(place: &GitPlace) -> String {
    place.git("out", &["rev-list", "--count", "--all", "HEAD"])
}

#[test]
fn one_commit_is_checked_out_without_what_precedes_it() {
    let (place, older, newer) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    let out = place.check_out(&repository(&url, &newer)).unwrap();
    assert_eq!(out.commit, newer);
    assert_eq!(out.project, fs::canonicalize(place.path("out")).unwrap());
    assert_eq!(fs::read(place.path("out/pkg/setup.py")).unwrap(), b"newer");
    assert_eq!(n_commits(&place), "1");

    fs::remove_dir_all(place.path("out")).unwrap();
    assert_eq!(
        place.check_out(&repository(&url, &older)).unwrap().commit,
        older
    );
}

#[test]
fn a_checkout_is_complete_without_database_and_server() {
    let (place, _, newer) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    place.check_out(&repository(&url, &newer)).unwrap();
    fs::remove_dir_all(place.path("db")).unwrap();
    fs::remove_dir_all(place.path("a")).unwrap();
    place.git("out", &["fsck", "--full"]);
    assert_eq!(place.git("out", &["status", "--porcelain"]), "");
    assert_eq!(
        place.git("out", &["remote", "get-url", "origin"]),
        url.to_string()
    );
}

#[test]
fn a_commit_that_is_kept_needs_no_server() {
    let (place, _, newer) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    place.check_out(&repository(&url, &newer)).unwrap();
    fs::remove_dir_all(place.path("out")).unwrap();
    fs::remove_dir_all(place.path("a")).unwrap();
    place.check_out(&repository(&url, &newer)).unwrap();
    assert_eq!(fs::read(place.path("out/pkg/setup.py")).unwrap(), b"newer");
}

#[test]
fn the_whole_history_comes_with_its_tags() {
    let (place, _, newer) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    place.check_out(&repository(&url, &newer)).unwrap();
    fs::remove_dir_all(place.path("out")).unwrap();
    let full = Repository {
        history: History::Full,
        ..repository(&url, &newer)
    };
    place.check_out(&full).unwrap();
    assert_eq!(n_commits(&place), "2");
    assert!(place.git("out", &["describe"]).starts_with("v1.0-1-g"));
}

#[test]
fn servers_that_send_no_commit_by_its_name_send_the_branch_or_all() {
    let (place, older, newer) = two_commits();
    let daemon = Daemon::start(&place.path(""));
    let url = WrittenUrl::new(daemon.url("a"));
    let variables = first_protocol(&place);
    for (commit, reference) in [
        (&newer, Some("main")),
        (&older, Some("main")),
        (&older, None),
    ] {
        let repository = Repository {
            reference,
            ..repository(&url, commit)
        };
        let out = place
            .check_out_with(variables.clone(), &repository)
            .unwrap();
        assert_eq!(out.commit, *commit);
        assert_eq!(n_commits(&place), "1");
        fs::remove_dir_all(place.path("out")).unwrap();
        fs::remove_dir_all(place.path("db")).unwrap();
    }
    let result = place.check_out_with(variables, &repository(&url, MISSING));
    assert!(
        matches!(result, Err(Error::CommitMissing { .. })),
        "{result:?}"
    );
}

#[test]
fn a_commit_that_the_branch_left_behind_comes_with_the_branch() {
    let place = GitPlace::new();
    place.create("a");
    let older = place.commit("a", "x", "older");
    place.commit("a", "x", "newer");
    let daemon = Daemon::start(&place.path(""));
    let url = WrittenUrl::new(daemon.url("a"));
    let of_branch = Repository {
        reference: Some("main"),
        ..repository(&url, &older)
    };
    let out = place.check_out_with(first_protocol(&place), &of_branch);
    assert_eq!(out.unwrap().commit, older);
}

#[test]
fn a_history_that_a_later_fetch_cut_is_fetched_again() {
    let (place, _, two) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    let full = |commit| Repository {
        history: History::Full,
        ..repository(&url, commit)
    };
    place.check_out(&full(&two)).unwrap();
    place.commit("a", "x", "three");
    let four = place.commit("a", "x", "four");
    for repository in [repository(&url, &four), full(&four)] {
        fs::remove_dir_all(place.path("out")).unwrap();
        place.check_out(&repository).unwrap();
    }
    assert_eq!(n_commits(&place), "4");
    assert!(place.git("out", &["describe"]).starts_with("v1.0-3-g"));
}

#[test]
fn locks_of_a_git_that_was_killed_are_removed() {
    let (place, older, newer) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    place.check_out(&repository(&url, &newer)).unwrap();
    fs::remove_dir_all(place.path("out")).unwrap();
    let reference = format!("db/refs/lock2venv/{older}.lock");
    for lock in ["db/shallow.lock", "db/packed-refs.lock", &reference] {
        fs::write(place.path(lock), "").unwrap();
    }
    place.check_out(&repository(&url, &older)).unwrap();
}

#[test]
fn formats_and_line_ends_of_the_user_do_not_count() {
    let place = GitPlace::new();
    place.create("a");
    place.commit("a", ".gitattributes", "* text=auto\n");
    let commit = place.commit("a", "x", "one\ntwo\n");
    let text = "[init]\n\tdefaultObjectFormat = sha256\n[core]\n\teol = crlf\n";
    fs::write(place.path(".gitconfig"), text).unwrap();
    let url = WrittenUrl::new(place.url("a"));
    place.check_out(&repository(&url, &commit)).unwrap();
    assert_eq!(fs::read(place.path("out/x")).unwrap(), b"one\ntwo\n");
}

/// A user name in the URL of a server that wants `authorization`: the checkout, and what the user's store holds after it.
fn with_user(user: &str, authorization: &'static str, stored: &[&str]) -> (bool, Vec<String>) {
    let (place, _, commit) = two_commits();
    place.git("a", &["update-server-info"]);
    let host = serve_files(place.path("a/.git"), authorization);
    let store = place.path("stored");
    let helper = format!(
        "[credential]\n\thelper = store --file={}\n",
        store.display()
    );
    fs::write(place.path(".gitconfig"), helper).unwrap();
    let port = host.replace(':', "%3a");
    let lines = stored
        .iter()
        .map(|known| format!("http://{known}@{port}\n"));
    fs::write(&store, lines.collect::<String>()).unwrap();
    let url = WrittenUrl::new(format!("http://{user}@{host}/"));
    let out = place.check_out(&repository(&url, &commit));
    let kept = fs::read_to_string(&store).unwrap();
    let users = kept.lines().map(|line| {
        let (known, _) = line.split_once('@').unwrap();
        known.trim_start_matches("http://").to_owned()
    });
    assert!(place.holding("db", user).is_empty());
    (out.is_ok(), users.collect())
}

#[test]
fn a_helper_of_the_user_is_asked_for_the_name_in_the_url_and_told_nothing() {
    // `alice:secret1`.
    let alice = "Basic YWxpY2U6c2VjcmV0MQ==";
    let known = ["bob:secret2", "alice:secret1"];
    assert_eq!(
        with_user("alice", alice, &known),
        (true, known.map(str::to_owned).into())
    );
    let known = ["bob:secret2", "alice:wrong"];
    assert_eq!(
        with_user("alice", alice, &known),
        (false, known.map(str::to_owned).into())
    );
    // `canary-4711:`.
    let token = "Basic Y2FuYXJ5LTQ3MTE6";
    assert_eq!(with_user("canary-4711", token, &[]), (true, Vec::new()));
}

#[test]
fn a_commit_that_was_pushed_away_is_named() {
    let (place, ..) = two_commits();
    let url = WrittenUrl::new(place.url("a"));
    let error = place.check_out(&repository(&url, MISSING)).unwrap_err();
    let expected = format!("the git repository `{url}` has no commit {MISSING} (any more)");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn submodules_come_at_their_commits_by_relative_urls_too() {
    let place = GitPlace::new();
    place.create("inner");
    place.commit("inner", "deep", "deep");
    place.create("sub");
    place.git(
        "sub",
        &["submodule", "--quiet", "add", &place.url("inner"), "in"],
    );
    place.commit("sub", "file", "recorded");
    place.create("a");
    place.git(
        "a",
        &["submodule", "--quiet", "add", &place.url("sub"), "lib/sub"],
    );
    place.git(
        "a",
        &[
            "config",
            "--file",
            ".gitmodules",
            "submodule.lib/sub.url",
            "../sub",
        ],
    );
    let commit = place.commit("a", "file", "outer");
    place.commit("sub", "file", "later");

    let url = WrittenUrl::new(place.url("a"));
    place.check_out(&repository(&url, &commit)).unwrap();
    assert_eq!(
        fs::read(place.path("out/lib/sub/file")).unwrap(),
        b"recorded"
    );
    assert_eq!(
        fs::read(place.path("out/lib/sub/in/deep")).unwrap(),
        b"deep"
    );
}

#[test]
fn submodules_are_no_commands_and_not_of_this_machine() {
    let (place, _, commit) = two_commits();
    let daemon = Daemon::start(&place.path(""));
    for module in ["ext::touch% ran", "-u./x", &place.url("a")] {
        let text = format!("[submodule \"s\"]\n\tpath = s\n\turl = {module}\n");
        place.create("hostile");
        fs::write(place.path("hostile/.gitmodules"), text).unwrap();
        let entry = format!("160000,{commit},s");
        place.git("hostile", &["update-index", "--add", "--cacheinfo", &entry]);
        place.git("hostile", &["add", ".gitmodules"]);
        place.git("hostile", &["commit", "--quiet", "-m", "x"]);
        let head = place.git("hostile", &["rev-parse", "HEAD"]);
        let url = WrittenUrl::new(daemon.url("hostile"));
        let error = place.check_out(&repository(&url, &head)).unwrap_err();
        let is_refused = matches!(
            error,
            Error::Refused {
                refusal: Refusal::Transport,
                ..
            }
        );
        assert!(is_refused || module.starts_with('-'), "{module}: {error:?}");
        for name in ["hostile", "out", "db"] {
            fs::remove_dir_all(place.path(name)).unwrap();
        }
    }
}

#[test]
fn the_folder_of_the_project_is_inside() {
    let (place, _, commit) = two_commits();
    std::os::unix::fs::symlink("/", place.path("a/up")).unwrap();
    let linked = place.commit("a", "x", "linked");
    let url = WrittenUrl::new(place.url("a"));
    let out = place.check_out(&Repository {
        subdirectory: Some("pkg"),
        ..repository(&url, &commit)
    });
    let root = fs::canonicalize(place.path("out")).unwrap();
    assert_eq!(out.unwrap().project, root.join("pkg"));
    for folder in [
        "..",
        "/",
        "pkg/../..",
        "gone",
        "pkg/setup.py",
        "up",
        "up/usr",
    ] {
        fs::remove_dir_all(place.path("out")).unwrap();
        fs::create_dir(place.path("out")).unwrap();
        let result = place.check_out(&Repository {
            subdirectory: Some(folder),
            ..repository(&url, &linked)
        });
        assert!(
            matches!(result, Err(Error::Subdirectory { .. })),
            "{folder}: {result:?}"
        );
    }
}

#[test]
fn what_could_be_an_option_or_a_command_is_refused_before_git_runs() {
    let (place, _, commit) = two_commits();
    let ran = place.path("ran");
    let texts = [
        format!("--upload-pack=touch {}", ran.display()),
        format!("ext::touch% {}", ran.display()),
        format!("ssh://-oProxyCommand=touch {}/x", ran.display()),
    ];
    for text in texts {
        let url = WrittenUrl::new(text);
        let result = place.check_out(&repository(&url, &commit));
        let fault = match result {
            Err(Error::Url { fault, .. }) => fault,
            other => panic!("{url}: {other:?}"),
        };
        assert!(matches!(fault, UrlFault::Option | UrlFault::Transport));
    }
    let url = WrittenUrl::new(place.url("a"));
    let option = repository(&url, "--upload-pack=touch ran");
    assert!(matches!(place.check_out(&option), Err(Error::Commit(_))));
    let option = Repository {
        reference: Some("--upload-pack=x"),
        ..repository(&url, &commit)
    };
    assert!(matches!(place.check_out(&option), Err(Error::Reference(_))));
    assert!(!ran.exists() && !place.path("db").exists());
}

#[test]
fn hooks_of_the_user_do_not_run_and_his_other_urls_count() {
    let (place, _, commit) = two_commits();
    let ran = place.path("ran");
    for hook in ["post-checkout", "reference-transaction"] {
        let path = place.path("template/hooks").join(hook);
        write_program(&path, format!("#!/bin/sh\ntouch {}\n", ran.display()));
    }
    let folder = place.path("template");
    let text = format!(
        "[core]\n\thooksPath = {0}/hooks\n[init]\n\ttemplateDir = {0}\n[url \"{1}\"]\n\tinsteadOf = https://forge.example/\n",
        folder.display(),
        place.url("")
    );
    fs::write(place.path(".gitconfig"), text).unwrap();
    let url = WrittenUrl::new("https://forge.example/a");
    place.check_out(&repository(&url, &commit)).unwrap();
    assert!(!ran.exists());
}

#[test]
fn paths_into_the_git_folder_are_not_written() {
    let place = GitPlace::new();
    place.create("a");
    let blob = place.commit("a", "file", "x");
    let blob = place.git("a", &["rev-parse", &format!("{blob}:file")]);
    for name in [".GIT", "git~1", ".git\u{200c}"] {
        let listing = place.path("listing");
        fs::write(&listing, format!("100644 blob {blob}\t{name}\n")).unwrap();
        let command = format!("!git mktree < {}", listing.display());
        let tree = place.git("a", &["-c", &format!("alias.make={command}"), "make"]);
        let commit = place.git("a", &["commit-tree", "-m", "x", &tree]);
        place.git("a", &["update-ref", "refs/heads/hostile", &commit]);
        let url = WrittenUrl::new(place.url("a"));
        let result = place.check_out(&repository(&url, &commit));
        assert!(
            matches!(result, Err(Error::Failed { .. })),
            "{name}: {result:?}"
        );
        fs::remove_dir_all(place.path("out")).unwrap();
    }
}

#[test]
fn credentials_reach_the_server_and_nothing_else() {
    let (place, _, commit) = two_commits();
    place.git("a", &["update-server-info"]);
    // `robot:canary-4711`.
    let host = serve_files(place.path("a/.git"), "Basic cm9ib3Q6Y2FuYXJ5LTQ3MTE=");
    let log = place.path("stored");
    let helper = format!("[credential]\n\thelper = store --file={}\n", log.display());
    fs::write(place.path(".gitconfig"), helper).unwrap();
    let credentials = Credentials {
        username: "robot".to_owned(),
        password: "canary-4711".to_owned(),
    };
    let bare = WrittenUrl::new(format!("http://{host}/"));
    let given = Repository {
        credentials: Some(&credentials),
        ..repository(&bare, &commit)
    };
    let url = WrittenUrl::new(format!("http://robot:canary-4711@{host}/"));
    for repository in [given, repository(&url, &commit)] {
        let out = place.check_out(&repository).unwrap();
        assert_eq!(out.commit, commit);
        assert!(place.holding("", "canary-4711").is_empty());
        fs::remove_dir_all(place.path("out")).unwrap();
        fs::remove_dir_all(place.path("db")).unwrap();
    }

    let result = place.check_out(&repository(&bare, &commit));
    let is_unauthorized = matches!(
        result,
        Err(Error::Refused {
            refusal: Refusal::Unauthorized,
            ..
        })
    );
    assert!(is_unauthorized, "{result:?}");

    let wrong = WrittenUrl::new(format!("http://robot:canary-wrong@{host}/"));
    let error = place.check_out(&repository(&wrong, &commit)).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("canary-wrong"));
    assert!(place.holding("", "canary-wrong").is_empty());
}

#[test]
fn a_repository_that_is_gone_is_named() {
    let place = GitPlace::new();
    let url = WrittenUrl::new(place.url("gone"));
    let result = place.check_out(&repository(&url, MISSING));
    let is_gone = matches!(
        result,
        Err(Error::Refused {
            refusal: Refusal::NotFound,
            ..
        })
    );
    assert!(is_gone, "{result:?}");
}

#[test]
fn no_git_and_an_old_one_are_errors() {
    let place = GitPlace::new();
    let stop = Stop::default();
    assert!(matches!(Git::find([], &stop), Err(Error::NoGit)));
    let path = place.path("git");
    write_program(&path, "#!/bin/sh\necho git version 1.8.3.1\n");
    let folder = place.path("");
    let result = Git::find([("PATH".into(), folder.into())], &stop);
    assert!(matches!(result, Err(Error::TooOld(_))), "{result:?}");
}

#[test]
fn nothing_starts_once_all_is_to_stop() {
    let place = GitPlace::new();
    let stop = Stop::default();
    stop.stop();
    let result = Git::find(place.variables(), &stop);
    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
}
