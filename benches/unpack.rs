//! How long it takes to open a wheel and to inflate and check its entries, without writing any.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot go on fails"
)]

#[path = "../tests/it/support/wheel_builder.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod wheel_builder;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use lock2venv::archive::{Archive, Buffers, Error};
use lock2venv::name::PackageName;
use lock2venv::version::Version;
use lock2venv::wheel::Wheel;
use wheel_builder::{WheelBuilder, file_of};

fn main() {
    divan::main();
}

/// Bytes that deflate packs about as well as it does machine code.
fn content(n_bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(b'a'..b'q'))
        .take(n_bytes)
        .collect()
}

fn wheel(n_files: usize, n_bytes: usize) -> WheelBuilder {
    let content = content(n_bytes);
    let paths = (0..n_files).map(|number| format!("demo/part{}/file{number}.bin", number / 50));
    paths.fold(WheelBuilder::new("demo", "1.0"), |wheel, path| {
        wheel.file(&path, &content)
    })
}

/// The directory, the local headers, the documents, and where each file goes.
#[divan::bench(args = [10, 100, 1_000])]
fn open(bencher: Bencher<'_, '_>, n_files: usize) {
    let wheel = wheel(n_files, 100);
    let (bytes, file_name) = (wheel.build(), wheel.file_name());
    let expected = (PackageName::new("demo"), Version::parse("1.0").unwrap());
    let file = file_of(&bytes);
    let mut buffers = Buffers::default();
    bencher.bench_local(|| {
        let file = file.try_clone().unwrap();
        Wheel::open(
            black_box(file),
            &file_name,
            (&expected.0, &expected.1),
            &mut buffers,
        )
        .unwrap()
    });
}

/// As many bytes in many small files, in some, and in one.
#[divan::bench(args = [(4_000, 1 << 10), (64, 64 << 10), (1, 4 << 20)])]
fn inflate(bencher: Bencher<'_, '_>, (n_files, n_bytes): (usize, usize)) {
    let archive = Archive::read(file_of(&wheel(n_files, n_bytes).build())).unwrap();
    let mut buffers = Buffers::default();
    bencher
        .counter(BytesCount::new(n_files * n_bytes))
        .bench_local(|| {
            let mut reader = archive.reader(&mut buffers);
            let mut n_read = 0;
            for entry in archive.entries() {
                let read = reader.read(entry, |piece| {
                    n_read += black_box(piece).len();
                    Ok::<(), Error>(())
                });
                read.unwrap();
            }
            n_read
        });
}
