//! The TOML of a lock as a borrowed tree.
//!
//! Poetry writes locks of one regular form, up to a megabyte of it, and reading them is most of the time that an export
//! takes. So there are two readers. The quick one knows what occurs in locks (plain keys, one-line strings, booleans,
//! integers, arrays, inline tables, tables and arrays of tables in order) and gives up on whatever else it meets. The
//! `toml` crate then reads the text, and it alone judges what is wrong and where.
//!
//! The quick reader must never accept what the `toml` crate refuses, or read it otherwise; a property test holds it to that.

mod quick;
mod value;

use toml::de::{DeTable, DeValue};

use quick::parse_regular;

pub(super) use value::{Table, Value};

/// Reads `text`; the error is that of the `toml` crate.
pub(super) fn parse(text: &str) -> Result<Table<'_>, toml::de::Error> {
    if let Some(table) = parse_regular(text) {
        return Ok(table);
    }
    DeTable::parse(text).map(|table| from_table(table.into_inner()))
}

fn from_table(table: DeTable<'_>) -> Table<'_> {
    let entries = table
        .into_iter()
        .map(|(key, value)| (key.into_inner(), from_value(value.into_inner())));
    Table {
        entries: entries.collect(),
        is_open: false,
    }
}

fn from_value(value: DeValue<'_>) -> Value<'_> {
    match value {
        DeValue::String(text) => Value::String(text),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| from_value(item.into_inner()))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(from_table(table)),
        DeValue::Integer(number) => Value::Other(number.to_string().into()),
        DeValue::Float(number) => Value::Other(number.to_string().into()),
        DeValue::Datetime(time) => Value::Other(time.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::lock::toml_tree::value::FileEntry;

    fn standard(text: &str) -> Option<Table<'_>> {
        let table = DeTable::parse(text).ok()?;
        Some(from_table(table.into_inner()))
    }

    /// Reads with the quick reader, and writes its lists of files as the other reader does.
    fn quick(text: &str) -> Option<Table<'_>> {
        let mut table = parse_regular(text)?;
        expand(&mut table);
        Some(table)
    }

    fn expand(table: &mut Table<'_>) {
        for (_, value) in &mut table.entries {
            expand_value(value);
        }
    }

    fn expand_value(value: &mut Value<'_>) {
        match value {
            Value::Files(files) => *value = Value::Array(files.iter().map(file).collect()),
            Value::Table(table) => expand(table),
            Value::Array(items) => items.iter_mut().for_each(expand_value),
            Value::String(_) | Value::Boolean(_) | Value::Other(_) => {}
        }
    }

    fn file<'a>(entry: &FileEntry<'a>) -> Value<'a> {
        let text = |key: &'static str, value: &'a str| (key.into(), Value::String(value.into()));
        Value::Table(Table {
            entries: vec![text("file", entry.name), text("hash", entry.hash)],
            is_open: false,
        })
    }

    #[track_caller]
    fn is_regular(text: &str) {
        let table = quick(text).expect("the quick reader gave up");
        assert_eq!(Some(table), standard(text));
    }

    #[track_caller]
    fn is_left_to_the_other_reader(text: &str) {
        assert_eq!(parse_regular(text), None, "{text}");
    }

    #[test]
    fn what_poetry_writes_is_regular() {
        is_regular(
            "# comment é\n\n[[package]]\nname = \"a\"\nfiles = [\n    {file = \"x\", hash = \"y\"},\n]\n",
        );
        is_regular(
            "[[package]]\n[package.dependencies]\n\"ruamel.yaml\" = {version = \"*\", optional = true}\n[[package]]\n[package.source]\n",
        );
        is_regular(
            "[[package]]\n[[package.dependencies.a]]\nversion = \"1\"\n[[package.dependencies.a]]\nversion = \"2\"\n",
        );
        is_regular("[extras]\r\na = [\"b\"]\r\n\r\n[metadata.files]\r\na = []\r\n");
        is_regular("a = \"x \\\"y\\\" \\\\ \\t\"\nb = false # c\nc = { }");
        is_regular("");
    }

    #[test]
    fn lists_of_files_are_read_at_once() {
        let files = "files = [\n    {file = \"é\", hash = \"y\"},\n]\n";
        let is_at_once = |text: &str| format!("{:?}", parse_regular(text)).contains("Files");
        assert!(is_at_once(&format!("[[package]]\n{files}")));
        assert!(is_at_once(&format!("[metadata.files]\n{files}")));
        for other in [
            "",
            "[package.dependencies]\n",
            "[package]\n",
            "[metadata]\n",
        ] {
            assert!(!is_at_once(&format!("{other}{files}")));
            is_regular(&format!("{other}{files}"));
        }
        for change in ["x\"y", "\\\"", "\u{7f}", "\t"] {
            let text = format!("[[package]]\n{}", files.replace('é', change));
            assert!(!is_at_once(&text), "{text}");
        }
    }

    #[test]
    fn recorded_locks_are_regular() {
        let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
        for folder in std::fs::read_dir(projects).unwrap() {
            if let Ok(lock) = std::fs::read_to_string(folder.unwrap().path().join("poetry.lock")) {
                is_regular(&lock);
            }
        }
    }

    #[test]
    fn what_is_not_toml_is_left_to_the_other_reader() {
        for text in [
            "a = \"x\" b = \"y\"",
            "a = \"x\"\na = \"y\"",
            "a = {b = \"x\", b = \"y\"}",
            "[a]\n[a]\n",
            "[[a]]\n[a]\n",
            "a = [{}]\n[[a]]\n",
            "a = {}\n[a.b]\n",
            "a = [{}]\n[a.b]\n",
            "a = \"\u{1}\"",
            "# \u{7f}\n",
            "a = \"\\z\"",
            "a = \"x\ny\"",
            "a\r = true",
            "a = true\rb = true",
            "a = [true true]",
            "= true",
            "<<<<<<< HEAD\n",
        ] {
            assert_eq!(standard(text), None, "{text}");
            is_left_to_the_other_reader(text);
        }
    }

    #[test]
    fn unusual_toml_is_left_to_the_other_reader() {
        for text in [
            "a = 1",
            "a = 'x'",
            "a.b = true",
            "a = \"\"\"x\"\"\"",
            "a = \"\\u00e9\"",
            "[a.b]\n[a]\n",
            "a = 2024-01-01",
        ] {
            is_left_to_the_other_reader(text);
            assert_eq!(parse(text).ok(), standard(text));
        }
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let repeated = |before: &str, part: &str, after: &str| {
            format!("{before}{}{after}", part.repeat(1_000_000))
        };
        for text in [
            repeated("[a", ".a", "]\n"),
            repeated("[[a", ".a", "]]\n"),
            repeated("a", ".a", " = true\n"),
            repeated("a = ", "[", "\n"),
            repeated("a = ", "{a = ", "\n"),
        ] {
            let message = parse(&text).unwrap_err().message().to_owned();
            assert!(message.contains("recurs"), "{message}");
        }
    }

    /// A text of pieces that occur in locks, in any order.
    fn lock_like() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "[[package]]\n",
            "[package.dependencies]\n",
            "[package.source]\n",
            "[[package.a]]\n",
            "[extras]\n",
            "[metadata]\n",
            "[metadata.files]\n",
            "name = \"a\"\n",
            "name = ",
            "\"b\"",
            "files = [",
            "[\n",
            "    {file = \"a\", hash = \"b\"},\n",
            "    {file = \"",
            "\", hash = \"",
            "\"},\n",
            "{file = \"a\", hash = \"b\"}",
            ",",
            "]",
            "\n",
            "a = true\n",
            "b = [\"x\", \"y\"]\n",
            "c = {d = \"e\"}\n",
            "{",
            "}",
            "[",
            " ",
            "\t",
            "\r\n",
            "\r",
            "# c\n",
            "#",
            "\"",
            "\\\"",
            "\\",
            "=",
            "\"q r\" = false\n",
            ".",
            "d",
            "é",
            "\u{7f}",
            "1",
            "'",
            "{}",
        ]);
        prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_quick_reader_reads_what_the_other_one_reads(text in lock_like()) {
            if let Some(table) = quick(&text) {
                prop_assert_eq!(Some(table), standard(&text));
            }
        }
    }
}
