//! Malformed codes of DEFLATE: which of them both decoders refuse, and what is yielded where only one does.
//!
//! Entries that fit a buffer are inflated by libdeflate, larger ones by zlib-rs, which refuses what zlib refuses. libdeflate takes a few more, that
//! no encoder writes. Nothing that both take differs, and what only libdeflate takes has the size and CRC that the archive declares, or is refused.

use lock2venv::archive::{Archive, Buffers};

use crate::support::wheel_builder::{ZipEntry, file_of, zip};

/// A stream, from its first bit on.
#[derive(Clone, Default)]
struct Bits(Vec<bool>);

impl Bits {
    /// The last block begins, of a type.
    fn block(kind: u32) -> Self {
        Self::default().number(1, 1).number(kind, 2)
    }

    /// Numbers are written from their lowest bit on.
    fn number(mut self, number: u32, n_bits: u32) -> Self {
        self.0.extend((0..n_bits).map(|at| number >> at & 1 == 1));
        self
    }

    /// Codes are written from their highest bit on.
    fn code(mut self, code: u32, n_bits: u32) -> Self {
        let bits = (0..n_bits).rev();
        self.0.extend(bits.map(|at| code >> at & 1 == 1));
        self
    }

    /// The code of a symbol in a table of lengths.
    fn symbol(self, lengths: &[u8], symbol: usize) -> Self {
        let n_bits = lengths[symbol];
        let before = |other: &(usize, &u8)| (*other.1, other.0) < (n_bits, symbol);
        let used = lengths
            .iter()
            .enumerate()
            .filter(|(_, length)| **length > 0);
        let code: u32 = used
            .filter(before)
            .map(|(_, length)| 1 << (n_bits - length))
            .sum();
        self.code(code, n_bits.into())
    }

    /// What is before the code lengths of a block with codes of its own.
    fn header(n_literals: usize, n_distances: usize, lengths_of_lengths: &[u8; 19]) -> Self {
        let number = |number: usize, least: usize| u32::try_from(number - least).unwrap();
        let mut bits = Self::block(2).number(number(n_literals, 257), 5);
        bits = bits.number(number(n_distances, 1), 5).number(15, 4);
        for symbol in [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ] {
            bits = bits.number(lengths_of_lengths[symbol].into(), 3);
        }
        bits
    }

    /// A block with codes of its own, without what is in it.
    fn codes(literals: &[u8], distances: &[u8]) -> Self {
        let mut of_lengths = [4; 19];
        of_lengths[16..].fill(0);
        let bits = Self::header(literals.len(), distances.len(), &of_lengths);
        let lengths = literals.iter().chain(distances);
        lengths.fold(bits, |bits, length| bits.code((*length).into(), 4))
    }

    fn bytes(self) -> Vec<u8> {
        let bytes = self.0.chunks(8).map(|bits| {
            let bits = bits.iter().enumerate();
            bits.map(|(at, bit)| u8::from(*bit) << at).sum()
        });
        bytes.collect()
    }
}

/// Code lengths for literals and lengths.
fn literals(used: &[(usize, u8)]) -> [u8; 257 + 29] {
    let mut lengths = [0; 257 + 29];
    for (symbol, length) in used {
        lengths[*symbol] = *length;
    }
    lengths
}

const A: usize = b'a' as usize;
const END: usize = 256;
/// A length of three.
const THREE: usize = 257;

/// Returns what is yielded at once and in pieces, if the archive says that it is `content`.
fn inflated(stream: &[u8], content: &[u8]) -> [Option<Vec<u8>>; 2] {
    let entry = ZipEntry::deflated("a", content).with(|entry| entry.packed = stream.to_vec());
    let n_bytes = u32::try_from(stream.len()).unwrap();
    let entry = entry.both(|header| header.n_packed_bytes = n_bytes);
    let archive = Archive::read(file_of(&zip(&[entry]))).unwrap();
    [Buffers::default(), Buffers::for_pieces()].map(|mut buffers| {
        let entry = &archive.entries()[0];
        archive.document(entry, u64::MAX, &mut buffers).ok()
    })
}

