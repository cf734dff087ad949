//! `--lenient`: the rules about wheels that are lifted, by name.

use lock2venv::wheel::{Leniency, Rule};

use crate::diagnose::Failure;

/// Reads the names of rules, which are separated by commas.
pub(super) fn parse(names: &[String]) -> Result<Leniency, Failure> {
    let names = names.iter().flat_map(|names| names.split(','));
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    names.map(rule).collect()
}

fn rule(name: &str) -> Result<Rule, Failure> {
    Rule::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Rule::ALL.into_iter().map(Rule::name).collect();
        Failure::text(format!("`--lenient` knows no rule `{name}`"))
            .detail(format!("rules: {}", known.join(", ")))
            .misuse()
    })
}
