//! The cache folder: what is kept, what is trusted, who may share it.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use lock2venv::digest::{Algorithm, Digest};
use lock2venv::event::Warning;
use lock2venv::store::{self, Address, Cache, Error, Kind, PrivateCache, Trust, VerifiedFile};
use lock2venv::url::Url;
use tempfile::TempDir;

use crate::support::requirement::missing;

/// A cache folder and a scratch folder of one test.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        Self { folder }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn open(&self) -> Cache {
        Cache::open(&self.dir(), &self.folder.path().join("scratch")).unwrap()
    }

    fn disabled(&self) -> Cache {
        Cache::disabled(&self.folder.path().join("scratch"))
    }

    /// Every file below the cache folder but the tag.
    fn files(&self) -> Vec<PathBuf> {
        let signs = self.dir().join("v1/users");
        let mut files = Vec::new();
        let mut folders = vec![self.dir().join("v1")];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.map(Result::unwrap) {
                if entry.path() == signs {
                    continue;
                }
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    files.push(entry.path());
                }
            }
        }
        files
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

fn put(cache: &Cache, bytes: &[u8]) -> VerifiedFile {
    let digests = [digest(bytes)];
    let mut writer = cache.writer(&digests).unwrap();
    writer.write(bytes).unwrap();
    writer.finish().unwrap()
}

fn content(file: &VerifiedFile) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.n_bytes()).unwrap()];
    file.source().read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(file.source().n_bytes().unwrap(), file.n_bytes());
    bytes
}

fn find(cache: &Cache, bytes: &[u8]) -> Option<VerifiedFile> {
    cache.find(&[digest(bytes)]).unwrap()
}

#[test]
fn what_was_put_in_is_found() {
    let place = Place::new();
    let written = put(&place.open(), b"wheel");
    let path = written.path().unwrap().to_owned();
    assert_eq!(content(&written), b"wheel");
    let found = find(&place.open(), b"wheel").unwrap();
    assert_eq!(content(&found), b"wheel");
    assert_eq!(found.path(), Some(path.as_path()));
    assert_eq!(found.digest(), &digest(b"wheel"));
    assert!(find(&place.open(), b"other").is_none());
    assert!(place.open().take_warnings().is_empty());
}

#[test]
fn any_locked_digest_proves_a_file() {
    let place = Place::new();
    let cache = place.open();
    let by_sha512 = Digest::of(Algorithm::Sha512, b"wheel");
    let digests = [digest(b"other"), by_sha512.clone()];
    let mut writer = cache.writer(&digests).unwrap();
    writer.write(b"wheel").unwrap();
    assert_eq!(writer.finish().unwrap().digest(), &by_sha512);
    assert!(cache.find(&digests).unwrap().is_some());
}

#[test]
fn other_bytes_are_refused_and_not_kept() {
    let place = Place::new();
    let cache = place.open();
    let digests = [digest(b"wheel")];
    let mut writer = cache.writer(&digests).unwrap();
    writer.write(b"weasel").unwrap();
    let Error::Mismatch(mismatch) = writer.finish().unwrap_err() else {
        panic!("not a mismatch");
    };
    assert_eq!(mismatch.received, digest(b"weasel"));
    assert_eq!(mismatch.locked, digests);
    assert_eq!(mismatch.n_bytes, 6);
    assert!(place.files().is_empty());
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let place = Place::new();
    let cache = place.open();
    let digests = [digest(b"wheel")];
    let mut writer = cache.writer(&digests).unwrap();
    writer.write(b"whe").unwrap();
    drop(writer);
    assert!(place.files().is_empty());
}

#[test]
fn a_restarted_writer_forgets() {
    let place = Place::new();
    for cache in [place.open(), place.disabled()] {
        let digests = [digest(b"wheel")];
        let mut writer = cache.writer(&digests).unwrap();
        writer.write(b"something longer").unwrap();
        writer.restart().unwrap();
        assert_eq!(writer.n_bytes(), 0);
        writer.write(b"wheel").unwrap();
        assert_eq!(content(&writer.finish().unwrap()), b"wheel");
    }
}

