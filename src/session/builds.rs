//! What build backends are given.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Error, Session, SessionPlan};
use crate::builder::{self, Builder, NestedBuilds};
use crate::plan::Builds;
use crate::prepare::Building;
use crate::store::Trust;

impl Session {
    /// Says what becomes of what a backend has to build.
    pub(super) fn builds<'a>(&self, builder: &'a Builder<'a>) -> Building<'a> {
        match self.settings.builds {
            Builds::Allowed => Building::With(builder),
            Builds::Refused => Building::Refused,
        }
    }

    /// As [`Session::builds`], where nothing is to be built.
    pub(super) fn rehearsed_builds(&self) -> Building<'static> {
        match self.settings.builds {
            Builds::Allowed => Building::Rehearsed,
            Builds::Refused => Building::Refused,
        }
    }

    pub(super) fn builder_settings(
        &self,
        plan: &SessionPlan,
        trust: Trust,
    ) -> Result<builder::Settings, Error> {
        let settings = &self.settings;
        Ok(builder::Settings {
            sources: plan.sources.clone(),
            cache_folder: settings.cache_folder.clone(),
            trust,
            variables: settings.variables.clone(),
            network: settings.network,
            nested: match settings.builds {
                Builds::Allowed => NestedBuilds::Allowed,
                Builds::Refused => NestedBuilds::Forbidden,
            },
            no_binary: settings.configuration.no_binary()?,
            only_binary: settings.configuration.only_binary()?,
            constraints: settings.build_constraints.clone(),
            configuration: settings.configuration.clone(),
            local_files: housed(plan),
            limits: settings.size_limits,
            leniency: settings.leniency.clone(),
            constraints_of: plan.build_constraints.clone(),
            config_settings: settings.configuration.build_config_settings()?,
            ..builder::Settings::new(self.temporary_folder())
        })
    }
}

/// Lists the files of the wheelhouses, which build requirements may come from.
fn housed(plan: &SessionPlan) -> BTreeMap<String, PathBuf> {
    let house = plan.wheelhouse.as_deref();
    house.map(|house| house.files().clone()).unwrap_or_default()
}
