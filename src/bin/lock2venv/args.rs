//! The command line: flags named as Poetry names them, each also an environment variable `LOCK2VENV_<FLAG>`.
//!
//! Only what a flag is lives here; what it means is the business of the command's module. Values of environment
//! variables other than those of flags are read in `main.rs`.

#![expect(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "a flag is a field, and is named as Poetry names it"
)]

use std::path::PathBuf;

use clap::builder::{BoolishValueParser, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::cache::{CacheSize, Prune};
use crate::check::Check;
use crate::digest::DigestCommand;
use crate::dockerfile::Dockerfile;
use crate::install::compile;
use crate::install::image::Image;
use crate::provided;
use crate::run::Run;
use crate::size;
use crate::verify::Verify;

use lock2venv::install::CompileChoice;

pub(crate) const STYLES: Styles = Styles::styled()
    .header(anstyle::AnsiColor::Green.on_default().bold())
    .usage(anstyle::AnsiColor::Green.on_default().bold())
    .literal(anstyle::AnsiColor::Cyan.on_default().bold())
    .placeholder(anstyle::AnsiColor::Cyan.on_default());

/// Exports Poetry locks and fills virtual environments from them.
#[derive(Debug, Parser)]
#[command(name = "lock2venv", version, about, styles = STYLES, max_term_width = 100)]
#[command(
    propagate_version = true,
    disable_help_subcommand = true,
    args_override_self = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Work in DIR, as if started there
    #[arg(
        short = 'C',
        long,
        value_name = "DIR",
        global = true,
        env = "LOCK2VENV_DIRECTORY"
    )]
    pub(crate) directory: Option<PathBuf>,
    /// Use the project in DIR; other paths stay relative to the working directory
    #[arg(
        short = 'P',
        long,
        value_name = "DIR",
        global = true,
        env = "LOCK2VENV_PROJECT"
    )]
    pub(crate) project: Option<PathBuf>,
    /// Print errors only
    #[arg(short, long, global = true, env = "LOCK2VENV_QUIET", value_parser = BoolishValueParser::new())]
    pub(crate) quiet: bool,
    /// List every file and its origin
    #[arg(short, long, global = true, action = ArgAction::Count, env = "LOCK2VENV_VERBOSE")]
    pub(crate) verbose: u8,
    /// When to use color
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "LOCK2VENV_COLOR"
    )]
    pub(crate) color: ColorChoice,
    /// Accepted as in Poetry; nothing is ever asked
    #[arg(short = 'n', long, global = true, hide = true)]
    pub(crate) no_interaction: bool,
    /// The same as --color always
    #[arg(long, global = true, hide = true, overrides_with = "no_ansi")]
    pub(crate) ansi: bool,
    /// The same as --color never
    #[arg(long, global = true, hide = true, overrides_with = "ansi")]
    pub(crate) no_ansi: bool,
    /// Accepted as in Poetry; there are no plugins
    #[arg(long, global = true, hide = true)]
    pub(crate) no_plugins: bool,
    /// Use no cache, even if one is named
    #[arg(long, global = true, env = "LOCK2VENV_NO_CACHE", value_parser = BoolishValueParser::new())]
    pub(crate) no_cache: bool,
    /// Trust the certificate authorities that are built in (Mozilla's), not the system's
    #[arg(long, global = true, env = "LOCK2VENV_BUILTIN_CERTIFICATES", value_parser = BoolishValueParser::new())]
    pub(crate) builtin_certificates: bool,
}

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the lock as requirements.txt, constraints.txt or pylock.toml
    Export(Export),
    /// Fill a virtual environment from the lock
    Install(Box<InstallCommand>),
    /// Update the project's environment according to the lockfile: `install --sync`
    Sync(Box<Install>),
    /// Run a command in the environment
    Run(Run),
    /// Put the locked files into a folder, for `install --offline --find-links DIR`
    Download(Box<Download>),
    /// Compare an environment with the lock, and its files with their RECORD
    Check(Check),
    /// Check every locked file against what its index offers
    Verify(Verify),
    /// Build the project's sdist and wheel
    Build(Build),
    /// Print a multi-stage Dockerfile that fits the project
    Dockerfile(Dockerfile),
    /// Show, check, prune or clear the cache
    #[command(subcommand)]
    Cache(Cache),
    /// Print one digest of an environment: of its files, links and folders with their modes and dates
    Digest(DigestCommand),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// Groups and extras, as `poetry install` and `poetry export` take them.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Groups and extras")]
