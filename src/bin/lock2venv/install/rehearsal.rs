//! What `--dry-run` does besides planning: it builds and proves what comes from this machine, so that it fails where the run
//! would, and throws the outcome away. Nothing is asked of an index.

use std::sync::mpsc;

use lock2venv::fetch::{self, Fetch};
use lock2venv::plan::{Distribution, Origin, Plan};
use lock2venv::store::Cache;

use super::site::Site;
use super::{Run, arrivals};
use crate::diagnose::Failure;
use crate::report::Terminal;

impl Run<'_> {
    /// Builds the wheels of folders and proves local files, as the run would.
    pub(super) fn rehearse(
        &self,
        plan: &Plan,
        site: &Site,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let options = self.build_options([site.root().to_owned()]);
        for distribution in plan.distributions() {
            if let Some(built) = arrivals::built(distribution, &options) {
                built?;
            }
        }
        let is_file = |new: &&Distribution| matches!(new.origin, Origin::File { .. });
        let files: Vec<_> = plan.distributions().filter(is_file).collect();
        if files.is_empty() {
            return Ok(());
        }
        let job = Fetch {
            distributions: &files,
            client: &self.client()?,
            cache: &Cache::disabled(site.root()),
            unpacked: None,
            options: &self.fetch_options()?,
            reporter: terminal,
        };
        // The receiver has room for all of them, and lives until the end.
        let (sender, _receiver) = mpsc::sync_channel(files.len());
        Ok(fetch::fetch(&job, sender)?)
    }
}
