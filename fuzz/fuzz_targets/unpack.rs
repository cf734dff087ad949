//! Wheels: any bytes are refused, or unpack to the declared sizes at paths that stay inside.
//!
//! The bytes are taken for an archive, and for the steps by which one is made whose headers and CRCs are right: what is fuzzed by these is
//! what names, modes and documents mean.

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

const NAMES: [&str; 20] = [
    "demo-1.0.dist-info/METADATA",
    "demo-1.0.dist-info/WHEEL",
    "demo-1.0.dist-info/RECORD",
    "demo-1.0.dist-info/entry_points.txt",
    "demo-1.0.dist-info/RECORD.jws",
    "demo-1.0.dist-info/INSTALLER",
    "demo/__init__.py",
    "demo/",
    "DEMO/__init__.py",
    "demo",
    "demo.pth",
    "demo-1.0.data/scripts/run",
    "demo-1.0.data/data/etc/demo.conf",
    "demo-1.0.data/data/bin/python",
    "demo-1.0.data/purelib/other.py",
    "demo-1.0.data/platlib/other.py",
    "demo-1.0.data/headers/demo.h",
    "demo-1.0.data/odd/x",
    "../evil.py",
    "other-1.0.dist-info/METADATA",
];

const CONTENTS: [&str; 6] = [
    "",
    "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
    "[console_scripts]\ndemo = demo:main\n[gui_scripts]\nother = demo.other:main [x]\n",
    "#!python\nprint()\n",
];

const MODES: [u32; 5] = [0o100_644, 0o100_755, 0, 0o040_755, 0o120_777];

/// An archive that grows.
#[derive(Default)]
struct Composed {
    content: Vec<u8>,
    directory: Vec<u8>,
    record: String,
    n_entries: u16,
}

impl Composed {
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        let offset = self.content.len() as u32;
        let mut header = vec![20, 0];
        header.extend(if name.is_ascii() { [0, 0] } else { [0, 8] });
        // Stored, on the first day that there is.
        header.extend([0, 0, 0, 0, 0x21, 0]);
        header.extend(crc(content).to_le_bytes());
        header.extend([(content.len() as u32).to_le_bytes(); 2].concat());
        header.extend([(name.len() as u16).to_le_bytes(), [0, 0]].concat());
        self.content.extend([b"PK\x03\x04", &header[..], name.as_bytes(), content].concat());
        self.directory.extend([b"PK\x01\x02\x14\x03", &header[..], &[0; 6]].concat());
        self.directory.extend([mode << 16, offset].map(u32::to_le_bytes).concat());
        self.directory.extend(name.as_bytes());
        self.record += &format!("{name},,\n");
        self.n_entries += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let (start, n_bytes) = (self.content.len() as u32, self.directory.len() as u32);
        self.content.extend(self.directory);
        self.content.extend(b"PK\x05\x06\0\0\0\0");
        self.content.extend([self.n_entries; 2].map(u16::to_le_bytes).concat());
        self.content.extend([n_bytes, start].map(u32::to_le_bytes).concat());
        self.content.extend([0, 0]);
        self.content
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| crc >> 1 ^ 0xedb8_8320 & (crc & 1).wrapping_neg();
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
}

/// Makes an archive of steps: a name, a mode and a content, each from a list, or a text that is taken from the bytes that follow.
fn composed(mut bytes: &[u8]) -> Vec<u8> {
    let mut archive = Composed::default();
    let text = |bytes: &mut &[u8], choice: usize| {
        let (taken, rest) = bytes.split_at(choice.min(bytes.len()));
        *bytes = rest;
        String::from_utf8_lossy(taken).into_owned()
    };
    while let [name, mode, content, rest @ ..] = bytes {
        bytes = rest;
        let (name, mode, content) = (usize::from(*name), usize::from(*mode), usize::from(*content));
        let name = match NAMES.get(name) {
            Some(known) => (*known).to_owned(),
            None => text(&mut bytes, name % 64),
        };
        let content = match content {
            6 => archive.record.clone() + &name + ",,\n",
            _ => match CONTENTS.get(content) {
                Some(known) => (*known).to_owned(),
                None => text(&mut bytes, content),
            },
        };
        archive.add(&name, MODES[mode % MODES.len()], content.as_bytes());
    }
    archive.finish()
}

fn check(bytes: &[u8]) {
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
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    check(&composed(bytes));
});
