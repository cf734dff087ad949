//! What a wheel brings into an environment: each file with its place there, cut into pieces of work.

use std::collections::HashSet;
use std::ops::Range;

use super::folders::SchemeFolders;
use super::paths::{below, is_reserved, join, text};
use super::remarks::WheelRemarks;
use crate::archive::{ArchiveEntry, EntryKind};
use crate::digest::Digest;
use crate::environment::Layout;
use crate::event::Warning;
use crate::install::Error;
use crate::installed::{DROPPED, JOURNAL};
use crate::name::PackageName;
use crate::store::wheels::{Listing, Original};
use crate::wheel::{self, EntryPoint, Exception, Scheme, Wheel};

/// A piece of work ends when it has this many bytes or files.
const PIECE_BYTES: u64 = 4 << 20;
const PIECE_FILES: usize = 256;

/// What a wheel brings, wherever its files come from.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The `.dist-info` folder, relative to the environment.
    pub(crate) dist_info: String,
    /// The folder that holds it, which the paths of RECORD are relative to.
    pub(crate) library: String,
    /// The scripts to generate.
    pub(crate) entry_points: Vec<EntryPoint>,
    /// What the wheel is only accepted with because rules are lifted.
    pub(crate) exceptions: Vec<Exception>,
    /// The files, in the order in which they are read best.
    pub(crate) items: Vec<Item>,
}

/// One file to be put in place.
#[derive(Debug)]
pub(crate) struct Item {
    /// The path, relative to the environment.
    pub(crate) path: String,
    /// Whether it becomes a script of the environment, which may have to be rewritten.
    pub(crate) is_script: bool,
    pub(crate) is_executable: bool,
    pub(crate) n_bytes: u64,
    /// What RECORD says its digest is; `None` also in a cached wheel, whose files are proven.
    pub(crate) digest: Option<Digest>,
    /// Its number in the source.
    pub(crate) index: usize,
}

/// One file, and its number among those of the wheel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberedItem<'i> {
    pub(crate) index: usize,
    pub(crate) item: &'i Item,
}

/// Files that an installer writes itself, or that are only true of the wheel as it was.
const NOT_INSTALLED: &[&str] = &[
    "RECORD",
    "RECORD.jws",
    "RECORD.p7s",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    JOURNAL,
    DROPPED,
];

impl Contents {
    /// Finds the place of each file of `wheel`, and what RECORD misses.
    pub(crate) fn of_wheel(
        wheel: &Wheel,
        file_name: &str,
        name: &PackageName,
        layout: &Layout,
    ) -> Result<(Self, Vec<Warning>), Error> {
        let mut finder = ItemFinder::new(wheel, file_name, SchemeFolders::new(layout, name));
        let entries = wheel.archive().entries();
        let mut items = Vec::with_capacity(entries.len());
        let found = entries.iter().enumerate();
        items.extend(found.filter_map(|(index, entry)| finder.find(index, entry)));
        items.sort_unstable_by_key(|item| entries[item.index].offset());
        let library = finder.folders.folder(wheel.root()).to_owned();
        let contents = Self {
            dist_info: join(&library, wheel.dist_info()),
            library,
            entry_points: wheel.entry_points().to_vec(),
            exceptions: wheel.exceptions().to_vec(),
            items,
        };
        contents.check(file_name, layout)?;
        Ok((contents, finder.remarks.into_warnings()))
    }

    /// Takes what a cached wheel holds, whose paths are already those of the environment; and its warnings.
    pub(crate) fn of_kept(listing: Listing, folders: &SchemeFolders) -> (Self, Vec<Warning>) {
        let library = folders.folder(listing.root).to_owned();
        let files = listing.files.into_iter().enumerate();
        let items = files.map(|(index, file)| Item {
            path: file.path,
            is_script: file.is_script,
            is_executable: file.is_executable,
            n_bytes: file.n_bytes,
            digest: None,
            index,
        });
        let contents = Self {
            dist_info: join(&library, &listing.dist_info),
            library,
            entry_points: listing.entry_points,
            exceptions: listing.exceptions,
            items: items.collect(),
        };
        (contents, listing.warnings)
    }

    /// Returns the files as the cache is to keep them.
    pub(crate) fn originals(&self) -> Vec<Original> {
        let items = self.items.iter();
        let originals = items.map(|item| Original {
            entry: item.index,
            is_executable: item.is_executable,
        });
        originals.collect()
    }

