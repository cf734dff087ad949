//! The flags of `lock2venv verify`.

use std::path::PathBuf;

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
    /// Verify attestations (PEP 740) as well, and compare who published each package with lock2venv.attestations.toml
    #[arg(long, env = "LOCK2VENV_ATTESTATIONS", value_parser = BoolishValueParser::new(), requires = "trusted_root", help_heading = "Attestations")]
    pub(crate) attestations: bool,
    /// The trusted root of Sigstore (`trusted_root.json`): nothing else is trusted, and nobody is asked
    #[arg(
        long,
        value_name = "FILE",
        env = "LOCK2VENV_TRUSTED_ROOT",
        help_heading = "Attestations"
    )]
    pub(crate) trusted_root: Option<PathBuf>,
    /// Write what is found into lock2venv.attestations.toml, which accepts what changed
    #[arg(long, env = "LOCK2VENV_UPDATE_ATTESTATIONS", value_parser = BoolishValueParser::new(), requires = "attestations", help_heading = "Attestations")]
    pub(crate) update_attestations: bool,
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
