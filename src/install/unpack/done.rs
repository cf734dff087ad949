//! A wheel that is unpacked.

use std::sync::Arc;

use super::unit::Unit;
use crate::event::Warning;
use crate::install::place::placed::{Contested, Placed};
use crate::plan::{Distribution, DistributionId};
use crate::platform::folder::Root;

/// A wheel whose files are in place, but for those that something else was in the way of, and RECORD.
pub(in crate::install) struct Done<'a> {
    pub(in crate::install) distribution: &'a Distribution,
    pub(in crate::install) root: Arc<Root>,
    pub(in crate::install) dist_info: String,
    pub(in crate::install) library: String,
    pub(in crate::install) warnings: Vec<Warning>,
    pub(in crate::install) placed: Vec<Placed>,
    pub(in crate::install) contested: Vec<Contested>,
    /// What gave way to the files of other distributions.
    pub(in crate::install) dropped: Vec<Placed>,
    /// Kept only where files may have to be written again.
    pub(in crate::install) unit: Option<Arc<Unit<'a>>>,
}

impl Done<'_> {
    pub(in crate::install) fn id(&self) -> DistributionId {
        self.distribution.id
    }
}
