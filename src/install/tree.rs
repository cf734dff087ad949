//! Unpacked wheels in the cache, so that a later environment on the same file system is made of links alone.
//!
//! Below the folder of trees, `<algorithm>-<hex>/` holds one wheel: `manifest`, and the files as `<chunk>/<number>`, so
//! that no folder of the wheel has to be made again here. A tree is made from the files that were just written into an
//! environment (one link, clone or nothing a file), in a folder with a temporary name that is renamed when all is there.
//! Keeping a tree is never an error: what fails is not kept.
//!
//! A hard link shares its bytes with every environment that has it. Size and modification time of each file stand in the
//! manifest and are compared before it is used, so an edit made through an environment is found out: the file comes from
//! the archive then, and the tree is removed. A file costs a `statx` and a `linkat`; a clone an open, a create and an
//! `ioctl`.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use fs_err as fs;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, mkdirat, openat, statat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::contents::{Contents, Item, Places, join};
use super::folder::{Created, Place};
use super::pool::lock;
use super::{Error, LinkMode};
use crate::archive::check_path;
use crate::digest::{Algorithm, Digest};
use crate::wheel::{EntryPoint, Scheme, Wheel};

const HEADER: &str = "lock2venv tree 1";
const MANIFEST: &str = "manifest";

/// The folder of trees, on the file system of the environment.
#[derive(Debug)]
pub(super) struct Trees {
    path: PathBuf,
    method: Method,
}

/// How a file gets a second name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Clone,
    HardLink,
}

/// What happened to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linked {
    New,
    /// Something is there already.
    Exists,
}

/// One unpacked wheel.
#[derive(Debug)]
pub(super) struct Tree {
    path: PathBuf,
    handle: OwnedFd,
    method: Method,
    files: Vec<Option<TreeFile>>,
    is_broken: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct TreeFile {
    chunk: usize,
    modified: i128,
}

impl Trees {
    /// Opens the folder `path` for an environment in `destination`; `None` where links are not wanted or not possible.
    pub(super) fn open(path: &Path, destination: &Path, link_mode: LinkMode) -> Option<Self> {
        if link_mode == LinkMode::Copy {
            return None;
        }
        fs::create_dir_all(path).ok()?;
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        if device(path)? != device(destination)? {
            return None;
        }
        let can_clone = link_mode != LinkMode::Hardlink && clones(path, destination).is_some();
        let method = match link_mode {
            _ if can_clone => Method::Clone,
            LinkMode::Auto | LinkMode::Hardlink => Method::HardLink,
            LinkMode::Reflink | LinkMode::Copy => return None,
        };
        Some(Self {
            path: path.to_owned(),
            method,
        })
    }

    /// Finds the tree of the wheel with `digest`.
    pub(super) fn find(&self, digest: &Digest, places: &Places) -> Option<(Tree, Contents)> {
        let path = self.path.join(folder_name(digest));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, &path, flags, Mode::empty()).ok()?;
        let text = fs::read(path.join(MANIFEST)).ok()?;
        let Some((contents, files)) = parse(&text, places) else {
            remove(&path);
            return None;
        };
        let tree = Tree {
            path,
            handle,
            method: self.method,
            files,
            is_broken: AtomicBool::new(false),
        };
        Some((tree, contents))
    }

    /// Starts a tree for the wheel with `digest`.
    pub(super) fn create(&self, digest: &Digest) -> Option<TreeWriter> {
        let folder = tempfile::Builder::new()
            .prefix(".partial-")
            .tempdir_in(&self.path)
            .ok()?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, folder.path(), flags, Mode::empty()).ok()?;
        Some(TreeWriter {
            target: self.path.join(folder_name(digest)),
            folder: Mutex::new(Some(folder)),
            handle,
            method: self.method,
            saved: Mutex::new(Vec::new()),
            has_failed: AtomicBool::new(false),
        })
    }
}

impl Tree {
    /// Prepares for linking files, quickest in order.
    pub(super) fn reader(&self) -> TreeReader<'_> {
        TreeReader {
            tree: self,
            current: None,
        }
    }

    pub(super) fn remove_if_broken(&self) {
        if self.is_broken.load(Ordering::Relaxed) {
            remove(&self.path);
        }
    }
}

/// Links files out of one tree, with the folder that it works in held open.
pub(super) struct TreeReader<'a> {
    tree: &'a Tree,
    current: Option<(usize, OwnedFd)>,
}

