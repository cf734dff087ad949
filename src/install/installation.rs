//! What is to be installed where, and how.

use super::bytecode;
use super::unpack::placed_wheel::PlacedWheel;
use super::unpack::roots::Roots;
use super::unpack::unpacker::Unpacker;
use super::{Destination, Error, FilePool, Finder, InstallOptions, PreparedWheel};
use crate::bytecode::Compiled;
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

impl<'a> Installation<'a> {
    /// Unpacks everything that arrives, and compiles it meanwhile.
    pub(super) fn unpack<E: From<Error>>(
        self,
        arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
        roots: Roots,
    ) -> Result<(Vec<PlacedWheel<'a>>, Vec<Compiled>), E> {
        bytecode::compile_while(self.options.compile.as_ref(), |compiler| {
            Unpacker::new(self, roots, self.kept.map(Finder::wheels), compiler).unpack(arrivals)
        })
    }
}
