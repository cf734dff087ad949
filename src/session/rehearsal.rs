//! What a rehearsal does besides planning: it builds and proves what comes from this machine, so that it fails where the run
//! would, and throws the outcome away. Nothing is asked of an index.

use std::sync::mpsc;

use super::{Error, Session, SessionPlan, TargetEnvironment, arrivals};
use crate::event::Reporter;
use crate::fetch::{self, Fetch};
use crate::plan::{Distribution, Origin};
use crate::store::Cache;

impl Session {
    /// Builds the wheels of folders and proves local files, as the run would.
    pub(super) fn prove_local(
        &self,
        plan: &SessionPlan,
        target: &TargetEnvironment,
        reporter: &dyn Reporter,
    ) -> Result<(), Error> {
        let options = self.build_options(&[target.root()]);
        for distribution in plan.plan.distributions() {
            if let Some(built) = arrivals::built(distribution, &options) {
                built?;
            }
        }
        let is_file = |new: &&Distribution| matches!(new.origin, Origin::File { .. });
        let files: Vec<_> = plan.plan.distributions().filter(is_file).collect();
        if files.is_empty() {
            return Ok(());
        }
        let job = Fetch {
            distributions: &files,
            client: &self.client(&plan.sources)?,
            cache: &Cache::disabled(target.root()),
            unpacked: None,
            options: &self.fetch_options()?,
            reporter,
        };
        // The receiver has room for all of them, and lives until the end.
        let (sender, _receiver) = mpsc::sync_channel(files.len());
        Ok(fetch::fetch(&job, sender)?)
    }
}
