//! What users of other tools type out of habit, and what is meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Commands that only Poetry has.
const OF_POETRY: &[&str] = &[
    "about", "add", "debug", "init", "list", "lock", "new", "publish", "python", "remove",
    "search", "self", "show", "source", "update", "version",
];

/// Flags of older Poetrys and of other tools, and what to type instead.
const FLAGS: &[(&str, &str)] = &[
    ("--all", "`--all-groups --all-extras`"),
    ("--compile-bytecode", "`--compile`"),
    ("--default", "`--only main`"),
    ("--dev", "`--with dev`"),
    ("--dev-only", "`--only dev`"),
    ("--exact", "`--sync`"),
    ("--extra", "`--extras`"),
    ("--group", "`--with`"),
    ("--no-default-groups", "`--only main`"),
    ("--no-cache-dir", "`--no-cache`"),
    ("--no-dev", "`--without dev`, or `--only main`"),
    ("--no-group", "`--without`"),
    ("--no-hashes", "`--without-hashes`"),
    ("--no-install-project", "`--no-root`"),
    ("--no-install-root", "`--no-root`"),
    ("--only-dev", "`--only dev`"),
    ("--only-group", "`--only`"),
    ("--only-main", "`--only main`"),
    ("--output-file", "`--output`"),
    ("--remove-untracked", "`--sync`"),
    (
        "--requirement",
        "`lock2venv install`: packages come from poetry.lock",
    ),
    ("--synchronize", "`--sync`"),
];

/// Flags that ask for what is done anyway, and why it is.
const NEEDLESS: &[(&str, &str)] = &[
    ("--frozen", AS_LOCKED),
    ("--immutable", AS_LOCKED),
    ("--locked", AS_LOCKED),
    (
        "--no-editable",
        "wheels are installed unless `--editable` asks for links",
    ),
    ("--no-update", AS_LOCKED),
    ("--relocatable", "environments are always relocatable"),
    (
        "--sync",
        "`lock2venv sync` always removes what is not in the lock",
    ),
];

const AS_LOCKED: &str = "the lock is always used as it is and never changed";

/// Says what was probably meant by a command line that `error` refuses; `None` where clap's own words say all there is.
pub(crate) fn meant(error: &clap::Error) -> Option<String> {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    if error.kind() == ErrorKind::InvalidSubcommand {
        return meant_command(word(ContextKind::InvalidSubcommand)?);
    }
    let is_flag = error.kind() == ErrorKind::UnknownArgument;
    word(ContextKind::InvalidArg)
        .filter(|_| is_flag)
        .and_then(meant_flag)
}

fn meant_command(word: &str) -> Option<String> {
    match word {
        "activate" | "shell" => Some(
            "lock2venv has no such command; to run one command: `lock2venv run CMD`; to activate the environment: `source .venv/bin/activate`"
                .to_owned(),
        ),
        "config" => Some(
            "lock2venv has no such command; it reads Poetry's settings, which `poetry config` changes, as do poetry.toml and the variables POETRY_..."
                .to_owned(),
        ),
        "env" | "venv" => Some(
            "lock2venv has no such command; the environment is `.venv` beside pyproject.toml, or what `--venv DIR` names"
                .to_owned(),
        ),
        _ => OF_POETRY
            .contains(&word)
            .then(|| format!("lock2venv has no such command; use `poetry {word}`")),
    }
}

fn meant_flag(word: &str) -> Option<String> {
    let flag = word.split('=').next().unwrap_or(word);
    if let Some((_, reason)) = NEEDLESS.iter().find(|(known, _)| *known == flag) {
        return Some(format!("leave out `{flag}`: {reason}"));
    }
    let (_, meant) = FLAGS.iter().find(|(known, _)| *known == flag)?;
    Some(format!("instead of `{flag}`, use {meant}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Arguments;

    #[track_caller]
    fn means(line: &[&str], expected: Option<&str>) {
        let words = ["lock2venv"].iter().chain(line);
        let error = Arguments::command()
            .try_get_matches_from(words)
            .expect_err("there is no such command line");
        let meant = meant(&error);
        match expected {
            Some(part) => assert!(
                meant.as_ref().is_some_and(|text| text.contains(part)),
                "{meant:?}"
            ),
            None => assert_eq!(meant, None),
        }
    }

    #[test]
    fn habits_are_understood() {
        means(&["shell"], Some("lock2venv run CMD"));
        means(&["env", "info"], Some(".venv"));
        means(&["config", "x"], Some("poetry config"));
        means(&["sync", "--sync"], Some("leave out `--sync`"));
        means(&["lock"], Some("poetry lock"));
        means(&["install", "--no-dev"], Some("--without dev"));
        means(&["install", "--frozen"], Some("leave out `--frozen`"));
        means(&["export", "--output-file=x"], Some("--output"));
        means(&["install", "--nonsense"], None);
        means(&["nonsense"], None);
    }

    #[test]
    fn no_habit_is_a_flag_that_exists() {
        for (flag, _) in FLAGS {
            let known = Arguments::command();
            let subcommands: Vec<_> = known.get_subcommands().collect();
            let is_known = |command: &clap::Command| {
                let mut flags = command.get_arguments().filter_map(clap::Arg::get_long);
                flags.any(|known| format!("--{known}") == *flag)
            };
            let n_known = subcommands
                .iter()
                .filter(|command| is_known(command))
                .count();
            assert!(n_known < 2, "{flag}");
        }
    }
}
