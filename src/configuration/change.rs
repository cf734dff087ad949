//! Changes of one setting in the text of a settings file, which keep all else as it is written, comments too.
//!
//! The text is changed line by line, and the result is proven: read again, it says what was meant and nothing else. Where a setting is
//! written in another way than Poetry writes it (an inline table, a list over several lines), there is no result.

use toml::{Table, Value};

/// Puts `value` at `keys`, in place of what is there; `None` where the text is not TOML or the setting is written in another way.
pub fn with_setting(text: &str, keys: &[&str], value: &Value) -> Option<String> {
    let mut expected: Table = text.parse().ok()?;
    put(&mut expected, keys, value)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (key, section) = keys.split_last()?;
    let line = format!("{} = {value}", shown(key));
    if let Some(at) = line_of(&lines, section, key) {
        let name = lines[at].split_once('=').map(|(name, _)| name.trim_end());
        lines[at] = format!("{} = {value}", name?);
    } else if let Some((_, end)) = range_of(&lines, section) {
        lines.insert(end, line);
    } else {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend([header(section), line]);
    }
    proven(&lines, &expected)
}

/// Takes away what is at `keys`; `None` as in [`with_setting`].
pub fn without_setting(text: &str, keys: &[&str]) -> Option<String> {
    let mut expected: Table = text.parse().ok()?;
    if !take(&mut expected, keys) {
        return Some(text.to_owned());
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (key, section) = keys.split_last()?;
    if let Some(at) = line_of(&lines, section, key) {
        lines.remove(at);
    } else {
        let (start, end) = range_of(&lines, keys)?;
        lines.drain(start - 1..end);
    }
    if let Some((start, end)) = range_of(&lines, section)
        && !section.is_empty()
        && lines[start..end].iter().all(|line| line.trim().is_empty())
    {
        lines.drain(start - 1..end);
    }
    while lines.first().is_some_and(|line| line.trim().is_empty()) {
        lines.remove(0);
    }
    proven(&lines, &expected)
}

fn proven(lines: &[String], expected: &Table) -> Option<String> {
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    let read: Table = text.parse().ok()?;
    (read == *expected).then_some(text)
}

fn put(table: &mut Table, keys: &[&str], value: &Value) -> Option<()> {
    let (first, rest) = keys.split_first()?;
    if rest.is_empty() {
        table.insert((*first).to_owned(), value.clone());
        return Some(());
    }
    let below = table.entry((*first).to_owned());
    let below = below.or_insert_with(|| Value::Table(Table::new()));
    put(below.as_table_mut()?, rest, value)
}

/// Tells whether there was something. Tables that are empty then go, too, as with Poetry.
fn take(table: &mut Table, keys: &[&str]) -> bool {
    let Some((first, rest)) = keys.split_first() else {
        return false;
    };
    if rest.is_empty() {
        return table.remove(*first).is_some();
    }
    let Some(below) = table.get_mut(*first).and_then(Value::as_table_mut) else {
        return false;
    };
    let is_taken = take(below, rest);
    if below.is_empty() {
        table.remove(*first);
    }
    is_taken
}

/// Finds the line that gives `key` in `section` a value, below the header of the section or with dots.
fn line_of(lines: &[String], section: &[&str], key: &str) -> Option<usize> {
    let in_range = |(start, end): (usize, usize), name: &str| {
        let mut range = start..end;
        range.find(|at| {
            let start = lines[*at].split_once('=').map(|(start, _)| start.trim());
            start == Some(name)
        })
    };
    let own = range_of(lines, section).and_then(|range| in_range(range, &shown(key)));
    let path: Vec<&str> = section.iter().copied().chain([key]).collect();
    let dotted = || in_range(range_of(lines, &[])?, &joined(&path));
    own.or_else(dotted)
}

/// Finds the lines below the header of a section, without empty ones at the end; those before the first header have none.
fn range_of(lines: &[String], section: &[&str]) -> Option<(usize, usize)> {
    let start = if section.is_empty() {
        0
    } else {
        let header = header(section);
        lines.iter().position(|line| line.trim() == header)? + 1
    };
    let rest = &lines[start..];
    let n_lines = rest
        .iter()
        .position(|line| line.trim_start().starts_with('['));
    let mut end = start + n_lines.unwrap_or(rest.len());
    while end > start && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    Some((start, end))
}

fn header(section: &[&str]) -> String {
    format!("[{}]", joined(section))
}

fn joined(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| shown(key)).collect();
    keys.join(".")
}

/// A key needs quotes unless it is of letters, digits, `_` and `-`.
fn shown(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        Value::String(key.to_owned()).to_string()
    }
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
            Some(written),
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
    fn what_is_written_in_another_way_is_left_alone() {
        let keys = ["virtualenvs", "in-project"];
        set("virtualenvs = { create = false }\n", &keys, true, None);
        set(
            "[virtualenvs]\nin-project = [\n  1,\n]\n",
            &keys,
            true,
            None,
        );
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
        check("virtualenvs = { in-project = true }\n", &keys, None);
    }
}
