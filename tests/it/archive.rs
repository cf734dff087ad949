//! The archive reader takes what wheels have, and nothing that could be understood in two ways.

use lock2venv::archive::{Archive, Buffers, EntryFault, EntryKind, Error};
use proptest::prelude::*;

use crate::support::wheel_builder::{ZipEntry, file_of, zip, zip_with_comment};

fn read(bytes: &[u8]) -> Result<Archive, Error> {
    Archive::read(file_of(bytes))
}

fn contents(archive: &Archive) -> Result<Vec<(String, Vec<u8>)>, Error> {
    contents_with(archive, Buffers::default())
}

fn contents_with(archive: &Archive, mut buffers: Buffers) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let entries = archive.entries().iter();
    entries
        .map(|entry| {
            let content = archive.document(entry, u64::MAX, &mut buffers)?;
            Ok((entry.path().to_owned(), content))
        })
        .collect()
}

/// Whether entries are inflated at once or in pieces.
#[track_caller]
fn refuses(entries: &[ZipEntry], expected: EntryFault) {
    for buffers in [Buffers::default(), Buffers::for_pieces()] {
        let archive = read(&zip(entries));
        match archive.and_then(|archive| contents_with(&archive, buffers)) {
            Err(Error::Entry { fault, .. }) => assert_eq!(fault, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[track_caller]
fn refuses_bytes(bytes: &[u8], expected: &str) {
    let error = read(bytes).expect_err("it should be refused").to_string();
    assert!(error.contains(expected), "{error}");
}

fn plain() -> ZipEntry {
    ZipEntry::deflated("a.txt", b"some text, some text, some text")
}

fn differs(field: &'static str) -> EntryFault {
    EntryFault::HeaderDiffers { field }
}

#[test]
fn entries_come_back_as_they_were() {
    let large: Vec<u8> = (0..3_000_000u32)
        .map(|number| (number / 7 % 251) as u8)
        .collect();
    let entries = [
        ZipEntry::stored("stored", b"as it is"),
        ZipEntry::stored("folder/", b""),
        ZipEntry::deflated("folder/empty", b""),
        ZipEntry::deflated("folder/large", &large),
        ZipEntry::stored("folder/stored large", &large),
        ZipEntry::deflated("é.txt", b"accent").mode(0o100_755),
    ];
    let archive = read(&zip(&entries)).unwrap();
    let contents = contents(&archive).unwrap();
    assert_eq!(contents[0], ("stored".to_owned(), b"as it is".to_vec()));
    assert_eq!(contents[1], ("folder".to_owned(), Vec::new()));
    assert_eq!(archive.entries()[1].kind(), EntryKind::Folder);
    assert!(contents[3].1 == large && contents[4].1 == large);
    assert!(archive.entries()[5].is_executable());
    assert!(!archive.entries()[0].is_executable());
}

#[test]
fn forms_that_real_wheels_have_are_accepted() {
    let pad = |header: &mut crate::support::wheel_builder::Header| header.extra = vec![0; 3];
    for entry in [
        plain().streamed(),
        plain()
            .streamed()
            .with(|entry| drop(entry.descriptor.drain(..4))),
        plain().local(pad),
        plain().mode(0),
        plain().both(|header| header.flags |= 0b110),
    ] {
        contents(&read(&zip(&[entry, ZipEntry::stored("b", b"b")])).unwrap()).unwrap();
    }
    read(&zip_with_comment(&[plain()], b"built somewhere")).unwrap();
    read(&zip(&[])).unwrap();
}

#[test]
fn local_sizes_may_stand_in_a_zip64_field() {
    let entry = plain();
    let (n_bytes, n_packed_bytes) = (entry.local.n_bytes, entry.local.n_packed_bytes);
    let entry = entry.local(|header| {
        header.extra = vec![1, 0, 16, 0];
        header
            .extra
            .extend_from_slice(&u64::from(n_bytes).to_le_bytes());
        header
            .extra
            .extend_from_slice(&u64::from(n_packed_bytes).to_le_bytes());
        (header.n_bytes, header.n_packed_bytes) = (u32::MAX, u32::MAX);
    });
    contents(&read(&zip(&[entry])).unwrap()).unwrap();
}

#[test]
fn zip64_end_records_are_read_and_have_to_agree() {
    let end64 = |n_entries: u64| {
        let plain = zip(&[plain()]);
        let end = plain.len() - 22;
        let n_directory = u32::from_le_bytes(plain[end + 12..end + 16].try_into().unwrap());
        let offset = u32::from_le_bytes(plain[end + 16..end + 20].try_into().unwrap());
        let mut bytes = plain[..end].to_vec();
        bytes.extend_from_slice(b"PK\x06\x06");
        bytes.extend_from_slice(&44u64.to_le_bytes());
        bytes.extend_from_slice(&[45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for field in [n_entries, n_entries, n_directory.into(), offset.into()] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        bytes.extend_from_slice(&(end as u64).to_le_bytes());
        bytes.extend_from_slice(&1u32.to_le_bytes());
        bytes.extend_from_slice(&plain[end..]);
        bytes
    };
    contents(&read(&end64(1)).unwrap()).unwrap();
    refuses_bytes(&end64(2), "ZIP64 end record does not match");
}

#[test]
fn local_headers_have_to_agree_with_the_directory() {
    refuses(
        &[plain().local(|header| header.name = b"b.txt".to_vec())],
        differs("name"),
    );
    refuses(
        &[plain().local(|header| header.method = 0)],
        differs("compression method"),
    );
    refuses(
        &[plain().local(|header| header.flags = 1 << 11)],
        differs("set of flags"),
    );
    refuses(&[plain().local(|header| header.crc ^= 1)], differs("CRC"));
    refuses(
        &[plain().local(|header| header.n_bytes += 1)],
        differs("size"),
    );
    refuses(
        &[plain().local(|header| header.n_packed_bytes -= 1)],
        differs("compressed size"),
    );
    let lying = plain().streamed().with(|entry| entry.descriptor[4] ^= 1);
    refuses(&[lying], differs("data descriptor"));
    let lying = plain().streamed().with(|entry| entry.descriptor[0] = b'X');
    refuses(&[lying], differs("data descriptor"));
}

#[test]
fn content_that_is_not_as_declared_is_refused() {
    refuses(&[plain().both(|header| header.crc ^= 1)], EntryFault::Crc);
    refuses(
        &[plain().both(|header| header.n_bytes += 1)],
        EntryFault::Size,
    );
    refuses(
        &[plain().both(|header| header.n_bytes -= 1)],
        EntryFault::Size,
    );
    let stored = ZipEntry::stored("a", b"abc");
    refuses(
        &[stored.clone().both(|header| header.n_bytes = 2)],
        EntryFault::Size,
    );
    refuses(&[stored.both(|header| header.crc = 7)], EntryFault::Crc);
    let broken = plain().with(|entry| entry.packed[0] = 0xff);
    refuses(&[broken], EntryFault::Deflate);
    let trailing = plain().with(|entry| entry.packed.push(0));
    let trailing = trailing.both(|header| header.n_packed_bytes += 1);
    refuses(&[trailing], EntryFault::Deflate);
    let short = plain().with(|entry| entry.packed.truncate(entry.packed.len() - 1));
    let short = short.both(|header| header.n_packed_bytes -= 1);
    refuses(&[short], EntryFault::Deflate);
}

#[test]
fn bombs_are_refused_before_they_are_inflated() {
    let bomb = ZipEntry::deflated("bomb", &vec![0; 1 << 20]);
    refuses(
        &[bomb.clone().both(|header| header.n_bytes = 1 << 31)],
        EntryFault::Ratio,
    );
    // Honest about less than it holds: inflating stops at the declared size.
    refuses(
        &[bomb.clone().both(|header| header.n_bytes = 1000)],
        EntryFault::Size,
    );
    let large = |number: u32| {
        let padding = ZipEntry::stored(&format!("{number}"), &vec![7; 1 << 20]);
        padding.both(|header| (header.method, header.n_bytes) = (8, 1 << 30))
    };
    let entries: Vec<ZipEntry> = (0..5).map(large).collect();
    refuses_bytes(&zip(&entries), "5368709120 bytes of content");
}

#[test]
fn nothing_lies_between_before_or_behind_the_entries() {
    let good = zip(&[plain()]);
    refuses_bytes(
        &[&b"#!/bin/sh\n"[..], &good].concat(),
        "directory does not end",
    );
    refuses_bytes(&[&good[..], b"x"].concat(), "data follows");
    refuses_bytes(&[&good[..], &good[..]].concat(), "directory does not end");
    refuses_bytes(&good[..good.len() - 1], "truncated");
    refuses_bytes(b"", "no end of central directory");
    let hidden = plain().with(|entry| entry.is_listed = false);
    refuses(
        &[hidden.clone(), ZipEntry::stored("b", b"")],
        EntryFault::NotTiled,
    );
    refuses(
        &[ZipEntry::stored("b", b""), hidden.clone()],
        EntryFault::NotTiled,
    );
    refuses_bytes(&zip(&[hidden]), "before its central directory");
    let gap = plain().with(|entry| entry.packed.extend_from_slice(b"hidden"));
    refuses(&[gap, ZipEntry::stored("b", b"")], EntryFault::NotTiled);
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let twin = ZipEntry::stored("a", b"x").with(|entry| entry.claimed_offset = Some(0));
    refuses(&[ZipEntry::stored("a", b"x"), twin], EntryFault::NotTiled);
    // A large stored entry whose content is another entry.
    let inner = zip(&[plain()]);
    let outer = ZipEntry::stored("outer", &inner);
    let quoted = plain().with(|entry| entry.claimed_offset = Some(35));
    refuses(&[outer, quoted], EntryFault::NotTiled);
}

#[test]
fn entries_that_begin_behind_the_directory_are_refused() {
    let behind = ZipEntry::stored("b", b"y").with(|entry| entry.claimed_offset = Some(90));
    let first = ZipEntry::stored("a", b"x").with(|entry| entry.claimed_offset = Some(0));
    refuses(&[behind.clone(), first.clone()], EntryFault::NotTiled);
    // The first covers the directory, up to the second.
    let covering = first.both(|header| (header.n_packed_bytes, header.n_bytes) = (59, 59));
    refuses(&[covering, behind], EntryFault::NotTiled);
}

#[test]
fn unknown_methods_and_flags_are_refused() {
    refuses(
        &[plain().both(|header| header.method = 12)],
        EntryFault::Method(12),
    );
    refuses(
        &[plain().both(|header| header.method = 93)],
        EntryFault::Method(93),
    );
    refuses(
        &[plain().both(|header| header.flags |= 1)],
        EntryFault::Flags(1),
    );
    refuses(
        &[plain().both(|header| header.flags |= 1 << 13)],
        EntryFault::Flags(1 << 13),
    );
    refuses(
        &[plain().with(|entry| entry.comment = b"x".to_vec())],
        EntryFault::Comment,
    );
}

#[test]
fn links_and_devices_are_refused() {
    let link = ZipEntry::stored("a", b"/etc/passwd").mode(0o120_777);
    refuses(&[link], EntryFault::NotAFile { file_type: 0o12 });
    refuses(
        &[plain().mode(0o020_666)],
        EntryFault::NotAFile { file_type: 0o2 },
    );
    refuses(
        &[plain().mode(0o010_666)],
        EntryFault::NotAFile { file_type: 0o1 },
    );
    refuses(
        &[plain().mode(0o140_666)],
        EntryFault::NotAFile { file_type: 0o14 },
    );
    refuses(&[plain().mode(0o040_755)], EntryFault::KindDiffers);
    refuses(
        &[ZipEntry::stored("a/", b"").mode(0o100_644)],
        EntryFault::KindDiffers,
    );
    refuses(&[ZipEntry::stored("a/", b"x")], EntryFault::KindDiffers);
}

#[test]
fn names_that_leave_or_mislead_are_refused() {
    let named = |name: &str| [ZipEntry::stored(name, b"x")];
    refuses(&named("../evil"), EntryFault::NameEscapes);
    refuses(&named("a/../../evil"), EntryFault::NameEscapes);
    refuses(&named("/etc/passwd"), EntryFault::NameEscapes);
    refuses(&named("C:evil"), EntryFault::NameEscapes);
    refuses(&named("a\\..\\evil"), EntryFault::NameCharacter('\\'));
    refuses(&named("a\0b"), EntryFault::NameCharacter('\0'));
    refuses(&named("a\nb"), EntryFault::NameCharacter('\n'));
    refuses(&named("a//b"), EntryFault::NameComponent);
    refuses(&named("./a"), EntryFault::NameComponent);
    refuses(&named(""), EntryFault::NameComponent);
    refuses(&[ZipEntry::stored("a//", b"")], EntryFault::NameComponent);
    let unmarked = ZipEntry::stored("é", b"").both(|header| header.flags = 0);
    refuses(&[unmarked], EntryFault::NameEncoding);
    let invalid = plain().both(|header| {
        header.flags = 1 << 11;
        header.name = vec![b'a', 0xff];
    });
    refuses(&[invalid], EntryFault::NameEncoding);
    let renamed = plain().central(|header| header.extra = vec![0x75, 0x70, 1, 0, 1]);
    refuses(&[renamed], EntryFault::Extra);
    let malformed = plain().central(|header| header.extra = vec![9, 9, 9, 9]);
    refuses(&[malformed], EntryFault::Extra);
}

#[test]
fn a_name_means_one_thing() {
    let file = |name: &str| ZipEntry::stored(name, b"x");
    refuses(&[file("a"), file("a")], EntryFault::Repeated);
    refuses(
        &[file("a"), ZipEntry::stored("a/", b"")],
        EntryFault::Repeated,
    );
    refuses(&[file("a"), file("a/b")], EntryFault::FileAndFolder);
    refuses(&[file("a/b/c/d"), file("a/b")], EntryFault::FileAndFolder);
    read(&zip(&[file("a"), file("A"), file("ab/c")])).unwrap();
}

#[test]
fn many_threads_read_one_archive() {
    let large: Vec<u8> = (0..1_000_000u32)
        .map(|number| (number % 253) as u8)
        .collect();
    let entries: Vec<ZipEntry> = (0..20)
        .map(|number| ZipEntry::deflated(&number.to_string(), &large[number..]))
        .collect();
    let archive = read(&zip(&entries)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (number, (_, content)) in contents(&archive).unwrap().iter().enumerate() {
                    assert!(*content == large[number..]);
                }
            });
        }
    });
}

proptest! {
    /// Both decoders yield the content, and the same fault when a part of the stream is missing or something follows it.
    #[test]
    fn entries_are_the_same_at_once_and_in_pieces(
        content in prop::collection::vec(prop::sample::select(b"ab\n \xff".to_vec()), 0..3000),
        cut in 1usize..40,
        behind in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let whole = ZipEntry::deflated("a", &content);
        let archive = read(&zip(std::slice::from_ref(&whole))).unwrap();
        for buffers in [Buffers::default(), Buffers::for_pieces()] {
            prop_assert_eq!(&contents_with(&archive, buffers).unwrap()[0].1, &content);
        }
        let n_packed = whole.packed.len();
        for packed in [
            whole.packed[..n_packed.saturating_sub(cut)].to_vec(),
            [&whole.packed[..], &behind].concat(),
        ] {
            let n_bytes = u32::try_from(packed.len()).unwrap();
            let entry = whole.clone().with(|entry| entry.packed = packed.clone());
            let entry = entry.both(|header| header.n_packed_bytes = n_bytes);
            let Ok(archive) = read(&zip(&[entry])) else { continue };
            let buffers = [Buffers::default(), Buffers::for_pieces()];
            let faults = buffers.map(|buffers| contents_with(&archive, buffers).unwrap_err().to_string());
            prop_assert_eq!(&faults[0], &faults[1]);
        }
    }

    /// Whatever one byte is changed to, the archive is refused or means the same.
    #[test]
    fn a_changed_byte_never_passes_for_other_content(position in 0usize..400, value: u8) {
        let entries = [plain(), ZipEntry::stored("b/c", b"content of c"), plain().streamed().both(|header| header.name = b"d".to_vec())];
        let mut bytes = zip(&entries);
        let expected = contents(&read(&bytes).unwrap()).unwrap();
        let position = position % bytes.len();
        bytes[position] = value;
        for buffers in [Buffers::default(), Buffers::for_pieces()] {
            if let Ok(found) = read(&bytes).and_then(|archive| contents_with(&archive, buffers)) {
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes).and_then(|archive| contents(&archive));
    }
}
