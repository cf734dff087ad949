//! The threads that work on files: one pool a run, which whoever runs starts.

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Error;

/// The threads that work on files.
#[derive(Debug)]
pub struct FilePool {
    pub(crate) threads: ThreadPool,
}

impl FilePool {
    /// Starts `n_threads` threads, at least one.
    ///
    /// # Errors
    ///
    /// [`Error::Threads`] when the system allows no more.
    pub fn start(n_threads: usize) -> Result<Self, Error> {
        let threads = ThreadPoolBuilder::new()
            .num_threads(n_threads.max(1))
            .thread_name(|index| format!("install-{index}"))
            .build();
        let threads = threads.map_err(|error| Error::Threads {
            reason: error.to_string(),
        })?;
        Ok(Self { threads })
    }
}