#[test]
fn without_a_cache_files_have_no_name() {
    let place = Place::new();
    let cache = place.disabled();
    let file = put(&cache, b"wheel");
    assert_eq!(content(&file), b"wheel");
    assert_eq!(file.path(), None);
    assert_eq!(
        fs::read_dir(place.folder.path().join("scratch"))
            .unwrap()
            .count(),
        0
    );
    assert!(find(&cache, b"wheel").is_none());
    assert!(!place.dir().exists());
}

#[test]
fn a_file_cut_short_is_thrown_away() {
    let place = Place::new();
    let cache = place.open();
    let path = put(&cache, b"wheel").path().unwrap().to_owned();
    fs::write(&path, b"whe").unwrap();
    assert!(find(&cache, b"wheel").is_none());
    assert!(!path.exists());
    put(&cache, b"wheel");
    assert!(find(&cache, b"wheel").is_some());
}

#[test]
fn a_changed_file_is_found_out_by_those_who_trust_nothing() {
    let place = Place::new();
    let path = put(&place.open(), b"wheel").path().unwrap().to_owned();
    fs::write(&path, b"whale").unwrap();
    assert!(find(&place.open(), b"wheel").is_some());
    assert!(find(&place.open().with_trust(Trust::Nothing), b"wheel").is_none());
    assert!(!path.exists());
}