impl TreeReader<'_> {
    /// Links the file of `item`, number `index`, to its place; `None` when the tree does not have it as it was.
    pub(super) fn link(
        &mut self,
        index: usize,
        place: &mut Place<'_>,
        item: &Item,
    ) -> Result<Option<Linked>, Error> {
        let Some(Some(file)) = self.tree.files.get(index).copied() else {
            return Ok(None);
        };
        let linked = self.link_file(index, file, place, item)?;
        if linked.is_none() {
            self.tree.is_broken.store(true, Ordering::Relaxed);
        }
        Ok(linked)
    }

    fn link_file(
        &mut self,
        index: usize,
        file: TreeFile,
        place: &mut Place<'_>,
        item: &Item,
    ) -> Result<Option<Linked>, Error> {
        let method = self.tree.method;
        let Some(folder) = self.folder(file.chunk) else {
            return Ok(None);
        };
        let name = index.to_string();
        let Ok(stat) = statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(None);
        };
        let modified = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
        let is_as_it_was = modified == file.modified
            && u64::try_from(stat.st_size) == Ok(item.n_bytes)
            && stat.st_mode & 0o170_000 == 0o100_000;
        if !is_as_it_was {
            return Ok(None);
        }
        if method == Method::Clone {
            return clone_file(folder, &name, place, item);
        }
        let (target, target_name) = place.enter(&item.path)?;
        match linkat(folder, &name, target, target_name, AtFlags::empty()) {
            Ok(()) => Ok(Some(Linked::New)),
            Err(Errno::EXIST) => Ok(Some(Linked::Exists)),
            // Too many links to one file, or a file system that has none: the archive is still there.
            Err(_) => Ok(None),
        }
    }

    fn folder(&mut self, chunk: usize) -> Option<&OwnedFd> {
        if self
            .current
            .as_ref()
            .is_none_or(|(current, _)| *current != chunk)
        {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let handle = openat(&self.tree.handle, chunk.to_string(), flags, Mode::empty());
            self.current = Some((chunk, handle.ok()?));
        }
        self.current.as_ref().map(|(_, handle)| handle)
    }
}

fn clone_file(
    folder: &OwnedFd,
    name: &str,
    place: &mut Place<'_>,
    item: &Item,
) -> Result<Option<Linked>, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(source) = openat(folder, name, flags, Mode::empty()) else {
        return Ok(None);
    };
    match place.create(&item.path, item.is_executable)? {
        Created::Exists => Ok(Some(Linked::Exists)),
        Created::New(file) => {
            if clone_range(&file, &source).is_some() {
                return Ok(Some(Linked::New));
            }
            place.remove(&item.path)?;
            Ok(None)
        }
    }
}

/// A tree that is being made.
#[derive(Debug)]
pub(super) struct TreeWriter {
    target: PathBuf,
    folder: Mutex<Option<TempDir>>,
    handle: OwnedFd,
    method: Method,
    saved: Mutex<Vec<(usize, TreeFile)>>,
    has_failed: AtomicBool,
}

/// The files of one piece of work.
pub(super) struct SavedChunk {
    number: usize,
    handle: OwnedFd,
    method: Method,
    files: Vec<(usize, TreeFile)>,
    has_failed: bool,
}

impl TreeWriter {
    /// Makes the folder for a piece of work.
    pub(super) fn chunk(&self, number: usize) -> Option<SavedChunk> {
        let name = number.to_string();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let made = mkdirat(&self.handle, &name, Mode::from_raw_mode(0o777))
            .and_then(|()| openat(&self.handle, &name, flags, Mode::empty()));
        let Ok(handle) = made else {
            self.has_failed.store(true, Ordering::Relaxed);
            return None;
        };
        Some(SavedChunk {
            number,
            handle,
            method: self.method,
            files: Vec::new(),
            has_failed: false,
        })
    }

    pub(super) fn add(&self, mut chunk: SavedChunk) {
        if chunk.has_failed {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        lock(&self.saved).append(&mut chunk.files);
    }

    /// Puts the tree into its place, where others find it.
    pub(super) fn publish(&self, contents: &Contents, wheel: &Wheel) {
        let Some(folder) = lock(&self.folder).take() else {
            return;
        };
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let mut files: Vec<Option<TreeFile>> = vec![None; contents.items.len()];
        for (index, file) in lock(&self.saved).iter() {
            files[*index] = Some(*file);
        }
        let Some(text) = render(contents, wheel, &files) else {
            return;
        };
        let written = fs::write(folder.path().join(MANIFEST), text);
        // Whoever was first has the same files.
        if written.is_ok() && fs::rename(folder.path(), &self.target).is_ok() {
            let _ = folder.keep();
        }
    }
}

impl SavedChunk {
    /// Keeps the file `path`, which was just written and is open, as number `index`.
    pub(super) fn save(&mut self, index: usize, place: &mut Place<'_>, path: &str, file: &File) {
        match self.try_save(index, place, path, file) {
            Some(modified) => self.files.push((
                index,
                TreeFile {
                    chunk: self.number,
                    modified,
                },
            )),
            None => self.has_failed = true,
        }
    }

