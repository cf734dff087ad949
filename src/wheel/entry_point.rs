//! `entry_points.txt` ([entry points specification]), read as `importlib.metadata` reads it, for the scripts in it.
//!
//! Code is generated from these lines, so names and object references are checked more strictly than there: a name is
//! one file in the folder of scripts, and a reference is made of identifiers.
//!
//! [entry points specification]: https://packaging.python.org/en/latest/specifications/entry-points/

use std::collections::{BTreeMap, BTreeSet};

use super::Error;

/// One script that is to be generated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryPoint {
    /// The name of the script.
    pub name: String,
    /// The module to import, such as `acme.cli`.
    pub module: String,
    /// The attribute of it to call, such as `main` or `App.run`.
    pub attribute: String,
}

/// The scripts of `entry_points.txt`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// One for each name, sorted by it.
    pub entry_points: Vec<EntryPoint>,
    /// Names that occur again and call the same object.
    pub repeated: BTreeSet<String>,
    /// Names that occur again and call another object: the last of `gui_scripts` counts, else the last of `console_scripts`,
    /// as with pip.
    pub contested: BTreeSet<String>,
}

impl Scripts {
    /// Parses the `console_scripts` and `gui_scripts` of `entry_points.txt`.
    ///
    /// # Errors
    ///
    /// [`Error::EntryPoint`] when one of them cannot be made a script.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut sections = [Vec::new(), Vec::new()];
        let mut section = None;
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let name = line.strip_prefix('[');
            if let Some(name) = name.and_then(|rest| rest.strip_suffix(']')) {
                section = SECTIONS.iter().position(|section| *section == name);
            } else if let Some(section) = section {
                let entry_point = parse_line(line).map_err(|fault| error(line, fault))?;
                sections[section].push(entry_point);
            }
        }
        let mut scripts = Self::default();
        let mut by_name = BTreeMap::new();
        for entry_point in sections.into_iter().flatten() {
            let name = entry_point.name.clone();
            if let Some(earlier) = by_name.insert(name.clone(), entry_point.clone()) {
                let is_same = earlier == entry_point;
                let names = if is_same {
                    &mut scripts.repeated
                } else {
                    &mut scripts.contested
                };
                names.insert(name);
            }
        }
        scripts.entry_points = by_name.into_values().collect();
        Ok(scripts)
    }
}

/// The sections that scripts are made of, in the order in which they count.
const SECTIONS: [&str; 2] = ["console_scripts", "gui_scripts"];

/// Parses the `console_scripts` and `gui_scripts` of `entry_points.txt`, sorted by name.
///
/// # Errors
///
/// [`Error::EntryPoint`] when one of them cannot be made a script, [`Error::RepeatedScript`] when two have one name and call
/// different objects.
pub fn parse_entry_points(text: &str) -> Result<Vec<EntryPoint>, Error> {
    let scripts = Scripts::parse(text)?;
    match scripts.contested.into_iter().next() {
        Some(name) => Err(Error::RepeatedScript { name }),
        None => Ok(scripts.entry_points),
    }
}

fn error(line: &str, fault: &'static str) -> Error {
    Error::EntryPoint {
        entry_point: line.to_owned(),
        fault,
    }
}

fn parse_line(line: &str) -> Result<EntryPoint, &'static str> {
    let (name, reference) = line.split_once('=').ok_or("has no object reference")?;
    let name = name.trim();
    check_script_name(name)?;
    let reference = reference.trim();
    let reference = match reference.split_once('[') {
        Some((reference, extras)) if extras.ends_with(']') => reference.trim(),
        Some(_) => return Err("has extras without a closing bracket"),
        None => reference,
    };
    let (module, attribute) = reference
        .split_once(':')
        .ok_or("names no function to call")?;
    let (module, attribute) = (module.trim(), attribute.trim());
    if !is_dotted(module) || !is_dotted(attribute) {
        return Err("does not refer to an object by valid identifiers");
    }
    Ok(EntryPoint {
        name: name.to_owned(),
        module: module.to_owned(),
        attribute: attribute.to_owned(),
    })
}