pub(crate) struct Groups {
    /// Include these optional groups too (comma separated, may be repeated)
    #[arg(long, value_name = "GROUPS", env = "LOCK2VENV_WITH")]
    pub(crate) with: Vec<String>,
    /// Leave out these groups
    #[arg(long, value_name = "GROUPS", env = "LOCK2VENV_WITHOUT")]
    pub(crate) without: Vec<String>,
    /// Take only these groups
    #[arg(long, value_name = "GROUPS", env = "LOCK2VENV_ONLY")]
    pub(crate) only: Vec<String>,
    /// Take every group
    #[arg(long, env = "LOCK2VENV_ALL_GROUPS", value_parser = BoolishValueParser::new())]
    pub(crate) all_groups: bool,
    /// Take these extras (separated by spaces, may be repeated)
    #[arg(short = 'E', long, value_name = "EXTRAS", env = "LOCK2VENV_EXTRAS")]
    pub(crate) extras: Vec<String>,
    /// Take every extra
    #[arg(long, env = "LOCK2VENV_ALL_EXTRAS", value_parser = BoolishValueParser::new())]
    pub(crate) all_extras: bool,
    /// Leave out these packages, which the runtime has already, and what only they need (comma separated, may be repeated)
    #[arg(long, value_name = "NAMES", env = "LOCK2VENV_PROVIDED", value_parser = provided::parse)]
    pub(crate) provided: Vec<String>,
}

impl Groups {
    /// Tells whether any groups or extras were asked for.
    pub(crate) fn are_named(&self) -> bool {
        let lists = [&self.with, &self.without, &self.only, &self.extras];
        self.all_groups || self.all_extras || lists.iter().any(|names| !names.is_empty())
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A table for people.
    Text,
    /// A document for programs, whose schema is in the repository.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The format: requirements.txt, constraints.txt or pylock.toml
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "requirements.txt",
        env = "LOCK2VENV_FORMAT"
    )]
    pub(crate) format: String,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", env = "LOCK2VENV_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// Leave out the hashes
    #[arg(long, env = "LOCK2VENV_WITHOUT_HASHES", value_parser = BoolishValueParser::new())]
    pub(crate) without_hashes: bool,
    /// Leave out the URLs of indexes
    #[arg(long, env = "LOCK2VENV_WITHOUT_URLS", value_parser = BoolishValueParser::new())]
    pub(crate) without_urls: bool,
    /// Include credentials in the URLs of indexes
    #[arg(long, env = "LOCK2VENV_WITH_CREDENTIALS", value_parser = BoolishValueParser::new())]
    pub(crate) with_credentials: bool,
    /// Does nothing, as in Poetry: use --with dev
    #[arg(long, env = "LOCK2VENV_DEV", value_parser = BoolishValueParser::new())]
    pub(crate) dev: bool,
    /// Append the project: its folder, or its wheel, built into dist/, with its hash
    #[arg(long, value_name = "AS", num_args = 0..=1, require_equals = true, default_missing_value = "path")]
    #[arg(env = "LOCK2VENV_APPEND_PROJECT")]
    pub(crate) append_project: Option<AppendProject>,
    /// Print path dependencies relative to the folder of the output file, where pip has to be
    /// started, instead of as file:// URLs
    #[arg(long, env = "LOCK2VENV_RELATIVE_PATHS", value_parser = BoolishValueParser::new())]
    pub(crate) relative_paths: bool,
    /// Compare with the output file instead of writing it: if it is out of date, print a diff and exit with 1
    #[arg(long, requires = "output", env = "LOCK2VENV_CHECK", value_parser = BoolishValueParser::new())]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) groups: Groups,
}

/// How the project itself is appended to an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AppendProject {
    /// As its folder.
    Path,
    /// As a wheel built into `dist/`, with its hash.
    Wheel,
}

/// `install`, which leaves what the lock does not have unless it is told otherwise.
#[derive(Debug, Args)]
pub(crate) struct InstallCommand {
    #[command(flatten)]
    pub(crate) install: Install,
    /// Remove distributions that are not in the lock
    #[arg(long, env = "LOCK2VENV_SYNC", value_parser = BoolishValueParser::new())]
    pub(crate) sync: bool,
}

