//! What users of other tools type out of habit, and what is meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Commands that only Poetry has.
const OF_POETRY: &[&str] = &[
    "add", "config", "debug", "env", "init", "list", "lock", "new", "publish", "remove", "search",
    "self", "show", "source", "update", "version",
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
    ("--synchronize", "`--sync`"),
];

/// Flags that ask for what is done anyway.
const NEEDLESS: &[&str] = &["--frozen", "--immutable", "--locked", "--no-update"];

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
        "run" | "shell" => {
            Some("lock2venv has no such command; start programs of the environment directly: `.venv/bin/PROGRAM`".to_owned())
        }
        _ => OF_POETRY
            .contains(&word)
            .then(|| format!("lock2venv has no such command; use `poetry {word}`")),
    }
}

fn meant_flag(word: &str) -> Option<String> {
    let flag = word.split('=').next().unwrap_or(word);
    if NEEDLESS.contains(&flag) {
        return Some(format!(
            "leave out `{flag}`: the lock is always used as it is and never changed"
        ));
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
        means(&["shell"], Some(".venv/bin/PROGRAM"));
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
