//! The marker of an exported line and the selection that `install` makes, held against each other on recorded targets.

use std::path::Path;

use lock2venv::export::{self, ExportOptions, ExportWarning, Extent};
use lock2venv::lock::{Lock, Text};
use lock2venv::marker::{Marker, MarkerEnvironment};
use lock2venv::name::ExtraName;
use lock2venv::project_files::Disk;
use lock2venv::pyproject::Project;
use lock2venv::select::{Choice, DefaultGroups, Request, Selection, select};
use lock2venv::version::Version;
use proptest::prelude::*;
use proptest::sample::select as one_of;

use crate::marker_algebra::{ENVIRONMENTS, comparison};

const PYPROJECT: &str = r#"
[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["demo"]

[project.optional-dependencies]
a = ["demo"]
b = ["demo"]
"#;

/// A project whose lock has one package, wanted under a marker.
struct Case {
    project: Project,
    lock: Lock,
}

impl Case {
    fn new(marker: &str) -> Self {
        let project = Project::parse(PYPROJECT, Path::new("/"), &Disk).unwrap();
        let lock = format!(
            "[[package]]\nname = \"demo\"\nversion = \"1.0\"\noptional = false\npython-versions = \">=3.8\"\ngroups = [\"main\"]\nmarkers = '''{marker}'''\nfiles = []\n\n[extras]\na = [\"demo\"]\nb = [\"demo\"]\n\n[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.9\"\ncontent-hash = \"{}\"\n",
            project.content_hash().unwrap()
        );
        let lock = Lock::parse(&Text::from(lock), &project, &Disk).unwrap();
        Self { project, lock }
    }

    fn choice(&self, extras: &[&str]) -> Choice {
        let request = Request {
            extras: extras.iter().map(ToString::to_string).collect(),
            ..Request::default()
        };
        Choice::new(&self.project, &request, DefaultGroups::Main).unwrap()
    }

    /// Compares on every target that the project supports. `install` takes what [`Selection::on`] answers.
    fn check(&self, extras: &[&str]) -> Result<(), TestCaseError> {
        let choice = self.choice(extras);
        let selection = select(&self.project, &self.lock, &choice).unwrap();
        let exported = self.exported(&selection);
        let extras: Vec<ExtraName> = extras.iter().copied().map(ExtraName::new).collect();
        for environment in ENVIRONMENTS.iter().filter(|target| self.supports(target)) {
            let installs = !selection.on(environment, &extras).is_empty();
            let holds = |marker: &Marker| marker.evaluate(environment, &[] as &[ExtraName]);
            let is_exported = exported.as_ref().is_some_and(holds);
            prop_assert_eq!(is_exported, installs, "{:?}, {:?}", extras, environment);
        }
        Ok(())
    }

    /// Returns the marker of the exported line, if there is a line that is to hold anywhere.
    fn exported(&self, selection: &Selection<'_>) -> Option<Marker> {
        let options = ExportOptions::default();
        let export = export::export(&self.project, selection, Extent::Requirements, &options);
        let export = export.unwrap();
        let is_never = |warning: &ExportWarning| matches!(warning, ExportWarning::Never(_));
        if export.warnings.iter().any(is_never) {
            return None;
        }
        let marker = export.text.trim_end().strip_prefix("demo==1.0")?;
        let marker = marker.strip_prefix(" ; ").unwrap_or(marker);
        Some(Marker::parse(marker).unwrap())
    }

    fn supports(&self, environment: &MarkerEnvironment) -> bool {
        let python = Version::parse(&environment.python_full_version).unwrap();
        self.project.python_constraint.allows(&python)
    }
}

/// Markers whose normal forms have more parts than anyone would wait for.
fn hard_marker() -> impl Strategy<Value = String> {
    let clause = prop::collection::vec(comparison(), 2);
    let number = 0..1_000_u32;
    let clause = (clause, number).prop_map(|(mut parts, number)| {
        parts.push(format!("platform_version == '{number}'"));
        format!("({})", parts.join(" or "))
    });
    prop::collection::vec(clause, 12).prop_map(|clauses| clauses.join(" and "))
}

fn plain_marker() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(comparison(), 1..4);
    let glue = one_of(vec![" and ", " or "]);
    let clause = (parts, glue).prop_map(|(parts, glue)| format!("({})", parts.join(glue)));
    let clauses = prop::collection::vec(clause, 1..4);
    (clauses, one_of(vec![" and ", " or "])).prop_map(|(clauses, glue)| clauses.join(glue))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_hard_marker_selects_as_its_exported_line_does(
        marker in hard_marker(),
        extras in one_of(vec![&[][..], &["a"], &["a", "b"]]),
    ) {
        Case::new(&marker).check(extras)?;
    }
}

proptest! {
    #[test]
    fn a_marker_selects_as_its_exported_line_does(
        marker in plain_marker(),
        extras in one_of(vec![&[][..], &["a"], &["a", "b"]]),
    ) {
        Case::new(&marker).check(extras)?;
    }
}