    fn try_save(
        &self,
        index: usize,
        place: &mut Place<'_>,
        path: &str,
        file: &File,
    ) -> Option<i128> {
        let name = index.to_string();
        if self.method == Method::Clone {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let copy = openat(&self.handle, &name, flags, Mode::from_raw_mode(0o666)).ok()?;
            let copy = File::from(copy);
            clone_range(&copy, file)?;
            return modified(&copy);
        }
        let (folder, own_name) = place.enter(path).ok()?;
        linkat(folder, own_name, &self.handle, &name, AtFlags::empty()).ok()?;
        modified(file)
    }
}

fn modified(file: &File) -> Option<i128> {
    let metadata = file.metadata().ok()?;
    Some(i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()))
}

#[cfg(target_os = "linux")]
fn clone_range(target: impl std::os::fd::AsFd, source: impl std::os::fd::AsFd) -> Option<()> {
    rustix::fs::ioctl_ficlone(target, source).ok()
}

#[cfg(not(target_os = "linux"))]
fn clone_range(_target: impl std::os::fd::AsFd, _source: impl std::os::fd::AsFd) -> Option<()> {
    None
}

/// Tries whether a file of one folder can be cloned into the other.
fn clones(from: &Path, to: &Path) -> Option<()> {
    let mut source = tempfile::tempfile_in(from).ok()?;
    let target = tempfile::tempfile_in(to).ok()?;
    source.write_all(b"probe").ok()?;
    clone_range(&target, &source)
}

fn folder_name(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// Takes a tree away: under another name at once, so that nobody finds half of it.
fn remove(path: &Path) {
    let Some(parent) = path.parent() else {
        return;
    };
    let aside = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(parent);
    if let Ok(aside) = aside {
        let _ = fs::rename(path, aside.path().join("tree"));
    }
}

/// Renders the manifest: a header, `.dist-info`, entry points, files, and the digest of all that.
fn render(contents: &Contents, wheel: &Wheel, files: &[Option<TreeFile>]) -> Option<Vec<u8>> {
    let mut text = format!("{HEADER}\n{}\t{}\n", wheel.root().name(), wheel.dist_info());
    for point in &contents.entry_points {
        let line = ["entry", &point.name, &point.module, &point.attribute].join("\t");
        text.push_str(&line);
        text.push('\n');
    }
    for (item, file) in contents.items.iter().zip(files) {
        let entry = wheel.archive().entries().get(item.index)?;
        let place = wheel.place(entry)?;
        let digest = item
            .digest
            .as_ref()
            .filter(|digest| digest.algorithm() == Algorithm::Sha256)?;
        let kind = match file {
            None if item.is_script => "script",
            _ if item.is_executable => "program",
            _ => "file",
        };
        let at = file.map_or_else(
            || "-\t-".to_owned(),
            |file| format!("{}\t{}", file.chunk, file.modified),
        );
        let size = item.n_bytes.to_string();
        let line = [
            kind,
            place.scheme.name(),
            place.path,
            &size,
            &digest.hex(),
            &at,
        ]
        .join("\t");
        text.push_str(&line);
        text.push('\n');
    }
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let digest = Digest::from_bytes(Algorithm::Sha256, digest.to_vec())?;
    text.push_str(&digest.hex());
    Some(text.into_bytes())
}

/// Reads a manifest; `None` when it is not whole, or not of this version.
fn parse(text: &[u8], places: &Places) -> Option<(Contents, Vec<Option<TreeFile>>)> {
    let (body, sum) = text.split_at_checked(text.len().checked_sub(64)?)?;
    let digest = Digest::of(Algorithm::Sha256, body);
    if digest.hex().as_bytes() != sum {
        return None;
    }
    let mut lines = str::from_utf8(body).ok()?.lines();
    if lines.next()? != HEADER {
        return None;
    }
    let (root, dist_info) = lines.next()?.split_once('\t')?;
    check_path(dist_info).ok()?;
    let library = places.folder(Scheme::from_name(root)?).to_owned();
    let mut contents = Contents {
        dist_info: join(&library, dist_info),
        library,
        entry_points: Vec::new(),
        items: Vec::new(),
    };
    let mut files = Vec::new();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        if let ["entry", name, module, attribute] = fields[..] {
            contents.entry_points.push(EntryPoint {
                name: name.to_owned(),
                module: module.to_owned(),
                attribute: attribute.to_owned(),
            });
        } else {
            let (item, file) = parse_item(&fields, places)?;
            contents.items.push(item);
            files.push(file);
        }
    }
    Some((contents, files))
}

fn parse_item(fields: &[&str], places: &Places) -> Option<(Item, Option<TreeFile>)> {
    let &[kind, scheme, path, size, digest, chunk, modified] = fields else {
        return None;
    };
    check_path(path).ok()?;
    let file = match chunk {
        "-" => None,
        _ => Some(TreeFile {
            chunk: chunk.parse().ok()?,
            modified: modified.parse().ok()?,
        }),
    };
    let item = Item {
        path: places.path(Scheme::from_name(scheme)?, path),
        is_script: kind == "script",
        is_executable: kind != "file",
        n_bytes: size.parse().ok()?,
        digest: Some(Digest::parse(&format!("sha256:{digest}"))?),
        index: 0,
    };
    Some((item, file))
}
