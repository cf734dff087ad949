//! Asks indexes for the files of packages of which the lock lists none, before anything is planned.

use super::{Error, Session};
use crate::builder::Asking;
use crate::event::{Event, Reporter, Warning};
use crate::http::Network;
use crate::index::{Client, IndexSession};
use crate::installed::Installed;
use crate::lock::Package;
use crate::plan::{self, Distribution, Origin, Plan, PlanOptions, UnlistedPackage, WantedPackage};

impl Session {
    /// Returns those of `wanted` that need it with the files that their indexes have. Asks nothing where the lock lists files
    /// of all of them, or without network: then the plan says what is missing.
    pub(super) fn completed(
        &self,
        wanted: &[WantedPackage<'_>],
        installed: &Installed,
        options: &PlanOptions,
        reporter: &dyn Reporter,
    ) -> Result<Vec<Package>, Error> {
        let unlisted = plan::unlisted(wanted, installed, options);
        if unlisted.is_empty() || self.settings.network == Network::Offline {
            return Ok(Vec::new());
        }
        let sources = options.sources.as_deref().unwrap_or_default();
        let client = self.client(&plan::index_sources(sources))?;
        let stop = self.settings.interruption.stop();
        let asking = Asking {
            client: &client,
            stop: &stop,
            reporter,
            n_connections: self.prepare_options(&stop, None)?.n_connections,
        };
        let completed = asking.for_all(&unlisted, |session, package| {
            complete(&client, session, package)
        })?;
        let packages = completed.iter();
        let packages = packages.map(|package| format!("`{}` {}", package.name, package.version));
        reporter.report(Event::Warning(Warning::Unlisted {
            packages: packages.collect(),
        }));
        Ok(completed)
    }
}

/// Warns of archives with a URL or path of their own that are installed without proof.
pub(super) fn warn_of_unproven(plan: &Plan, reporter: &dyn Reporter) {
    let is_unproven = |one: &&Distribution| {
        let is_archive = matches!(one.origin, Origin::Url { .. } | Origin::File { .. });
        is_archive && one.origin.digests().is_empty()
    };
    let unproven = plan.distributions().filter(is_unproven);
    let packages: Vec<String> = unproven
        .map(|one| format!("`{}` {}", one.name, one.version))
        .collect();
    if !packages.is_empty() {
        reporter.report(Event::Warning(Warning::Unproven { packages }));
    }
}

fn complete(
    client: &Client,
    session: &mut IndexSession<'_>,
    unlisted: &UnlistedPackage<'_>,
) -> Result<Package, Error> {
    let index = client.index(unlisted.source.as_ref())?;
    let detail = session.list(&index, &unlisted.package.name)?;
    let offered = detail.files.iter();
    Ok(unlisted.with_files(offered.map(|file| (file.name.as_str(), file.file.digests.as_slice()))))
}