#[test]
fn a_folder_that_others_may_write_to_is_not_trusted() {
    let place = Place::new();
    let path = put(&place.open(), b"wheel").path().unwrap().to_owned();
    fs::set_permissions(place.dir(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let copy = find(&place.open(), b"wheel").unwrap();
    assert_eq!(copy.path(), None);
    assert_eq!(content(&copy), b"wheel");
    fs::write(&path, b"whale").unwrap();
    assert_eq!(content(&copy), b"wheel");
    assert!(find(&place.open(), b"wheel").is_none());
}

#[test]
fn a_folder_of_the_cache_that_others_may_write_to_is_not_trusted() {
    let place = Place::new();
    let path = put(&place.open(), b"wheel").path().unwrap().to_owned();
    let archives = place.dir().join("v1/archives");
    fs::set_permissions(archives, std::fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(&path, b"whale").unwrap();
    assert!(find(&place.open(), b"wheel").is_none());
}

#[test]
fn a_link_in_place_of_a_file_is_not_followed() {
    let place = Place::new();
    let cache = place.open();
    let path = put(&cache, b"wheel").path().unwrap().to_owned();
    let elsewhere = place.folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(find(&cache, b"wheel").is_none());
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let place = Place::new();
    let cache = place.open();
    let path = put(&cache, b"wheel").path().unwrap().to_owned();
    fs::remove_file(&path).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    assert!(find(&cache, b"wheel").is_none());
}

#[track_caller]
fn is_no_folder(place: &Place, path: &Path) {
    let error = Cache::open(&place.dir(), place.folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::NotAFolder { path: told } if told == path),
        "{error:?}"
    );
}

#[test]
fn something_in_place_of_a_folder_is_told() {
    let place = Place::new();
    fs::write(place.dir(), b"").unwrap();
    is_no_folder(&place, &place.dir());

    let place = Place::new();
    fs::create_dir_all(place.dir().join("v1")).unwrap();
    let archives = place.dir().join("v1/archives");
    symlink(place.folder.path(), &archives).unwrap();
    is_no_folder(&place, &archives);

    let place = Place::new();
    fs::create_dir_all(place.dir()).unwrap();
    symlink(place.folder.path().join("nowhere"), place.dir().join("v1")).unwrap();
    is_no_folder(&place, &place.dir().join("v1"));
}

#[test]
fn a_file_that_cannot_be_put_into_its_place_is_used_all_the_same() {
    let place = Place::new();
    let cache = place.open();
    let hex = digest(b"wheel").hex();
    let shards = place.dir().join("v1/archives/sha256");
    fs::create_dir_all(&shards).unwrap();
    fs::write(shards.join(&hex[..2]), b"in the way").unwrap();
    let digests = [digest(b"wheel")];
    let mut writer = cache.writer(&digests).unwrap();
    writer.write(b"wheel").unwrap();
    let file = writer.finish().unwrap();
    assert_eq!(content(&file), b"wheel");
    assert_eq!(file.path(), None);
    let warnings = cache.take_warnings();
    assert!(
        matches!(&warnings[..], [Warning::CacheNotWritten { .. }]),
        "{warnings:?}"
    );
}

/// Root may write anywhere, so these need another user's eyes; they hold for whoever runs the tests.
#[test]
fn a_folder_of_another_user_is_only_read() {
    let place = Place::new();
    let path = put(&place.open(), b"wheel").path().unwrap().to_owned();
    let is_root = fs::metadata(place.dir()).unwrap().uid() == 0;
    if !is_root {
        missing("root user, who alone can give a folder away");
        return;
    }
    std::os::unix::fs::chown(place.dir(), Some(12345), None).unwrap();
    let cache = place.open();
    let expected = Warning::CacheOfAnotherUser {
        path: place.dir(),
        owner: 12345,
    };
    assert_eq!(cache.take_warnings(), [expected]);
    assert!(!cache.is_written());
    assert_eq!(content(&find(&cache, b"wheel").unwrap()), b"wheel");
    assert_eq!(put(&cache, b"another").path(), None);
    fs::write(&path, b"whale").unwrap();
    assert!(find(&cache, b"wheel").is_none());
    assert!(path.exists());
}

#[test]
fn addresses_are_kept_and_forgotten() {
    let place = Place::new();
    let cache = place.open();
    let digests = [digest(b"other"), digest(b"wheel")];
    let address = Address {
        url: Url::parse("https://files.acme.example/a-1.whl").unwrap(),
        n_bytes: Some(5),
    };
    cache.remember(
        "https://acme.example/simple/",
        "a-1.whl",
        &digests[1],
        &address,
    );
    let recall = |index, file| place.open().address(index, file, &digests);
    assert_eq!(
        recall("https://acme.example/simple/", "a-1.whl"),
        Some(address)
    );
    assert_eq!(recall("https://other.example/simple/", "a-1.whl"), None);
    assert_eq!(recall("https://acme.example/simple/", "a-2.whl"), None);
    cache.forget("https://acme.example/simple/", "a-1.whl", &digests);
    assert_eq!(recall("https://acme.example/simple/", "a-1.whl"), None);
}

#[test]
fn secret_addresses_are_not_written_down() {
    let place = Place::new();
    let cache = place.open();
    for text in [
        "https://u:hidden@a.example/f.whl",
        "https://a.example/f.whl?X-Amz-Signature=hidden",
        "https://a.example/f.whl?unknown=hidden",
    ] {
        let address = Address {
            url: Url::parse(text).unwrap(),
            n_bytes: None,
        };
        cache.remember("index", "f.whl", &digest(b""), &address);
    }
    assert!(place.files().is_empty());
}

#[test]
fn an_address_is_read_by_those_who_can_ask_the_index() {
    let place = Place::new();
    let address = Address {
        url: Url::parse("https://a.example/token-in-path/f.whl").unwrap(),
        n_bytes: Some(7),
    };
    let digests = [digest(b"")];
    place
        .open()
        .remember("hidden-key", "f.whl", &digests[0], &address);
    let [path] = place.files().try_into().unwrap();
    let written = format!("{} {}", path.display(), fs::read_to_string(&path).unwrap());
    for secret in ["token-in-path", "a.example", "hidden-key"] {
        assert!(!written.contains(secret), "{written}");
    }
    let recall = |index| place.open().address(index, "f.whl", &digests);
    assert_eq!(recall("hidden-key"), Some(address));
    assert_eq!(recall("another-key"), None);
}

#[test]
fn an_address_cut_short_is_none() {
    let place = Place::new();
    let cache = place.open();
    let address = Address {
        url: Url::parse("https://a.example/f.whl").unwrap(),
        n_bytes: None,
    };
    cache.remember("index", "f.whl", &digest(b""), &address);
    for path in place.files() {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
    }
    assert_eq!(cache.address("index", "f.whl", &[digest(b"")]), None);
}

#[test]
fn size_counts_and_clear_empties() {
    let place = Place::new();
    let cache = place.open();
    put(&cache, b"wheel");
    put(&cache, b"another");
    let size = cache.size().unwrap();
    assert_eq!((size.n_files, size.n_bytes), (2, 12));
    assert!(place.dir().join("CACHEDIR.TAG").exists());
    fs::write(place.dir().join("mine"), b"not ours").unwrap();
    assert_eq!(cache.clear().unwrap(), size);
    let left: Vec<_> = fs::read_dir(place.dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["mine"]);
    assert_eq!(cache.size().unwrap().n_files, 0);
}

#[test]
fn clear_takes_what_a_killed_clear_left() {
    let place = Place::new();
    let cache = place.open();
    let grave = place.dir().join(".removed-0123456789abcdef");
    fs::create_dir_all(grave.join("archives")).unwrap();
    fs::write(grave.join("archives/half"), b"half").unwrap();
    cache.clear().unwrap();
    assert!(!grave.exists());
}

#[test]
fn a_writer_starts_although_the_cache_was_cleared() {
    let place = Place::new();
    let cache = place.open();
    place.open().clear().unwrap();
    assert_eq!(content(&put(&cache, b"wheel")), b"wheel");
}

#[test]
fn a_writer_survives_that_the_cache_is_cleared() {
    let place = Place::new();
    let cache = place.open();
    let digests = [digest(b"wheel")];
    let mut writer = cache.writer(&digests).unwrap();
    writer.write(b"whe").unwrap();
    place.open().clear().unwrap();
    writer.write(b"el").unwrap();
    assert_eq!(content(&writer.finish().unwrap()), b"wheel");
}

#[test]
fn what_killed_processes_left_is_removed_after_a_day_or_once_nobody_else_is_there() {
    let place = Place::new();
    let tmp = place.dir().join("v1/tmp");
    let living = place.open();
    fs::write(tmp.join("fresh"), b"half").unwrap();
    let old = fs::File::create(tmp.join("old")).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(25);
    old.file().set_modified(long_ago).unwrap();
    let ahead = fs::File::create(tmp.join("ahead")).unwrap();
    let some_day = std::time::SystemTime::now() + std::time::Duration::from_hours(25);
    ahead.file().set_modified(some_day).unwrap();
    place.open();
    assert_eq!(place.files(), [tmp.join("fresh")]);
    drop(living);
    place.open();
    assert!(place.files().is_empty());
}

#[test]
fn every_kind_of_draft_of_a_dead_process_goes() {
    let place = Place::new();
    drop(place.open());
    let root = place.dir();
    let drafts = [
        "v1/trees/.tmpAbCdEf",
        "v1/trees/.partial-AbCdEf/0/0",
        "v1/bytecode/.tmpAbCdEf",
        "v1/bytecode/cpython-311/.tmpAbCdEf",
        "v1/interpreters/.tmpAbCdEf",
        "v1/tmp/AbCdEf",
        "v1/tmp/.partial-AbCdEf/0/0",
        ".removed-0123456789abcdef/archives/x",
    ];
    let kept = [
        "v1/bytecode/cpython-311/0123.pack",
        "v1/trees/sha256-00/0/0",
    ];
    for path in drafts.iter().chain(&kept).map(|path| root.join(path)) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"half").unwrap();
    }
    place.open();
    for path in drafts {
        assert!(!root.join(path).exists(), "{path}");
    }
    assert!(kept.iter().all(|path| root.join(path).exists()));
    assert!(!root.join("v1/trees/.partial-AbCdEf").exists());
}