#[track_caller]
fn both_take(bits: Bits, content: &[u8]) {
    assert_eq!(
        inflated(&bits.bytes(), content),
        [const { None }; 2].map(|_: Option<()>| Some(content.to_vec()))
    );
}

/// Whatever the archive says of the content.
#[track_caller]
fn both_refuse(bits: Bits) {
    let stream = bits.bytes();
    for content in [&b""[..], b"a", b"aa", b"aaa", b"aaaa", b"ab"] {
        assert_eq!(inflated(&stream, content), [None, None], "{content:?}");
    }
}

#[track_caller]
fn libdeflate_alone_takes(bits: Bits, content: &[u8]) {
    let stream = bits.bytes();
    assert_eq!(inflated(&stream, content), [Some(content.to_vec()), None]);
    let mut other = content.to_vec();
    if let Some(last) = other.last_mut() {
        *last ^= 1;
    } else {
        other.push(0);
    }
    assert_eq!(inflated(&stream, &other), [None, None]);
    assert_eq!(inflated(&stream, &[content, b"a"].concat()), [None, None]);
}

/// Where the codes are those of the standard: the code of a length, and the first of the distances.
fn fixed_a() -> Bits {
    Bits::block(1).code(0x30 + u32::from(b'a'), 8)
}

fn fixed_end(bits: Bits) -> Bits {
    bits.code(0, 7)
}

const COPIES: [(usize, u8); 3] = [(A, 1), (END, 2), (THREE, 2)];

/// `a`, three more by way of a distance whose bits are told, and the end.
fn copied(literals: &[u8], distances: &[u8], n_bits: u32, distance: u32) -> Bits {
    let bits = Bits::codes(literals, distances).symbol(literals, A);
    let bits = bits.symbol(literals, THREE).code(distance, n_bits);
    bits.symbol(literals, END)
}

/// A block whose table of code lengths is itself coded by `of_lengths`: `a` and the end have one bit each. `last` is for the distance.
fn with_codes_of_lengths(of_lengths: &[u8; 19], last: impl Fn(Bits) -> Bits) -> Bits {
    let zeros = |bits: Bits, n: u32| bits.symbol(of_lengths, 18).number(n - 11, 7);
    let bits = zeros(Bits::header(257, 1, of_lengths), 97).symbol(of_lengths, 1);
    let bits = zeros(zeros(bits, 138), 20).symbol(of_lengths, 1);
    last(bits).code(0, 1).code(1, 1)
}

fn lengths_of_lengths(used: &[(usize, u8)]) -> [u8; 19] {
    let mut lengths = [0; 19];
    for (symbol, length) in used {
        lengths[*symbol] = *length;
    }
    lengths
}

#[test]
fn codes_of_the_standard_are_taken() {
    let table = literals(&COPIES);
    both_take(copied(&table, &[1, 1], 1, 0), b"aaaa");
    // One distance alone has one bit, and no distance is needed where none is used.
    both_take(copied(&table, &[1], 1, 0), b"aaaa");
    let unused = Bits::codes(&table, &[0]).symbol(&table, A);
    both_take(unused.symbol(&table, END), b"a");
    both_take(fixed_end(fixed_a().code(1, 7).code(0, 5)), b"aaaa");
    let of_lengths = lengths_of_lengths(&[(0, 2), (1, 1), (18, 2)]);
    let block = with_codes_of_lengths(&of_lengths, |bits| bits.symbol(&of_lengths, 0));
    both_take(block, b"a");
}

