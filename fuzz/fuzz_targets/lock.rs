//! Locks: any text is a lock or an error.

#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use lock2venv::lock::LockDocument;
use lock2venv::pyproject::{FileSystem, PathKind};

struct Nothing;

impl FileSystem for Nothing {
    fn kind(&self, _: &Path) -> PathKind {
        PathKind::Missing
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

fuzz_target!(|text: &str| {
    if let Ok(document) = LockDocument::parse(&text.into()) {
        let _ = document.read(Path::new("/app"), &Nothing);
    }
});
