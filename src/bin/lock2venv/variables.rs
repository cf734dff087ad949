//! Variables that stand in for flags: the command line beats them, and what is wrong with one is said with its name.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::diagnose::meant;

/// How the names of all variables of this program begin.
const START: &str = "LOCK2VENV_";

/// Flags that contradict each other. Where one is on the command line, a variable for the other counts for nothing.
const RIVALS: &[(&str, &str)] = &[
    ("extras", "all_extras"),
    ("with", "all_groups"),
    ("without", "all_groups"),
    ("only", "all_groups"),
    ("only", "with"),
    ("only", "without"),
    ("only_root", "no_root"),
    ("only_root", "with"),
    ("only_root", "without"),
    ("only_root", "only"),
    ("only_root", "all_groups"),
    ("quiet", "verbose"),
    ("no_cache", "cache_dir"),
];

/// The variables that gave flags their values, by the flag's identifier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    of_flags: BTreeMap<String, String>,
    misspelled: Vec<Misspelled>,
}

/// A variable that is set and stands for no flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misspelled {
    pub(crate) name: String,
    pub(crate) meant: String,
}

impl Variables {
    /// Returns the variable that gave the flag `id` its value, if one did.
    pub(crate) fn of(&self, id: &str) -> Option<&str> {
        self.of_flags.get(id).map(String::as_str)
    }

    /// Lists the variables that are set, stand for no flag, and are named almost like one that does.
    pub(crate) fn misspelled(&self) -> &[Misspelled] {
        &self.misspelled
    }

    fn read(matches: &ArgMatches, names: &BTreeMap<String, String>) -> Self {
        let from = sources(matches, names);
        let from = from.into_iter();
        let read = from.filter(|(_, source)| *source == ValueSource::EnvVariable);
        let of_flags = read.map(|(id, _)| (id.clone(), names[&id].clone()));
        let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
        let set = set.filter_map(|(name, _)| name.into_string().ok());
        Self {
            of_flags: of_flags.collect(),
            misspelled: misspelled(set, &names.values().map(String::as_str).collect()),
        }
    }
}

/// Reads the command line, the first word of which is the program, and the variables that are set.
///
/// A variable that is empty counts as not set: that is what `ARG` without a value makes in a Dockerfile. So does one that says no
/// for a flag without a value, which then wants no other flag beside it.
///
/// # Errors
///
/// What clap says, and the variable to blame, if one is.
pub(crate) fn read(
    command: impl Fn() -> Command,
    line: &[std::ffi::OsString],
) -> Result<(ArgMatches, Variables), (clap::Error, Option<String>)> {
    let (names, switches) = (names(&command()), switches(&command()));
    let says_no = |name: &String, value: &OsStr| switches.contains(name) && is_no(value);
    let is_set = |name: &&String| {
        let value = std::env::var_os(name);
        value.is_some_and(|value| !value.is_empty() && !says_no(name, &value))
    };
    let set: BTreeSet<&str> = names.values().filter(is_set).map(String::as_str).collect();
    let parse =
        |known: &BTreeSet<&str>| with_variables(command(), known).try_get_matches_from(line);
    let matches = match parse(&set) {
        Ok(matches) => matches,
        Err(error) => return Err(blame(error, &set, parse)),
    };
    let beaten = beaten(&matches, &names);
    let matches = if beaten.is_empty() {
        matches
    } else {
        let left = set.iter().filter(|name| !beaten.contains(**name));
        parse(&left.copied().collect()).map_err(|error| (error, None))?
    };
    let variables = Variables::read(&matches, &names);
    Ok((matches, variables))
}

/// Lists the variables of all flags, by the flag's identifier.
fn names(command: &Command) -> BTreeMap<String, String> {
    let own = command.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_str()?;
        Some((argument.get_id().to_string(), name.to_owned()))
    });
    own.chain(command.get_subcommands().flat_map(names))
        .collect()
}

/// Lists the variables of flags that have no value.
fn switches(command: &Command) -> BTreeSet<String> {
    let is_switch = |argument: &&Arg| matches!(argument.get_action(), ArgAction::SetTrue);
    let own = command.get_arguments().filter(is_switch);
    let own = own.filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned()));
    own.chain(command.get_subcommands().flat_map(switches))
        .collect()
}

/// Tells whether a value is one that clap's `BoolishValueParser` takes for false.
fn is_no(value: &OsStr) -> bool {
    let value = value.to_str().unwrap_or_default().to_lowercase();
    ["n", "no", "f", "false", "off", "0"].contains(&value.as_str())
}

