//! The command line of lock2venv.

mod export;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut export = export::Arguments::default();
    if arguments.next().as_deref() != Some("export") {
        return ExitCode::from(2);
    }
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || {
            value
                .clone()
                .or_else(|| arguments.next())
                .unwrap_or_default()
        };
        match name.as_str() {
            "-f" | "--format" => export.format = Some(value()),
            "-o" | "--output" => export.output = Some(value()),
            "--without-hashes" => export.without_hashes = true,
            "--without-urls" => export.without_urls = true,
            "--with-credentials" => export.with_credentials = true,
            "--with" => export.request.with.push(value()),
            "--without" => export.request.without.push(value()),
            "--only" => export.request.only.push(value()),
            "--all-groups" => export.request.all_groups = true,
            "-E" | "--extras" => export.request.extras.push(value()),
            "--all-extras" => export.request.all_extras = true,
            "--dev" => {}
            _ => return ExitCode::from(2),
        }
    }
    let folder = std::env::current_dir().unwrap_or_default();
    match export::run(&export, &folder) {
        Ok(text) => {
            anstream::print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("\n{error}\n");
            ExitCode::FAILURE
        }
    }
}
