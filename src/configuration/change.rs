//! Changes of one setting in the text of a settings file, which keep all else as it is written, comments too.

use toml::Value;
use toml_edit::{DocumentMut, Item, Table, TableLike};

/// Puts `value` at `keys`, in place of what is there; `None` where the text is not TOML, or one of the tables is something else.
pub fn with_setting(text: &str, keys: &[&str], value: &Value) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut value: toml_edit::Value = value.to_string().parse().ok()?;
    let (key, section) = keys.split_last()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for name in section {
        let below = table.entry(name).or_insert_with(new_table);
        table = below.as_table_like_mut()?;
    }
    match table.get_mut(key) {
        Some(item) => {
            if let Some(before) = item.as_value() {
                *value.decor_mut() = before.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => drop(table.insert(key, Item::Value(value))),
    }
    Some(document.to_string())
}

/// Takes away what is at `keys`, and the tables that are empty then, as Poetry does; `None` where the text is not TOML.
pub fn without_setting(text: &str, keys: &[&str]) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    if !take(document.as_table_mut(), keys) {
        return Some(text.to_owned());
    }
    let changed = document.to_string();
    let changed = changed.trim_start_matches('\n');
    let comment = head_comment(text);
    if changed.starts_with(comment) {
        return Some(changed.to_owned());
    }
    Some(format!("{comment}{changed}"))
}

/// Returns the comment that a file begins with, which belongs to none of its settings.
fn head_comment(text: &str) -> &str {
    let lines = text.split_inclusive('\n');
    let lines = lines.take_while(|line| line.starts_with('#'));
    &text[..lines.map(str::len).sum()]
}

/// A table without a header of its own, as long as there is nothing but tables in it.
fn new_table() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// Tells whether there was something.
fn take(table: &mut dyn TableLike, keys: &[&str]) -> bool {
    let Some((first, rest)) = keys.split_first() else {
        return false;
    };
    if rest.is_empty() {
        return table.remove(first).is_some();
    }
    let below = table.get_mut(first).and_then(Item::as_table_like_mut);
    let Some(below) = below else {
        return false;
    };
    let is_taken = take(below, rest);
    if is_taken && below.is_empty() {
        table.remove(first);
    }
    is_taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn set(text: &str, keys: &[&str], value: impl Into<Value>, expected: Option<&str>) {
        let changed = with_setting(text, keys, &value.into());
        assert_eq!(changed.as_deref(), expected);
    }

    #[test]
    fn a_setting_comes_where_poetry_writes_it() {
        let keys = ["virtualenvs", "in-project"];
        let written = "[virtualenvs]\nin-project = true\n";
        set("", &keys, true, Some(written));
        set(
            "[virtualenvs]\nin-project = false # why\n",
            &keys,
            true,
            Some("[virtualenvs]\nin-project = true # why\n"),
        );
        set(
            "# mine\n[virtualenvs]\ncreate = false\n\n[installer]\nparallel = true\n",
            &keys,
            true,
            Some(
                "# mine\n[virtualenvs]\ncreate = false\nin-project = true\n\n[installer]\nparallel = true\n",
            ),
        );
        set(
            "virtualenvs.in-project = false\n",
            &keys,
            true,
            Some("virtualenvs.in-project = true\n"),
        );
        set(
            "[installer]\nparallel = true\n",
            &["cache-dir"],
            "/c",
            Some("cache-dir = \"/c\"\n[installer]\nparallel = true\n"),
        );
        set(
            "",
            &["http-basic", "my.repo", "username"],
            "a\"b",
            Some("[http-basic.\"my.repo\"]\nusername = 'a\"b'\n"),
        );
    }

    #[test]
    fn a_setting_changes_however_it_is_written() {
        let keys = ["virtualenvs", "in-project"];
        set(
            "virtualenvs = { create = false, in-project = false }\n",
            &keys,
            true,
            Some("virtualenvs = { create = false, in-project = true }\n"),
        );
        set(
            "[virtualenvs]\n# above\nin-project = [\n  1,\n]\n",
            &keys,
            true,
            Some("[virtualenvs]\n# above\nin-project = true\n"),
        );
    }

    #[test]
    fn what_is_no_table_of_settings_is_left_alone() {
        let keys = ["virtualenvs", "in-project"];
        set("nonsense", &keys, true, None);
        set("virtualenvs = 1\n", &keys, true, None);
    }

    #[test]
    fn a_setting_goes_with_the_tables_that_hold_nothing_else() {
        let keys = ["virtualenvs", "in-project"];
        let check = |text: &str, keys: &[&str], expected: Option<&str>| {
            assert_eq!(without_setting(text, keys).as_deref(), expected, "{text}");
        };
        check("[virtualenvs]\nin-project = true\n", &keys, Some(""));
        check(
            "[virtualenvs]\nin-project = true\ncreate = true\n",
            &keys,
            Some("[virtualenvs]\ncreate = true\n"),
        );
        check(
            "[installer]\nparallel = true\n",
            &keys,
            Some("[installer]\nparallel = true\n"),
        );
        check(
            "[http-basic.a]\nusername = \"u\"\npassword = \"p\"\n\n[http-basic.b]\nusername = \"v\"\n",
            &["http-basic", "a"],
            Some("[http-basic.b]\nusername = \"v\"\n"),
        );
        check("virtualenvs = { in-project = true }\n", &keys, Some(""));
        check(
            "# mine\n[virtualenvs]\n# why\nin-project = true\n\n[installer]\nparallel = true\n",
            &keys,
            Some("# mine\n[installer]\nparallel = true\n"),
        );
    }
}
