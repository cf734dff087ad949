//! What a rehearsal does besides planning: it builds the project and proves what else comes from this machine, so that it fails
//! where the run would, and throws the outcome away. Other folders are not built, as in Poetry's dry run. Nothing is asked of an
//! index.

use std::sync::mpsc;

use super::{Error, Session, SessionPlan, TargetEnvironment};
use crate::event::Reporter;
use crate::plan;
use crate::prepare::{Prepare, prepare};
use crate::store::Cache;

impl Session {
    /// Builds the wheel of the project, checks other folders, and proves local files.
    pub(super) fn prove_local(
        &self,
        plan: &SessionPlan,
        target: &TargetEnvironment,
        reporter: &dyn Reporter,
    ) -> Result<(), Error> {
        let local = plan
            .plan
            .distributions()
            .filter(|one| one.origin.path().is_some());
        let local: Vec<_> = local.collect();
        if local.is_empty() {
            return Ok(());
        }
        let stop = self.settings.interruption.stop();
        let job = Prepare {
            distributions: &local,
            project: plan.project.as_ref(),
            client: &self.client(&plan::index_sources(&plan.sources))?,
            cache: &Cache::disabled(target.root()),
            kept: None,
            folders: &self.build_options(&[target.root()]),
            building: self.rehearsed_builds(),
            options: &self.prepare_options(&stop, plan.wheelhouse.clone())?,
            reporter,
        };
        // The receiver has room for all of them, and lives until the end.
        let (sender, _receiver) = mpsc::sync_channel(local.len());
        Ok(prepare(&job, sender)?)
    }
}
