//! The commands and flags of Poetry that are answered.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use crate::args::{Build, Export, Global, Install, InstallCommand, STYLES};
use crate::run::Run;

/// lock2venv, called by the name of Poetry: exports Poetry locks and fills virtual environments from them.
///
/// It answers these commands as Poetry does, and has no others: what changes poetry.lock or pyproject.toml needs Poetry itself.
#[derive(Debug, Parser)]
#[command(name = "poetry", styles = STYLES, max_term_width = 100)]
#[command(
    disable_version_flag = true,
    disable_help_subcommand = true,
    args_override_self = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    /// Print the version of the Poetry that is answered for
    #[arg(short = 'V', long, global = true)]
    pub(crate) version: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fill the environment from the lock
    Install(Box<InstallCommand>),
    /// Fill the environment from the lock, and remove what is not in it
    Sync(Box<Install>),
    /// Print the lock as requirements.txt, constraints.txt or pylock.toml
    Export(Export),
    /// Run a command in the environment
    Run(Run),
    /// Build the project's sdist and wheel
    Build(Build),
    /// Show the environment
    #[command(subcommand)]
    Env(Env),
    /// Check whether poetry.lock matches pyproject.toml
    Check(Check),
    /// Show and change settings
    Config(Config),
    /// Remove everything in the cache
    #[command(subcommand)]
    Cache(Cache),
    /// Print the version of the project
    Version(Version),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Env {
    /// Print what the environment is
    Info(EnvInfo),
    /// List the environments of the project
    List(EnvList),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Args)]
pub(crate) struct EnvInfo {
    /// Print its folder alone
    #[arg(short, long)]
    pub(crate) path: bool,
    /// Print its Python alone
    #[arg(short, long)]
    pub(crate) executable: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EnvList {
    /// Print whole paths
    #[arg(long)]
    pub(crate) full_path: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Fail where there is no poetry.lock
    #[arg(long)]
    pub(crate) lock: bool,
    /// Accepted as in Poetry; there are no warnings
    #[arg(long, hide = true)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// The setting
    pub(crate) key: Option<String>,
    /// What it shall be; without it, the setting is printed
    pub(crate) values: Vec<String>,
    /// Print all settings
    #[arg(long)]
    pub(crate) list: bool,
    /// Forget the setting
    #[arg(long)]
    pub(crate) unset: bool,
    /// Change poetry.toml beside pyproject.toml, not the user's settings
    #[arg(long)]
    pub(crate) local: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Remove everything in the cache, of whichever index
    Clear(CacheClear),
    /// List caches; there is one, without a name
    List,
}

#[derive(Debug, Args)]
pub(crate) struct CacheClear {
    /// Accepted as in Poetry; there is one cache
    #[arg(hide = true)]
    pub(crate) cache: Option<String>,
    /// Accepted as in Poetry; all of it goes
    #[arg(long, hide = true)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Version {
    /// Not answered: it would change pyproject.toml
    #[arg(hide = true)]
    pub(crate) new: Option<String>,
    /// Print the version alone
    #[arg(short, long)]
    pub(crate) short: bool,
}
