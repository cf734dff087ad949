//! `entry_points.txt` ([entry points]) and scripts that are files.
//!
//! [entry points]: https://packaging.python.org/en/latest/specifications/entry-points/

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Error;
use super::document::{Document, Ordered, Poetry, Script};

/// Writes the project's entry points: groups sorted, and within each the lines, spaces dropped. `None` when it has no groups.
///
/// `[project]` goes before `[tool.poetry]`: `scripts` hide its console scripts, `entry-points` its `plugins`. Plugins may name
/// the group of the scripts, and then stand in for them, as in poetry-core.
pub(super) fn render(document: &Document) -> Option<String> {
    let mut text = String::new();
    let groups = groups(document);
    for (group, lines) in &groups {
        text.extend(["[", group, "]\n"]);
        for line in lines {
            text.push_str(&line.replace(' ', ""));
            text.push('\n');
        }
        text.push('\n');
    }
    (!groups.is_empty()).then_some(text)
}

fn groups(document: &Document) -> BTreeMap<String, Vec<String>> {
    let (standard, poetry) = (&document.project, &document.tool.poetry);
    let mut groups = BTreeMap::new();
    let console = if standard.scripts.is_empty() {
        console_scripts(&poetry.scripts)
    } else {
        pairs(&standard.scripts)
    };
    for (group, scripts) in [
        ("console_scripts", console),
        ("gui_scripts", pairs(&standard.gui_scripts)),
    ] {
        if !scripts.is_empty() {
            groups.insert(group.to_owned(), lines(scripts));
        }
    }
    let others = if standard.entry_points.is_empty() {
        &poetry.plugins
    } else {
        &standard.entry_points
    };
    let others: BTreeMap<&str, _> = others.iter().collect();
    for (group, entries) in others {
        let group = match group {
            "console-scripts" => "console_scripts",
            "gui-scripts" => "gui_scripts",
            group => group,
        };
        groups.insert(group.to_owned(), lines(pairs(entries)));
    }
    groups
}

fn lines(entries: Vec<(&str, &str)>) -> Vec<String> {
    let lines = entries.into_iter();
    let mut lines: Vec<String> = lines
        .map(|(name, reference)| format!("{name} = {reference}"))
        .collect();
    lines.sort_unstable();
    lines
}

fn pairs(table: &Ordered<String>) -> Vec<(&str, &str)> {
    let pairs = table.iter();
    pairs.map(|(key, value)| (key, value.as_str())).collect()
}

fn console_scripts(scripts: &Ordered<Script>) -> Vec<(&str, &str)> {
    let references = scripts.iter().filter_map(|(name, script)| match script {
        Script::EntryPoint(reference) => Some((name, reference.as_str())),
        Script::Table { reference, kind } if kind.as_deref() == Some("console") => {
            Some((name, reference.as_deref()?))
        }
        Script::Table { .. } => None,
    });
    references
        .filter(|(_, reference)| !reference.is_empty())
        .collect()
}

/// Lists the scripts of `type = "file"` of the project in `root`, absolute, by their keys, in the order of the document.
///
/// # Errors
///
/// [`Error::ScriptFile`] for one that is absolute, or is no file.
pub(super) fn script_files<'p>(
    root: &Path,
    poetry: &'p Poetry,
) -> Result<Vec<(&'p str, PathBuf)>, Error> {
    let tables = poetry.scripts.iter().filter_map(|(name, script)| {
        let Script::Table { reference, kind } = script else {
            return None;
        };
        (kind.as_deref() == Some("file")).then_some((name, reference))
    });
    tables
        .map(|(name, reference)| {
            let reference = Path::new(reference.as_deref().unwrap_or_default());
            let path = root.join(reference);
            if reference.is_absolute() || !path.is_file() {
                return Err(Error::ScriptFile(name.to_owned()));
            }
            Ok((name, path))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn entry_points(pyproject: &str, expected: &str) {
        let document = toml::from_str(pyproject).unwrap();
        assert_eq!(render(&document).as_deref().unwrap_or("none"), expected);
    }

    #[test]
    fn groups_and_lines_are_sorted() {
        entry_points(
            "[project]\nscripts = {b = 'm:b', 'a b' = 'm : a [x]'}\nentry-points = {'z.y' = {n = 'm'}, a = {}}",
            "[a]\n\n[console_scripts]\nab=m:a[x]\nb=m:b\n\n[z.y]\nn=m\n\n",
        );
    }

    #[test]
    fn the_standard_tables_hide_poetrys() {
        entry_points(
            "[project]\nscripts = {a = 'm:a'}\n[tool.poetry]\nscripts = {b = 'm:b'}\nplugins = {p = {q = 'm:q'}}",
            "[console_scripts]\na=m:a\n\n[p]\nq=m:q\n\n",
        );
    }

    #[test]
    fn plugins_of_the_scripts_group_replace_them() {
        entry_points(
            "[tool.poetry]\nscripts = {b = 'm:b'}\nplugins = {console_scripts = {q = 'm:q'}}",
            "[console_scripts]\nq=m:q\n\n",
        );
        entry_points(
            "[tool.poetry]\nplugins = {console_scripts = {q = 'm:q'}, console-scripts = {r = 'm:r'}}",
            "[console_scripts]\nq=m:q\n\n",
        );
    }

    #[test]
    fn scripts_that_are_files_are_no_entry_points() {
        entry_points(
            "[tool.poetry]\nscripts = {a = {reference = 'bin/a', type = 'file'}}",
            "none",
        );
        entry_points(
            "[tool.poetry]\nscripts = {a = {reference = 'm:a', type = 'console'}}",
            "[console_scripts]\na=m:a\n\n",
        );
    }
}
