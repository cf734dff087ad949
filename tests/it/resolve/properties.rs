//! The solver against trying everything.

use std::collections::BTreeMap;

use lock2venv::resolve::{DependencySpecifier, Error, Solution};
use lock2venv::version::Version;
use proptest::prelude::*;

use super::universe::{Case, Universe};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const VERSIONS: [&str; 3] = ["1", "2", "3"];

/// A universe: for each package and version, whether it is there and what it requires.
#[derive(Clone, Debug)]
struct Small {
    releases: BTreeMap<(&'static str, &'static str), Vec<String>>,
    requirements: Vec<String>,
}

fn requirement() -> impl Strategy<Value = String> {
    let operators = ["", ">=", "<", "==", "!=", "<="];
    let parts = (
        0..NAMES.len(),
        0..operators.len(),
        0..VERSIONS.len(),
        any::<bool>(),
    );
    parts.prop_map(move |(name, operator, version, has_extra)| {
        let extra = if has_extra { "[x]" } else { "" };
        let versions = match operators[operator] {
            "" => String::new(),
            operator => format!("{operator}{}", VERSIONS[version]),
        };
        format!("{}{extra}{versions}", NAMES[name])
    })
}

fn marked() -> impl Strategy<Value = String> {
    (requirement(), any::<bool>()).prop_map(|(requirement, is_extra)| {
        let marker = if is_extra { "; extra == 'x'" } else { "" };
        format!("{requirement}{marker}")
    })
}

fn small() -> impl Strategy<Value = Small> {
    let n_releases = NAMES.len() * VERSIONS.len();
    let release = proptest::option::weighted(0.8, proptest::collection::vec(marked(), 0..3));
    let releases = proptest::collection::vec(release, n_releases);
    let requirements = proptest::collection::vec(requirement(), 1..3);
    (releases, requirements).prop_map(|(releases, requirements)| {
        let keys = NAMES
            .iter()
            .flat_map(|name| VERSIONS.map(|version| (*name, version)));
        let releases = keys
            .zip(releases)
            .filter_map(|(key, one)| Some((key, one?)));
        Small {
            releases: releases.collect(),
            requirements,
        }
    })
}

/// What is chosen of each package, and with the extra or without.
type Choice = BTreeMap<&'static str, (&'static str, bool)>;

impl Small {
    fn lines(&self) -> Vec<String> {
        let lines = self.releases.iter().map(|((name, version), dependencies)| {
            format!("{name} {version} extras=x -> {}", dependencies.join(" | "))
        });
        lines.collect()
    }

    fn solve(&self) -> Option<Solution> {
        let lines = self.lines();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let requirements: Vec<_> = self.requirements.iter().map(String::as_str).collect();
        match Case::new(&lines, &requirements).run(&mut Universe::new(&lines)) {
            Ok(solution) => Some(solution),
            Err(Error::Conflict(conflict)) => {
                assert!(!conflict.beginning.is_empty());
                None
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn wanted(&self) -> Wanted {
        let wish = |text: &String| Wish::new(text);
        let releases = self.releases.iter();
        Wanted {
            inputs: self.requirements.iter().map(wish).collect(),
            releases: releases
                .map(|(key, texts)| (*key, texts.iter().map(wish).collect()))
                .collect(),
        }
    }
}

/// A universe, read.
struct Wanted {
    inputs: Vec<Wish>,
    releases: BTreeMap<(&'static str, &'static str), Vec<Wish>>,
}

struct Wish {
    name: String,
    versions: Vec<&'static str>,
    has_extra: bool,
    is_for_extra: bool,
}

impl Wish {
    fn new(text: &str) -> Self {
        let (requirement, marker) = text.split_once(';').unwrap_or((text, ""));
        let requirement = DependencySpecifier::parse(requirement).unwrap();
        let satisfies = |version: &&str| {
            let version = Version::parse(version).unwrap();
            requirement.specifiers.contains(&version)
        };
        Self {
            name: requirement.name.to_string(),
            versions: VERSIONS.into_iter().filter(satisfies).collect(),
            has_extra: !requirement.extras.is_empty(),
            is_for_extra: !marker.is_empty(),
        }
    }

    fn is_granted_by(&self, choice: &Choice) -> bool {
        let chosen = choice.get(self.name.as_str());
        chosen.is_some_and(|(version, has_extra)| {
            self.versions.contains(version) && (*has_extra || !self.has_extra)
        })
    }
}

impl Wanted {
    /// Tells whether everything that `choice` requires is in it.
    fn is_solved_by(&self, choice: &Choice) -> bool {
        let mut wishes: Vec<&Wish> = self.inputs.iter().collect();
        for (name, (version, has_extra)) in choice {
            let Some(own) = self.releases.get(&(*name, *version)) else {
                return false;
            };
            wishes.extend(own.iter().filter(|wish| *has_extra || !wish.is_for_extra));
        }
        wishes.iter().all(|wish| wish.is_granted_by(choice))
    }

    /// Tries every choice.
    fn has_solution(&self) -> bool {
        let versions = VERSIONS
            .iter()
            .flat_map(|version| [(*version, false), (*version, true)]);
        let each: Vec<_> = [None].into_iter().chain(versions.map(Some)).collect();
        (0..each.len().pow(4)).any(|mut number| {
            let mut choice = Choice::new();
            for name in NAMES {
                if let Some(one) = each[number % each.len()] {
                    choice.insert(name, one);
                }
                number /= each.len();
            }
            self.is_solved_by(&choice)
        })
    }
}

/// The choice that a solution is, with every extra that someone asked for.
fn choice(solution: &Solution) -> Choice {
    let packages = solution.packages.iter().map(|package| {
        let known =
            |all: &[&'static str], text: &str| *all.iter().find(|one| **one == text).unwrap();
        let has_extra = package
            .required_by
            .iter()
            .any(|one| one.requirement.contains("[x]"));
        let version = known(&VERSIONS, package.version.text());
        (known(&NAMES, package.name.as_str()), (version, has_extra))
    });
    packages.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_solution_is_found_where_there_is_one_and_is_one(small in small()) {
        let wanted = small.wanted();
        match small.solve() {
            Some(solution) => prop_assert!(wanted.is_solved_by(&choice(&solution)), "{solution:?}"),
            None => prop_assert!(!wanted.has_solution()),
        }
        prop_assert_eq!(small.solve(), small.solve());
    }
}
