//! How much of what is downloaded may stay in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest file that stays in memory.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The most bytes of all files in memory.
const MAX_BYTES: u64 = 64 << 20;

/// The memory that files share.
#[derive(Debug, Default)]
pub(super) struct Memory {
    n_taken: Arc<AtomicU64>,
}

/// The part of one file, free again when dropped.
#[derive(Debug)]
pub(super) struct Share {
    n_taken: Arc<AtomicU64>,
    n_bytes: u64,
}

impl Memory {
    /// Takes room for a file of `n_bytes`, if it is small and there is room.
    pub(super) fn take(&self, n_bytes: u64) -> Option<Share> {
        if n_bytes > MAX_FILE_BYTES {
            return None;
        }
        let share = Share {
            n_taken: Arc::clone(&self.n_taken),
            n_bytes,
        };
        // Dropping the share gives back what was too much.
        let n_before = self.n_taken.fetch_add(n_bytes, Ordering::Relaxed);
        (n_before + n_bytes <= MAX_BYTES).then_some(share)
    }
}

impl Share {
    pub(super) fn n_bytes(&self) -> usize {
        usize::try_from(self.n_bytes).unwrap_or_default()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.n_taken.fetch_sub(self.n_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back() {
        let memory = Memory::default();
        let shares: Vec<_> = (0..16).map(|_| memory.take(MAX_FILE_BYTES)).collect();
        assert!(shares.iter().all(Option::is_some));
        assert!(memory.take(1).is_none());
        drop(shares);
        assert!(memory.take(1).is_some());
    }

    #[test]
    fn large_files_go_to_the_disk() {
        assert!(Memory::default().take(MAX_FILE_BYTES + 1).is_none());
    }
}
