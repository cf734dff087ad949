//! Resolving requirements in small universes.

mod conflict;
mod properties;
mod universe;

use lock2venv::resolve::{InvalidInput, Question};

use universe::{Case, Universe};

#[track_caller]
fn resolves(releases: &[&str], requirements: &[&str], expected: &str) {
    assert_eq!(Case::new(releases, requirements).outcome(), expected);
}

#[test]
fn newest_versions_are_chosen() {
    resolves(&["a 1.9", "a 1.10", "b 1"], &["a"], "a 1.10");
    resolves(&["a 1", "a 2", "b 1", "c 1"], &["c", "a<2"], "a 1, c 1");
    resolves(&["a 1"], &[], "");
    resolves(&["a 2 sdist", "a 2.0"], &["a==2.0.0"], "a 2.0");
}

#[test]
fn two_ways_to_one_package_meet() {
    let diamond = ["a 1 -> c<3", "b 1 -> c>=2", "c 1", "c 2", "c 3"];
    resolves(&diamond, &["a", "b"], "a 1, b 1, c 2");
}

#[test]
fn older_versions_are_tried() {
    let releases = ["a 1", "a 2 -> b>=2", "a 3 -> b>=3", "b 1", "b 2"];
    resolves(&releases, &["a"], "a 2, b 2");
    resolves(&releases, &["a", "b<2"], "a 1, b 1");
    resolves(&releases, &["b<2", "a"], "a 1, b 1");
}

#[test]
fn packages_may_require_each_other() {
    resolves(&["a 1 -> b", "b 1 -> a"], &["a"], "a 1, b 1");
    resolves(&["a 1 -> a>=1", "a 2 -> a<2"], &["a"], "a 1");
}

#[test]
fn extras_add_requirements() {
    let releases = [
        "a 1 extras=x,y -> b; extra == 'x' | c; extra == 'y' | d",
        "a 2 -> d",
        "b 1",
        "c 1",
        "d 1",
    ];
    resolves(&releases, &["a<2"], "a 1, d 1");
    resolves(&releases, &["A[X]<2"], "a 1, b 1, d 1");
    resolves(&releases, &["a[x]", "a[y]<2"], "a 1, b 1, c 1, d 1");
    resolves(&releases, &["a[x]"], "a 2 without x, d 1");
}

#[test]
fn extras_may_name_extras_of_the_same_package() {
    let releases = [
        "a 1 extras=all,x -> a[x]; extra == 'all' | b; extra == 'x'",
        "b 1",
    ];
    resolves(&releases, &["a[all]"], "a 1, b 1");
}

#[test]
fn an_extra_has_the_version_of_its_package() {
    let releases = [
        "a 1 extras=x -> c==1; extra == 'x'",
        "a 2 extras=x -> c==2; extra == 'x'",
        "b 1 -> c==1",
        "c 1",
        "c 2",
    ];
    resolves(&releases, &["a[x]", "b"], "a 1, b 1, c 1");
}

#[test]
fn markers_are_those_of_the_target() {
    let releases = [
        "a 1 -> b; python_version < '3.12' | c; sys_platform == 'win32'",
        "b 1",
        "c 1",
    ];
    resolves(&releases, &["a", "d; os_name == 'nt'"], "a 1, b 1");
    let mut case = Case::new(&releases, &["a"]);
    case.target = "cp312-win_arm64";
    assert_eq!(case.outcome(), "a 1, c 1");
}

#[test]
fn pre_releases_are_chosen_when_named() {
    let releases = ["a 1", "a 2rc1", "a 2rc2", "b 1 -> a>=2rc1"];
    resolves(&releases, &["a"], "a 1");
    resolves(&releases, &["a>=2rc1"], "a 2rc2");
    resolves(&releases, &["a>=1.dev0"], "a 2rc2");
    resolves(&releases, &["a", "b"], "a 2rc2, b 1");
    resolves(&releases, &["a!=1.1rc1"], "a 1");
}

#[test]
fn pre_releases_are_chosen_when_nothing_else_satisfies() {
    let releases = ["a 1", "a 2rc1", "a 3", "b 1.dev1", "c 1 -> a<3"];
    resolves(&releases, &["b"], "b 1.dev1");
    resolves(&releases, &["a>1,<3"], "a 2rc1");
    resolves(&releases, &["a>1", "c"], "a 2rc1, c 1");
}

