//! Which shapes of `[project]`, `[dependency-groups]` and `[tool.poetry]` Poetry takes.
//!
//! Poetry checks three JSON schemas before it reads anything, and stops at the first fault of each. The same rules stand
//! here as tables, and the faults are reported in the same words, because people search for them.

mod dependency_tables;
mod formats;
mod poetry_tables;
mod standard_tables;

use toml::{Table, Value};

use formats::{is_email, is_name, is_project_name, is_project_version, is_uri, python_list};
use poetry_tables::{CORE, DEPENDENCY_GROUPS, POETRY};
use standard_tables::PROJECT;

/// What a value has to be.
enum Rule {
    Anything,
    String,
    Boolean,
    Matching(Pattern),
    Uri,
    Email,
    Word(&'static [&'static str]),
    List(&'static Rule),
    FilledList(&'static Rule),
    Table(&'static Shape),
    /// One of several rules; as they exclude one another, the first that holds is the only one.
    OneOf(&'static [Rule]),
    /// As `OneOf`; a schema that says `anyOf` reports it in other words.
    AnyOf(&'static [Rule]),
}

/// What a table has to hold.
struct Shape {
    required: &'static [&'static str],
    /// When not empty, at least one of these has to be there.
    any_of: &'static [&'static str],
    keys: &'static [(&'static str, Rule)],
    others: Others,
}

/// What a table may hold besides the keys that are named.
enum Others {
    Allowed,
    Refused,
    Each(&'static Rule),
    /// Keys that look like names obey the rule, and the rest is not looked at.
    Named(&'static Rule),
}

struct Pattern {
    text: &'static str,
    matches: fn(&str) -> bool,
}

const NAME: Pattern = Pattern {
    text: "^[a-zA-Z-_.0-9]+$",
    matches: is_name,
};
const ONE_LINE: Pattern = Pattern {
    text: r"\A[^\n]*\Z",
    matches: |text| !text.contains('\n'),
};
const PROJECT_NAME: Pattern = Pattern {
    text: r"^([a-zA-Z\d]|[a-zA-Z\d][\w.-]*[a-zA-Z\d])$",
    matches: is_project_name,
};
const PROJECT_VERSION: Pattern = Pattern {
    text: concat!(
        r"^v?((([0-9]+)!)?([0-9]+(\.[0-9]+)*)([-_\.]?(alpha|a|beta|b|preview|pre|c|rc)[-_\.]?([0-9]+)?)?",
        r"((-([0-9]+))|([-_\.]?(post|rev|r)[-_\.]?([0-9]+)?))?([-_\.]?(dev)[-_\.]?([0-9]+)?)?)",
        r"(\+([a-zA-Z0-9]+([-_\.][a-zA-Z0-9]+)*))?$"
    ),
    matches: is_project_version,
};

const fn open(keys: &'static [(&'static str, Rule)]) -> Shape {
    Shape {
        required: &[],
        any_of: &[],
        keys,
        others: Others::Allowed,
    }
}

const fn closed(required: &'static [&'static str], keys: &'static [(&'static str, Rule)]) -> Shape {
    Shape {
        required,
        any_of: &[],
        keys,
        others: Others::Refused,
    }
}

const fn map(others: Others) -> Shape {
    Shape {
        required: &[],
        any_of: &[],
        keys: &[],
        others,
    }
}

static STRINGS: Rule = Rule::List(&Rule::String);
static NAMES: Rule = Rule::List(&Rule::Matching(NAME));

/// Finds the first fault of each schema in a pyproject.toml, in the order in which Poetry tells them.
pub(super) fn faults(document: &Table, tool_poetry: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(project) = document.get("project") {
        let fault = check(&Rule::Table(&PROJECT), project, "project");
        faults.extend(fault.err());
    }
    faults.extend(check_table(&CORE, tool_poetry, "tool.poetry").err());
    if let Some(groups) = document.get("dependency-groups") {
        let fault = check(
            &Rule::Table(&DEPENDENCY_GROUPS),
            groups,
            "dependency-groups",
        );
        faults.extend(fault.err());
    }
    faults
}

/// Finds the faults that Poetry finds in `[tool.poetry]` after poetry-core did.
pub(super) fn poetry_faults(tool_poetry: &Table) -> Vec<String> {
    let mut faults: Vec<String> = check_table(&POETRY, tool_poetry, "tool.poetry")
        .err()
        .into_iter()
        .collect();
    let is_known = |key: &str| {
        let mut known = CORE.keys.iter().chain(POETRY.keys);
        known.any(|(name, _)| *name == key)
    };
    let unknown = tool_poetry.keys().filter(|key| !is_known(key));
    faults.extend(
        unknown
            .map(|key| format!("Additional properties are not allowed ('{key}' was unexpected)")),
    );
    faults
}

