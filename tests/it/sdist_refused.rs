//! What is refused of source distributions: whatever leaves its folder, is damaged, too large or open to doubt.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use lock2venv::archive::SizeLimits;
use lock2venv::sdist::{Error, Fault, unpack};
use proptest::prelude::*;
use tar::EntryType;

use crate::support::sdist_place::{SdistPlace, error_of, setup};
use crate::support::tar_builder::{TarEntry, bzip2, gzip, record, tar, tar_without_end};
use crate::support::wheel_builder::file_of;

#[track_caller]
fn refuses(entries: &[TarEntry], expected: &Fault) {
    let error = error_of(&gzip(&tar(entries)));
    let Error::Entry { fault, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(fault, *expected);
}

#[track_caller]
fn is_malformed(entries: &[TarEntry], expected: &str) {
    let error = error_of(&gzip(&tar(entries)));
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    assert!(error.to_string().contains(expected), "{error}");
}

fn outside(target: &str) -> Fault {
    Fault::LinkOutside {
        target: target.to_owned(),
    }
}

fn no_file(target: &str) -> Fault {
    Fault::HardLink {
        target: target.to_owned(),
    }
}

#[test]
fn archives_that_are_cut_off_are_refused() {
    let content: Vec<u8> = (0..60_000u32).flat_map(u32::to_le_bytes).collect();
    let plain = tar(&[setup(), TarEntry::file("demo-1.0/large", &content)]);
    let compressed = gzip(&plain);
    for n_bytes in [plain.len() / 2, 1000, 1024 + 700] {
        let error = error_of(&gzip(&plain[..n_bytes]));
        assert!(matches!(error, Error::Truncated), "{n_bytes}: {error:?}");
    }
    for n_bytes in [12, compressed.len() / 2, compressed.len() - 1] {
        let error = error_of(&compressed[..n_bytes]);
        assert!(matches!(error, Error::Truncated), "{n_bytes}: {error:?}");
    }
    let compressed = bzip2(&plain);
    let error = error_of(&compressed[..compressed.len() / 2]);
    assert!(matches!(error, Error::Truncated), "{error:?}");
}

#[test]
fn damaged_archives_are_refused() {
    let mut compressed = gzip(&tar(&[setup()]));
    let at = compressed.len() - 6;
    compressed[at] ^= 1;
    let error = error_of(&compressed);
    assert!(matches!(error, Error::Compression(_)), "{error:?}");
    let mut plain = tar(&[setup()]);
    plain[3] ^= 1;
    let error = error_of(&gzip(&plain));
    assert!(error.to_string().contains("checksum"), "{error}");
    assert!(matches!(error_of(b""), Error::Malformed { .. }));
    assert!(matches!(error_of(&gzip(b"")), Error::Malformed { .. }));
    assert!(matches!(error_of(&[b'x'; 2000]), Error::Malformed { .. }));
}

#[test]
fn folders_are_neither_too_deep_nor_too_many() {
    let deep = |n_folders: usize| {
        let path = format!("demo-1.0/{}x", "a/".repeat(n_folders - 1));
        let entries = [
            TarEntry::document(EntryType::XHeader, &record("path", path.as_bytes())),
            TarEntry::file("x", b""),
        ];
        [vec![setup()], entries.into()].concat()
    };
    SdistPlace::new().root(&deep(256));
    refuses(&deep(257), &Fault::Depth);
}

#[test]
fn a_link_that_no_file_system_can_hold_is_refused() {
    for (n_bytes, is_refused) in [(4_094, false), (4_096, true), (1_000_000, true)] {
        let target = "a/".repeat(n_bytes / 2);
        let entries = [
            setup(),
            TarEntry::document(EntryType::XHeader, &record("linkpath", target.as_bytes())),
            TarEntry::link("demo-1.0/l", "x"),
        ];
        if is_refused {
            refuses(&entries, &Fault::LinkLength);
        } else {
            SdistPlace::new().root(&entries);
        }
    }
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    refuses(&[TarEntry::file("/tmp/x", b"")], &Fault::Absolute);
    refuses(&[TarEntry::file("../x", b"")], &Fault::Escapes);
    refuses(&[TarEntry::file("demo-1.0/../../x", b"")], &Fault::Escapes);
    refuses(&[TarEntry::folder("demo-1.0/..")], &Fault::Escapes);
    let long = [TarEntry::records(&[("path", "../x")]), setup()];
    refuses(&long, &Fault::Escapes);
    let long = TarEntry::document(EntryType::GNULongName, b"/tmp/x\0");
    refuses(&[long, setup()], &Fault::Absolute);
}

#[test]
fn links_that_lead_outside_are_refused() {
    refuses(
        &[setup(), TarEntry::link("demo-1.0/x", "/etc/passwd")],
        &outside("/etc/passwd"),
    );
    refuses(
        &[setup(), TarEntry::link("demo-1.0/x", "../../x")],
        &outside("../../x"),
    );
    refuses(&[setup(), TarEntry::link("x", "..")], &outside(".."));
    let long = [
        TarEntry::records(&[("linkpath", "/etc/passwd")]),
        TarEntry::link("demo-1.0/x", "y"),
    ];
    refuses(&long, &outside("/etc/passwd"));
}

#[test]
fn a_chain_of_links_leads_nowhere_outside() {
    // Each link is inside by its own text; together they are two folders above.
    let chain = [
        TarEntry::folder("demo-1.0/a/b/c"),
        TarEntry::link("demo-1.0/d", "a/b/c"),
        TarEntry::link("demo-1.0/a/b/c/e", "../../.."),
        TarEntry::link("demo-1.0/out", "d/e/../../x"),
    ];
    refuses(&chain, &outside("d/e/../../x"));
    // Whatever comes first in the archive.
    let mut reversed = chain.to_vec();
    reversed.reverse();
    refuses(&reversed, &outside("d/e/../../x"));
}

#[test]
fn nothing_is_written_through_a_link() {
    let link = TarEntry::link("demo-1.0/link", "docs");
    let file = TarEntry::file("demo-1.0/link/x", b"");
    refuses(
        &[
            TarEntry::folder("demo-1.0/docs"),
            link.clone(),
            file.clone(),
        ],
        &Fault::BelowFile,
    );
    let entries = [link.clone(), TarEntry::file("demo-1.0/link", b"")];
    refuses(&entries, &Fault::Repeated);
    let entries = [file, link];
    refuses(&entries, &Fault::Repeated);
}

#[test]
fn links_in_a_circle_are_refused() {
    let circle = [
        TarEntry::link("demo-1.0/a", "b"),
        TarEntry::link("demo-1.0/b", "a"),
    ];
    refuses(&circle, &Fault::LinkLoop);
}

#[test]
fn hard_links_name_a_file_before_them() {
    let place = SdistPlace::new();
    let root = place.root(&[
        setup(),
        TarEntry::hard_link("demo-1.0/other/same.py", "demo-1.0/setup.py"),
    ]);
    let inode = |path: &str| fs::metadata(root.join(path)).unwrap().ino();
    assert_eq!(inode("setup.py"), inode("other/same.py"));
    for target in [
        "/etc/passwd",
        "../../etc/passwd",
        "demo-1.0/later",
        "demo-1.0",
        "demo-1.0/link",
    ] {
        let entries = [
            setup(),
            TarEntry::link("demo-1.0/link", "setup.py"),
            TarEntry::hard_link("demo-1.0/x", target),
            TarEntry::file("demo-1.0/later", b""),
        ];
        refuses(&entries, &no_file(target));
    }
}

#[test]
fn devices_pipes_sparse_and_unknown_entries_are_refused() {
    let special = |kind| [setup(), TarEntry::of(kind, "demo-1.0/x")];
    refuses(&special(EntryType::Char), &Fault::Device);
    refuses(&special(EntryType::Block), &Fault::Device);
    refuses(&special(EntryType::Fifo), &Fault::Device);
    refuses(&special(EntryType::GNUSparse), &Fault::Sparse);
    refuses(&special(EntryType::new(b'M')), &Fault::Type(b'M'));
    let sparse = [TarEntry::records(&[("GNU.sparse.major", "1")]), setup()];
    refuses(&sparse, &Fault::Sparse);
}

#[test]
fn only_files_have_content() {
    let with_content = |entry: TarEntry| [setup(), entry.declared_size(512)];
    refuses(
        &with_content(TarEntry::folder("demo-1.0/x")),
        &Fault::Content,
    );
    refuses(
        &with_content(TarEntry::link("demo-1.0/x", "y")),
        &Fault::Content,
    );
    refuses(
        &with_content(TarEntry::hard_link("demo-1.0/x", "demo-1.0/setup.py")),
        &Fault::Content,
    );
    refuses(
        &[TarEntry::file("demo-1.0/x/", b"content")],
        &Fault::Content,
    );
    refuses(&[TarEntry::link("demo-1.0/x/", "y")], &Fault::KindDiffers);
}

#[test]
fn what_two_readers_could_understand_differently_is_refused() {
    let name = |name: &str| TarEntry::records(&[("path", name)]);
    is_malformed(
        &[name("demo-1.0/a"), name("demo-1.0/b"), setup()],
        "two extended headers",
    );
    let gnu = TarEntry::document(EntryType::GNULongName, b"demo-1.0/a\0");
    is_malformed(&[name("demo-1.0/a"), gnu, setup()], "two extended headers");
    is_malformed(&[TarEntry::records(&[("size", "0")]), setup()], "two sizes");
    is_malformed(&[setup(), name("demo-1.0/a")], "followed by no entry");
    let global = TarEntry::document(EntryType::XGlobalHeader, &record("path", b"x"));
    is_malformed(&[global, setup()], "global extended header");
    let huge = TarEntry::document(EntryType::XHeader, b"").declared_size(1 << 21);
    is_malformed(&[huge, setup()], "larger than 1 MiB");
}

#[test]
fn a_name_may_occur_again_with_the_same_content() {
    let place = SdistPlace::new();
    let link = TarEntry::link("demo-1.0/x", "setup.py");
    let folder = TarEntry::folder("demo-1.0");
    let root = place.root(&[folder.clone(), setup(), link.clone(), folder, setup(), link]);
    assert_eq!(fs::read(root.join("setup.py")).unwrap(), b"print()\n");
    for content in [&b"Print()\n"[..], b"print()", b""] {
        let other = TarEntry::file("demo-1.0/setup.py", content);
        refuses(&[setup(), other], &Fault::Repeated);
    }
    refuses(
        &[setup(), TarEntry::folder("demo-1.0/setup.py")],
        &Fault::Repeated,
    );
    let again = TarEntry::hard_link("demo-1.0/b", "demo-1.0/setup.py");
    refuses(
        &[setup(), TarEntry::file("demo-1.0/b", b""), again],
        &Fault::Repeated,
    );
    refuses(
        &[setup(), TarEntry::file("demo-1.0/setup.py/x", b"")],
        &Fault::BelowFile,
    );
}

#[test]
fn sizes_have_limits() {
    let limited = |n_bytes, ratio, bytes: &[u8]| {
        let place = SdistPlace::new();
        let limits = SizeLimits { n_bytes, ratio };
        unpack(file_of(bytes), "demo-1.0.tar.gz", &place.unpacked(), limits).map(|_| ())
    };
    let bytes = gzip(&tar(&[
        setup(),
        TarEntry::file("demo-1.0/x", &vec![0; 100_000]),
    ]));
    assert!(limited(1 << 20, 1, &bytes).is_ok());
    let error = limited(50_000, 1, &bytes).unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 50_000 }),
        "{error:?}"
    );
    // What follows the end counts too.
    let padded = gzip(&[tar(&[setup()]), vec![0; 100_000]].concat());
    let error = limited(50_000, 1, &padded).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    // A size that is only declared reaches nothing.
    let entry = TarEntry::file("demo-1.0/x", b"").declared_size(1 << 32);
    let error = error_of(&gzip(&tar(&[setup(), entry])));
    assert!(matches!(error, Error::Truncated), "{error:?}");
}

