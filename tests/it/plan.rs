//! Plans for many machines, without any of them: targets come from `fixtures/targets`.

use std::path::{Path, PathBuf};

use lock2venv::installed::{Installed, InstalledDistribution};
use lock2venv::lock::{File, Location, Package, Source};
use lock2venv::name::PackageName;
use lock2venv::plan::{
    Action, Builds, Distribution, DistributionId, Error, Form, Origin, PackagePolicy, Plan,
    PlanOptions, WantedPackage, WeakHashes, plan,
};
use lock2venv::target::Target;
use lock2venv::version::{Version, VersionConstraint};
use serde::Deserialize;

const LINUX: &str = "cp311-manylinux_2_36_x86_64";
const ALPINE: &str = "cp312-musllinux_1_2_x86_64";
const MAC: &str = "cp311-macosx_14_0_arm64";
const WINDOWS: &str = "cp311-win_amd64";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn target(name: &str) -> Target {
    let path = fixtures().join(format!("targets/{name}.json"));
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

fn package(name: &str, version: &str, files: &[&str]) -> Package {
    let file = |name: &&str| File {
        name: (*name).into(),
        hash: format!("sha256:{}", "0".repeat(64)).into(),
    };
    Package {
        name: PackageName::new(name),
        written_name: name.to_owned(),
        version: Version::parse(version).unwrap(),
        files: files.iter().map(file).collect(),
        source: None,
        resolved_source: None,
        python_versions: "*".to_owned(),
        python_constraint: VersionConstraint::parse("*").unwrap(),
        is_optional: false,
        is_develop: false,
        groups: Vec::new(),
        requires: Vec::new(),
        extras: Vec::new(),
    }
}

fn demo(files: &[&str]) -> Package {
    package("demo", "1.0", files)
}

fn demo_from(word: &str, url: &str, files: &[&str]) -> Package {
    let source = Source {
        location: Location::from_words(word, url).unwrap(),
        reference: Some("main".to_owned()),
        resolved_reference: Some("0123abc".to_owned()),
        subdirectory: None,
    };
    Package {
        source: Some(source.clone()),
        resolved_source: Some(source),
        ..demo(files)
    }
}

fn options() -> PlanOptions {
    PlanOptions {
        builds: Builds::Refused,
        ..PlanOptions::default()
    }
}

fn policy(text: &str) -> PackagePolicy {
    PackagePolicy::parse(&text.split(',').collect::<Vec<_>>())
}

fn installed(distributions: &[(&str, &str, Option<&str>)]) -> Installed {
    let distributions = distributions.iter();
    let distributions = distributions.map(|(name, version, direct_url)| InstalledDistribution {
        name: PackageName::new(name),
        version: Version::parse(version).unwrap(),
        dist_info: format!("{name}-{version}.dist-info").into(),
        direct_url: direct_url.map(str::to_owned),
    });
    Installed {
        distributions: distributions.collect(),
        ..Installed::default()
    }
}

fn plan_with(
    packages: &[Package],
    installed: &Installed,
    options: &PlanOptions,
) -> Result<Plan, Error> {
    let wanted: Vec<WantedPackage<'_>> = packages
        .iter()
        .map(|package| WantedPackage {
            package,
            is_requested: true,
        })
        .collect();
    plan(&wanted, &target(LINUX), installed, options)
}

/// Writes a plan as `+name version`, `~name old new`, `-name version`, `=name version`.
fn shown(plan: &Plan) -> String {
    let one = |action: &Action| match action {
        Action::Install(to) => format!("+{} {}", to.name, to.version),
        Action::Replace { from, to } => format!("~{} {} {}", to.name, from.version, to.version),
        Action::Remove(from) => format!("-{} {}", from.name, from.version),
        Action::Keep(there) => format!("={} {}", there.name, there.version),
    };
    let all: Vec<String> = plan.actions().iter().map(one).collect();
    all.join(", ")
}

/// The origin of the one distribution that a plan installs.
#[track_caller]
fn only_origin(plan: &Plan) -> &Origin {
    let [Action::Install(distribution)] = plan.actions() else {
        panic!("{plan:?}")
    };
    &distribution.origin
}

/// The file of the one distribution that a plan installs from an index.
#[track_caller]
fn only_file(plan: &Plan) -> String {
    let [Action::Install(distribution)] = plan.actions() else {
        panic!("{plan:?}")
    };
    distribution.file_name().unwrap().to_owned()
}

#[track_caller]
fn chooses_with(options: &PlanOptions, name: &str, files: &[&str], expected: &str) {
    let package = demo(files);
    let wanted = WantedPackage {
        package: &package,
        is_requested: true,
    };
    let chosen = match plan(&[wanted], &target(name), &Installed::default(), options) {
        Ok(plan) => only_file(&plan),
        Err(error) => error.to_string(),
    };
    assert_eq!(chosen, expected);
}

#[track_caller]
fn chooses(name: &str, files: &[&str], expected: &str) {
    chooses_with(&options(), name, files, expected);
}

const EVERYWHERE: [&str; 9] = [
    "demo-1.0-cp311-cp311-macosx_10_9_universal2.whl",
    "demo-1.0-cp311-cp311-macosx_11_0_arm64.whl",
    "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    "demo-1.0-cp311-cp311-win32.whl",
    "demo-1.0-cp311-cp311-win_amd64.whl",
    "demo-1.0-cp312-cp312-musllinux_1_1_x86_64.whl",
    "demo-1.0-py3-none-any.whl",
    "demo-1.0.tar.gz",
];

#[test]
fn each_machine_gets_its_own_wheel() {
    chooses(LINUX, &EVERYWHERE, EVERYWHERE[3]);
    chooses(ALPINE, &EVERYWHERE, EVERYWHERE[6]);
    chooses(MAC, &EVERYWHERE, EVERYWHERE[1]);
    chooses(WINDOWS, &EVERYWHERE, EVERYWHERE[5]);
    chooses("cp312-manylinux_2_39_ppc64le", &EVERYWHERE, EVERYWHERE[7]);
    chooses("pp310-macosx_14_0_arm64", &EVERYWHERE, EVERYWHERE[7]);
}

#[test]
fn build_tag_outdoes_a_better_tag() {
    chooses(
        LINUX,
        &[
            "demo-1.0-9-py3-none-any.whl",
            "demo-1.0-10-py3-none-any.whl",
            "demo-1.0-cp311-cp311-linux_x86_64.whl",
        ],
        "demo-1.0-10-py3-none-any.whl",
    );
}

#[test]
fn first_of_equals_is_taken() {
    chooses(
        LINUX,
        &["demo-1.0-py2.py3-none-any.whl", "demo-1.0-py3-none-any.whl"],
        "demo-1.0-py2.py3-none-any.whl",
    );
}

#[test]
fn files_of_other_versions_are_passed_over() {
    let files = [
        "demo-1.1-py3-none-any.whl",
        "other-1.0-py3-none-any.whl",
        "demo-1.0.0-py3-none-any.whl",
    ];
    chooses(LINUX, &files, "demo-1.0.0-py3-none-any.whl");
}

#[test]
fn source_distribution_alone_has_to_be_built() {
    let message = "`demo` 1.0 has to be built from the source distribution `demo-1.0.tar.gz`";
    chooses(LINUX, &["demo-1.0-py3.6.egg", "demo-1.0.tar.gz"], message);
}

#[test]
fn policies_are_those_of_poetry() {
    let files = ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"];
    let built = "`demo` 1.0 has to be built from the source distribution `demo-1.0.tar.gz`";
    let none = "no file of `demo` 1.0 can be installed on CPython 3.11, manylinux_2_36_x86_64";
    let cases = [
        ("", "", files[0]),
        (":all:", "", built),
        ("true", "", built),
        (":none:", "", files[0]),
        ("false", "", files[0]),
        ("other,Demo", "", built),
        ("other", "", files[0]),
        (":all:", "demo", files[0]),
        ("demo", ":all:", built),
        ("demo", "demo", none),
        (":all:", ":all:", none),
    ];
    for (no_binary, only_binary, expected) in cases {
        let options = PlanOptions {
            no_binary: policy(no_binary),
            only_binary: policy(only_binary),
            ..options()
        };
        chooses_with(&options, LINUX, &files, expected);
    }
}

/// A file of `fixtures/choices`: what Poetry's `Chooser` took.
#[derive(Deserialize)]
struct Recorded {
    packages: Vec<RecordedPackage>,
    choices: std::collections::BTreeMap<String, Vec<Option<usize>>>,
}

#[derive(Deserialize)]
struct RecordedPackage {
    name: String,
    version: String,
    files: Vec<String>,
}

#[test]
fn choice_is_that_of_poetry_for_real_locks_on_every_machine() {
    let mut n_choices = 0;
    for entry in fs_err::read_dir(fixtures().join("choices")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let recorded: Recorded =
            serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
        for (machine, choices) in &recorded.choices {
            let target = target(machine);
            for (recorded, choice) in recorded.packages.iter().zip(choices) {
                let files: Vec<&str> = recorded.files.iter().map(String::as_str).collect();
                let expected = choice.map(|index| files[index]);
                let ours = choice_of(&package(&recorded.name, &recorded.version, &files), &target);
                assert_eq!(ours.as_deref(), expected, "{} on {machine}", recorded.name);
                n_choices += 1;
            }
        }
    }
    assert!(n_choices > 3000, "only {n_choices} choices");
}

fn choice_of(package: &Package, target: &Target) -> Option<String> {
    let wanted = WantedPackage {
        package,
        is_requested: false,
    };
    match plan(&[wanted], target, &Installed::default(), &options()) {
        Ok(plan) => Some(only_file(&plan)),
        Err(Error::NeedsBuild { source_code, .. }) => {
            let text = source_code.to_string();
            text.split('`').nth(1).map(str::to_owned)
        }
        Err(Error::NoUsableFile { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn refusal_says_what_the_lock_has() {
    let files: Vec<String> = (8..=12)
        .flat_map(|minor| {
            let platforms = ["manylinux2014_aarch64", "manylinux2014_x86_64", "win_amd64"];
            platforms.map(|platform| format!("torch-2.3.1-cp3{minor}-cp3{minor}-{platform}.whl"))
        })
        .collect();
    let mut files: Vec<&str> = files.iter().map(String::as_str).collect();
    files.push("torch-2.3.1-cp313-none-macosx_11_0_arm64.whl");
    let torch = package("torch", "2.3.1", &files);
    let wanted = WantedPackage {
        package: &torch,
        is_requested: true,
    };
    let target = target("cp313-manylinux_2_36_x86_64");
    let error = plan(&[wanted], &target, &Installed::default(), &options()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no file of `torch` 2.3.1 can be installed on CPython 3.13, manylinux_2_36_x86_64"
    );
    assert_eq!(
        error.explanation(),
        [
            "16 wheels in poetry.lock: 15 for other Pythons (cp38 to cp312), 1 for other platforms",
            "no source distribution is listed"
        ]
    );
    assert_eq!(error.newest_python(), Some((3, 12)));
}

#[test]
fn all_refusals_are_told_at_once() {
    let packages = [
        package("a", "1", &["a-1-cp27-none-win32.whl"]),
        package("b", "1", &["b-1-py3-none-any.whl"]),
        package("c", "1", &[]),
    ];
    let error = plan_with(&packages, &Installed::default(), &options()).unwrap_err();
    assert_eq!(error.to_string(), "2 packages cannot be installed");
    assert_eq!(
        error.explanation(),
        [
            "no file of `a` 1 can be installed on CPython 3.11, manylinux_2_36_x86_64",
            "  1 wheel in poetry.lock: 1 for other Pythons (cp27)",
            "  no source distribution is listed",
            "no file of `c` 1 can be installed on CPython 3.11, manylinux_2_36_x86_64",
            "  poetry.lock lists no file of it",
        ]
    );
}

#[test]
fn file_with_no_trusted_digest_is_not_planned() {
    let mut old = demo(&["demo-1.0-py3-none-any.whl"]);
    old.files[0].hash = "md5:d41d8cd98f00b204e9800998ecf8427e".into();
    let error = plan_with(&[old], &Installed::default(), &options()).unwrap_err();
    let expected = "poetry.lock has only a md5 digest of `demo-1.0-py3-none-any.whl`, which other files can be made to have";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn weak_digests_count_only_where_they_are_allowed_and_alone() {
    let md5 = "md5:d41d8cd98f00b204e9800998ecf8427e";
    let strong = "blake2b:".to_owned() + &"0".repeat(128);
    let options = PlanOptions {
        weak_hashes: WeakHashes::Allowed,
        ..options()
    };
    let digests = |hashes: &[&str]| {
        let mut package = demo(&vec!["demo-1.0-py3-none-any.whl"; hashes.len()]);
        for (file, hash) in package.files.iter_mut().zip(hashes) {
            file.hash = (*hash).into();
        }
        let plan = plan_with(&[package], &Installed::default(), &options);
        let plan = plan.unwrap();
        let [Action::Install(planned)] = plan.actions() else {
            panic!("{plan:?}");
        };
        let digests = planned.origin.digests().iter();
        digests.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(digests(&[md5]), [md5]);
    assert_eq!(digests(&[md5, &strong]), [strong]);
}

#[test]
fn digests_are_those_of_the_chosen_name() {
    let mut package = demo(&[
        "demo-1.0-py3-none-any.whl",
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
    ]);
    for (file, digit) in package.files.iter_mut().zip(["1", "2", "3"]) {
        file.hash = format!("sha256:{}", digit.repeat(64)).into();
    }
    let plan = plan_with(&[package], &Installed::default(), &options()).unwrap();
    let Origin::Index {
        digests, source, ..
    } = only_origin(&plan)
    else {
        panic!("{plan:?}")
    };
    let hex: Vec<String> = digests
        .iter()
        .map(|digest| digest.hex()[..1].to_owned())
        .collect();
    assert_eq!(hex, ["1", "2"]);
    assert_eq!(*source, None);
}

fn libraries() -> [Package; 3] {
    ["a", "b", "c"].map(|name| package(name, "1.0", &[&format!("{name}-1.0-py3-none-any.whl")]))
}

#[test]
fn what_is_there_stays_and_what_differs_is_replaced() {
    let there = installed(&[
        ("a", "1.0.0", None),
        ("b", "0.9", None),
        ("extra", "1", None),
    ]);
    let plan = plan_with(&libraries(), &there, &options()).unwrap();
    assert_eq!(shown(&plan), "=a 1.0.0, ~b 0.9 1.0, +c 1.0");
    assert!(!plan.is_nothing_to_do());
    let there = installed(&[("a", "1.0", None), ("b", "1.0", None), ("c", "1.0", None)]);
    assert!(
        plan_with(&libraries(), &there, &options())
            .unwrap()
            .is_nothing_to_do()
    );
}

#[test]
fn sync_removes_all_but_pip_and_the_project() {
    let there = installed(&[
        ("a", "1.0", None),
        ("extra", "1", None),
        ("pip", "24", None),
        ("project", "0", None),
        ("setuptools", "70", None),
    ]);
    let options = PlanOptions {
        removes_others: true,
        project: Some(PackageName::new("project")),
        ..options()
    };
    let plan = plan_with(&libraries()[..1], &there, &options).unwrap();
    assert_eq!(shown(&plan), "=a 1.0, -extra 1, -setuptools 70");
}

#[test]
fn package_that_is_there_twice_is_put_right() {
    let there = installed(&[("a", "1.0", None), ("a", "0.9", None)]);
    let plan = plan_with(&libraries()[..1], &there, &options()).unwrap();
    assert_eq!(shown(&plan), "-a 0.9, ~a 1.0 1.0");
}

#[test]
fn what_stays_need_not_have_a_usable_file() {
    let packages = [
        demo(&["demo-1.0.tar.gz"]),
        package("old", "1.0", &["old-1.0-cp27-none-win32.whl"]),
    ];
    let there = installed(&[("demo", "1.0", None), ("old", "1.0", None)]);
    let plan = plan_with(&packages, &there, &options()).unwrap();
    assert_eq!(shown(&plan), "=demo 1.0, =old 1.0");
}

#[test]
fn one_name_in_two_versions_is_an_error() {
    let packages = [
        demo(&["demo-1.0-py3-none-any.whl"]),
        package("demo", "2.0", &["demo-2.0-py3-none-any.whl"]),
    ];
    let error = plan_with(&packages, &Installed::default(), &options()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "versions 1.0 and 2.0 of `demo` are both required"
    );
}

/// Plans for `demo` 1.0 from `package`'s source, with a `direct_url.json` there.
#[track_caller]
fn with_direct_url(package: &Package, direct_url: Option<&str>, expected: &str) {
    let there = installed(&[("demo", "1.0", direct_url)]);
    let shown = match plan_with(std::slice::from_ref(package), &there, &options()) {
        Ok(plan) => shown(&plan),
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expected, "{direct_url:?}");
}

const KEPT: &str = "=demo 1.0";
const REPLACED: &str = "~demo 1.0 1.0";

#[test]
fn index_does_not_matter_but_a_place_of_its_own_does() {
    let index = demo(&["demo-1.0-py3-none-any.whl"]);
    let legacy = demo_from(
        "legacy",
        "https://index.example.org/simple",
        &["demo-1.0-py3-none-any.whl"],
    );
    let direct = r#"{"url": "https://example.org/demo-1.0-py3-none-any.whl", "archive_info": {}}"#;
    for package in [&index, &legacy] {
        with_direct_url(package, None, KEPT);
        with_direct_url(package, Some(direct), REPLACED);
    }
}

#[test]
fn archive_of_an_address_stays_when_it_is_from_there() {
    let url = "https://user:secret@example.org/demo-1.0-py3-none-any.whl";
    let package = demo_from("url", url, &["demo-1.0-py3-none-any.whl"]);
    let digest = "0".repeat(64);
    let from = |url: &str, info: &str| format!(r#"{{"url": "{url}", "archive_info": {info}}}"#);
    let stripped = "https://example.org/demo-1.0-py3-none-any.whl";
    with_direct_url(&package, Some(&from(stripped, "{}")), KEPT);
    with_direct_url(
        &package,
        Some(&from(
            stripped,
            &format!(r#"{{"hashes": {{"sha256": "{digest}"}}}}"#),
        )),
        KEPT,
    );
    with_direct_url(
        &package,
        Some(&from(
            stripped,
            &format!(r#"{{"hash": "sha256={digest}"}}"#),
        )),
        KEPT,
    );
    let other = "1".repeat(64);
    with_direct_url(
        &package,
        Some(&from(
            stripped,
            &format!(r#"{{"hashes": {{"sha256": "{other}"}}}}"#),
        )),
        REPLACED,
    );
    with_direct_url(
        &package,
        Some(&from(
            "https://other.example.org/demo-1.0-py3-none-any.whl",
            "{}",
        )),
        REPLACED,
    );
    with_direct_url(&package, Some("{"), REPLACED);
    with_direct_url(&package, None, REPLACED);
}

#[test]
fn local_sources_stay_when_their_path_is_the_same() {
    let wheel = demo_from(
        "file",
        "/work/wheels/demo-1.0-py3-none-any.whl",
        &["demo-1.0-py3-none-any.whl"],
    );
    let file = |path: &str| format!(r#"{{"url": "file://{path}", "archive_info": {{}}}}"#);
    with_direct_url(
        &wheel,
        Some(&file("/work/wheels/demo-1.0-py3-none-any.whl")),
        KEPT,
    );
    with_direct_url(
        &wheel,
        Some(&file("/work/project/demo-1.0-py3-none-any.whl")),
        REPLACED,
    );

    let folder = demo_from("directory", "/work/project/libs/my demo", &[]);
    let directory =
        |path: &str, info: &str| format!(r#"{{"url": "file://{path}", "dir_info": {info}}}"#);
    with_direct_url(
        &folder,
        Some(&directory("/work/project/libs/my%20demo", "{}")),
        KEPT,
    );
    with_direct_url(
        &folder,
        Some(&directory(
            "/work/project/libs/my%20demo",
            r#"{"editable": true}"#,
        )),
        REPLACED,
    );
    with_direct_url(
        &folder,
        Some(&directory("/work/project/libs", "{}")),
        REPLACED,
    );
}

#[test]
fn commit_decides_for_git() {
    let git = demo_from("git", "https://example.org/demo.git", &[]);
    let commit = |id: &str| {
        format!(
            r#"{{"url": "https://example.org/demo.git", "vcs_info": {{"vcs": "git", "commit_id": "{id}"}}}}"#
        )
    };
    with_direct_url(&git, Some(&commit("0123abc")), KEPT);
    let message = "`demo` 1.0 has to be built from the git repository https://example.org/demo.git at 0123abc";
    with_direct_url(&git, Some(&commit("4567def")), message);
}

#[track_caller]
fn origin(package: Package, expected: &str) {
    let shown = match plan_with(&[package], &Installed::default(), &options()) {
        Ok(plan) => match only_origin(&plan) {
            Origin::Index { source, .. } => {
                format!("{} {}", source.as_ref().unwrap().name, only_file(&plan))
            }
            Origin::Url { url, .. } => format!("{url} {}", only_file(&plan)),
            Origin::File { path, .. } | Origin::Directory { path } => path.display().to_string(),
            Origin::Git(git) => git.url.to_string(),
        },
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expected);
}

#[test]
fn origins_follow_the_source() {
    let wheel = "demo-1.0-py3-none-any.whl";
    origin(
        demo_from("legacy", "https://i.example.org/simple", &[wheel]),
        &format!("main {wheel}"),
    );
    origin(demo_from("directory", "/work/demo", &[]), "/work/demo");
    origin(demo_from("directory", "/abs/demo", &[]), "/abs/demo");
    origin(
        demo_from("file", &format!("/work/{wheel}"), &[wheel]),
        &format!("/work/{wheel}"),
    );
    let url = "https://example.org/d/demo-1.0%2Bcpu-py3-none-any.whl?x=1#frag";
    origin(
        demo_from("url", url, &[wheel]),
        &format!("{url} demo-1.0+cpu-py3-none-any.whl"),
    );
    let windows = "https://example.org/demo-1.0-cp311-cp311-win32.whl";
    let message = "no file of `demo` 1.0 can be installed on CPython 3.11, manylinux_2_36_x86_64";
    origin(demo_from("url", windows, &[wheel]), message);
    let zip = "https://example.org/archive/main.zip";
    let message = "`demo` 1.0 has to be built from the source distribution `main.zip`";
    origin(demo_from("url", zip, &["main.zip"]), message);
    let escape = "https://example.org/d/..%2Fdemo-1.0-py3-none-any.whl";
    origin(
        demo_from("url", escape, &[wheel]),
        "the source of `demo` in poetry.lock has no file name",
    );
}

/// What `package` is installed from, when builds are allowed.
#[track_caller]
fn planned(package: Package) -> Distribution {
    let plan = plan_with(&[package], &Installed::default(), &PlanOptions::default()).unwrap();
    let [Action::Install(distribution)] = plan.actions() else {
        panic!("{plan:?}")
    };
    distribution.clone()
}

#[test]
fn what_has_to_be_built_is_a_form() {
    let sdist = |distribution: &Distribution| match &distribution.form {
        Form::Sdist { file, refused } => (file.clone(), refused.len()),
        form @ (Form::Wheel(_) | Form::Tree { .. }) => panic!("{form:?}"),
    };
    let indexed = planned(demo(&["demo-1.0-cp27-none-any.whl", "demo-1.0.tar.gz"]));
    assert_eq!(sdist(&indexed), ("demo-1.0.tar.gz".to_owned(), 1));
    assert_eq!(indexed.origin.digests().len(), 1);
    let url = "https://example.org/archive/main.zip";
    let archive = planned(demo_from("url", url, &["main.zip"]));
    assert_eq!(sdist(&archive), ("main.zip".to_owned(), 0));
    let url = "https://user:secret@example.org/demo.git";
    let git = planned(demo_from("git", url, &[]));
    assert_eq!(git.form, Form::Tree { is_editable: false });
    assert_eq!(git.file_name(), None);
    let Origin::Git(git) = &git.origin else {
        panic!("{git:?}")
    };
    assert_eq!(git.reference.as_deref(), Some("main"));
    assert_eq!(git.resolved_reference.as_deref(), Some("0123abc"));
    assert_eq!(
        git.url.without_credentials(),
        "https://example.org/demo.git"
    );
}

#[test]
fn distributions_are_numbered_by_their_actions() {
    let there = installed(&[("a", "1.0", None)]);
    let mut plan = plan_with(&libraries(), &there, &options()).unwrap();
    let project = plan.distributions().next().unwrap().clone();
    plan.push(Action::Install(project));
    let ids: Vec<usize> = plan.distributions().map(|new| new.id.position()).collect();
    assert_eq!(ids, [1, 2, 3]);
    for new in plan.distributions() {
        assert_eq!(plan.distribution(new.id).unwrap().id, new.id);
    }
    assert!(plan.distribution(DistributionId::new(0)).is_none());
    assert!(plan.distribution(DistributionId::new(4)).is_none());
}

#[test]
fn directories_that_are_not_there_can_be_left_out() {
    let packages = [demo_from("directory", "/work/demo", &[])];
    let options = PlanOptions {
        skips_directories: true,
        ..options()
    };
    let plan = plan_with(&packages, &Installed::default(), &options).unwrap();
    assert_eq!(shown(&plan), "");
}
