//! Reads a command line and the variables that stand in for flags, and ends the process where they make no sense.

use std::ffi::OsString;

use clap::error::ContextKind;
use clap::{CommandFactory, FromArgMatches};

use crate::habits;
use crate::report::print_hint;
use crate::variables::{self, Variables};

/// Reads the command line. Where it makes no sense, the process ends with `misuse`, as it does with 0 after `--help`.
pub(crate) fn read<T: CommandFactory + FromArgMatches>(misuse: i32) -> (T, Variables) {
    let line: Vec<OsString> = std::env::args_os().collect();
    let (matches, variables) = variables::read(T::command, &line)
        .unwrap_or_else(|(error, variable)| refuse(error, variable, misuse));
    let arguments = T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    (arguments, variables)
}

/// Says what is wrong with the command line, and ends the process.
fn refuse(mut error: clap::Error, variable: Option<String>, misuse: i32) -> ! {
    let meant = habits::meant(&error);
    if meant.is_some() {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::Suggested);
        // It shows the flag that was not meant.
        error.remove(ContextKind::Usage);
    }
    // Nobody can be told where standard error is closed.
    let _ = error.print();
    let blamed = variable.map(|name| format!("the value comes from the variable {name}"));
    for hint in meant.into_iter().chain(blamed) {
        print_hint(&hint);
    }
    std::process::exit(if error.use_stderr() { misuse } else { 0 })
}
