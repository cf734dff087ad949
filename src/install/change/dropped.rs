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
use crate::install::unpack::done::Done;
use crate::installed::DROPPED;
use sha2::{Digest as _, Sha256};

/// Writes the document of a new distribution, if anything of it gave way, and notes it as one of its files.
pub(in crate::install) fn write(done: &mut Done<'_>) -> Result<(), Error> {
    done.dropped.retain(|placed| !is_bytecode(&placed.path));
    if done.dropped.is_empty() {
        return Ok(());
    }
    let text = record::render_lines(&done.dropped, &done.library);
    let path = join(&done.dist_info, DROPPED);
    done.root.place().write_new(&path, &text, false)?;
    done.placed.push(Placed {
        path: path.into(),
        digest: Sha256::digest(&text).into(),
        n_bytes: text.len() as u64,
    });
    Ok(())
}
