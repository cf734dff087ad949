//! Hashes unpacked wheels: what links cannot show.

use std::fs::File;
use std::io::{Read as _, Take};
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::manifest::{self, TreeFile};
use super::{folder_name, remove};
use crate::environment::Layout;
use crate::install::contents::{Item, Places};
use crate::name::PackageName;
use crate::plan::Distribution;

const BUFFER_BYTES: usize = 256 << 10;

/// Hashes every file of the unpacked wheels in `folder`, and removes each wheel of which one is not what was unpacked, or
/// whose manifest is not whole; returns the paths of those wheels.
///
/// A folder that is not there holds none. What cannot be removed is among the paths all the same.
pub fn verify_trees(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_tree = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.is_dir()
    };
    let mut trees: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_tree).collect();
    trees.sort();
    verify(trees)
}

/// As [`verify_trees`], but only what `folder` holds of `distributions`.
pub fn verify_trees_of(folder: &Path, distributions: &[&Distribution]) -> Vec<PathBuf> {
    let digests = distributions.iter();
    let digests = digests.flat_map(|distribution| distribution.origin.remote_digests());
    let paths = digests.map(|digest| folder.join(folder_name(digest)));
    verify(paths.filter(|path| path.is_dir()).collect())
}

fn verify(trees: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut damaged = trees;
    damaged.retain(|path| is_whole(path).is_none());
    for path in &damaged {
        remove(path);
    }
    damaged
}

/// `None` when a file is not what the manifest says.
fn is_whole(path: &Path) -> Option<()> {
    let text = fs::read(path.join(manifest::NAME)).ok()?;
    let (contents, files, _) = manifest::parse(&text, &anywhere())?;
    let mut items = contents.items.iter().zip(files).enumerate();
    items.try_for_each(|(index, (item, file))| is_right(path, index, item, file))
}

fn is_right(tree: &Path, index: usize, item: &Item, file: TreeFile) -> Option<()> {
    let path = tree.join(file.chunk.to_string()).join(index.to_string());
    let file = File::open(path).ok()?;
    let is_plain = file.metadata().ok()?.is_file();
    let digest = hash(file.take(item.n_bytes + 1))?;
    (is_plain && item.digest.as_ref()?.bytes() == digest).then_some(())
}

fn hash(mut file: Take<File>) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(hasher.finalize().into()),
            n_read => hasher.update(&buffer[..n_read]),
        }
    }
}

/// Where files would go is of no account.
fn anywhere() -> Places {
    let layout = Layout {
        purelib: "purelib".into(),
        platlib: "platlib".into(),
        scripts: "bin".into(),
        data: PathBuf::new(),
        headers: "include".into(),
        python_name: "python".to_owned(),
        python_version: (3, 0),
    };
    Places::new(&layout, &PackageName::new("any"))
}
