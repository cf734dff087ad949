//! Whether the directory of a kept archive is as it was.
//!
//! Contents are proven while they are unpacked, by their CRC-32 and by RECORD; but nothing else in an archive repeats the
//! modes that its directory gives. So the CRC-32 of the directory is kept, in `v1/directories/<algorithm>-<hex>`, when an
//! archive that was just downloaded is unpacked for the first time. One of which nothing is known, or something else, is
//! hashed. A hit costs three system calls.

use super::backend::{read, write};
use super::layout::{Key, Kind};
use super::verified::VerifiedFile;

impl VerifiedFile {
    /// Tells whether `crc` is the CRC-32 of the directory that this archive had when it was downloaded; `false` says that the
    /// copy in the cache is damaged.
    pub fn confirms_directory(&self, crc: u32) -> bool {
        let Some(backend) = self.home.as_deref() else {
            return true;
        };
        let (key, text) = (Key::of(&self.digest), format!("{crc:08x}"));
        if read(backend, Kind::Directories, &key).is_some_and(|kept| kept == text.as_bytes()) {
            return true;
        }
        if self.is_from_before && !self.has_its_digest() {
            return false;
        }
        // What cannot be kept makes the next run hash the archive.
        write(backend, Kind::Directories, &key, text.as_bytes());
        true
    }
}
