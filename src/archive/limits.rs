//! How much an archive may hold.

use super::{Archive, ArchiveEntry, Error};

/// The most entries of an archive. The largest wheels that are known have some 30,000.
pub const MAX_ENTRIES: u64 = 200_000;

/// What an archive may always unpack to, whatever its own size: an entry of zeros is a thousandth of itself.
const FREE_BYTES: u64 = 1 << 30;

/// The most that an archive may unpack to, by the sizes that it declares. [`SizeLimits::default`] fits every wheel that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    /// So many bytes: 32 GiB.
    pub n_bytes: u64,
    /// More than 1 GiB only if it is no more than so many times the archive's own size: 100. Real wheels stay below 20.
    pub ratio: u64,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self {
            n_bytes: 32 << 30,
            ratio: 100,
        }
    }
}

impl SizeLimits {
    /// Returns what an archive of `n_packed_bytes` bytes may unpack to.
    pub fn allowed(self, n_packed_bytes: u64) -> u64 {
        let by_ratio = n_packed_bytes.saturating_mul(self.ratio).max(FREE_BYTES);
        self.n_bytes.min(by_ratio)
    }

    fn check(self, n_bytes: u64, n_packed_bytes: u64) -> Result<(), Error> {
        if n_bytes > self.n_bytes {
            return Err(Error::TooLarge {
                n_bytes,
                limit: self.n_bytes,
            });
        }
        if n_bytes > FREE_BYTES.max(n_packed_bytes.saturating_mul(self.ratio)) {
            return Err(Error::Bomb {
                n_bytes,
                n_packed_bytes,
                ratio: self.ratio,
            });
        }
        Ok(())
    }
}

impl Archive {
    /// Checks what the archive unpacks to.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::Bomb`].
    pub fn check_size(&self, limits: SizeLimits) -> Result<(), Error> {
        let sizes = self.entries.iter().map(ArchiveEntry::n_bytes);
        let n_bytes = sizes.fold(0, u64::saturating_add);
        let n_packed_bytes = self.source.n_bytes().map_err(Error::Io)?;
        limits.check(n_bytes, n_packed_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    #[track_caller]
    fn fits(n_bytes: u64, n_packed_bytes: u64) {
        let checked = SizeLimits::default().check(n_bytes, n_packed_bytes);
        assert!(checked.is_ok(), "{checked:?}");
    }

    #[test]
    fn real_wheels_fit() {
        // torch, text, a file of zeros.
        fits(2_500 * MIB, 800 * MIB);
        fits(20 * GIB, GIB);
        fits(1000 * MIB, MIB);
    }

    #[test]
    fn others_are_told_by_size_and_ratio() {
        let check = |n_bytes, n_packed| SizeLimits::default().check(n_bytes, n_packed);
        assert!(matches!(check(2 * GIB, MIB), Err(Error::Bomb { .. })));
        assert!(matches!(check(33 * GIB, GIB), Err(Error::TooLarge { .. })));
        let generous = SizeLimits {
            n_bytes: u64::MAX,
            ratio: u64::MAX,
        };
        assert!(generous.check(u64::MAX, 1).is_ok());
    }
}
