//! The files of a distribution that gave way to those of another, kept in mind for when the other one goes.
//!
//! Of two distributions that hold one path with different bytes, the RECORD of one alone lists it. The other's
//! `RECORD.dropped` does, in the same form, so that the file can be brought back: who removes or changes the first knows
//! whom to install again. Environments without such paths have no such document.

use crate::install::Error;
use crate::install::place::paths::join;
use crate::install::place::placed::Placed;
use crate::install::place::pycache::is_bytecode;
use crate::install::place::record;
use crate::install::unpack::placed_wheel::PlacedWheel;
use crate::installed::DROPPED;

/// Writes the document of a new distribution, if anything of it gave way, and notes it as one of its files.
pub(crate) fn write(wheel: &mut PlacedWheel<'_>) -> Result<(), Error> {
    wheel.dropped.retain(|placed| !is_bytecode(&placed.path));
    if wheel.dropped.is_empty() {
        return Ok(());
    }
    let text = record::render_lines(&wheel.dropped, &wheel.library);
    let path = join(&wheel.dist_info, DROPPED);
    wheel.root.place().write_new(&path, &text, false)?;
    wheel.placed.push(Placed::of_content(&path, &text));
    Ok(())
}
