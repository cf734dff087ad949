//! What the executable is made of: the bill that is released with it, and the licences that it may have.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::locked_wheels::python;

fn bill() -> Value {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/bill.py");
    let mut command = Command::new(python());
    let output = command.arg(tool).env("CARGO_NET_OFFLINE", "true").output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn names(bill: &Value, scope: &str) -> BTreeSet<String> {
    let components = bill["components"].as_array().unwrap().iter();
    let of_scope = components.filter(|component| component["scope"] == scope);
    of_scope
        .map(|component| component["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_bill_lists_what_is_in_the_file_and_apart_what_helps_to_build_it() {
    let bill = bill();
    let (inside, helping) = (names(&bill, "required"), names(&bill, "excluded"));
    for name in ["rustls", "libdeflate-sys", "zlib-rs", "serde"] {
        assert!(inside.contains(name), "{name}");
    }
    for name in ["cc", "serde_derive", "syn"] {
        assert!(helping.contains(name) && !inside.contains(name), "{name}");
    }
    for name in ["proptest", "insta", "divan"] {
        assert!(!inside.contains(name) && !helping.contains(name), "{name}");
    }
    let components = bill["components"].as_array().unwrap();
    let of_crates = components.iter().filter(|each| each["purl"].is_string());
    assert!(of_crates.clone().count() > 100);
    for component in of_crates {
        assert!(component["hashes"][0]["content"].is_string(), "{component}");
        // `+` of a version is quoted in a package URL.
        let address = component["purl"].as_str().unwrap();
        assert!(!address.contains('+'), "{address}");
    }
}

/// As `cargo deny` does, which not everyone has.
#[test]
fn every_licence_is_one_that_is_allowed() {
    let rules = include_str!("../../deny.toml");
    let quoted = |line: &str| {
        let parts = line.split('"').skip(1).step_by(2);
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let line = rules.lines().find(|line| line.starts_with("allow = "));
    let allowed = quoted(line.unwrap());
    let exceptions = rules.lines().filter(|line| line.contains("{ crate = "));
    let exceptions: Vec<_> = exceptions.map(quoted).collect();
    for component in bill()["components"].as_array().unwrap() {
        let Some(licence) = component["licenses"][0]["expression"].as_str() else {
            continue;
        };
        let of_crate = exceptions.iter().filter(|row| component["name"] == row[0]);
        let known: Vec<_> = of_crate.flatten().chain(&allowed).collect();
        let text = licence.replace(['(', ')'], "");
        let is_allowed = text.split(" AND ").all(|choice| {
            let mut choices = choice.split(" OR ");
            choices.any(|name| known.iter().any(|known| *known == name))
        });
        assert!(is_allowed, "{}: {licence}", component["name"]);
    }
}
