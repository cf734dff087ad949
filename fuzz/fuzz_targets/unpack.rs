//! Wheels: any bytes are refused, or unpack to the declared sizes at paths that stay inside.

#![no_main]

use std::fs::File;
use std::io::Write as _;

use libfuzzer_sys::fuzz_target;
use lock2venv::archive::{Archive, Buffers, Error};
use lock2venv::filename::WheelFilename;
use lock2venv::name::PackageName;
use lock2venv::version::Version;
use lock2venv::wheel::{Expected, Wheel};
use rustix::fs::{MemfdFlags, memfd_create};

const MOST_BYTES: u64 = 16 << 20;

fn file(bytes: &[u8]) -> File {
    let mut file = File::from(memfd_create("wheel", MemfdFlags::CLOEXEC).unwrap());
    file.write_all(bytes).unwrap();
    file
}

fn read_all(archive: &Archive, buffers: &mut Buffers) {
    let mut reader = archive.reader(buffers);
    for entry in archive.entries() {
        let mut parts = entry.path().trim_end_matches('/').split('/');
        assert!(
            parts.all(|part| !matches!(part, "" | "." | "..")),
            "{}",
            entry.path()
        );
        let mut n_bytes = 0;
        if entry.n_bytes() > MOST_BYTES {
            continue;
        }
        let read = reader.read(entry, |piece| {
            n_bytes += piece.len() as u64;
            Ok::<(), Error>(())
        });
        assert!(read.is_err() || n_bytes == entry.n_bytes());
    }
}

/// What is inflated in pieces has the same bytes when it is inflated at once.
fn compare_decoders(archive: &Archive) {
    let (mut at_once, mut in_pieces) = (Buffers::default(), Buffers::for_pieces());
    for entry in archive.entries() {
        let whole = archive.document(entry, MOST_BYTES, &mut at_once).ok();
        let joined = archive.document(entry, MOST_BYTES, &mut in_pieces).ok();
        assert!(joined.is_none() || whole == joined, "{}", entry.path());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut buffers = Buffers::default();
    if let Ok(archive) = Archive::read(file(bytes)) {
        read_all(&archive, &mut buffers);
        compare_decoders(&archive);
        let expected = (PackageName::new("demo"), Version::parse("1.0").unwrap());
        let name = WheelFilename::parse("demo-1.0-py3-none-any.whl").unwrap();
        let expected = Expected {
            file: &name,
            name: &expected.0,
            version: &expected.1,
        };
        if let Ok(wheel) = Wheel::open(file(bytes), expected, &mut buffers) {
            for index in 0..wheel.archive().entries().len() {
                let _ = wheel.place(index);
            }
        }
    }
});
