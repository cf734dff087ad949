//! `lock2venv digest`.

use std::path::PathBuf;

use clap::Args;
use lock2venv::environment::{self, Environment};

use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;

#[derive(Debug, Args)]
pub(crate) struct DigestCommand {
    /// The environment [default: .venv beside pyproject.toml]
    #[arg(value_name = "ENV")]
    environment: Option<PathBuf>,
}

/// Prints the digest of an environment.
pub(crate) fn run(arguments: &DigestCommand, context: &Context) -> Result<(), Failure> {
    let root = match &arguments.environment {
        Some(folder) => context.working_folder.join(folder),
        None => context.project_folder.join(".venv"),
    };
    let named = |error: environment::Error| {
        Failure::text(error.to_string()).hint("name an environment: `lock2venv digest ENV`")
    };
    let Some(found) = Environment::read(&root).map_err(named)? else {
        let text = format!("there is no environment at `{}`", root.display());
        return Err(Failure::text(text).hint("make one: `lock2venv install`"));
    };
    let digest = environment::digest(found.root())?;
    print_data(format!("{digest}\n").as_bytes())
}