#[test]
fn the_number_of_entries_has_a_limit() {
    let entry = tar_without_end(&[TarEntry::folder("demo-1.0")]);
    let error = error_of(&gzip(&entry.repeat(200_001)));
    assert!(matches!(error, Error::TooManyEntries { .. }), "{error:?}");
}

fn name() -> impl Strategy<Value = String> {
    let component = prop::sample::select(vec!["a", "b", "..", ".", "c"]);
    prop::collection::vec(component, 1..5).prop_map(|components| components.join("/"))
}

fn entry() -> impl Strategy<Value = TarEntry> {
    prop_oneof![
        name().prop_map(|name| TarEntry::file(name, b"text")),
        name().prop_map(|name| TarEntry::folder(&name)),
        (name(), name()).prop_map(|(name, target)| TarEntry::link(&name, &target)),
        (name(), name()).prop_map(|(name, target)| TarEntry::hard_link(&name, &target)),
    ]
}

proptest! {
    #[test]
    fn nothing_ever_leaves_the_folder(entries in prop::collection::vec(entry(), 1..12)) {
        let place = SdistPlace::new();
        let folder = place.folder.path().canonicalize().unwrap();
        let result = place.unpack("a.tar", &tar(&entries));
        let beside = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        let beside: Vec<_> = beside.collect();
        prop_assert!(beside.iter().all(|name| name == "unpacked"));
        prop_assert_eq!(beside.len(), usize::from(result.is_ok()));
        if result.is_ok() {
            links_stay_inside(&place.unpacked(), &folder.join("unpacked"))?;
        }
    }
}

/// Asks the system where each link leads.
fn links_stay_inside(folder: &Path, root: &Path) -> Result<(), TestCaseError> {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            links_stay_inside(&entry.path(), root)?;
        } else if let Ok(target) = entry.path().canonicalize() {
            prop_assert!(target.starts_with(root), "{}", target.display());
        }
    }
    Ok(())
}
