//! Source distributions: any bytes, as a tar archive and as a ZIP archive, are refused, or make files in their folder and nowhere else.

#![no_main]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use lock2venv::archive::SizeLimits;
use lock2venv::sdist::unpack;
use rustix::fs::{MemfdFlags, memfd_create};

const LIMITS: SizeLimits = SizeLimits {
    n_bytes: 4 << 20,
    ratio: 100,
};

fn file(bytes: &[u8]) -> File {
    let mut file = File::from(memfd_create("sdist", MemfdFlags::CLOEXEC).unwrap());
    file.write_all(bytes).unwrap();
    file
}

/// Follows every link of what was made: each stays in the folder, or leads to nothing.
fn stays_inside(folder: &Path, root: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_symlink() {
            if let Ok(target) = fs::canonicalize(&path) {
                assert!(target.starts_with(root), "{}", path.display());
            }
        } else if metadata.is_dir() {
            stays_inside(&path, root);
        } else {
            assert!(metadata.is_file(), "{}", path.display());
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    // One folder a process: the name of it says nothing.
    let place = std::env::temp_dir().join(format!("lock2venv-fuzz-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let place = fs::canonicalize(&place).unwrap();
    let unpacked = place.join("unpacked");
    for name in ["demo-1.0.tar", "demo-1.0.zip"] {
        let done = unpack(file(bytes), name, &unpacked, LIMITS);
        if done.is_ok() {
            stays_inside(&unpacked, &unpacked);
            fs::remove_dir_all(&unpacked).unwrap();
        }
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    }
});
