//! Bytecode that the cache has: from a pack into its place, on whichever thread of the caller.

use std::ops::Range;

use super::job::{CompileJob, PackedPiece};
use super::template::TemplateRef;
use super::{Bytecode, CompileSettings, Compiled, Error};
use crate::digest::sha256_of_each;
use crate::store::PackEntry;

/// How many bytes are held until their digests are computed, together: what the second cache of a processor has.
const MOST_BYTES: usize = 512 << 10;

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
    let mut writer = PieceWriter {
        piece,
        settings,
        packed: Vec::new(),
        contents: Vec::new(),
        waiting: Vec::new(),
        written: WrittenPiece::default(),
    };
    for source in &piece.sources {
        writer.write(source)?;
        if writer.contents.len() >= MOST_BYTES {
            writer.conclude();
        }
    }
    writer.conclude();
    Ok(writer.written)
}

/// What is in place, and has no digest yet.
struct Waiting<'p> {
    source: &'p str,
    path: String,
    content: Range<usize>,
}

struct PieceWriter<'p> {
    piece: &'p PackedPiece,
    settings: &'p CompileSettings,
    /// One file as the pack has it.
    packed: Vec<u8>,
    /// The files that wait, one behind the other.
    contents: Vec<u8>,
    waiting: Vec<Waiting<'p>>,
    written: WrittenPiece,
}

impl<'p> PieceWriter<'p> {
    fn write(&mut self, source: &'p str) -> Result<(), Error> {
        let PackedPiece { job, pack, .. } = self.piece;
        let entry = pack.entry(source);
        match entry.filter(|entry| pack.read(entry, &mut self.packed).is_some()) {
            None => {
                job.discard_pack();
                self.written.damaged.push(source.to_owned());
            }
            Some(entry) => match self.put(job, source, entry)? {
                Ok(waiting) => self.waiting.push(waiting),
                Err(cause) => self.note(source, Err(cause)),
            },
        }
        Ok(())
    }

    /// Puts the file that was read in place.
    fn put(
        &mut self,
        job: &CompileJob,
        source: &'p str,
        entry: &PackEntry,
    ) -> Result<Result<Waiting<'p>, String>, Error> {
        let Some(slots) = &entry.slots else {
            return Ok(Err(String::from_utf8_lossy(&self.packed).into_owned()));
        };
        let bytes = &self.packed;
        let template = TemplateRef { bytes, slots };
        let start = self.contents.len();
        let written = job.write(source, template, self.settings, &mut self.contents)?;
        Ok(written.map(|path| Waiting {
            source,
            path,
            content: start..self.contents.len(),
        }))
    }

    /// Computes the digests of what waits for its own.
    fn conclude(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let contents = std::mem::take(&mut self.contents);
        let parts = waiting.iter().map(|one| &contents[one.content.clone()]);
        let parts: Vec<&[u8]> = parts.collect();
        let digests = sha256_of_each(&parts);
        for ((one, content), digest) in waiting.iter().zip(&parts).zip(digests) {
            let bytecode = Bytecode::new(one.path.clone(), digest, content);
            self.note(one.source, Ok(bytecode));
        }
        self.contents = contents;
        self.contents.clear();
    }

    fn note(&mut self, source: &str, outcome: Result<Bytecode, String>) {
        let job = &self.piece.job;
        self.written.compiled.push(Compiled {
            owner: job.batch.owner,
            source: source.to_owned(),
            outcome,
        });
        job.conclude();
    }
}