/// Checks that a script called `name` stays in the folder of scripts and takes the place of nothing that makes the
/// environment one: an interpreter (`python`, `python3.12`, `pythonw`, `pypy3`) or an `activate` script.
///
/// Names that only begin so are real and allowed: `python-argcomplete-check-easy-install-script`,
/// `activate-global-python-argcomplete`.
///
/// # Errors
///
/// What is wrong with the name, as the end of a sentence.
pub fn check_script_name(name: &str) -> Result<(), &'static str> {
    let is_unfit = |character: char| matches!(character, '/' | '\\') || character.is_control();
    if name.is_empty() || name == "." || name == ".." || name.len() > 255 || name.contains(is_unfit)
    {
        return Err("has a name that cannot be a file name");
    }
    if is_interpreter(name) || is_activation(name) {
        return Err("has a name that belongs to the environment");
    }
    Ok(())
}

fn is_interpreter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let stem = name.strip_suffix(".exe").unwrap_or(&name);
    let rest = stem
        .strip_prefix("python")
        .or_else(|| stem.strip_prefix("pypy"));
    rest.is_some_and(|rest| {
        rest.trim_end_matches(['w', 't'])
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn is_activation(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    matches!(stem, "activate" | "deactivate" | "activate_this")
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_identifier)
}

fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    let begins = characters
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic());
    begins && characters.all(|next| next == '_' || next.is_alphanumeric()) && !is_keyword(text)
}

fn is_keyword(text: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
        "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
        "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return",
        "try", "while", "with", "yield",
    ];
    KEYWORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn scripts(text: &str, expected: &[(&str, &str, &str)]) {
        let entry_points = parse_entry_points(text).unwrap();
        let found: Vec<_> = entry_points
            .iter()
            .map(|entry| (&*entry.name, &*entry.module, &*entry.attribute))
            .collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn refuses(line: &str) {
        let text = format!("[console_scripts]\n{line}\n");
        assert!(parse_entry_points(&text).is_err(), "{line}");
    }

    #[test]
    fn scripts_of_both_kinds_are_read() {
        scripts(
            "[console_scripts]\nb = acme.cli:main\n# a comment\n\n[other]\nx = nothing\n\
             [gui_scripts]\na=acme:App.run [gui,fast]\n",
            &[("a", "acme", "App.run"), ("b", "acme.cli", "main")],
        );
        scripts("", &[]);
    }

    #[test]
    fn a_script_may_be_listed_again_and_the_last_of_those_that_differ_counts() {
        let text = "[gui_scripts]\na = m:gui\nb = m:b\n[console_scripts]\na = m:console\nb = m:b\nc = m:c\nc = m:d\n";
        let scripts = Scripts::parse(text).unwrap();
        let attributes = scripts.entry_points.iter();
        let attributes: Vec<&str> = attributes.map(|point| &*point.attribute).collect();
        assert_eq!(attributes, ["gui", "b", "d"]);
        assert_eq!(scripts.repeated, BTreeSet::from(["b".to_owned()]));
        assert_eq!(
            scripts.contested,
            BTreeSet::from(["a".to_owned(), "c".to_owned()])
        );
        assert!(parse_entry_points(text).is_err());
    }

    #[test]
    fn names_that_only_look_like_the_environments_own_are_allowed() {
        for name in [
            "python-argcomplete-check-easy-install-script",
            "activate-global-python-argcomplete",
            "pythonic",
            "py.test",
            "pip3.11",
            "f2py",
        ] {
            assert_eq!(check_script_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn names_that_leave_or_replace_are_refused() {
        for name in [
            "../x",
            "a/b",
            "a\\b",
            "..",
            "",
            "a\tb",
            "python",
            "python3",
            "Python3.11",
            "pythonw",
            "python3.13t",
            "python.exe",
            "pypy3",
            "activate",
            "activate.fish",
            "Activate.ps1",
            "activate_this.py",
            "deactivate.bat",
        ] {
            assert!(check_script_name(name).is_err(), "{name}");
            refuses(&format!("{name} = a:b"));
        }
    }

    #[test]
    fn references_that_are_not_identifiers_are_refused() {
        for reference in [
            "a",
            "a:",
            ":b",
            "a:b()",
            "a b:c",
            "a:b;import os",
            "a:b\"",
            "a..b:c",
            "1a:b",
            "a:import",
            "a:b [x",
            "a:b:c",
            "",
        ] {
            refuses(&format!("x = {reference}"));
        }
        refuses("x");
        refuses("x = a:b\nx = a:c");
    }
}
