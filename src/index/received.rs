//! A small document in memory, of a server that may send any number of bytes.

use std::ops::ControlFlow;

use crate::http::Sink;

/// The bytes of a document.
pub(super) struct Received {
    bytes: Vec<u8>,
    limit: usize,
    is_too_large: bool,
}

impl Received {
    /// Takes so many bytes; more cancel the download.
    pub(super) fn at_most(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            is_too_large: false,
        }
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Sink for Received {
    fn write(&mut self, data: &[u8]) -> ControlFlow<()> {
        if self.bytes.len() + data.len() > self.limit {
            self.is_too_large = true;
            return ControlFlow::Break(());
        }
        self.bytes.extend_from_slice(data);
        ControlFlow::Continue(())
    }

    fn restart(&mut self) -> ControlFlow<()> {
        self.bytes.clear();
        ControlFlow::Continue(())
    }

    fn n_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}
