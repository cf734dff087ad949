//! Faults of other tools that were published: each file or archive that they are about, given to this program. docs/security.md has
//! the list.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use lock2venv::sdist::{Error, Fault};
use tar::EntryType;

use crate::support::scene::{Locked, PYPROJECT, Scene, contents};
use crate::support::sdist_place::{SdistPlace, error_of, setup};
use crate::support::tar_builder::{TarEntry, gzip, record, tar};
use crate::support::wheel_builder::{WheelBuilder, ZipEntry, zip};

fn acme() -> WheelBuilder {
    WheelBuilder::new("acme", "1.0").file("acme/__init__.py", "x = 1\n")
}

/// A project that locks the archive `bytes` as the wheel of acme 1.0, and a folder that holds it.
fn scene(bytes: &[u8]) -> (Scene, PathBuf) {
    let scene = Scene::of(PYPROJECT, &[]);
    let file = acme().file_name();
    let digest = scene.index.add("acme", &file, bytes);
    scene.write_lock(&Locked::new("acme", "1.0").render(&digest.to_string()));
    let house = scene.workspace.home().join("house");
    fs::create_dir_all(&house).unwrap();
    fs::write(house.join(file), bytes).unwrap();
    (scene, house)
}

/// Everything below the folders of the scene but the cache and hidden folders.
fn outside(scene: &Scene) -> Vec<PathBuf> {
    let files = contents(&scene.workspace.project()).into_keys();
    files.map(PathBuf::from).collect()
}

/// Is refused with these words, and nothing of it is anywhere: from an index, from a folder without the network, in a cache that keeps
/// archives, leniently, and in an environment that is in use, which stays as it was.
#[track_caller]
fn refused(bytes: &[u8], words: &str) {
    let (scene, house) = scene(bytes);
    let house = house.to_str().unwrap();
    let before = outside(&scene);
    let every_rule =
        "--lenient=symbolic-links,nested-scripts,repeated-scripts,entry-comments,trailing-zeros";
    for arguments in [
        &[][..],
        &["--no-cache"],
        &["--offline", "--find-links", house],
        &["--link-mode", "copy"],
        &[every_rule],
    ] {
        let output = scene.run(&[&["install", "--no-root"], arguments].concat());
        output.failed(1, &["`acme-1.0-py3-none-any.whl`", words]);
        assert_eq!(outside(&scene), before, "{arguments:?}");
    }
    let other = Locked::new("other", "1.0");
    scene.lock(&[other]);
    scene.run(&["install", "--no-root"]).succeeded();
    let environment = contents(&scene.venv());
    let digest = scene.index.add("acme", &acme().file_name(), bytes);
    scene.write_lock(&Locked::new("acme", "1.0").render(&digest.to_string()));
    scene
        .run(&["install", "--no-root", "--sync"])
        .failed(1, &[words]);
    assert_eq!(contents(&scene.venv()), environment);
}

fn evil() -> ZipEntry {
    ZipEntry::deflated("acme/evil.py", b"evil = True\n")
}

/// uv 0.8.6: two readers of one archive saw two contents (CVE-2025-54368).
#[test]
fn ghsa_8qf3_x8v5_2pj8_headers_that_disagree() {
    let name = evil().local(|header| header.name = b"acme/good.py".to_vec());
    refused(&acme().entry(name).build(), "name");
    let size = evil().local(|header| header.n_packed_bytes -= 1);
    refused(&acme().entry(size).build(), "size");
    let descriptor = evil().streamed().with(|entry| entry.descriptor[4] ^= 1);
    refused(&acme().entry(descriptor).build(), "data descriptor");
}

/// uv 0.9.6: archives in or behind an archive, and entries that only one reader sees (CVE-2025-13327).
#[test]
fn ghsa_pqhf_p39g_3x64_hidden_and_concatenated_archives() {
    let good = acme().build();
    let other = acme().entry(evil()).build();
    refused(&[&good[..], &other[..]].concat(), "directory does not end");
    refused(&[b"MZ", &good[..]].concat(), "directory does not end");
    let hidden = evil().with(|entry| entry.is_listed = false);
    refused(&acme().entry(hidden).build(), "");
    let twice = acme()
        .entry(evil())
        .entry(ZipEntry::stored("acme/evil.py", b""));
    refused(&twice.build(), "evil.py");
}

/// Python 3.12.2: entries that share bytes unpack to far more than the archive (a quoted-overlap bomb).
#[test]
fn cve_2024_0450_entries_that_overlap() {
    let twin = ZipEntry::stored("acme/twin.py", b"x").with(|entry| entry.claimed_offset = Some(0));
    refused(&acme().entry(twin).build(), "");
}

/// pip 26.0: a folder whose name begins as that of the destination counted as inside. Poetry 2.3.3: any `..` (GHSA-2599-h6xx-hpxp).
#[test]
fn cve_2026_1703_paths_that_leave_the_environment() {
    for path in [
        "../site-packages-evil/evil.py",
        "../../../../evil.py",
        "/tmp/lock2venv-evil.py",
        "acme/../../evil.py",
        "acme-1.0.data/data/../../evil.py",
        "acme-1.0.data/scripts/../../../evil",
        "acme-1.0.data/purelib/../../../../evil.py",
    ] {
        let entry = ZipEntry::deflated(path, b"evil = True\n");
        refused(&acme().entry(entry).build(), "");
    }
    assert!(!Path::new("/tmp/lock2venv-evil.py").exists());
}

