//! What every backend has to do, wherever it keeps blobs: the same tests for a folder and for memory.

use std::collections::HashMap;
use std::path::Path;
use std::slice;
use std::sync::{Arc, Mutex};

use super::backend::{self, Backend, Unkept};
use super::blob::Blob;
use super::cache::{Cache, Trust};
use super::disk::Disk;
use super::draft::Draft;
use super::error::Error;
use super::layout::{Key, Kind};
use super::locked::lock;
use super::{Address, address};
use crate::archive::Source;
use crate::digest::{Algorithm, Digest};
use crate::url::Url;

/// Another place than a folder.
#[derive(Debug, Default)]
struct InMemory {
    blobs: Mutex<HashMap<(Kind, Key), Bytes>>,
}

#[derive(Clone, Debug)]
struct Bytes(Arc<Vec<u8>>);

impl Backend for InMemory {
    fn get(&self, kind: Kind, key: &Key) -> Result<Option<Blob>, Error> {
        let found = lock(&self.blobs).get(&(kind, key.clone())).cloned();
        Ok(found.map(|Bytes(bytes)| Blob {
            n_bytes: bytes.len() as u64,
            source: Source::Memory(bytes),
            path: None,
        }))
    }

    fn draft(&self) -> Result<Draft, Error> {
        Ok(Draft::memory(None))
    }

    fn put(&self, kind: Kind, key: &Key, draft: Draft) -> Result<Blob, Box<Unkept>> {
        let (blob, _) = draft.into_blob();
        let bytes = Arc::new(blob.read().unwrap());
        lock(&self.blobs).insert((kind, key.clone()), Bytes(bytes));
        Ok(blob)
    }

    fn remove(&self, kind: Kind, key: &Key) -> Result<(), Error> {
        lock(&self.blobs).remove(&(kind, key.clone()));
        Ok(())
    }

    fn is_written(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        false
    }
}

/// Tests a backend that is empty; the folder is for files that are not kept.
fn each(test: impl Fn(&Arc<dyn Backend>, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("cache");
    let disk = Disk::open(&dir, &mut Vec::new()).unwrap().unwrap();
    let backends: [Arc<dyn Backend>; 2] = [Arc::new(disk), Arc::new(InMemory::default())];
    for backend in &backends {
        test(backend, folder.path());
    }
}

fn cache(backend: &Arc<dyn Backend>, scratch: &Path) -> Cache {
    Cache::new(Some(Arc::clone(backend)), scratch)
}

fn digest_of(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

/// Keeps `bytes` under `key`, whatever they are.
fn put(backend: &Arc<dyn Backend>, kind: Kind, key: &Key, bytes: &[u8]) {
    backend::write(backend.as_ref(), kind, key, bytes);
}

fn get(backend: &Arc<dyn Backend>, kind: Kind, key: &Key) -> Option<Vec<u8>> {
    backend::read(backend.as_ref(), kind, key)
}

/// Fetches a file of `bytes`, which was locked with `digest`.
fn fetch(cache: &Cache, bytes: &[u8], digest: &Digest) -> Result<(), Error> {
    let digests = [digest.clone()];
    let mut writer = cache.writer(&digests)?;
    writer.write(bytes)?;
    writer.finish().map(drop)
}

fn found(cache: &Cache, digest: &Digest) -> Option<Vec<u8>> {
    let file = cache.find(slice::from_ref(digest)).unwrap()?;
    let mut bytes = vec![0; usize::try_from(file.n_bytes()).unwrap()];
    file.source().read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

#[test]
fn a_blob_is_found_by_its_kind_and_key_alone_until_it_is_removed() {
    each(|backend, _| {
        let (key, other) = (Key::of(&digest_of(b"one")), Key::of(&digest_of(b"other")));
        for kind in [Kind::Archives, Kind::Addresses, Kind::Directories] {
            put(backend, kind, &key, b"one");
            assert_eq!(get(backend, kind, &key).as_deref(), Some(&b"one"[..]));
            assert_eq!(get(backend, kind, &other), None, "{kind:?}");
            backend.remove(kind, &other).unwrap();
            backend.remove(kind, &key).unwrap();
            assert_eq!(get(backend, kind, &key), None, "{kind:?}");
        }
    });
}

#[test]
fn a_blob_takes_the_place_of_an_older_one() {
    each(|backend, _| {
        let key = Key::of_question(b"where?");
        put(backend, Kind::Addresses, &key, b"here");
        put(backend, Kind::Addresses, &key, b"there");
        let found = get(backend, Kind::Addresses, &key);
        assert_eq!(found.as_deref(), Some(&b"there"[..]));
    });
}

#[test]
fn a_file_is_kept_when_it_has_the_locked_digest_and_only_then() {
    each(|backend, scratch| {
        let cache = cache(backend, scratch);
        let digest = digest_of(b"a wheel");
        let refused = fetch(&cache, b"another wheel", &digest);
        assert!(matches!(refused, Err(Error::Mismatch(_))));
        assert_eq!(found(&cache, &digest), None);
        fetch(&cache, b"a wheel", &digest).unwrap();
        assert_eq!(found(&cache, &digest).as_deref(), Some(&b"a wheel"[..]));
        let file = cache.find(slice::from_ref(&digest)).unwrap().unwrap();
        cache.discard(&file).unwrap();
        assert_eq!(found(&cache, &digest), None);
    });
}

#[test]
fn what_is_not_trusted_is_hashed_and_removed_when_it_is_something_else() {
    each(|backend, scratch| {
        let digest = digest_of(b"a wheel");
        put(backend, Kind::Archives, &Key::of(&digest), b"a whale");
        let trusting = cache(backend, scratch);
        assert_eq!(found(&trusting, &digest).as_deref(), Some(&b"a whale"[..]));
        let distrusting = cache(backend, scratch).with_trust(Trust::Nothing);
        assert_eq!(found(&distrusting, &digest), None);
        assert_eq!(found(&trusting, &digest), None, "it is removed");
    });
}

#[test]
fn an_address_answers_its_own_question_alone() {
    each(|backend, scratch| {
        let cache = cache(backend, scratch);
        let (one, other) = (digest_of(b"one"), digest_of(b"other"));
        let url = Url::parse("https://files.example/one.whl").unwrap();
        let n_bytes = Some(3);
        let address = Address { url, n_bytes };
        let recalled = |digest: &Digest| cache.address("index", "one.whl", slice::from_ref(digest));
        cache.remember("index", "one.whl", &one, &address);
        assert_eq!(recalled(&one), Some(address));
        let sealed = get(
            backend,
            Kind::Addresses,
            &address::key("index", "one.whl", &one),
        );
        let misplaced = address::key("index", "one.whl", &other);
        put(backend, Kind::Addresses, &misplaced, &sealed.unwrap());
        assert_eq!(recalled(&other), None);
        cache.forget("index", "one.whl", slice::from_ref(&one));
        assert_eq!(recalled(&one), None);
    });
}

#[test]
fn the_directory_of_an_archive_is_confirmed_by_what_it_was_when_it_came() {
    each(|backend, scratch| {
        let cache = cache(backend, scratch);
        let digest = digest_of(b"a wheel");
        fetch(&cache, b"a wheel", &digest).unwrap();
        let file = || cache.find(slice::from_ref(&digest)).unwrap().unwrap();
        assert!(file().confirms_directory(7), "its bytes are right");
        put(backend, Kind::Archives, &Key::of(&digest), b"a whale");
        assert!(file().confirms_directory(7));
        assert!(!file().confirms_directory(8));
    });
}
