//! Wheels that need not be fetched, because the cache holds them unpacked.

use rayon::prelude::*;

use super::place::folders::SchemeFolders;
use super::unshared::sharing;
use super::{Destination, DestinationKind, FilePool, InstallOptions};
use crate::environment::Layout;
use crate::plan::Distribution;
use crate::store::KeptWheel;
use crate::store::wheels::Wheels;

/// What the cache has unpacked of what is to be installed.
#[derive(Debug, Default)]
pub struct KeptWheels {
    /// For each distribution, its wheel.
    pub found: Vec<Option<KeptWheel>>,
    /// Looks for more.
    pub finder: Option<Finder>,
    /// Whether wheels that are installed now will be kept unpacked, so that their archives need not be kept.
    pub is_written: bool,
}

/// Looks for wheels that the cache holds unpacked.
#[derive(Debug)]
pub struct Finder {
    wheels: Wheels,
    layout: Layout,
}

impl Finder {
    pub(super) fn wheels(&self) -> &Wheels {
        &self.wheels
    }

    /// Finds the wheel of `distribution`. One that was changed since it was unpacked is removed from the cache.
    pub fn find(&self, distribution: &Distribution) -> Option<KeptWheel> {
        let mut digests = distribution.origin.remote_digests().iter();
        let folders = SchemeFolders::new(&self.layout, &distribution.name);
        let locate = |scheme, path: &str| folders.path(scheme, path);
        digests.find_map(|digest| self.wheels.find(digest, sharing(distribution), &locate))
    }
}

/// Finds the wheels of `distributions` that need not be fetched, because the cache holds them unpacked.
///
/// Those that were changed since are removed from the cache.
pub fn unpacked(
    distributions: &[&Distribution],
    destination: &Destination,
    options: &InstallOptions,
    pool: &FilePool,
) -> KeptWheels {
    let Some(wheels) = wheels_for(destination, options) else {
        return KeptWheels {
            found: distributions.iter().map(|_| None).collect(),
            finder: None,
            is_written: false,
        };
    };
    let is_written = wheels.are_written();
    let layout = destination.layout.clone();
    let finder = Finder { wheels, layout };
    let inside = finder.wheels.pass();
    let find = |distribution: &&Distribution| finder.find(distribution);
    let threads = &pool.threads;
    let found = threads.install(|| distributions.par_iter().map(find).collect());
    drop(inside);
    KeptWheels {
        found,
        finder: Some(finder),
        is_written,
    }
}

/// Opens the cached wheels for `destination`, if there are any.
fn wheels_for(destination: &Destination, options: &InstallOptions) -> Option<Wheels> {
    let cache = options.cache.as_ref()?;
    // What is tried leaves files where an interruption leaves them to be removed: in a hidden folder.
    let folder = match &destination.kind {
        DestinationKind::Fresh => &destination.folder,
        DestinationKind::Existing { staging } => staging,
    };
    Wheels::open(cache, folder, options.link_mode, options.kept_form)
}
