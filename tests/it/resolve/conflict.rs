//! What is said when nothing satisfies.

use super::universe::Case;

#[track_caller]
fn says(releases: &[&str], requirements: &[&str], expected: &[&str]) {
    assert_eq!(Case::new(releases, requirements).conflict(), expected);
}

#[test]
fn projects_that_are_not_there() {
    says(
        &["a 1 -> b>=1"],
        &["a"],
        &[
            "`a` is required",
            "`a` requires `b>=1`",
            "`b` is not in the index",
        ],
    );
    says(
        &[],
        &["a>=1"],
        &["`a>=1` is required", "`a` is not in the index"],
    );
    says(
        &[],
        &["a @ https://u:secret@x.y/a.zip"],
        &[
            "`a @ https://x.y/a.zip` is required",
            "`a` at the URL that is required has no readable metadata",
        ],
    );
}

#[test]
fn versions_that_are_not_there() {
    says(
        &["a 1", "a 2"],
        &["a>2"],
        &[
            "`a>2` is required",
            "no version satisfies `a>2`; the newest is 2",
        ],
    );
    says(
        &["a 1 -> b>=3", "a 2 -> b>=4", "b 2"],
        &["a"],
        &[
            "`a` is required",
            "`a` requires `b>=4` in its newest version, and other versions of it in others",
            "no version satisfies `b>=4`; the newest is 2",
        ],
    );
}

#[test]
fn versions_that_are_no_candidates() {
    says(
        &["a 1 yanked", "a 2 yanked"],
        &["a"],
        &["`a` is required", "`a` is yanked"],
    );
    says(
        &["a 1 python>=3.12", "a 2 python>=3.13", "a 3 python>=3.13"],
        &["a"],
        &[
            "`a` is required",
            "`a` 2 and newer requires Python >=3.13",
            "`a` 1 requires Python >=3.12",
        ],
    );
    says(
        &["a 1", "a 2 tag=cp39-cp39-win_amd64"],
        &["a>1"],
        &[
            "`a>1` is required",
            "`a` 2 has no wheel for the target and no source distribution",
        ],
    );
    says(
        &["a 1 broken"],
        &["a"],
        &["`a` is required", "`a` has no readable metadata"],
    );
}

#[test]
fn requirements_that_exclude_each_other() {
    says(
        &["a 1", "a 2"],
        &["a<2", "a>1"],
        &["`a<2` is required", "`a>1` is required"],
    );
    let releases = [
        "vcs 1 -> scm>=8",
        "vcs 2 -> scm>=8",
        "scm 8 -> setuptools>=61",
        "scm 9 -> setuptools>=62",
        "setuptools 60",
        "setuptools 62",
    ];
    says(
        &releases,
        &["vcs", "setuptools<61"],
        &[
            "`vcs` is required",
            "`setuptools<61` is required",
            "`vcs` requires `scm>=8`",
            "`scm` requires `setuptools>=62` in its newest version, and other versions of it in others",
        ],
    );
}

#[test]
fn extras_that_exclude_each_other() {
    let releases = [
        "a 1 extras=x -> c<2; extra == 'x'",
        "b 1 -> c>=2",
        "c 1",
        "c 2",
    ];
    says(
        &releases,
        &["a[x]", "b"],
        &[
            "`a[x]` is required",
            "`b` is required",
            "`a[x]` requires `c<2`",
            "`b` requires `c>=2`",
        ],
    );
}

#[test]
fn versions_are_named_as_runs() {
    let releases = [
        "a 1",
        "a 2 -> b",
        "a 3 -> b",
        "a 4",
        "a 5 -> b",
        "a 6 -> b",
        "a 7 sdist",
        "b 1 python>=4",
    ];
    says(
        &releases,
        &["a!=1,!=4,!=7"],
        &[
            "`a!=1,!=4,!=7` is required",
            "`a` 5 to 6, 2 to 3 requires `b`",
            "`b` requires Python >=4",
        ],
    );
}

#[test]
fn versions_that_differ_are_not_listed_one_by_one() {
    let mut releases: Vec<_> = (1..40).map(|n| format!("a {n} -> b=={n}")).collect();
    releases.extend((41..80).map(|n| format!("b {n}")));
    let releases: Vec<_> = releases.iter().map(String::as_str).collect();
    says(
        &releases,
        &["a"],
        &[
            "`a` is required",
            "`a` requires `b==39` in its newest version, and other versions of it in others",
            "no version satisfies `b==39`; the newest is 79",
        ],
    );
}

#[test]
fn long_stories_are_cut_in_the_middle() {
    let mut releases: Vec<_> = (1..20).map(|n| format!("p{n} 1 -> p{}", n + 1)).collect();
    releases.push("p20 1 -> p1>1".to_owned());
    let releases: Vec<_> = releases.iter().map(String::as_str).collect();
    let lines = Case::new(&releases, &["p1"]).conflict();
    assert_eq!(lines.len(), 13);
    assert_eq!(
        lines[5..8],
        ["`p5` requires `p6`", "(10 more)", "`p16` requires `p17`"]
    );
    assert_eq!(lines[12], "no version satisfies `p1>1`; the newest is 1");
}
