//! Reading the documents of `.dist-info`.

use super::error::Error;
use crate::archive::{Archive, Buffers};

/// The largest METADATA or WHEEL that is read.
const MAX_DOCUMENT_BYTES: u64 = 16 << 20;

/// The largest `entry_points.txt` that is read: tens of thousands of scripts.
pub(super) const MAX_ENTRY_POINTS_BYTES: u64 = 1 << 20;

/// What RECORD may have for files that the wheel does not hold: some thousands.
const FREE_RECORD_BYTES: u64 = 256 << 10;

const FREE_RECORD_LINES: u64 = 4096;

/// What a line of RECORD may have besides the path, in its longest spelling.
const RECORD_LINE_BYTES: u64 = 256;

/// Reads the documents of one `.dist-info`.
pub(super) struct Documents<'a> {
    pub(super) archive: &'a Archive,
    pub(super) dist_info: &'a str,
    pub(super) buffers: &'a mut Buffers,
}

impl Documents<'_> {
    pub(super) fn required(&mut self, name: &'static str) -> Result<String, Error> {
        self.optional(name, MAX_DOCUMENT_BYTES)?
            .ok_or(Error::Missing { document: name })
    }

    pub(super) fn record(&mut self) -> Result<Vec<u8>, Error> {
        // Two lines for each file.
        let entries = self.archive.entries().iter();
        let lines = entries.map(|entry| entry.path().len() as u64 + RECORD_LINE_BYTES);
        let limit = FREE_RECORD_BYTES + 2 * lines.sum::<u64>();
        let document = self.bytes("RECORD", limit)?;
        document.ok_or(Error::Missing { document: "RECORD" })
    }

    /// How many lines RECORD may have. Bytes alone do not bound what each line costs, and what is to be said of it.
    pub(super) fn most_record_lines(&self) -> u64 {
        FREE_RECORD_LINES + 2 * self.archive.entries().len() as u64
    }

    pub(super) fn optional(
        &mut self,
        name: &'static str,
        limit: u64,
    ) -> Result<Option<String>, Error> {
        let bytes = self.bytes(name, limit)?;
        // METADATA of old wheels has names in Latin-1; the fields that are read are ASCII.
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub(super) fn bytes(&mut self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = format!("{}/{name}", self.dist_info);
        let Some(entry) = self.archive.entry(&path) else {
            return Ok(None);
        };
        Ok(Some(self.archive.document(entry, limit, self.buffers)?))
    }
}
