//! One batch that several threads work on: its pieces, and the pack that keeps its results.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::template::{self, TemplateRef};
use super::{Batch, Bytecode, CompileSettings, Error, pyc};
use crate::store::{Pack, PackWriter, StorePlace};

/// What came of one source.
pub(super) type Outcome = Result<Bytecode, String>;

/// How many sources are sent at once. Two such pieces are under way for each interpreter, so it never waits for us.
const MAX_PIECE: usize = 32;
/// How many bytes of paths are sent at once: two pieces fit a pipe (64 KiB), so that nobody waits for each other.
const MAX_PIECE_BYTES: usize = 16 << 10;

/// One batch that several threads work on.
#[derive(Debug)]
pub(super) struct CompileJob {
    pub(super) batch: Batch,
    pack_place: Option<StorePlace>,
    pack: Mutex<Option<PackWriter>>,
    /// How many sources the pack still lacks.
    n_missing: AtomicUsize,
    /// How many sources have no outcome yet.
    n_open: AtomicUsize,
}

/// Sources to compile.
#[derive(Debug)]
pub(super) struct CompilePiece {
    pub(super) job: Arc<CompileJob>,
    pub(super) sources: Vec<String>,
}

/// Sources whose bytecode the cache has, for [`Compiler::write_packed`](super::Compiler::write_packed).
#[derive(Debug)]
pub struct PackedPiece {
    pub(super) job: Arc<CompileJob>,
    pub(super) pack: Arc<Pack>,
    pub(super) sources: Vec<String>,
}

/// A batch in pieces.
#[derive(Debug)]
pub(super) struct SplitBatch {
    pub(super) to_compile: Vec<CompilePiece>,
    pub(super) packed: Vec<PackedPiece>,
}

impl SplitBatch {
    /// Splits a batch: what the pack `found` has is taken from there. A pack is written to `place` when there was none, or when
    /// it lacks some of the sources; it then holds also what `found` held.
    pub(super) fn new(mut batch: Batch, place: Option<StorePlace>, found: Option<Pack>) -> Self {
        let sources = std::mem::take(&mut batch.sources);
        let n_open = AtomicUsize::new(sources.len());
        let is_packed = |source: &String| {
            let pack = found.as_ref();
            pack.is_some_and(|pack| pack.entry(source).is_some())
        };
        let (packed, missing): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_packed);
        let writer = place
            .as_ref()
            .filter(|_| !missing.is_empty())
            // A cache that cannot be written to is no reason not to compile.
            .and_then(|place| PackWriter::create(place, found.as_ref()).ok());
        let job = Arc::new(CompileJob {
            batch,
            pack_place: place,
            pack: Mutex::new(writer),
            n_missing: AtomicUsize::new(missing.len()),
            n_open,
        });
        let pack = found.map(Arc::new);
        let packed = pack.iter().flat_map(|pack| job.packed(pack, &packed));
        Self {
            packed: packed.collect(),
            to_compile: job.to_compile(missing).collect(),
        }
    }
}

impl CompileJob {
    /// Cuts `sources` into what is compiled at once.
    pub(super) fn to_compile(
        self: &Arc<Self>,
        sources: Vec<String>,
    ) -> impl Iterator<Item = CompilePiece> {
        let job = Arc::clone(self);
        pieces(sources).map(move |sources| CompilePiece {
            job: Arc::clone(&job),
            sources,
        })
    }

    fn packed(
        self: &Arc<Self>,
        pack: &Arc<Pack>,
        sources: &[String],
    ) -> impl Iterator<Item = PackedPiece> {
        pieces(sources.to_vec()).map(|sources| PackedPiece {
            job: Arc::clone(self),
            pack: Arc::clone(pack),
            sources,
        })
    }

    /// Puts a result into the pack; a cache that cannot be written to any more is given up.
    ///
    /// Only what follows from the source alone may be kept. A source that is never kept keeps the pack from being published.
    pub(super) fn keep(&self, write: impl FnOnce(&mut PackWriter) -> io::Result<()>) {
        self.n_missing.fetch_sub(1, Ordering::Relaxed);
        let mut pack = self.pack();
        if pack.as_mut().is_some_and(|writer| write(writer).is_err()) {
            *pack = None;
        }
    }

    /// Removes the pack, which turned out to be damaged at one source: the next run makes it again, whole.
    pub(super) fn discard_pack(&self) {
        self.n_missing.fetch_add(1, Ordering::Relaxed);
        if let Some(place) = &self.pack_place {
            place.discard();
        }
    }

