//! Source distributions are unpacked as pip and Poetry unpack them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lock2venv::sdist::Error;
use tar::EntryType;

use crate::support::sdist_place::{SdistPlace, error_of, setup};
use crate::support::tar_builder::{TarEntry, bzip2, gzip, record, tar, tar_without_end};
use crate::support::wheel_builder::{ZipEntry, zip};

#[test]
fn files_and_folders_come_back_as_they_were() {
    let large = vec![b'x'; 200_000];
    let place = SdistPlace::new();
    let root = place.root(&[
        TarEntry::folder("demo-1.0/"),
        setup(),
        TarEntry::file("demo-1.0/a/b/deep.py", b"deep"),
        TarEntry::file("./demo-1.0//a/large", &large),
        TarEntry::folder("demo-1.0/empty"),
        TarEntry::file("demo-1.0/nothing", b""),
    ]);
    assert_eq!(root, place.unpacked().join("demo-1.0"));
    assert_eq!(fs::read(root.join("setup.py")).unwrap(), b"print()\n");
    assert_eq!(fs::read(root.join("a/b/deep.py")).unwrap(), b"deep");
    assert_eq!(fs::read(root.join("a/large")).unwrap(), large);
    assert!(root.join("empty").is_dir());
    assert_eq!(fs::read(root.join("nothing")).unwrap(), b"");
}

#[test]
fn the_compression_is_read_from_the_first_bytes() {
    let plain = tar(&[setup()]);
    let xz = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AGxdADIZSf7XHHVnnZfQi/2kpf9A24aGw7wfLzDraJV1EDX0zIkQvDbHWn+CNAQE\
              YQ7/RvL5v8OJJ4Pi6JNWDQA/XOQja1eW9JCFv6hveA2ABGToMixRHOO3SAN/X0ldalD6k88AcJoPOhW+qF5FAABxLbC+VkS01gAB\
              iAGAUAAAU/MzjbHEZ/sCAAAAAARZWg==";
    let archives = [
        gzip(&plain),
        bzip2(&plain),
        STANDARD.decode(xz).unwrap(),
        plain,
    ];
    for name in ["demo-1.0.tar.gz", "demo-1.0.tar.bz2", "demo-1.0.tar.xz"] {
        for archive in &archives {
            let root = SdistPlace::new().unpack(name, archive).unwrap();
            assert!(root.ends_with("demo-1.0"), "{name}");
        }
    }
}

#[test]
fn an_unknown_ending_is_refused() {
    for name in ["demo-1.0.tar.Z", "demo-1.0.egg", "demo-1.0"] {
        let error = SdistPlace::new()
            .unpack(name, &tar(&[setup()]))
            .unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{error:?}");
    }
}