#[test]
fn pre_releases_are_no_way_out_of_a_conflict() {
    let releases = ["a 1 -> b==1", "a 2rc1", "b 1", "b 2"];
    assert_eq!(Case::new(&releases, &["a", "b==2"]).conflict().len(), 4);
}

#[test]
fn who_was_not_chosen_makes_no_pre_release_a_candidate() {
    let releases = ["a 2 -> b>=2rc1 | c==2", "a 1 -> b", "b 1", "b 2rc1", "c 1"];
    resolves(&releases, &["a", "c"], "a 1, b 1, c 1");
}

#[test]
fn yanked_versions_have_to_be_pinned() {
    let releases = ["a 1", "a 2 yanked", "b 1 -> a==2"];
    resolves(&releases, &["a"], "a 1");
    resolves(&releases, &["a==2"], "a 2");
    resolves(&releases, &["a===2"], "a 2");
    resolves(&releases, &["a", "b"], "a 2, b 1");
    assert_eq!(Case::new(&releases, &["a>=2"]).conflict().len(), 2);
    assert_eq!(Case::new(&releases, &["a==2.*"]).conflict().len(), 2);
    resolves(&["a 1 yanked", "a 1 sdist"], &["a==1"], "a 1 sdist");
}

#[test]
fn wheels_come_before_newer_source_distributions() {
    let releases = [
        "a 1",
        "a 2 tag=cp39-cp39-win_amd64",
        "a 2 sdist",
        "a 3 sdist",
        "b 1 sdist",
    ];
    resolves(&releases, &["a"], "a 1 before 3");
    resolves(&releases, &["a<3"], "a 1 before 2");
    resolves(&releases, &["a>1"], "a 3 sdist");
    resolves(&releases, &["b"], "b 1 sdist");
    resolves(&["a 1 sdist", "a 1"], &["a"], "a 1");
}

#[test]
fn the_best_wheel_of_a_version_is_chosen() {
    let releases = [
        "a 1",
        "a 1 tag=cp311-cp311-manylinux_2_17_x86_64",
        "a 1 tag=cp311-abi3-manylinux_2_17_x86_64",
        "a 1 tag=7-cp311-abi3-manylinux_2_17_x86_64",
    ];
    let case = Case::new(&releases, &["a"]);
    assert_eq!(case.files(), ["a-1-cp311-cp311-manylinux_2_17_x86_64.whl"]);
    let case = Case::new(&releases[2..], &["a"]);
    assert_eq!(case.files(), ["a-1-7-cp311-abi3-manylinux_2_17_x86_64.whl"]);
}

#[test]
fn versions_for_other_pythons_are_passed_over() {
    let releases = [
        "a 1 python>=2.7",
        "a 2 python>=3.12",
        "a 3 metadata-python>=3.12",
        "a 1.5 python>=x",
    ];
    resolves(&releases, &["a"], "a 1.5");
    let mut case = Case::new(&releases, &["a"]);
    case.target = "cp312-manylinux_2_36_x86_64";
    assert_eq!(case.outcome(), "a 3");
}

#[test]
fn constraints_narrow_and_add_nothing() {
    let mut case = Case::new(&["a 1", "a 2", "a 3rc1", "b 1"], &["a"]);
    case.constraints = vec!["A<2", "b>=5", "c; os_name == 'nt'"];
    assert_eq!(case.outcome(), "a 1");
    case.constraints = vec!["a>=1", "a>=3rc1"];
    assert_eq!(case.outcome(), "a 3rc1");
    case.constraints = vec!["a>=9"];
    assert_eq!(case.conflict()[1], "`a` is excluded by constraint `a>=9`");
    case.constraints = vec!["a[x]<2"];
    assert_eq!(
        case.invalid(),
        InvalidInput::NoConstraint(universe::name("a"))
    );
}

#[test]
fn preferences_are_taken_where_they_satisfy() {
    let mut case = Case::new(&["a 1", "a 2", "a 3", "b 1 -> a>=2"], &["a"]);
    case.preferences = vec![("a", "1")];
    assert_eq!(case.outcome(), "a 1");
    case.requirements = vec!["a", "b"];
    assert_eq!(case.outcome(), "a 3, b 1");
    case.preferences = vec![("a", "2"), ("c", "1")];
    assert_eq!(case.outcome(), "a 2, b 1");
}