#[test]
fn sizes_are_known_by_kind() {
    let place = Place::new();
    put(&place.open(), b"wheel");
    let unpacked = place.dir().join("v1/trees/sha256-00/0");
    fs::create_dir_all(&unpacked).unwrap();
    fs::write(unpacked.join("0"), b"file").unwrap();
    let size = |kind| store::size_of(&place.dir(), kind).unwrap();
    let n_bytes = |n_bytes| store::Size {
        n_files: 1,
        n_bytes,
    };
    assert_eq!(size(Kind::Archives), n_bytes(5));
    assert_eq!(size(Kind::Wheels), n_bytes(4));
    assert_eq!(size(Kind::Checkouts), store::Size::default());
    assert_eq!(store::size(&place.dir()).unwrap().n_bytes, 9);
}

#[test]
fn a_discarded_file_is_gone() {
    let place = Place::new();
    let cache = place.open();
    let file = put(&cache, b"wheel");
    cache.discard(&file).unwrap();
    cache.discard(&file).unwrap();
    assert!(find(&cache, b"wheel").is_none());
}

#[test]
fn local_files_are_proven_in_place() {
    let place = Place::new();
    let path = place.folder.path().join("a-1.whl");
    fs::write(&path, b"wheel").unwrap();
    let cache = place.disabled();
    let file = cache.verify_local(&path, &[digest(b"wheel")]).unwrap();
    assert_eq!(content(&file), b"wheel");
    assert!(matches!(
        cache.verify_local(&path, &[digest(b"x")]),
        Err(Error::Mismatch(_))
    ));
    assert!(matches!(
        cache.verify_local(&path, &[]),
        Err(Error::NoDigest)
    ));
    let folder = cache.verify_local(place.folder.path(), &[digest(b"x")]);
    assert!(matches!(folder, Err(Error::NotAFile { .. })));
    let absent = cache.verify_local(&place.folder.path().join("b"), &[digest(b"x")]);
    assert!(matches!(absent, Err(Error::Io { .. })));
}

