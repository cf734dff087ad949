//! What is to be installed where, and how.

use super::bytecode;
use super::kept;
use super::unpack::placed_wheel::PlacedWheel;
use super::unpack::roots::Roots;
use super::unpack::unpacker::Unpacker;
use super::{Destination, Error, FilePool, InstallOptions, PreparedWheel};
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
    /// The threads that work on files.
    pub pool: &'a FilePool,
    /// Hears what happens.
    pub reporter: &'a dyn Reporter,
}

impl<'a> Installation<'a> {
    /// Unpacks everything that arrives, and compiles it meanwhile.
    pub(super) fn unpack<E: From<Error>>(
        self,
        arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
        roots: Roots,
    ) -> Result<(Vec<PlacedWheel<'a>>, Vec<Compiled>), E> {
        let wheels = kept::wheels_for(self.destination, self.options);
        bytecode::compile_while(self.options.compile.as_ref(), |compiler| {
            Unpacker::new(self, roots, wheels.as_ref(), compiler).unpack(arrivals)
        })
    }
}
