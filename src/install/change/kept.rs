//! An installed distribution that stays, and what it loses to those that come.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::draft::replace;
use super::ground::Ground;
use super::installed_files::InstalledFiles;
use super::listing::{self, Line};
use super::uninstall::remove_if_there;
use crate::install::Error;
use crate::install::place::paths::{join, relative_to};
use crate::install::place::pycache::{is_bytecode, is_made_of};
use crate::install::place::record::digest_text;
use crate::installed::DROPPED;

/// An installed distribution that stays.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Where it stands among those of the plan: as `claims::order_of` numbers them.
    pub(crate) order: usize,
    pub(super) files: InstalledFiles,
    /// What gave way earlier.
    pub(super) dropped: BTreeMap<String, Line>,
    /// What gives way now.
    lost: BTreeSet<String>,
    /// What is its own again, for it has the same bytes as what is put in now.
    regained: BTreeSet<String>,
}

impl Kept {
    pub(crate) fn new(
        order: usize,
        files: InstalledFiles,
        ground: Ground<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            order,
            dropped: files.dropped(ground)?,
            files,
            lost: BTreeSet::new(),
            regained: BTreeSet::new(),
        })
    }

    /// The paths that it has before and after the change.
    pub(crate) fn stays(&self) -> impl Iterator<Item = &str> {
        let paths = self.files.lines.keys();
        let stays = paths.filter(|path| !self.lost.contains(*path));
        stays.map(String::as_str)
    }

    /// The paths that it loses.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &str> {
        self.lost.iter().map(String::as_str)
    }

    /// Tells whether it has a file at `path` still.
    pub(crate) fn has(&self, path: &str) -> bool {
        !self.lost.contains(path) && self.files.lines.contains_key(path)
    }

    /// Takes `path` from it, and the bytecode that was made of it.
    pub(crate) fn lose(&mut self, path: &str) {
        let paths = self.files.lines.keys();
        let goes = |other: &&String| *other == path || is_made_of(other, path);
        self.lost.extend(paths.filter(goes).cloned());
    }

    /// Gives `path` back to it, when what gave way there had this digest.
    pub(crate) fn regain(&mut self, path: &str, digest: &[u8; 32]) {
        let dropped = self.dropped.get(path);
        if dropped.is_some_and(|line| line.digest == digest_text(digest)) {
            self.regained.insert(path.to_owned());
        }
    }

    /// Writes down what it lost and what it has again: first what is dropped, so that an interruption forgets nothing.
    pub(crate) fn write_down(&self, staging: &Path) -> Result<(), Error> {
        let is_unchanged = self.lost.is_empty() && self.regained.is_empty();
        // A file has no place for lists.
        if is_unchanged || self.files.is_file() {
            return Ok(());
        }
        let mut record = self.record_lines();
        let draft = staging.join("list");
        let path = self.files.dist_info.join(DROPPED);
        let dropped = self.dropped_lines();
        if dropped.is_empty() {
            remove_if_there(&path)?;
        } else {
            let text = listing::render(dropped);
            record.push(self.line_of_dropped(&text));
            replace(&draft, &path, &text)?;
        }
        let text = listing::render(record);
        replace(&draft, &self.files.dist_info.join("RECORD"), &text)
    }

    /// The lines of its RECORD after the change, but for that of `RECORD.dropped`.
    fn record_lines(&self) -> Vec<Line> {
        let own_dropped = self.path_of_dropped();
        let lines = self.files.lines.iter();
        let lines = lines.filter(|(path, _)| self.has(path) && **path != own_dropped);
        let regained = self.regained.iter();
        let regained = regained.filter_map(|path| self.dropped.get_key_value(path));
        let all: BTreeMap<_, _> = lines.chain(regained).collect();
        all.into_values().cloned().collect()
    }

    fn line_of_dropped(&self, text: &[u8]) -> Line {
        Line {
            path: relative_to(&self.files.library, &self.path_of_dropped()),
            digest: digest_text(&Sha256::digest(text)),
            n_bytes: text.len().to_string(),
        }
    }

    fn path_of_dropped(&self) -> String {
        join(&self.files.own_folder(), DROPPED)
    }

    fn dropped_lines(&self) -> Vec<Line> {
        let earlier = self.dropped.iter();
        let earlier = earlier.filter(|(path, _)| !self.regained.contains(*path));
        let lost = self.lost.iter().filter(|path| !is_bytecode(path));
        let lost = lost.filter_map(|path| self.files.lines.get_key_value(path));
        let lines: BTreeMap<&String, &Line> = earlier.chain(lost).collect();
        lines.into_values().cloned().collect()
    }
}