/// Compresses in such a way that the result has `n_bytes` bytes.
fn gzip_of_size(bytes: &[u8], n_bytes: usize) -> Vec<u8> {
    let packed = |n_extra| {
        let extra = vec![7; n_extra];
        let builder = flate2::GzBuilder::new().extra(extra);
        let mut encoder = builder.write(Vec::new(), flate2::Compression::none());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    packed(n_bytes - packed(0).len())
}

#[test]
fn a_compressed_stream_that_begins_at_the_end_of_a_buffer_is_read() {
    let first = tar_without_end(&[setup(), TarEntry::file("demo-1.0/a", &b"a".repeat(60_000))]);
    let second = gzip(&tar(&[TarEntry::file("demo-1.0/b", b"b")]));
    for n_bytes in [65_535, 65_536] {
        let first = gzip_of_size(&first, n_bytes);
        assert_eq!(first.len(), n_bytes);
        let place = SdistPlace::new();
        let packed = [first.as_slice(), &second].concat();
        let root = place.unpack("demo-1.0.tar.gz", &packed).unwrap();
        assert_eq!(fs::read(root.join("b")).unwrap(), b"b");
    }
}

#[test]
fn several_compressed_streams_are_one_archive() {
    let plain = tar(&[setup(), TarEntry::file("demo-1.0/b", b"b")]);
    let (first, second) = plain.split_at(700);
    for archive in [
        [gzip(first), gzip(second)].concat(),
        [bzip2(first), bzip2(second)].concat(),
    ] {
        let place = SdistPlace::new();
        let root = place.unpack("demo-1.0.tar.gz", &archive).unwrap();
        assert_eq!(fs::read(root.join("b")).unwrap(), b"b");
    }
}

#[test]
fn what_follows_the_end_is_ignored() {
    let whole = tar(&[setup()]);
    let hidden = tar(&[TarEntry::file("demo-1.0/hidden", b"")]);
    for archive in [
        [gzip(&whole), b"garbage".to_vec()].concat(),
        [gzip(&whole), vec![0; 5000]].concat(),
        gzip(&[whole.clone(), hidden].concat()),
        [bzip2(&whole), b"garbage".to_vec()].concat(),
    ] {
        let place = SdistPlace::new();
        let root = place.unpack("demo-1.0.tar.gz", &archive).unwrap();
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    }
}

#[test]
fn an_archive_without_an_end_mark_is_whole_if_a_checksum_says_so() {
    let bytes = tar_without_end(&[setup()]);
    assert!(
        SdistPlace::new()
            .unpack("demo-1.0.tar.gz", &gzip(&bytes))
            .is_ok()
    );
    assert!(matches!(error_of(&bytes), Error::Truncated));
}

#[test]
fn links_that_lead_inside_are_kept() {
    let place = SdistPlace::new();
    let root = place.root(&[
        TarEntry::link("demo-1.0/first", "docs/readme"),
        TarEntry::file("demo-1.0/docs/readme", b"read"),
        TarEntry::link("demo-1.0/docs/up", "../setup.py"),
        TarEntry::link("demo-1.0/dangling", "nowhere"),
        setup(),
    ]);
    assert_eq!(fs::read(root.join("first")).unwrap(), b"read");
    assert_eq!(fs::read(root.join("docs/up")).unwrap(), b"print()\n");
    let target = fs::read_link(root.join("dangling")).unwrap();
    assert_eq!(target, Path::new("nowhere"));
}

#[test]
fn a_file_named_with_a_slash_is_a_folder() {
    let place = SdistPlace::new();
    let root = place.root(&[TarEntry::file("demo-1.0/x/", b""), setup()]);
    assert!(root.join("x").is_dir());
}

#[test]
fn modes_are_644_or_755() {
    let place = SdistPlace::new();
    let root = place.root(&[
        TarEntry::file("demo-1.0/plain", b"").mode(0o600),
        TarEntry::file("demo-1.0/shared", b"").mode(0o666),
        TarEntry::file("demo-1.0/hidden", b"").mode(0),
        TarEntry::file("demo-1.0/script", b"").mode(0o744),
        TarEntry::file("demo-1.0/others", b"").mode(0o001),
        TarEntry::file("demo-1.0/root", b"").mode(0o6755),
        TarEntry::folder("demo-1.0/closed").mode(0),
        TarEntry::file("demo-1.0/closed/x", b""),
    ]);
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o7777;
    for path in ["plain", "shared", "hidden", "closed/x"] {
        assert_eq!(mode(path), 0o644, "{path}");
    }
    for path in ["script", "others", "root"] {
        assert_eq!(mode(path), 0o755, "{path}");
    }
}

#[test]
fn times_are_those_of_the_archive_from_1980_on() {
    let place = SdistPlace::new();
    let root = place.root(&[
        TarEntry::file("demo-1.0/a", b"").modified(1_234_567_890),
        TarEntry::file("demo-1.0/b", b"").modified(0),
        TarEntry::records(&[("mtime", "1500000000.75")]),
        TarEntry::file("demo-1.0/c", b""),
        TarEntry::records(&[("mtime", "-5")]),
        TarEntry::file("demo-1.0/d", b""),
    ]);
    let modified = |path: &str| fs::metadata(root.join(path)).unwrap().mtime();
    assert_eq!(modified("a"), 1_234_567_890);
    assert_eq!(modified("b"), 315_619_200);
    assert_eq!(modified("c"), 1_500_000_000);
    assert_eq!(modified("d"), 315_619_200);
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let long = format!("demo-1.0/{}/file.py", "folder/".repeat(40));
    let gnu = TarEntry::document(EntryType::GNULongName, format!("{long}\0").as_bytes());
    let place = SdistPlace::new();
    let root = place.root(&[gnu, TarEntry::file("short", b"gnu")]);
    assert_eq!(
        fs::read(root.parent().unwrap().join(&long)).unwrap(),
        b"gnu"
    );
    let place = SdistPlace::new();
    let root = place.root(&[
        TarEntry::document(EntryType::XGlobalHeader, &record("comment", b"of git")),
        TarEntry::records(&[("path", &long)]),
        TarEntry::file("short", b"pax"),
    ]);
    assert_eq!(
        fs::read(root.parent().unwrap().join(&long)).unwrap(),
        b"pax"
    );
    let target = format!("{}file.py", "folder/".repeat(40));
    let place = SdistPlace::new();
    let root = place.root(&[
        setup(),
        TarEntry::document(EntryType::GNULongLink, format!("{target}\0").as_bytes()),
        TarEntry::link("demo-1.0/x", "short"),
    ]);
    assert_eq!(fs::read_link(root.join("x")).unwrap(), Path::new(&target));
}

#[test]
fn names_that_are_not_utf_8_are_kept() {
    let place = SdistPlace::new();
    let root = place.root(&[setup(), TarEntry::file(b"demo-1.0/caf\xe9.txt", b"latin")]);
    let path = root.join(OsStr::from_bytes(b"caf\xe9.txt"));
    assert_eq!(fs::read(path).unwrap(), b"latin");
}

#[test]
fn the_project_is_found_as_poetry_finds_it() {
    let root_of = |entries: &[TarEntry]| {
        let place = SdistPlace::new();
        let root = place.root(entries);
        root.strip_prefix(place.unpacked()).unwrap().to_owned()
    };
    // The name of the only folder does not matter.
    let other = TarEntry::file("repository-abc123/setup.py", b"");
    assert_eq!(root_of(&[other]), Path::new("repository-abc123"));
    let beside = TarEntry::file("._demo-1.0", b"");
    assert_eq!(root_of(&[beside, setup()]), Path::new("demo-1.0"));
    let flat = [
        TarEntry::file("setup.py", b""),
        TarEntry::file("src/demo.py", b""),
    ];
    assert_eq!(root_of(&flat), Path::new(""));
    let two = [
        TarEntry::file("a/setup.py", b""),
        TarEntry::file("b/setup.py", b""),
    ];
    let error = error_of(&gzip(&tar(&two)));
    let Error::NoProject { names } = error else {
        panic!("{error:?}");
    };
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn zip_archives_are_read_strictly() {
    let place = SdistPlace::new();
    let script = ZipEntry::deflated("demo-1.0/run.sh", b"#!").mode(0o100_755);
    let entries = [
        ZipEntry::stored("demo-1.0/", b""),
        ZipEntry::deflated("demo-1.0/setup.py", b"print()\n"),
        script,
    ];
    let root = place.unpack("demo-1.0.zip", &zip(&entries)).unwrap();
    assert_eq!(fs::read(root.join("setup.py")).unwrap(), b"print()\n");
    let run = fs::metadata(root.join("run.sh")).unwrap();
    assert_eq!(run.permissions().mode() & 0o7777, 0o755);
    assert_eq!(run.mtime(), 1_451_606_400);
    let escaping = [ZipEntry::stored("../x", b"")];
    let place = SdistPlace::new();
    let error = place.unpack("demo-1.0.zip", &zip(&escaping)).unwrap_err();
    assert!(matches!(error, Error::Zip(_)), "{error:?}");
    assert!(!place.unpacked().exists());
}

#[test]
fn an_existing_folder_is_left_alone() {
    let place = SdistPlace::new();
    fs::create_dir(place.unpacked()).unwrap();
    fs::write(place.unpacked().join("mine"), "").unwrap();
    let bytes = gzip(&tar(&[setup()]));
    let error = place.unpack("demo-1.0.tar.gz", &bytes).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert_eq!(fs::read_dir(place.unpacked()).unwrap().count(), 1);
}
