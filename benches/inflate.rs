//! How long it takes to inflate the entries of an archive: at once, and in pieces, as those are that fit no buffer.

#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    reason = "a bench that cannot go on fails; it uses what tests share in part"
)]

#[path = "../tests/it/support/wheel_builder.rs"]
mod wheel_builder;

use divan::Bencher;
use divan::counter::BytesCount;
use lock2venv::archive::{Archive, ArchiveEntry, Buffers};

use wheel_builder::{ZipEntry, file_of, zip};

fn main() {
    divan::main();
}

/// Makes entries of text that deflate as well as Python modules do, about four times.
fn archive(n_entries: usize, n_bytes: usize) -> Archive {
    let words = [
        "def ", "return ", "self", ".name", "(value)", ":\n    ", "import ", "None", " = ",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    let entries: Vec<ZipEntry> = (0..n_entries)
        .map(|number| {
            let mut text = String::new();
            while text.len() < n_bytes {
                text.push_str(words[random.usize(..words.len())]);
                text.push(random.lowercase());
            }
            ZipEntry::deflated(&format!("{number}.py"), text.as_bytes())
        })
        .collect();
    Archive::read(file_of(&zip(&entries))).unwrap()
}

fn read(bencher: Bencher<'_, '_>, archive: &Archive, mut buffers: Buffers) {
    let n_bytes: u64 = archive.entries().iter().map(ArchiveEntry::n_bytes).sum();
    bencher.counter(BytesCount::new(n_bytes)).bench_local(|| {
        for entry in archive.entries() {
            archive.document(entry, u64::MAX, &mut buffers).unwrap();
        }
    });
}

#[divan::bench(args = [(500, 8 << 10), (4, 1 << 20)])]
fn at_once(bencher: Bencher<'_, '_>, (n_entries, n_bytes): (usize, usize)) {
    read(bencher, &archive(n_entries, n_bytes), Buffers::default());
}

#[divan::bench(args = [(500, 8 << 10), (4, 1 << 20)])]
fn in_pieces(bencher: Bencher<'_, '_>, (n_entries, n_bytes): (usize, usize)) {
    read(bencher, &archive(n_entries, n_bytes), Buffers::for_pieces());
}