/// uv 0.11.15: the name of an entry point led out of the folder of scripts.
#[test]
fn ghsa_4gg8_gxpx_9rph_entry_points_that_leave_the_folder_of_scripts() {
    for name in [
        "../evil",
        "../../../../evil",
        "/tmp/evil",
        "sub/evil",
        "python",
        "activate",
    ] {
        refused(&acme().console_script(name, "acme:main").build(), name);
    }
}

/// uv 0.11.6: a RECORD had files outside of the environment removed when its distribution was.
#[test]
fn ghsa_pjjw_68hj_v9mw_records_that_name_what_is_outside() {
    refused(
        &acme().record_line("../../../../victim,,").build(),
        "victim",
    );
    refused(&acme().record_line("/etc/passwd,,").build(), "passwd");
    // And where another installer let one in.
    let scene = Scene::of(PYPROJECT, &[Locked::new("acme", "1.0")]);
    scene.run(&["install", "--no-root"]).succeeded();
    let victim = scene.workspace.project().join("victim");
    fs::write(&victim, "mine").unwrap();
    let lib = fs::read_dir(scene.venv().join("lib")).unwrap().next();
    let record = lib
        .unwrap()
        .unwrap()
        .path()
        .join("site-packages/acme-1.0.dist-info/RECORD");
    let text = fs::read_to_string(&record).unwrap();
    let absolute = victim.to_str().unwrap();
    fs::remove_file(&record).unwrap();
    fs::write(
        &record,
        format!("{text}../../../../victim,,\n{absolute},,\n"),
    )
    .unwrap();
    scene.lock(&[]);
    scene.run(&["install", "--no-root", "--sync"]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}

/// wheel 0.46.2: modes were given to what a name of the archive led to (CVE-2026-24049).
#[test]
fn ghsa_8rrh_rw8j_w5fx_modes_of_what_is_outside() {
    let folder = tempfile::tempdir().unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, "").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o600)).unwrap();
    let entry = ZipEntry::deflated(victim.to_str().unwrap(), b"").mode(0o100_777);
    refused(&acme().entry(entry).build(), "");
    let mode = fs::metadata(&victim).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// pip 26.1: what is a tar archive and a ZIP archive at once was read as the one that its name does not say.
#[test]
fn cve_2026_3219_archives_that_are_tar_and_zip() {
    let packed = zip(&[ZipEntry::stored("demo-1.0/setup.py", b"evil()\n")]);
    for plain in [gzip(&tar(&[setup()])), tar(&[setup()])] {
        let error = error_of(&[&plain[..], &packed[..]].concat());
        assert!(matches!(error, Error::TwoKinds), "{error:?}");
        let commented = [&packed[..packed.len() - 2], &[3, 0], b"end"].concat();
        let error = error_of(&[&plain[..], &commented[..]].concat());
        assert!(matches!(error, Error::TwoKinds), "{error:?}");
    }
    let place = SdistPlace::new();
    let joined = [&tar(&[setup()])[..], &packed[..]].concat();
    assert!(place.unpack("demo-1.0.zip", &joined).is_err());
    assert!(!place.unpacked().exists());
    // The same bytes by chance are no archive.
    let chance = [&gzip(&tar(&[setup()]))[..], b"PK\x05\x06", &[7; 40]].concat();
    assert!(place.unpack("demo-1.0.tar.gz", &chance).is_ok());
}

/// uv 0.9.5: the size of an entry was that of one of two headers.
#[test]
fn ghsa_w476_p2h3_79g9_two_sizes_of_one_entry() {
    let error = error_of(&gzip(&tar(&[TarEntry::records(&[("size", "0")]), setup()])));
    assert!(error.to_string().contains("two sizes"), "{error}");
    let global = TarEntry::document(EntryType::XGlobalHeader, &record("size", b"0"));
    let error = error_of(&gzip(&tar(&[global, setup()])));
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
}

#[track_caller]
fn leads_outside(entries: &[TarEntry]) {
    let error = error_of(&gzip(&tar(entries)));
    let Error::Entry { fault, .. } = error else {
        panic!("{error:?}");
    };
    assert!(
        matches!(fault, Fault::LinkOutside { .. } | Fault::BelowFile),
        "{fault:?}"
    );
}

/// astral-tokio-tar 0.5.4: two links, each inside by its own text, lead outside together.
#[test]
fn ghsa_3wgq_wrwc_vqmv_links_that_lead_outside_together() {
    leads_outside(&[
        setup(),
        TarEntry::folder("demo-1.0/a/b"),
        TarEntry::link("demo-1.0/up", "a/b/.."),
        TarEntry::link("demo-1.0/a/b/c", "../../.."),
        TarEntry::link("demo-1.0/out", "a/b/c/../x"),
    ]);
}

/// pip 25.3: without PEP 706, links in a tar archive led outside, and what came after was written through them.
#[test]
fn cve_2025_8869_links_that_lead_outside() {
    leads_outside(&[setup(), TarEntry::link("demo-1.0/x", "/etc")]);
    leads_outside(&[setup(), TarEntry::link("demo-1.0/x", "../../..")]);
    leads_outside(&[
        setup(),
        TarEntry::link("demo-1.0/x", "../.."),
        TarEntry::file("demo-1.0/x/evil", b""),
    ]);
    let place = SdistPlace::new();
    let link = ZipEntry::stored("demo-1.0/x", b"/etc/passwd").mode(0o120_777);
    let entries = [ZipEntry::stored("demo-1.0/setup.py", b""), link];
    if let Ok(root) = place.unpack("demo-1.0.zip", &zip(&entries)) {
        let found = fs::symlink_metadata(root.join("x")).unwrap();
        assert!(
            found.is_file(),
            "a link of a ZIP archive is a file, as for pip"
        );
    }
}