/// What `install` and `sync` have in common.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// The environment [default: .venv beside pyproject.toml]
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_VENV")]
    pub(crate) venv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) groups: Groups,
    /// Leave out the project itself
    #[arg(long, env = "LOCK2VENV_NO_ROOT", value_parser = BoolishValueParser::new())]
    pub(crate) no_root: bool,
    /// Install only the project itself
    #[arg(long, env = "LOCK2VENV_ONLY_ROOT", value_parser = BoolishValueParser::new())]
    pub(crate) only_root: bool,
    /// Leave out directory dependencies
    #[arg(long, env = "LOCK2VENV_NO_DIRECTORY", value_parser = BoolishValueParser::new())]
    pub(crate) no_directory: bool,
    /// Install the project and directory dependencies as links to their sources, as Poetry does
    #[arg(long, env = "LOCK2VENV_EDITABLE", value_parser = BoolishValueParser::new())]
    pub(crate) editable: bool,
    /// Compile Python sources to bytecode: all, or those of the packages that are named (comma separated)
    #[arg(
        long,
        value_name = "NAMES",
        env = "LOCK2VENV_COMPILE",
        value_parser = compile::parse,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub(crate) compile: Option<CompileChoice>,
    /// Print what would be done, and change nothing
    #[arg(long, env = "LOCK2VENV_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(crate) dry_run: bool,
    /// Treat as errors: warnings about wheels (warnings, the default), and files that have Python run code whenever it starts
    /// (startup); comma separated
    #[arg(
        long,
        value_name = "WHAT",
        env = "LOCK2VENV_STRICT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "warnings"
    )]
    pub(crate) strict: Option<String>,
    /// Install what these rules would refuse, as pip does: entry-comments, nested-scripts,
    /// repeated-scripts, symbolic-links, trailing-zeros (comma separated, may be repeated)
    #[arg(long, value_name = "RULES", env = "LOCK2VENV_LENIENT")]
    pub(crate) lenient: Vec<String>,
    /// How files of the cache become files of the environment
    #[arg(
        long,
        value_name = "MODE",
        default_value = "auto",
        env = "LOCK2VENV_LINK_MODE"
    )]
    pub(crate) link_mode: LinkMode,
    /// Keep archives in the cache and nothing unpacked: a third of the space, for caches that CI saves and restores
    /// [default: true with --link-mode copy, else false]
    #[arg(
        long,
        value_name = "BOOL",
        env = "LOCK2VENV_CACHE_ARCHIVES",
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub(crate) cache_archives: Option<bool>,
    #[command(flatten)]
    pub(crate) image: Image,
    #[command(flatten)]
    pub(crate) supply: Supply,
}

#[derive(Debug, Args)]
pub(crate) struct Download {
    /// The folder
    #[arg(value_name = "DIR", default_value = "wheelhouse")]
    pub(crate) folder: PathBuf,
    /// Put wheels there in place of source distributions, git and directory dependencies
    #[arg(long, env = "LOCK2VENV_BUILD", value_parser = BoolishValueParser::new())]
    pub(crate) build: bool,
    #[command(flatten)]
    pub(crate) groups: Groups,
    /// Leave out directory dependencies
    #[arg(long, env = "LOCK2VENV_NO_DIRECTORY", value_parser = BoolishValueParser::new())]
    pub(crate) no_directory: bool,
    #[command(flatten)]
    pub(crate) supply: Supply,
}

