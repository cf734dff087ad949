//! The flags of `lock2venv verify`.

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::args::{Groups, ReportFormat};
use crate::size;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) groups: Groups,
    /// Download all files as well and hash their bytes; nothing is kept
    #[arg(long, env = "LOCK2VENV_DOWNLOAD", value_parser = BoolishValueParser::new())]
    pub(crate) download: bool,
    /// The format of the report
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "LOCK2VENV_FORMAT"
    )]
    pub(crate) format: ReportFormat,
    /// Refuse files that are larger than SIZE, such as 500M [default: 16G]
    #[arg(long, value_name = "SIZE", env = "LOCK2VENV_MAX_DOWNLOAD", value_parser = size::parse, help_heading = "Limits")]
    pub(crate) max_download: Option<u64>,
    /// The index that replaces PyPI: a mirror or proxy
    #[arg(
        long,
        value_name = "URL",
        env = "LOCK2VENV_INDEX_URL",
        hide_env_values = true
    )]
    pub(crate) index_url: Option<String>,
}
