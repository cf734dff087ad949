//! What a program is compiled for: the processor, and the C library by the name of its loader ([ELF]).
//!
//! [ELF]: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

const MAGIC: &[u8] = b"\x7fELF";
const HEADER_BYTES: usize = 64;
const SEGMENT_BYTES: usize = 56;
/// The type of the segment that names the loader.
const INTERPRETER: u32 = 3;
const MOST_SEGMENTS: u64 = 64;
const MOST_NAME_BYTES: u64 = 4096;

/// A program for 64 bits, little endian; others are not told apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Binary {
    machine: u16,
    is_musl: bool,
}

impl Binary {
    /// `None` for what is no such program, or cannot be read.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).ok()?;
        if !header.starts_with(MAGIC) || header[4] != 2 || header[5] != 1 {
            return None;
        }
        let (table, size, number) = (
            u64_at(&header, 32)?,
            u16_at(&header, 54)?,
            u16_at(&header, 56)?,
        );
        let mut loader = None;
        for index in 0..u64::from(number).min(MOST_SEGMENTS) {
            let mut segment = [0; SEGMENT_BYTES];
            let offset = table.checked_add(index * u64::from(size))?;
            file.read_exact_at(&mut segment, offset).ok()?;
            if u32_at(&segment, 0)? == INTERPRETER {
                let n_bytes = u64_at(&segment, 32)?.min(MOST_NAME_BYTES);
                let mut name = vec![0; usize::try_from(n_bytes).ok()?];
                file.read_exact_at(&mut name, u64_at(&segment, 8)?).ok()?;
                loader = Some(name);
            }
        }
        Some(Self {
            machine: u16_at(&header, 18)?,
            is_musl: loader.is_some_and(|name| String::from_utf8_lossy(&name).contains("ld-musl")),
        })
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.machine {
            62 => formatter.write_str("x86_64")?,
            183 => formatter.write_str("aarch64")?,
            other => write!(formatter, "processor {other}")?,
        }
        formatter.write_str(if self.is_musl {
            " with musl"
        } else {
            " with glibc"
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that names a loader and does nothing.
    fn program(machine: u16, loader: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES + SEGMENT_BYTES];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..58].copy_from_slice(&[56, 0, 1, 0]);
        bytes[64..68].copy_from_slice(&INTERPRETER.to_le_bytes());
        bytes[72..80].copy_from_slice(&120_u64.to_le_bytes());
        bytes[96..104].copy_from_slice(&(loader.len() as u64).to_le_bytes());
        bytes.extend_from_slice(loader);
        bytes
    }

    #[test]
    fn processor_and_library_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("python3");
        let says = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Binary::read(&path).map(|binary| binary.to_string())
        };
        let glibc = program(62, b"/lib64/ld-linux-x86-64.so.2\0");
        assert_eq!(says(&glibc).as_deref(), Some("x86_64 with glibc"));
        let musl = program(183, b"/lib/ld-musl-aarch64.so.1\0");
        assert_eq!(says(&musl).as_deref(), Some("aarch64 with musl"));
        for n_bytes in 0..glibc.len() {
            says(&glibc[..n_bytes]);
        }
        assert_eq!(says(b"#!/bin/sh\n"), None);
    }
}
