//! The algebra of markers and versions, held against what poetry-core answers and against the laws of `and` and `or`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lock2venv::marker::{Marker, MarkerEnvironment, Variable};
use lock2venv::name::ExtraName;
use lock2venv::requirement::Requirement;
use lock2venv::version::{Bound, Range, Version, VersionConstraint, regions};
use proptest::prelude::*;
use proptest::sample::select;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) static ENVIRONMENTS: LazyLock<Vec<MarkerEnvironment>> = LazyLock::new(environments);

fn environments() -> Vec<MarkerEnvironment> {
    let entries = std::fs::read_dir(fixtures().join("targets")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let targets = paths.iter().map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut target: serde_json::Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(target["marker_environment"].take()).unwrap()
    });
    targets.collect()
}

fn digit(answer: bool) -> char {
    if answer { '1' } else { '0' }
}

/// Compares `answer` with the recorded ones; `None` stands for an error.
fn compare(file: &str, answer: impl Fn(&str, &[&str]) -> Option<String>) {
    let text = std::fs::read_to_string(fixtures().join("markers").join(file)).unwrap();
    let mut wrong = Vec::new();
    let mut n_lines = 0;
    for line in text.lines() {
        n_lines += 1;
        let columns: Vec<&str> = line.split('\t').collect();
        let [operation, operands @ .., expected] = columns.as_slice() else {
            panic!("too few columns: {line}");
        };
        let ours = answer(operation, operands).unwrap_or_else(|| "!".to_owned());
        if ours != *expected {
            wrong.push(format!(
                "{operation} {operands:?}\n  poetry {expected}\n  ours   {ours}"
            ));
        }
    }
    assert!(n_lines > 100, "{file} has only {n_lines} lines");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn markers_are_what_poetry_makes_of_them() {
    compare("markers.tsv", |operation, operands| {
        marker_answer(operation, operands, &ENVIRONMENTS)
    });
}

fn marker_answer(
    operation: &str,
    operands: &[&str],
    environments: &[MarkerEnvironment],
) -> Option<String> {
    let marker = Marker::parse(operands[0]).ok()?;
    let second = operands.get(1).copied().unwrap_or_default();
    let extras: Vec<ExtraName> = second.split_whitespace().map(ExtraName::new).collect();
    let result = match operation {
        "parse" => marker,
        "intersect" => marker.intersect(&Marker::parse(second).ok()?),
        "union" => marker.union(&Marker::parse(second).ok()?),
        "invert" => marker.invert(),
        "cnf" => marker.cnf(),
        "dnf" => marker.dnf(),
        "without_extras" => marker.without_extras(),
        "exclude" => marker.exclude(variable(second)),
        "only" => marker.only(&second.split(' ').map(variable).collect::<Vec<_>>()),
        "reduce" => {
            marker.reduce_by_python_constraint(&VersionConstraint::parse_marker(second).ok()?)
        }
        "apply" => marker.apply_extras(&extras),
        "python" => return Some(marker.python_constraint().to_string()),
        "dependency" => {
            let extras: Vec<_> = marker.in_extras().iter().map(ToString::to_string).collect();
            return Some(format!(
                "{} ; {}",
                marker.python_versions(),
                extras.join(" ")
            ));
        }
        "evaluate" => {
            let answers = environments
                .iter()
                .map(|environment| marker.evaluate(environment, &extras));
            return Some(answers.map(digit).collect());
        }
        _ => panic!("unknown operation {operation}"),
    };
    Some(result.to_string())
}

fn variable(name: &str) -> Variable {
    match name {
        "os_name" => Variable::OsName,
        "sys_platform" => Variable::SysPlatform,
        "platform_machine" => Variable::PlatformMachine,
        "platform_release" => Variable::PlatformRelease,
        "platform_system" => Variable::PlatformSystem,
        "python_version" => Variable::PythonVersion,
        "python_full_version" => Variable::PythonFullVersion,
        "extra" => Variable::Extra,
        _ => panic!("unknown variable {name}"),
    }
}

#[test]
fn versions_and_constraints_are_what_poetry_makes_of_them() {
    compare("constraints.tsv", version_answer);
}

fn version_answer(operation: &str, operands: &[&str]) -> Option<String> {
    let version = |place: usize| Version::parse(operands[place]).ok();
    let python = |text: &str| VersionConstraint::parse_marker(text).ok();
    Some(match operation {
        "version" => version(0)?.normal().to_owned(),
        "compare" => format!("{:?}", version(0)?.cmp(&version(1)?))
            .replace("Less", "<")
            .replace("Greater", ">")
            .replace("Equal", "="),
        "nested" => Marker::from_python_constraint(&python(operands[0])?).to_string(),
        "regions" => {
            let constraints: Option<Vec<_>> = operands.iter().copied().map(python).collect();
            let regions: Vec<_> = regions(&constraints?).iter().map(region).collect();
            regions.join(" ; ")
        }
        _ => return constraint_answer(operation, operands[0], &operands[1..]),
    })
}

fn region(region: &Range) -> String {
    let edge = |bound: Option<&Bound>, sign: &str| {
        bound.map_or(String::new(), |bound| {
            let equal = if bound.is_included { "=" } else { "" };
            format!("{sign}{equal}{}", bound.version.normal())
        })
    };
    format!(
        "{},{}",
        edge(region.min.as_ref(), ">"),
        edge(region.max.as_ref(), "<")
    )
}

fn constraint_answer(operation: &str, dialect: &str, operands: &[&str]) -> Option<String> {
    let parse = |text: &str| match dialect {
        "package" => VersionConstraint::parse(text).ok(),
        "python" => VersionConstraint::parse_marker(text).ok(),
        "platform" => VersionConstraint::parse_release(text).ok(),
        _ => panic!("unknown dialect {dialect}"),
    };
    let constraint = parse(operands[0])?;
    Some(match operation {
        "parse" => {
            let questions = [
                constraint.is_any(),
                constraint.is_empty(),
                constraint.is_simple(),
                constraint.has_upper_bound(),
            ];
            format!(
                "{constraint} ; {}",
                questions.map(digit).iter().collect::<String>()
            )
        }
        "allows" => digit(constraint.allows(&Version::parse(operands[1]).ok()?)).to_string(),
        "allows_all" => digit(constraint.allows_all(&parse(operands[1])?)).to_string(),
        "allows_any" => digit(constraint.allows_any(&parse(operands[1])?)).to_string(),
        "intersect" => constraint.intersect(&parse(operands[1])?).to_string(),
        "union" => constraint.union(&parse(operands[1])?).to_string(),
        "difference" => constraint.difference(&parse(operands[1])?).to_string(),
        _ => panic!("unknown operation {operation}"),
    })
}

#[test]
fn requirements_are_what_poetry_makes_of_them() {
    compare("requirements.tsv", |_, operands| {
        let requirement = Requirement::parse(operands[0]).ok()?;
        let parts = [
            requirement.name,
            requirement.extras.join(","),
            requirement.constraint_text,
            requirement.constraint.to_string(),
            requirement
                .url
                .map_or_else(String::new, |url| url.as_written().to_owned()),
            requirement.marker.to_string(),
        ];
        Some(parts.join(" ; "))
    });
}

const WORDS: [&str; 36] = [
    "python_version",
    "python_full_version",
    "platform_release",
    "os.name",
    "extra",
    "\"",
    "'",
    "(",
    ")",
    " ",
    " and ",
    " or ",
    "in",
    " not in ",
    "==",
    "~=",
    "!=",
    ">=",
    "<",
    "^",
    "~",
    "*",
    ".*",
    "1",
    "3.8",
    ".0",
    "rc1",
    ".dev0",
    "+x",
    "-",
    ",",
    "|",
    "!",
    "\n",
    "é",
    ";",
];

/// A comparison that means the same to Poetry whichever way it is simplified.
pub(crate) fn comparison() -> impl Strategy<Value = String> {
    let python = (
        select(vec!["<", "<=", ">", ">=", "==", "!="]),
        select(vec!["3.7", "3.8", "3.9", "3.10", "3.11", "3.12"]),
    );
    let full = (
        select(vec!["<", "<=", ">", ">=", "==", "!="]),
        select(vec!["3.8.0", "3.8.18", "3.10.1", "3.11.7", "3.12.0"]),
    );
    let text = select(vec![
        ("sys_platform", "linux"),
        ("sys_platform", "win32"),
        ("sys_platform", "darwin"),
        ("platform_machine", "x86_64"),
        ("platform_machine", "arm64"),
        ("os_name", "nt"),
        ("platform_python_implementation", "PyPy"),
        ("extra", "a"),
        ("extra", "b"),
    ]);
    prop_oneof![
        python.prop_map(|(operator, value)| format!("python_version {operator} \"{value}\"")),
        full.prop_map(|(operator, value)| format!("python_full_version {operator} \"{value}\"")),
        (text, select(vec!["==", "!="]))
            .prop_map(|((variable, value), operator)| format!("{variable} {operator} \"{value}\"")),
    ]
}

fn marker() -> impl Strategy<Value = Marker> {
    let text = comparison().prop_recursive(2, 8, 3, |inner| {
        let parts = prop::collection::vec(inner, 2..4);
        (parts, select(vec![" and ", " or "]))
            .prop_map(|(parts, glue)| format!("({})", parts.join(glue)))
    });
    text.prop_map(|text| Marker::parse(&text).unwrap())
}

/// On which of the recorded targets the marker holds, with no extra, one and two.
fn truth(marker: &Marker) -> Vec<bool> {
    let extras = [ExtraName::new("a"), ExtraName::new("b")];
    let mut truth = Vec::new();
    for environment in ENVIRONMENTS.iter() {
        for n_extras in 0..=extras.len() {
            truth.push(marker.evaluate(environment, &extras[..n_extras]));
        }
    }
    truth
}

fn pairwise(ours: &Marker, theirs: &Marker, join: fn(bool, bool) -> bool) -> Vec<bool> {
    let pairs = truth(ours).into_iter().zip(truth(theirs));
    pairs.map(|(ours, theirs)| join(ours, theirs)).collect()
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(
        words in prop::collection::vec(select(WORDS.to_vec()), 0..12),
        other in ".{0,12}",
        place in 0_usize..12,
    ) {
        let mut words = words;
        words.insert(place.min(words.len()), &other);
        let text = words.concat();
        let _ = Version::parse(&text);
        let _ = Requirement::parse(&text);
        for constraint in [
            VersionConstraint::parse(&text),
            VersionConstraint::parse_marker(&text),
            VersionConstraint::parse_release(&text),
        ].into_iter().flatten() {
            let _ = (constraint.to_string(), constraint.complement().to_string());
            let _ = Marker::from_python_constraint(&constraint);
        }
        if let Ok(marker) = Marker::parse(&text) {
            let _ = (marker.invert(), marker.python_constraint(), marker.to_string());
        }
    }

    /// The first reading may still find a shorter form; after that the text stays.
    #[test]
    fn what_is_printed_reads_as_the_same(marker in marker()) {
        let printed = marker.to_string();
        let read = Marker::parse(&printed).unwrap();
        prop_assert_eq!(truth(&read), truth(&marker));
        let again = Marker::parse(&read.to_string()).unwrap();
        prop_assert_eq!(again.to_string(), read.to_string());
    }

    #[test]
    fn both_hold_where_the_intersection_does(ours in marker(), theirs in marker()) {
        let both = ours.intersect(&theirs);
        prop_assert_eq!(truth(&both), pairwise(&ours, &theirs, |ours, theirs| ours && theirs));
    }

    #[test]
    fn one_holds_where_the_union_does(ours in marker(), theirs in marker()) {
        let either = ours.union(&theirs);
        prop_assert_eq!(truth(&either), pairwise(&ours, &theirs, |ours, theirs| ours || theirs));
    }

    #[test]
    fn the_inverse_holds_where_the_marker_does_not(marker in marker()) {
        let inverse: Vec<bool> = truth(&marker.invert()).iter().map(|holds| !holds).collect();
        prop_assert_eq!(inverse, truth(&marker));
    }

    #[test]
    fn normal_forms_mean_the_same(marker in marker()) {
        prop_assert_eq!(truth(&marker.cnf()), truth(&marker));
        prop_assert_eq!(truth(&marker.dnf()), truth(&marker));
    }

    #[test]
    fn a_marker_with_itself_means_the_same(marker in marker()) {
        prop_assert_eq!(truth(&marker.intersect(&marker)), truth(&marker));
        prop_assert_eq!(truth(&marker.union(&marker)), truth(&marker));
    }

    #[test]
    fn a_marker_absorbs_what_it_is_joined_with(ours in marker(), theirs in marker()) {
        prop_assert_eq!(truth(&ours.union(&ours.intersect(&theirs))), truth(&ours));
        prop_assert_eq!(truth(&ours.intersect(&ours.union(&theirs))), truth(&ours));
    }
}