    /// Takes note that one more source has its outcome; the last one publishes the pack, if that lacks none.
    pub(super) fn conclude(&self) {
        let is_last = self.n_open.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last && self.n_missing.load(Ordering::Relaxed) == 0 {
            // A pack that cannot be written is not missed.
            let _ = self.pack().take().map(PackWriter::finish);
        }
    }

    fn pack(&self) -> MutexGuard<'_, Option<PackWriter>> {
        self.pack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the `.pyc` of `source` in place, and adds its bytes to `contents`; returns its path. Where there can be none it says
    /// why, and adds nothing.
    pub(super) fn write(
        &self,
        source: &str,
        template: TemplateRef<'_>,
        settings: &CompileSettings,
        contents: &mut Vec<u8>,
    ) -> Result<Result<String, String>, Error> {
        let recorded = self.batch.root.join(source);
        let Some(recorded) = recorded.to_str() else {
            return Ok(Err("the environment's path is not UTF-8".to_owned()));
        };
        let start = contents.len();
        if template::fill(template, recorded, contents).is_none() {
            contents.truncate(start);
            return Ok(Err("the path does not fit its bytecode".to_owned()));
        }
        let pyc = pyc::path(source, &settings.cache_tag);
        let path = self.batch.folder.join(&pyc);
        pyc::create(&path, &contents[start..], settings.date).map_err(Error::io(path))?;
        Ok(Ok(pyc))
    }
}

fn pieces(sources: Vec<String>) -> impl Iterator<Item = Vec<String>> {
    let mut rest = sources.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut piece = Vec::new();
        let mut n_bytes = 0;
        while piece.len() < MAX_PIECE && n_bytes < MAX_PIECE_BYTES {
            let Some(source) = rest.next() else { break };
            n_bytes += source.len() + 256;
            piece.push(source);
        }
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::template::Template;
    use super::*;
    use crate::digest::{Algorithm, Digest};
    use crate::plan::DistributionId;
    use crate::store::PrivateCache;

    fn place(cache: &Path) -> StorePlace {
        let digest = Digest::of(Algorithm::Sha256, b"a wheel");
        let cache = PrivateCache::at(cache).unwrap();
        cache.packs().place(&digest, "cpython-311".to_owned())
    }

    fn split(place: &StorePlace, sources: &[&str], found: Option<Pack>) -> SplitBatch {
        let batch = Batch {
            owner: DistributionId::new(0),
            key: None,
            folder: PathBuf::new(),
            root: PathBuf::new(),
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
        };
        SplitBatch::new(batch, Some(place.clone()), found)
    }

    fn keep(job: &CompileJob, source: &str) {
        let template = Template {
            bytes: b"bytes".to_vec(),
            slots: Vec::new(),
        };
        job.keep(|pack| pack.add(source, &template.bytes, &template.slots));
    }

    #[test]
    fn a_pack_is_published_with_the_last_outcome() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let split = split(&place, &["a.py", "b.py"], None);
        let job = &split.to_compile[0].job;
        keep(job, "a.py");
        keep(job, "b.py");
        job.conclude();
        assert!(Pack::open(&place).is_none());
        job.conclude();
        assert!(Pack::open(&place).unwrap().entry("b.py").is_some());
    }

    #[test]
    fn a_pack_that_lacks_a_source_is_not_published() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let split = split(&place, &["a.py", "b.py"], None);
        let job = &split.to_compile[0].job;
        keep(job, "a.py");
        job.conclude();
        job.conclude();
        drop(split);
        assert!(Pack::open(&place).is_none());
    }

    #[test]
    fn what_a_pack_has_is_not_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let first = split(&place, &["a.py"], None);
        keep(&first.to_compile[0].job, "a.py");
        first.to_compile[0].job.conclude();
        let second = split(&place, &["a.py", "b.py"], Pack::open(&place));
        assert_eq!(second.packed[0].sources, ["a.py"]);
        assert_eq!(second.to_compile[0].sources, ["b.py"]);
    }

    #[test]
    fn pieces_are_of_a_bounded_size() {
        let sizes = |n_sources, n_bytes| {
            let sources = vec!["x".repeat(n_bytes); n_sources];
            pieces(sources).map(|piece| piece.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(0, 1), [0; 0]);
        assert_eq!(sizes(70, 10), [32, 32, 6]);
        assert_eq!(sizes(3, 20_000), [1, 1, 1]);
    }
}
