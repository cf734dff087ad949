//! What is to be installed where, and how.

use super::{Destination, FilePool, Finder, InstallOptions};
use crate::event::Reporter;
use crate::plan::Plan;

/// What is to be installed where, and how.
#[derive(Clone, Copy)]
pub struct Installation<'a> {
    /// What is carried out.
    pub plan: &'a Plan,
    /// The folder that is written to.
    pub destination: &'a Destination,
    /// How to install.
    pub options: &'a InstallOptions,
    /// Where the cache keeps wheels unpacked, if it does: what is unpacked now is kept there.
    pub kept: Option<&'a Finder>,
    /// The threads that work on files.
    pub pool: &'a FilePool,
    /// Hears what happens.
    pub reporter: &'a dyn Reporter,
    /// Called when the installation fails while more wheels may arrive, so that nobody waits for those.
    pub on_failure: &'a (dyn Fn() + Sync),
}