fn check(rule: &Rule, value: &Value, path: &str) -> Result<(), String> {
    let require = |holds: bool, what: &str| require(holds, path, what);
    match rule {
        Rule::Anything => Ok(()),
        Rule::String => require(value.is_str(), "string"),
        Rule::Boolean => require(value.is_bool(), "boolean"),
        Rule::Matching(pattern) => check_pattern(pattern, value, path),
        Rule::Uri => require(is_uri(text_of(value, path)?), "uri"),
        Rule::Email => require(is_email(text_of(value, path)?), "email"),
        Rule::Word(words) => {
            let is_one = value.as_str().is_some_and(|text| words.contains(&text));
            require(is_one, &format!("one of {}", python_list(words)))
        }
        Rule::List(rule) => check_items(rule, value, path),
        Rule::FilledList(rule) => {
            check_items(rule, value, path)?;
            let is_filled = value.as_array().is_some_and(|items| !items.is_empty());
            let fault = || format!("{path} must contain at least 1 items");
            is_filled.then_some(()).ok_or_else(fault)
        }
        Rule::Table(shape) => {
            let table = value.as_table();
            check_table(shape, table.ok_or(format!("{path} must be object"))?, path)
        }
        Rule::OneOf(rules) => require(
            allows_one(rules, value, path),
            "valid exactly by one definition (0 matches found)",
        ),
        Rule::AnyOf(rules) => {
            let fault = || format!("{path} cannot be validated by any definition");
            let allows = allows_one(rules, value, path);
            allows.then_some(()).ok_or_else(fault)
        }
    }
}

fn require(holds: bool, path: &str, what: &str) -> Result<(), String> {
    let fault = || format!("{path} must be {what}");
    holds.then_some(()).ok_or_else(fault)
}

fn text_of<'a>(value: &'a Value, path: &str) -> Result<&'a str, String> {
    let text = value.as_str();
    text.ok_or_else(|| format!("{path} must be string"))
}

fn check_pattern(pattern: &Pattern, value: &Value, path: &str) -> Result<(), String> {
    let matches = (pattern.matches)(text_of(value, path)?);
    let fault = || format!("{path} must match pattern {}", pattern.text);
    matches.then_some(()).ok_or_else(fault)
}

fn allows_one(rules: &[Rule], value: &Value, path: &str) -> bool {
    rules.iter().any(|rule| check(rule, value, path).is_ok())
}

fn check_items(rule: &Rule, value: &Value, path: &str) -> Result<(), String> {
    let items = value.as_array().ok_or(format!("{path} must be array"))?;
    for (index, item) in items.iter().enumerate() {
        check(rule, item, &format!("{path}[{index}]"))?;
    }
    Ok(())
}

fn check_table(shape: &Shape, table: &Table, path: &str) -> Result<(), String> {
    let has = |key: &&&str| table.contains_key(**key);
    if !shape.any_of.is_empty() && !shape.any_of.iter().any(|key| has(&key)) {
        return Err(format!("{path} cannot be validated by any definition"));
    }
    if !shape.required.iter().all(|key| has(&key)) {
        let required = python_list(shape.required);
        return Err(format!("{path} must contain {required} properties"));
    }
    for (key, rule) in shape.keys {
        if let Some(value) = table.get(*key) {
            check(rule, value, &format!("{path}.{key}"))?;
        }
    }
    check_others(shape, table, path)
}

fn check_others(shape: &Shape, table: &Table, path: &str) -> Result<(), String> {
    let is_named = |key: &str| shape.keys.iter().any(|(name, _)| *name == key);
    for (key, value) in table.iter().filter(|(key, _)| !is_named(key)) {
        match &shape.others {
            Others::Each(rule) => check(rule, value, &format!("{path}.{key}"))?,
            Others::Named(rule) if is_name(key) => check(rule, value, &format!("{path}.{key}"))?,
            Others::Allowed | Others::Named(_) => {}
            Others::Refused => return Err(refused_keys(shape, table, path)),
        }
    }
    Ok(())
}

fn refused_keys(shape: &Shape, table: &Table, path: &str) -> String {
    let is_named = |key: &str| shape.keys.iter().any(|(name, _)| *name == key);
    let keys = table.keys().filter(|key| !is_named(key));
    let keys: Vec<String> = keys.map(|key| format!("'{key}'")).collect();
    format!("{path} must not contain {{{}}} properties", keys.join(", "))
}
