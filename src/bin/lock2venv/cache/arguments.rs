//! The flags of `lock2venv cache size` and `lock2venv cache prune`.

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::args::{CacheFolder, ReportFormat};
use crate::size;

#[derive(Debug, Args)]
pub(crate) struct CacheSize {
    #[command(flatten)]
    pub(crate) folder: CacheFolder,
    /// Print the bytes as a number and a table of what they are, or a JSON document
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "LOCK2VENV_FORMAT"
    )]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("limit").required(true).multiple(true))]
pub(crate) struct Prune {
    /// Remove what no run has used for DAYS days; 0 for everything that is not in use
    #[arg(
        long,
        value_name = "DAYS",
        group = "limit",
        env = "LOCK2VENV_UNUSED_FOR",
        value_parser = days
    )]
    pub(crate) unused_for: Option<u16>,
    /// Remove what was used least recently, until the cache is no larger than SIZE, such as 5G
    #[arg(long, value_name = "SIZE", group = "limit", env = "LOCK2VENV_MAX_SIZE", value_parser = size::parse)]
    pub(crate) max_size: Option<u64>,
    /// Print what would be removed, and remove nothing
    #[arg(long, env = "LOCK2VENV_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) folder: CacheFolder,
}

fn days(text: &str) -> Result<u16, String> {
    let days = text.trim().parse();
    days.map_err(|_| {
        format!(
            "a number of whole days is needed, such as 30, and at most {}",
            u16::MAX
        )
    })
}