#[test]
fn urls_name_the_one_file() {
    let releases = [
        "a 1",
        "b 1 -> a>=2",
        "https://x.y/a.zip = a 2 -> c @ https://x.y/c.whl",
        "https://x.y/c.whl = c 7",
    ];
    resolves(
        &releases,
        &["a @ https://x.y/a.zip", "b"],
        "a 2 url, b 1, c 7 url",
    );
    resolves(
        &releases,
        &["a @ https://x.y/a.zip", "c", "a>1"],
        "a 2 url, c 7 url",
    );
    let conflict = Case::new(&releases, &["a @ https://x.y/a.zip", "a<2"]).conflict();
    assert_eq!(conflict[2], "no version satisfies `a<2`; the newest is 2");
    let twice = Case::new(
        &releases,
        &["a @ https://x.y/a.zip", "a @ https://x.y/b.zip"],
    );
    assert_eq!(twice.invalid(), InvalidInput::TwoUrls(universe::name("a")));
}

#[test]
fn packages_of_an_index_require_no_urls() {
    let releases = [
        "a 1",
        "a 2 -> c @ https://x.y/c.whl",
        "https://x.y/c.whl = c 7",
    ];
    resolves(&releases, &["a"], "a 1");
    resolves(&releases, &["a", "c @ https://x.y/c.whl"], "a 2, c 7 url");
}

#[test]
fn a_source_distribution_never_needs_itself() {
    let mut case = Case::new(&["a 1 sdist -> b", "b 1", "b 2 sdist"], &["b"]);
    case.building = Some(vec!["a", "b"]);
    assert_eq!(case.outcome(), "b 1");
    case.requirements = vec!["b>1"];
    assert_eq!(
        case.conflict(),
        [
            "`b>1` is required",
            "`b` 2 has to be built, and is needed for its own build"
        ]
    );
}

#[test]
fn builds_can_be_forbidden() {
    let mut case = Case::new(&["a 1", "a 2 sdist", "b 1 sdist"], &["a"]);
    case.building = None;
    assert_eq!(case.outcome(), "a 1");
    case.requirements = vec!["b"];
    assert_eq!(
        case.conflict()[1],
        "`b` has to be built, which is forbidden"
    );
}

#[test]
fn unusable_metadata_rules_out_one_version() {
    resolves(&["a 1", "a 2 -> b>>1"], &["a"], "a 1");
    resolves(&["a 1", "a 2 broken"], &["a"], "a 1");
}

#[test]
fn everyone_who_requires_a_package_is_named() {
    let releases = ["a 1 -> c>=1", "b 1 -> c", "c 1"];
    let case = Case::new(&releases, &["b", "c<2", "a"]);
    assert_eq!(case.requirers("c"), ["root: c<2", "a: c>=1", "b: c"]);
}

#[test]
fn questions_come_together_and_once() {
    let releases = ["a 1 -> c", "b 1 -> c | d", "c 1 -> e", "d 1", "e 1"];
    let mut universe = Universe::new(&releases);
    assert_eq!(
        Case::new(&releases, &["a", "b"])
            .run(&mut universe)
            .unwrap()
            .packages
            .len(),
        5
    );
    assert_eq!(universe.rounds, [2, 2, 2, 2, 1, 1]);
}

#[test]
fn many_versions_are_asked_about_at_once_when_one_after_the_other_fails() {
    let mut releases: Vec<_> = (1..100).map(|n| format!("a {n} -> b>={n}")).collect();
    releases.extend(["b 1".to_owned(), "b 0".to_owned()]);
    let releases: Vec<_> = releases.iter().map(String::as_str).collect();
    let mut universe = Universe::new(&releases);
    Case::new(&releases, &["a"]).run(&mut universe).unwrap();
    assert!(universe.rounds.len() < 16, "{:?}", universe.rounds);
}

#[test]
fn no_answer_is_an_error() {
    let mut universe = Universe::new(&["a 1"]);
    universe.is_silent = true;
    let error = Case::new(&[], &["a"]).run(&mut universe).unwrap_err();
    let question = Question::Project(universe::name("a"));
    assert_eq!(error.to_string(), format!("{question:?} was not answered"));
}