/// Finds those of `set` that are none of `known` and look like one. Others may be whoever's: `LOCK2VENV_VERSION` in a
/// Dockerfile.
fn misspelled(set: impl Iterator<Item = String>, known: &BTreeSet<&str>) -> Vec<Misspelled> {
    let unknown = set.filter(|name| name.starts_with(START) && !known.contains(name.as_str()));
    let mut misspelled: Vec<Misspelled> = unknown
        .filter_map(|name| {
            let words = &name[START.len()..];
            let known = || known.iter().filter_map(|known| known.strip_prefix(START));
            let is_part = |known: &&str| {
                let (long, short) = (known.max(&words), known.min(&words));
                let rest = long.strip_prefix(*short);
                !short.is_empty() && rest.is_some_and(|rest| rest.starts_with('_'))
            };
            let meant = meant(words, known()).or_else(|| known().find(is_part))?;
            let meant = format!("{START}{meant}");
            Some(Misspelled { name, meant })
        })
        .collect();
    misspelled.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    misspelled
}

/// Lets `command` read no other variables than `known`.
fn with_variables(command: Command, known: &BTreeSet<&str>) -> Command {
    let is_known = |name: &OsStr| name.to_str().is_some_and(|name| known.contains(name));
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if !is_known(name) => argument.env(None::<&'static str>),
        _ => argument,
    });
    command.mut_subcommands(|command| with_variables(command, known))
}

/// Finds the variables that contradict what is on the command line.
fn beaten(matches: &ArgMatches, names: &BTreeMap<String, String>) -> BTreeSet<String> {
    let from = sources(matches, names);
    let is = |id: &str, source| from.get(id) == Some(&source);
    let loses = |winner: &str, loser: &str| {
        is(winner, ValueSource::CommandLine) && is(loser, ValueSource::EnvVariable)
    };
    let both = RIVALS
        .iter()
        .flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
    let losers = both.filter(|(winner, loser)| loses(winner, loser));
    losers.map(|(_, loser)| names[loser].clone()).collect()
}

/// Tells where each flag that has a variable got its value.
fn sources(
    matches: &ArgMatches,
    names: &BTreeMap<String, String>,
) -> BTreeMap<String, ValueSource> {
    let mut sources = BTreeMap::new();
    let mut level = Some(matches);
    while let Some(matches) = level {
        let ids = matches.ids().map(clap::Id::as_str);
        for id in ids.filter(|id| names.contains_key(*id)) {
            sources.extend(
                matches
                    .value_source(id)
                    .map(|source| (id.to_owned(), source)),
            );
        }
        level = matches.subcommand().map(|(_, matches)| matches);
    }
    sources
}

/// Finds the variable without which the same command line is not refused in the same way.
fn blame(
    error: clap::Error,
    set: &BTreeSet<&str>,
    parse: impl Fn(&BTreeSet<&str>) -> Result<ArgMatches, clap::Error>,
) -> (clap::Error, Option<String>) {
    let said = error.to_string();
    let is_to_blame = |name: &&&str| {
        let others = set.iter().filter(|other| other != name).copied();
        match parse(&others.collect()) {
            Ok(_) => true,
            Err(error) => error.to_string() != said,
        }
    };
    let name = set.iter().find(is_to_blame).map(ToString::to_string);
    (error, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_almost_right_are_noticed() {
        let known = BTreeSet::from([
            "LOCK2VENV_NO_ROOT",
            "LOCK2VENV_INDEX_URL",
            "LOCK2VENV_VERBOSE",
        ]);
        let find = |name: &str| {
            let found = misspelled([name.to_owned()].into_iter(), &known);
            found.into_iter().next().map(|found| found.meant)
        };
        let is = |name: &str| Some(format!("LOCK2VENV_{name}"));
        assert_eq!(find("LOCK2VENV_NO_ROT"), is("NO_ROOT"));
        assert_eq!(find("LOCK2VENV_INDEX"), is("INDEX_URL"));
        assert_eq!(find("LOCK2VENV_NO_ROOT_EVER"), is("NO_ROOT"));
        for other in [
            "LOCK2VENV_NO_ROOT",
            "LOCK2VENV_VERSION",
            "LOCK2VENV_",
            "POETRY_NO_ROT",
        ] {
            assert_eq!(find(other), None, "{other}");
        }
    }
}
