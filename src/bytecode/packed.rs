//! Bytecode that the cache has: from a pack into its place, on whichever thread of the caller.

use super::job::PackedPiece;
use super::template::TemplateRef;
use super::{CompileSettings, Compiled, Error};

/// What came of a piece.
#[derive(Debug, Default)]
pub(super) struct WrittenPiece {
    pub(super) compiled: Vec<Compiled>,
    /// The sources whose bytecode is damaged, which have to be compiled.
    pub(super) damaged: Vec<String>,
}

/// Writes each `.pyc` of `piece`.
pub(super) fn write(
    piece: &PackedPiece,
    settings: &CompileSettings,
) -> Result<WrittenPiece, Error> {
    let PackedPiece { job, pack, sources } = piece;
    let (mut bytes, mut buffer) = (Vec::new(), Vec::new());
    let mut written = WrittenPiece::default();
    for source in sources {
        let entry = pack.entry(source);
        let Some(entry) = entry.filter(|entry| pack.read(entry, &mut bytes).is_some()) else {
            job.discard_pack();
            written.damaged.push(source.clone());
            continue;
        };
        let outcome = match &entry.slots {
            None => Err(String::from_utf8_lossy(&bytes).into_owned()),
            Some(slots) => {
                let template = TemplateRef {
                    bytes: &bytes,
                    slots,
                };
                job.write(source, template, settings, &mut buffer)?
            }
        };
        written.compiled.push(Compiled {
            owner: job.batch.owner,
            source: source.clone(),
            outcome,
        });
        job.conclude();
    }
    Ok(written)
}
