//! The command line of lock2venv.
//!
//! Everything that comes from outside (arguments, environment variables, the home folder, the working directory) is read
//! here and in the commands' modules, and handed to the library as values.

mod args;
mod build;
mod cache;
mod check;
mod command_line;
mod context;
mod diagnose;
mod digest;
mod dockerfile;
mod download;
mod export;
mod habits;
mod install;
mod place;
mod poetry;
mod provided;
mod report;
mod run;
mod size;
mod variables;
mod verify;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;

use args::{Arguments, ColorChoice, Command, Global};
use context::{Caller, Context};
use diagnose::Failure;
use install::Others;
use report::print_warning;
use variables::{Misspelled, Variables};

/// What ends a command line that makes no sense.
const MISUSE: i32 = 2;

fn main() -> ExitCode {
    if poetry::is_called() {
        return poetry::run();
    }
    let (arguments, variables) = command_line::read::<Arguments>(MISUSE);
    prepare_terminal(&arguments.global, &variables);
    match carry_out(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print(&variables),
    }
}

/// Chooses colors, and warns of variables that stand for no flag.
fn prepare_terminal(global: &Global, variables: &Variables) {
    choose_color(global);
    if !global.quiet {
        for Misspelled { name, meant } in variables.misspelled() {
            print_warning(&format!("`{name}` is ignored: did you mean `{meant}`?"));
        }
    }
}

/// Goes to the working directory that was named.
fn enter(global: &Global) -> Result<(), Failure> {
    let Some(folder) = &global.directory else {
        return Ok(());
    };
    let entered = std::env::set_current_dir(folder);
    entered.map_err(|error| Failure::not_a_directory(folder, &error).about(&["directory"]))
}

fn carry_out(arguments: Arguments) -> Result<(), Failure> {
    enter(&arguments.global)?;
    let context = Context::new(&arguments.global, Caller::Lock2venv)?;
    match arguments.command {
        Command::Export(arguments) => export::run(&arguments, &context),
        Command::Install(arguments) => {
            let others = Others::of(arguments.sync);
            install::run(&arguments.install, others, &context)
        }
        Command::Sync(arguments) => install::run(&arguments, Others::Removed, &context),
        Command::Run(arguments) => run::run(&arguments, &context),
        Command::Download(arguments) => download::run(&arguments, &context),
        Command::Check(arguments) => check::run(&arguments, &context),
        Command::Verify(arguments) => verify::run(&arguments, &context),
        Command::Build(arguments) => build::run(&arguments, &context),
        Command::Dockerfile(arguments) => dockerfile::run(&arguments, &context),
        Command::Cache(command) => cache::run(&command, &context),
        Command::Digest(arguments) => digest::run(&arguments, &context),
        Command::Completions(arguments) => {
            let mut script = Vec::new();
            clap_complete::generate(
                arguments.shell,
                &mut Arguments::command(),
                "lock2venv",
                &mut script,
            );
            print_data(&script)
        }
    }
}

fn choose_color(global: &Global) {
    let choice = match global.color {
        _ if global.no_ansi => anstream::ColorChoice::Never,
        _ if global.ansi => anstream::ColorChoice::Always,
        ColorChoice::Auto => return,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Writes data to standard output, all of it or an error.
fn print_data(data: &[u8]) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(data).and_then(|()| output.flush());
    written.map_err(|error| Failure::output(Path::new("standard output"), &error))
}
