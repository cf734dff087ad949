//! The files of a distribution that gave way to those of another, kept in mind for when the other one goes.
//!
//! Of two distributions that hold one path with different bytes, the RECORD of one alone lists it. The other's
//! `RECORD.dropped` does, in the same form, so that the file can be brought back: who removes or changes the first knows
//! whom to install again. Environments without such paths have no such document.

use super::Error;
use super::contents::join;
use super::record;
use super::session::Done;
use super::unit::Placed;
use crate::installed::DROPPED;
use sha2::{Digest as _, Sha256};

/// Writes the document of a new distribution, if anything of it gave way, and notes it as one of its files.
pub(super) fn write(done: &mut Done<'_>) -> Result<(), Error> {
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

/// Tells whether `path` is that of bytecode, which follows its source.
pub(super) fn is_bytecode(path: &str) -> bool {
    source_of(path).is_some()
}

/// Finds the source of `folder/__pycache__/stem.tag.pyc`.
pub(super) fn source_of(path: &str) -> Option<String> {
    let (folder, name) = path.strip_suffix(".pyc")?.rsplit_once('/')?;
    let (stem, _) = name.split_once('.')?;
    let folder = folder.strip_suffix("__pycache__")?;
    Some(format!("{folder}{stem}.py"))
}

/// Writes a digest as RECORD has it.
pub(super) fn digest_text(digest: &[u8]) -> String {
    format!("sha256={}", crate::wheel::encode_digest(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytecode_follows_its_source() {
        let source = source_of("lib/a/__pycache__/b.cpython-311.opt-1.pyc");
        assert_eq!(source.as_deref(), Some("lib/a/b.py"));
        for path in [
            "lib/a/b.pyc",
            "lib/a/__pycache__/b.pyc.txt",
            "b.pyc",
            "a/x__pycache__/b.pyc",
        ] {
            assert_ne!(source_of(path).as_deref(), Some("lib/a/b.py"), "{path}");
        }
    }
}
