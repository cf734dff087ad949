//! The flags of `lock2venv check`.

#![expect(
    clippy::struct_excessive_bools,
    reason = "a flag is a field, and is named as Poetry names it"
)]

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::args::{Groups, ReportFormat};

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The environment [default: .venv beside pyproject.toml]
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_VENV")]
    pub(crate) venv: Option<PathBuf>,
    /// The interpreter that it should have: a path, a name or a version such as 3.12
    #[arg(long, value_name = "PYTHON", env = "LOCK2VENV_PYTHON")]
    pub(crate) python: Option<String>,
    #[command(flatten)]
    pub(crate) groups: Groups,
    /// Check only whether poetry.lock matches pyproject.toml, as `poetry check --lock` does
    #[arg(long, env = "LOCK2VENV_LOCK", value_parser = BoolishValueParser::new())]
    pub(crate) lock: bool,
    /// Do not expect the project itself
    #[arg(long, env = "LOCK2VENV_NO_ROOT", value_parser = BoolishValueParser::new())]
    pub(crate) no_root: bool,
    /// Check only the project itself
    #[arg(long, env = "LOCK2VENV_ONLY_ROOT", value_parser = BoolishValueParser::new())]
    pub(crate) only_root: bool,
    /// Do not expect directory dependencies
    #[arg(long, env = "LOCK2VENV_NO_DIRECTORY", value_parser = BoolishValueParser::new())]
    pub(crate) no_directory: bool,
    /// Expect the project and directory dependencies as links to their sources
    #[arg(long, env = "LOCK2VENV_EDITABLE", value_parser = BoolishValueParser::new())]
    pub(crate) editable: bool,
    /// Allow these packages although they are not in the lock, such as pip (comma separated, may be
    /// repeated); `:all:` allows any
    #[arg(long, value_name = "NAMES", env = "LOCK2VENV_ALLOW")]
    pub(crate) allow: Vec<String>,
    /// Treat as problems what otherwise is listed only: files that have Python run code whenever it starts (startup)
    #[arg(long, value_name = "WHAT", env = "LOCK2VENV_STRICT", num_args = 0..=1, require_equals = true, default_missing_value = "warnings")]
    pub(crate) strict: Option<String>,
    /// Check that the image that is unpacked in DIR has the Python which runs the environment, in the version that it was made for
    #[arg(long, value_name = "DIR", env = "LOCK2VENV_RUNTIME_ROOT")]
    pub(crate) runtime_root: Option<PathBuf>,
    /// The format of the report
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "LOCK2VENV_FORMAT"
    )]
    pub(crate) format: ReportFormat,
    /// How many threads hash [default: one for each processor]
    #[arg(long, short = 'j', value_name = "N", env = "LOCK2VENV_JOBS", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) jobs: Option<u16>,
}
