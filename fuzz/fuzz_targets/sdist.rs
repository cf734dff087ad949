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

/// Writes the checksum into each header of a tar archive. Nearly all bytes that are changed would end there.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0_usize;
    while let Some(header) = bytes.get_mut(at..at.saturating_add(512)) {
        at += 512;
        if header.iter().all(|byte| *byte == 0) {
            continue;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        let digits = header[124..136].iter().filter(|byte| (b'0'..=b'7').contains(byte));
        let n_bytes = digits.fold(0, |number: usize, digit| number.saturating_mul(8) + usize::from(digit - b'0'));
        at = at.saturating_add(n_bytes.min(bytes.len()).next_multiple_of(512));
    }
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    // One folder a process: the name of it says nothing.
    let place = std::env::temp_dir().join(format!("lock2venv-fuzz-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let place = fs::canonicalize(&place).unwrap();
    let unpacked = place.join("unpacked");
    let tar = with_checksums(bytes);
    for (name, bytes) in [("demo-1.0.tar", bytes), ("demo-1.0.tar", &tar), ("demo-1.0.zip", bytes)] {
        let done = unpack(file(bytes), name, &unpacked, LIMITS);
        if done.is_ok() {
            stays_inside(&unpacked, &unpacked);
            fs::remove_dir_all(&unpacked).unwrap();
        }
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    }
});