#[test]
fn codes_that_are_over_or_under_full_are_refused() {
    for used in [
        &[(A, 1), (END, 1), (THREE, 1)][..],
        &[(A, 2), (END, 2)],
        &[(END, 2)],
    ] {
        let table = literals(used);
        let bits = Bits::codes(&table, &[1]).code(0, 1);
        both_refuse(bits.symbol(&table, END));
    }
    let table = literals(&COPIES);
    for distances in [&[1, 1, 1][..], &[2, 2], &[2]] {
        both_refuse(copied(&table, distances, distances[0].into(), 0));
    }
    for used in [
        &[(0, 1), (1, 1), (18, 1)][..],
        &[(0, 2), (1, 2), (18, 2)],
        &[(18, 1)],
        &[],
    ] {
        let of_lengths = lengths_of_lengths(used);
        let block = with_codes_of_lengths(&of_lengths, |bits| bits.symbol(&of_lengths, 0));
        both_refuse(block);
    }
}

#[test]
fn blocks_without_an_end_or_a_meaning_are_refused() {
    both_refuse(Bits::codes(&literals(&[]), &[1]).code(0, 8));
    let endless = literals(&[(A, 1), (THREE, 1)]);
    both_refuse(Bits::codes(&endless, &[1]).symbol(&endless, A));
    both_refuse(fixed_end(Bits::block(3)));
    both_refuse(fixed_end(fixed_a().code(1, 7).code(1, 5)));
    let stored = Bits::block(0).number(0, 5).number(1, 16);
    both_take(stored.clone().number(0xfffe, 16).number(97, 8), b"a");
    both_refuse(stored.number(0xfffd, 16).number(97, 8));
}

#[test]
fn lengths_that_repeat_nothing_or_too_often_are_refused() {
    let of_lengths = lengths_of_lengths(&[(0, 1), (16, 1)]);
    both_refuse(Bits::header(257, 1, &of_lengths).symbol(&of_lengths, 16));
    let of_lengths = lengths_of_lengths(&[(0, 2), (1, 1), (18, 2)]);
    let beyond = |bits: Bits| bits.symbol(&of_lengths, 18).number(0, 7);
    both_refuse(with_codes_of_lengths(&of_lengths, beyond));
}

#[test]
fn bits_that_no_code_has_are_read_as_the_only_code() {
    let only_end = literals(&[(END, 1)]);
    both_take(Bits::codes(&only_end, &[1]).code(0, 1), b"");
    libdeflate_alone_takes(Bits::codes(&only_end, &[1]).code(1, 1), b"");
    let table = literals(&COPIES);
    libdeflate_alone_takes(copied(&table, &[1], 1, 1), b"aaaa");
    // Without any distance they are the first.
    libdeflate_alone_takes(copied(&table, &[0], 1, 0), b"aaaa");
}

#[test]
fn tables_may_have_room_for_reserved_codes() {
    let table = literals(&COPIES);
    for n_distances in [31, 32] {
        let mut distances = vec![0; n_distances];
        distances[..2].fill(1);
        libdeflate_alone_takes(copied(&table, &distances, 1, 0), b"aaaa");
    }
    for n_reserved in [1, 2] {
        let table = [&table[..], &[0, 0][..n_reserved]].concat();
        libdeflate_alone_takes(copied(&table, &[1, 1], 1, 0), b"aaaa");
    }
}

#[test]
fn reserved_codes_are_read_as_those_before_them() {
    let longest = |bits: Bits, reserved: u32| bits.code(0xc5 + reserved, 8).code(0, 5);
    both_take(fixed_end(longest(fixed_a(), 0)), &[b'a'; 1 + 258]);
    for reserved in [1, 2] {
        let stream = fixed_end(longest(fixed_a(), reserved));
        libdeflate_alone_takes(stream, &[b'a'; 1 + 258]);
    }
    let many = (0..200).fold(fixed_a(), |bits, _| longest(bits, 0));
    let content = b"a".repeat(1 + 200 * 258 + 3);
    let from = |distance: u32| many.clone().code(1, 7).code(distance, 5).number(0, 13);
    both_take(fixed_end(from(29)), &content);
    for reserved in [30, 31] {
        libdeflate_alone_takes(fixed_end(from(reserved)), &content);
    }
}