    /// Checks that no path is the environment's own or another distribution's, and none is claimed twice.
    pub(crate) fn check(&self, file_name: &str, layout: &Layout) -> Result<(), Error> {
        let scripts = format!("{}/", text(&layout.scripts));
        let libraries = [&layout.purelib, &layout.platlib].map(|library| text(library));
        let mut seen = HashSet::with_capacity(self.items.len());
        for Item { path, .. } in &self.items {
            // The straight way leaves these out; what is here came through `.data`.
            let in_dist_info = below(path, &self.dist_info);
            let is_installers = in_dist_info.is_some_and(|name| NOT_INSTALLED.contains(&name));
            if is_installers || is_reserved(path, &scripts) {
                return Err(Error::Reserved {
                    file: file_name.to_owned(),
                    path: path.clone(),
                });
            }
            if libraries
                .iter()
                .any(|library| self.is_foreign(path, library))
            {
                let path = path.clone();
                return Err(Error::wheel(
                    file_name,
                    wheel::Error::SecondDistInfo { path },
                ));
            }
            if !seen.insert(path.as_str()) {
                return Err(Error::ClaimedTwice {
                    file: file_name.to_owned(),
                    path: path.clone(),
                });
            }
        }
        Ok(())
    }

    /// Tells whether `path` lies in a `.dist-info` of the folder `library` that is not this wheel's own.
    fn is_foreign(&self, path: &str, library: &str) -> bool {
        let first = below(path, library).and_then(|below| below.split_once('/'));
        first.is_some_and(|(first, _)| wheel::is_dist_info(first))
            && below(path, &self.dist_info).is_none()
    }

    /// Returns the items of one piece with their numbers.
    pub(crate) fn numbered(&self, piece: Range<usize>) -> impl Iterator<Item = NumberedItem<'_>> {
        let items = self.items.iter().enumerate();
        let items = items.take(piece.end).skip(piece.start);
        items.map(|(index, item)| NumberedItem { index, item })
    }

    /// Returns the size of the items of one piece.
    pub(crate) fn n_bytes_of(&self, piece: Range<usize>) -> u64 {
        self.numbered(piece).map(|item| item.item.n_bytes).sum()
    }

    /// Returns the name of the `.dist-info` folder.
    pub(crate) fn dist_info_name(&self) -> &str {
        below(&self.dist_info, &self.library).unwrap_or(&self.dist_info)
    }

    /// Cuts the items into pieces of work of some size, each of consecutive items.
    pub(crate) fn pieces(&self) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let (mut start, mut n_bytes) = (0, 0);
        for (index, item) in self.items.iter().enumerate() {
            let is_full = n_bytes + item.n_bytes > PIECE_BYTES || index - start >= PIECE_FILES;
            if is_full && index > start {
                pieces.push(start..index);
                (start, n_bytes) = (index, 0);
            }
            n_bytes += item.n_bytes;
        }
        if start < self.items.len() {
            pieces.push(start..self.items.len());
        }
        pieces
    }
}

/// Finds which files of a wheel are put in place, and where.
struct ItemFinder<'w> {
    wheel: &'w Wheel,
    folders: SchemeFolders,
    /// The names of scripts that are generated.
    generated: HashSet<&'w str>,
    remarks: WheelRemarks<'w>,
}

impl<'w> ItemFinder<'w> {
    fn new(wheel: &'w Wheel, file_name: &'w str, folders: SchemeFolders) -> Self {
        let entry_points = wheel.entry_points().iter();
        Self {
            wheel,
            folders,
            generated: entry_points.map(|point| point.name.as_str()).collect(),
            remarks: WheelRemarks::new(wheel, file_name),
        }
    }

    /// `None` for what is not put in place.
    fn find(&mut self, index: usize, entry: &ArchiveEntry) -> Option<Item> {
        let place = self.wheel.place(index)?;
        if entry.kind() == EntryKind::Folder || is_left_out(self.wheel, entry.path()) {
            return None;
        }
        let is_script = place.scheme == Scheme::Scripts;
        if is_script && self.generated.contains(place.path) {
            return None;
        }
        let recorded = self.wheel.record().entry(entry.path());
        self.remarks.compare(entry, recorded);
        Some(Item {
            path: self.folders.path(place.scheme, place.path),
            is_script,
            is_executable: is_script || entry.is_executable(),
            n_bytes: entry.n_bytes(),
            digest: recorded.and_then(|recorded| recorded.digest.clone()),
            index,
        })
    }
}

fn is_left_out(wheel: &Wheel, path: &str) -> bool {
    let in_dist_info = below(path, wheel.dist_info());
    in_dist_info.is_some_and(|name| NOT_INSTALLED.contains(&name))
}
