//! How long the algebra of markers takes: markers as locks hold them, and ones that are hard to simplify.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench that cannot go on fails"
)]

use divan::{Bencher, black_box};
use lock2venv::marker::Marker;
use lock2venv::version::VersionConstraint;

fn main() {
    divan::main();
}

const USUAL: [&str; 5] = [
    r#"python_version >= "3.8""#,
    r#"sys_platform == "win32""#,
    r#"python_version >= "3.9" and python_version < "4.0""#,
    r#"python_version >= "3.9" and (sys_platform == "linux" or extra == "all") and platform_machine != "arm64""#,
    r#"python_full_version < "3.11.3" and implementation_name != "pypy" or platform_system == "Windows""#,
];

/// Pairs whose normal forms are much longer than they are.
const HARD: [(&str, &str); 3] = [
    (
        r#"platform_machine != "ppc64le" and platform_machine != "s390x" and sys_platform == "linux" and platform_python_implementation != "PyPy" and implementation_name != "PyPy""#,
        r#"(sys_platform != "linux" or platform_machine != "aarch64" and platform_machine != "x86_64") and platform_system == "Linux" and (sys_platform != "linux" and sys_platform != "win32" or platform_machine != "x86_64")"#,
    ),
    (
        r#"(extra == "native" and sys_platform == "openbsd6" or extra == "matplotlib" or extra == "plotly") and python_version >= "3.8""#,
        r#"(sys_platform == "linux" or sys_platform == "win32") and (sys_platform == "linux" or platform_machine == "x86_64") and (platform_machine == "aarch64" or platform_machine == "x86_64") and extra == "cupti""#,
    ),
    (
        r#"python_version >= "3.13" and sys_platform == "cygwin" and python_version < "4" or platform_machine != "AMD64" and os_name == "nt" and python_version != "3.9" and extra != "c""#,
        r#"sys_platform == "linux" and os_name != "nt" and platform_release != "5.15.0" or python_version > "3.10""#,
    ),
];

#[divan::bench(args = USUAL)]
fn parse(text: &str) -> Marker {
    Marker::parse(black_box(text)).unwrap()
}

/// What an export does to the marker of each package.
#[divan::bench(args = USUAL)]
fn intersect_with_project(bencher: Bencher<'_, '_>, text: &str) {
    let constraint = VersionConstraint::parse_marker(">=3.9,<4.0").unwrap();
    let project = Marker::from_python_constraint(&constraint);
    let marker = Marker::parse(text).unwrap();
    bencher.bench(|| {
        black_box(&project)
            .intersect(black_box(&marker))
            .to_string()
    });
}

#[divan::bench(args = [0, 1, 2])]
fn union_of_hard_pair(bencher: Bencher<'_, '_>, pair: usize) {
    let (ours, theirs) = HARD[pair];
    let (ours, theirs) = (Marker::parse(ours).unwrap(), Marker::parse(theirs).unwrap());
    bencher.bench(|| black_box(&ours).union(black_box(&theirs)));
}

#[divan::bench(args = ["^3.8", ">=1.2,<2.0 || >=2.1", "==1.*", "~=1.4.5"])]
fn parse_constraint(text: &str) -> VersionConstraint {
    VersionConstraint::parse(black_box(text)).unwrap()
}