/// Where files come from, and how they are fetched and built.
#[derive(Debug, Args)]
pub(crate) struct Supply {
    /// The interpreter: a path, a name or a version such as 3.12
    #[arg(long, value_name = "PYTHON", env = "LOCK2VENV_PYTHON")]
    pub(crate) python: Option<String>,
    /// Cache downloads in DIR [default: lock2venv in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Use only the cache and the folders of --find-links, no network
    #[arg(long, env = "LOCK2VENV_OFFLINE", value_parser = BoolishValueParser::new())]
    pub(crate) offline: bool,
    /// Look for locked files in DIR before the network is asked, such as what `download` put there (may be repeated)
    #[arg(long, short = 'f', value_name = "DIR", env = "LOCK2VENV_FIND_LINKS")]
    pub(crate) find_links: Vec<PathBuf>,
    /// Build nothing from source distributions or repositories: a package without a fitting wheel is an error
    #[arg(long, env = "LOCK2VENV_NO_BUILD", value_parser = BoolishValueParser::new())]
    pub(crate) no_build: bool,
    /// Install files of which poetry.lock has only MD5 or SHA-1, for which other files can be made
    #[arg(long, env = "LOCK2VENV_ALLOW_WEAK_HASHES", value_parser = BoolishValueParser::new())]
    pub(crate) allow_weak_hashes: bool,
    /// Constrain the build requirements of all packages as FILE says, a requirement per line (may be repeated)
    #[arg(long, value_name = "FILE", env = "LOCK2VENV_BUILD_CONSTRAINT")]
    pub(crate) build_constraint: Vec<PathBuf>,
    /// How many threads unpack, and how many builds run at once [default: one for each processor]
    #[arg(long, short = 'j', value_name = "N", env = "LOCK2VENV_JOBS", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) jobs: Option<u16>,
    /// Refuse files that are larger than SIZE, such as 500M [default: 16G]
    #[arg(long, value_name = "SIZE", env = "LOCK2VENV_MAX_DOWNLOAD", value_parser = size::parse, help_heading = "Limits")]
    pub(crate) max_download: Option<u64>,
    /// Refuse wheels that unpack to more than SIZE [default: 32G]
    #[arg(long, value_name = "SIZE", env = "LOCK2VENV_MAX_UNPACKED", value_parser = size::parse, help_heading = "Limits")]
    pub(crate) max_unpacked: Option<u64>,
    /// Refuse wheels that unpack to more than N times their own size and more than 1G [default: 100]
    #[arg(long, value_name = "N", env = "LOCK2VENV_MAX_RATIO", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Limits")]
    pub(crate) max_ratio: Option<u64>,
    /// The index that replaces PyPI: a mirror or proxy
    #[arg(
        long,
        value_name = "URL",
        env = "LOCK2VENV_INDEX_URL",
        hide_env_values = true
    )]
    pub(crate) index_url: Option<String>,
}

/// How files of the cache become files of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinkMode {
    /// The first of the others that works.
    Auto,
    /// Copy on write.
    Reflink,
    /// Hard links.
    Hardlink,
    /// Copies.
    Copy,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// What to build
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "all",
        env = "LOCK2VENV_FORMAT"
    )]
    pub(crate) format: BuildFormat,
    /// Write to DIR, relative to the project
    #[arg(
        short,
        long,
        value_name = "DIR",
        default_value = "dist",
        env = "LOCK2VENV_OUTPUT"
    )]
    pub(crate) output: PathBuf,
    /// Remove everything in the output folder first
    #[arg(long, env = "LOCK2VENV_CLEAN", value_parser = BoolishValueParser::new())]
    pub(crate) clean: bool,
    /// Add or replace the local part of the version: the same as --config-settings local-version=LABEL
    #[arg(short, long, value_name = "LABEL", env = "LOCK2VENV_LOCAL_VERSION")]
    pub(crate) local_version: Option<String>,
    /// Hand this to the build backend (may be repeated)
    #[arg(
        short,
        long,
        value_name = "KEY=VALUE",
        env = "LOCK2VENV_CONFIG_SETTINGS"
    )]
    pub(crate) config_settings: Vec<String>,
    /// The interpreter that the backend runs in: a path, a name or a version such as 3.12
    #[arg(long, value_name = "PYTHON", env = "LOCK2VENV_PYTHON")]
    pub(crate) python: Option<String>,
    /// Constrain the build requirements as FILE says, a requirement per line (may be repeated)
    #[arg(long, value_name = "FILE", env = "LOCK2VENV_BUILD_CONSTRAINT")]
    pub(crate) build_constraint: Vec<PathBuf>,
    /// Cache downloads in DIR [default: lock2venv in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Use only the cache, no network
    #[arg(long, env = "LOCK2VENV_OFFLINE", value_parser = BoolishValueParser::new())]
    pub(crate) offline: bool,
    /// The index that replaces PyPI: a mirror or proxy
    #[arg(
        long,
        value_name = "URL",
        env = "LOCK2VENV_INDEX_URL",
        hide_env_values = true
    )]
    pub(crate) index_url: Option<String>,
}

/// What to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuildFormat {
    /// Both.
    All,
    /// The source distribution.
    Sdist,
    /// The wheel.
    Wheel,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Print the cache's folder
    Dir(CacheFolder),
    /// Print the size of the cache in bytes, and what they are
    Size(CacheSize),
    /// Remove what was not used for long, or least recently; nothing that a running process uses
    Prune(Prune),
    /// Hash every file in the cache and remove the damaged ones: exit with 1 if there were any
    Verify(CacheFolder),
    /// Remove everything in the cache
    Clear(CacheFolder),
}

#[derive(Debug, Args)]
pub(crate) struct CacheFolder {
    /// The cache's folder [default: lock2venv in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
