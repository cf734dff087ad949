//! `--compile[=NAMES]`: which distributions get bytecode.

use std::collections::BTreeSet;

use lock2venv::install::CompileChoice;
use lock2venv::name::PackageName;

use super::project::LockedProject;
use crate::context::Context;

/// Reads a yes or no, as other flags take it from their variables, or names that are separated by commas.
pub(crate) fn parse(text: &str) -> Result<CompileChoice, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(CompileChoice::None),
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(CompileChoice::All),
        names => {
            let names = names.split(',').map(str::trim);
            let names = names.filter(|name| !name.is_empty()).map(name);
            let names = names.collect::<Result<BTreeSet<_>, _>>()?;
            if names.is_empty() {
                return Err("no package is named".to_owned());
            }
            Ok(CompileChoice::Only(names))
        }
    }
}

fn name(text: &str) -> Result<PackageName, String> {
    let is_part = |character: char| character.is_alphanumeric() || "-_.".contains(character);
    if text.chars().all(is_part) {
        Ok(PackageName::new(text))
    } else {
        Err(format!("`{text}` is not the name of a package"))
    }
}

/// Warns of names that are neither the project's nor in its lock.
pub(crate) fn warn_of_unknown(choice: &CompileChoice, locked: &LockedProject, context: &Context) {
    let CompileChoice::Only(names) = choice else {
        return;
    };
    let is_locked = |name: &PackageName| {
        let mut packages = locked.lock.packages.iter();
        locked.project.name == *name || packages.any(|package| package.name == *name)
    };
    for name in names.iter().filter(|name| !is_locked(name)) {
        context.warn(&format!(
            "`--compile` names `{name}`, which is not in poetry.lock"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytecode_is_for_all_for_none_or_for_those_named() {
        assert_eq!(parse("true"), Ok(CompileChoice::All));
        assert_eq!(parse("0"), Ok(CompileChoice::None));
        let names = ["ruamel-yaml", "numpy"].map(PackageName::new);
        let only = CompileChoice::Only(names.into_iter().collect());
        assert_eq!(parse(" NumPy, ruamel.yaml,"), Ok(only));
        assert!(parse("numpy pandas").is_err());
        assert!(parse("").is_err() && parse(" , ").is_err());
    }
}
