//! Whether the directory of a kept archive is as it was.
//!
//! Contents are proven while they are unpacked, by their CRC-32 and by RECORD; but nothing else in an archive repeats the
//! modes that its directory gives. So the CRC-32 of the directory is kept, in `v1/directories/<algorithm>-<hex>`, when an
//! archive that was just downloaded is unpacked for the first time. One of which nothing is known, or something else, is
//! hashed. A hit costs three system calls.

use std::path::PathBuf;

use super::VerifiedFile;
use crate::digest::Hasher;

const PIECE_BYTES: usize = 256 << 10;

impl VerifiedFile {
    /// Tells whether `crc` is the CRC-32 of the directory that this archive had when it was downloaded; `false` says that the
    /// copy in the cache is damaged.
    pub fn confirms_directory(&self, crc: u32) -> bool {
        let Some(path) = self.directory_path() else {
            return true;
        };
        let text = format!("{crc:08x}");
        if std::fs::read(&path).is_ok_and(|kept| kept == text.as_bytes()) {
            return true;
        }
        if self.is_from_before && !self.is_proven_again() {
            return false;
        }
        if let Some(folder) = path.parent() {
            // What cannot be kept is found out by hashing, the next time.
            let _ = std::fs::create_dir_all(folder);
            let _ = std::fs::write(&path, text);
        }
        true
    }

    fn directory_path(&self) -> Option<PathBuf> {
        // Below the folder of the version: `archives`, the algorithm, two digits, the file.
        let root = self.path.as_ref()?.ancestors().nth(4)?;
        let name = format!("{}-{}", self.digest.algorithm().name(), self.digest.hex());
        Some(root.join("directories").join(name))
    }

    fn is_proven_again(&self) -> bool {
        let mut hasher = Hasher::new(self.digest.algorithm());
        let mut buffer = vec![0; PIECE_BYTES];
        let mut offset = 0;
        while offset < self.n_bytes {
            let n_left = usize::try_from(self.n_bytes - offset).unwrap_or(PIECE_BYTES);
            let piece = &mut buffer[..n_left.min(PIECE_BYTES)];
            if self.source.read_exact_at(piece, offset).is_err() {
                return false;
            }
            hasher.update(piece);
            offset += piece.len() as u64;
        }
        hasher.finish() == self.digest
    }
}