/// Puts the same twenty files in, and finds each whole whenever it is there.
fn fill(dir: &Path, scratch: &Path) {
    let cache = Cache::open(dir, scratch).unwrap();
    for n in 0..20_u32 {
        let bytes = n.to_string().repeat(10_000).into_bytes();
        if let Some(found) = find(&cache, &bytes) {
            assert_eq!(content(&found), bytes);
        }
        assert_eq!(content(&put(&cache, &bytes)), bytes);
        assert_eq!(content(&find(&cache, &bytes).unwrap()), bytes);
    }
}

#[test]
fn many_threads_fill_one_cache() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| fill(&place.dir(), place.folder.path()));
        }
    });
    assert_eq!(place.files().len(), 20);
    assert!(place.open().take_warnings().is_empty());
}

const CHILD: &str = "LOCK2VENV_TEST_CACHE";

/// Does nothing but when it is run by the test below.
#[test]
fn child_process_fills_a_cache() {
    if let Some(folder) = std::env::var_os(CHILD) {
        let folder = PathBuf::from(folder);
        fill(&folder.join("cache"), &folder);
    }
}

#[test]
fn many_processes_fill_one_cache() {
    let place = Place::new();
    let program = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..6)
        .map(|_| {
            Command::new(&program)
                .args(["--exact", "cache::child_process_fills_a_cache"])
                .env(CHILD, place.folder.path())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(place.files().len(), 20);
}

#[test]
fn only_a_folder_that_others_cannot_write_to_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("cache");
    assert!(PrivateCache::at(&dir).is_some(), "it is not there yet");
    Cache::open(&dir, folder.path()).unwrap();
    assert!(PrivateCache::at(&dir).is_some(), "it was made by us");
    for mode in [0o775, 0o707, 0o777] {
        fs::set_permissions(&dir, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(PrivateCache::at(&dir).is_none(), "{mode:o}");
    }
    fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["v1", "v1/archives", "v1/tmp", "v1/interpreters"] {
        let inside = dir.join(name);
        fs::create_dir_all(&inside).unwrap();
        fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(PrivateCache::at(&dir).is_none(), "{name}");
        fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(PrivateCache::at(&dir).is_some(), "it is closed again");
}

#[test]
fn what_killed_processes_left_of_trees_is_removed_after_a_day_while_others_are_there() {
    let place = Place::new();
    let _living = place.open();
    let trees = place.dir().join("v1/trees");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(25);
    for name in [".partial-old", ".partial-fresh", "sha256-00"] {
        fs::create_dir_all(trees.join(name).join("0")).unwrap();
        fs::write(trees.join(name).join("0/0"), b"x").unwrap();
        if name != ".partial-fresh" {
            let folder = fs::File::open(trees.join(name)).unwrap();
            folder.file().set_modified(long_ago).unwrap();
        }
    }
    place.open();
    assert!(!trees.join(".partial-old").exists());
    assert!(trees.join(".partial-fresh/0/0").exists() && trees.join("sha256-00/0/0").exists());
}
