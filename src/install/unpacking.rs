//! Unpacking and compiling side by side, for new environments and for those in use.

use super::bytecode;
use super::unpack::placed_wheel::PlacedWheel;
use super::unpack::roots::Roots;
use super::unpack::unpacker::Unpacker;
use super::{Error, Finder, Installation, PreparedWheel};
use crate::bytecode::Compiled;

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
