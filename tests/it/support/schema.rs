//! Holds a document against a JSON Schema, as far as the schemas of this repository go: `$ref`, `const`, `enum`, `type`,
//! `required`, `properties` and `items`. Beyond the standard, a property that the schema does not name is a fault: it is not
//! documented.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Reads a document and checks it against `schemas/<name>.json`.
#[track_caller]
pub(crate) fn document(text: &str, name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let document: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut faults = Vec::new();
    check(&document, &schema, &schema, "$", &mut faults);
    assert!(faults.is_empty(), "{faults:#?} in {text}");
    document
}

fn check(value: &Value, schema: &Value, root: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return check(value, target, root, at, faults);
    }
    if schema.get("const").is_some_and(|only| only != value) {
        faults.push(format!("{at} is {value}"));
    }
    let words = schema.get("enum").and_then(Value::as_array);
    if words.is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{at} is {value}"));
    }
    if schema.get("type").is_some_and(|types| !is_of(value, types)) {
        faults.push(format!("{at} is {value}"));
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (number, item) in items.iter().enumerate() {
            check(item, schema, root, &format!("{at}[{number}]"), faults);
        }
    }
    let Some(fields) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            faults.push(format!("{at} lacks {name}"));
        }
    }
    for (name, value) in fields {
        match schema["properties"].get(name) {
            Some(schema) => check(value, schema, root, &format!("{at}.{name}"), faults),
            None => faults.push(format!("{at}.{name} is not documented")),
        }
    }
}

fn is_of(value: &Value, types: &Value) -> bool {
    let is_one = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    };
    match types.as_array() {
        Some(types) => types.iter().any(is_one),
        None => is_one(types),
    }
}
