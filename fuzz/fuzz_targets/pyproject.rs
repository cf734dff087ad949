//! pyproject.toml: any text is a project or an error, and its content hash ends.

#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use lock2venv::pyproject::{FileSystem, PathKind, Project};

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
    if let Ok(project) = Project::parse(text, Path::new("/app"), &Nothing) {
        let _ = project.content_hash();
    }
});
