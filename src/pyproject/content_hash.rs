//! The content hash that binds a lock to its pyproject.toml.
//!
//! Poetry hashes the parts that matter for locking, as `json.dumps(…, sort_keys=True)` prints them. So the text of Python's
//! `json` module has to be met to the byte: escapes for all but ASCII, a space after `,` and `:`, floats as `repr` has them.

use std::fmt::Write as _;

use toml::{Table, Value};

use crate::digest::{Algorithm, Digest};

const LEGACY_KEYS: [&str; 4] = ["dependencies", "source", "extras", "dev-dependencies"];
const PROJECT_KEYS: [&str; 3] = ["requires-python", "dependencies", "optional-dependencies"];

/// Whether `[dependency-groups]` are part of what is hashed. They are since Poetry 2.3.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Groups {
    Hashed,
    LeftOut,
}

/// Computes the hash in hexadecimal; `None` when a date stands where Poetry could not print it.
pub(super) fn compute(document: &Table, groups: Groups) -> Option<String> {
    let mut json = String::new();
    write_relevant(&mut json, document, groups)?;
    Some(Digest::of(Algorithm::Sha256, json.as_bytes()).hex())
}

fn write_relevant(json: &mut String, document: &Table, groups: Groups) -> Option<()> {
    let project = table(document, "project");
    let poetry = table(document, "tool").and_then(|tool| table(tool, "poetry"));
    let groups = match groups {
        Groups::Hashed => table(document, "dependency-groups").filter(|groups| !groups.is_empty()),
        Groups::LeftOut => None,
    };
    let of_project: Vec<(&str, Option<&Value>)> = PROJECT_KEYS
        .iter()
        .filter_map(|key| project?.get(*key).map(|value| (*key, Some(value))))
        .collect();
    let is_legacy = of_project.is_empty() && groups.is_none();
    let of_poetry: Vec<(&str, Option<&Value>)> = LEGACY_KEYS
        .iter()
        .chain(&["group"])
        .map(|key| (*key, poetry.and_then(|poetry| poetry.get(*key))))
        .filter(|(key, value)| value.is_some() || (is_legacy && *key != "group"))
        .collect();
    if is_legacy {
        return write_object(json, of_poetry);
    }
    json.push('{');
    if let Some(groups) = groups {
        json.push_str("\"dependency-groups\": ");
        write_table(json, groups)?;
        json.push_str(", ");
    }
    if !of_project.is_empty() {
        json.push_str("\"project\": ");
        write_object(json, of_project)?;
        json.push_str(", ");
    }
    json.push_str("\"tool\": {\"poetry\": ");
    write_object(json, of_poetry)?;
    json.push_str("}}");
    Some(())
}

fn table<'a>(parent: &'a Table, key: &str) -> Option<&'a Table> {
    parent.get(key).and_then(Value::as_table)
}

fn write_table(json: &mut String, table: &Table) -> Option<()> {
    let entries = table.iter().map(|(key, value)| (key.as_str(), Some(value)));
    write_object(json, entries.collect())
}

/// Writes `entries` sorted by key; none is `null`.
fn write_object(json: &mut String, mut entries: Vec<(&str, Option<&Value>)>) -> Option<()> {
    entries.sort_unstable_by_key(|(key, _)| *key);
    json.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            json.push_str(", ");
        }
        write_string(json, key);
        json.push_str(": ");
        match value {
            Some(value) => write_value(json, value)?,
            None => json.push_str("null"),
        }
    }
    json.push('}');
    Some(())
}

fn write_value(json: &mut String, value: &Value) -> Option<()> {
    match value {
        Value::String(text) => write_string(json, text),
        Value::Integer(number) => write!(json, "{number}").ok()?,
        Value::Float(number) => json.push_str(&python_float(*number)),
        Value::Boolean(flag) => json.push_str(if *flag { "true" } else { "false" }),
        Value::Datetime(_) => return None,
        Value::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push_str(", ");
                }
                write_value(json, item)?;
            }
            json.push(']');
        }
        Value::Table(table) => write_table(json, table)?,
    }
    Some(())
}

fn write_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a `String` cannot fail.
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}

/// Prints a float as Python's `repr`: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
fn python_float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{number:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn relevant(document: &str, groups: Groups, expected: &str) {
        let mut json = String::new();
        write_relevant(&mut json, &document.parse().unwrap(), groups).unwrap();
        assert_eq!(json, expected);
    }

    #[test]
    fn legacy_projects_hash_their_sections_at_the_top_and_null_for_missing_ones() {
        relevant(
            "[tool.poetry.dependencies]\npython = \"^3.9\"",
            Groups::Hashed,
            r#"{"dependencies": {"python": "^3.9"}, "dev-dependencies": null, "extras": null, "source": null}"#,
        );
        relevant(
            "",
            Groups::Hashed,
            r#"{"dependencies": null, "dev-dependencies": null, "extras": null, "source": null}"#,
        );
        relevant(
            "[tool.poetry.group.dev]\noptional = true",
            Groups::Hashed,
            concat!(
                r#"{"dependencies": null, "dev-dependencies": null, "extras": null, "#,
                r#""group": {"dev": {"optional": true}}, "source": null}"#
            ),
        );
    }

    #[test]
    fn standard_sections_come_first_and_leave_no_null() {
        relevant(
            "[project]\nname = \"a\"\ndependencies = []",
            Groups::Hashed,
            r#"{"project": {"dependencies": []}, "tool": {"poetry": {}}}"#,
        );
        relevant(
            "[dependency-groups]\ndev = [\"b\"]\n[tool.poetry.dependencies]\na = \"*\"",
            Groups::Hashed,
            r#"{"dependency-groups": {"dev": ["b"]}, "tool": {"poetry": {"dependencies": {"a": "*"}}}}"#,
        );
    }

    #[test]
    fn dependency_groups_can_be_left_out() {
        relevant(
            "[dependency-groups]\ndev = [\"b\"]",
            Groups::LeftOut,
            r#"{"dependencies": null, "dev-dependencies": null, "extras": null, "source": null}"#,
        );
    }

    #[test]
    fn strings_are_escaped_to_ascii() {
        let mut json = String::new();
        write_string(&mut json, "é\"\\\n\u{7f}😀");
        assert_eq!(json, r#""\u00e9\"\\\n\u007f\ud83d\ude00""#);
    }

    #[test]
    fn floats_print_as_python_prints_them() {
        for (number, expected) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e-5, "1e-05"),
            (1.5e16, "1.5e+16"),
            (1e15, "1000000000000000.0"),
            (-0.0, "-0.0"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
        ] {
            assert_eq!(python_float(number), expected);
        }
    }
}
