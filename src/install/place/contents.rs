//! What a wheel brings into an environment: each file with its place there, cut into pieces of work.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use super::remarks;
use crate::archive::Kind;
use crate::digest::Digest;
use crate::environment::Layout;
use crate::event::Warning;
use crate::install::Error;
use crate::installed::{DROPPED, JOURNAL};
use crate::name::PackageName;
use crate::wheel::{self, EntryPoint, Exception, Scheme, Wheel, check_script_name};

/// A piece of work ends when it has this many bytes or files.
const CHUNK_BYTES: u64 = 4 << 20;
const CHUNK_FILES: usize = 256;

/// What a wheel brings, wherever its files come from.
#[derive(Debug)]
pub(in crate::install) struct Contents {
    /// The `.dist-info` folder, relative to the environment.
    pub(in crate::install) dist_info: String,
    /// The folder that holds it, which the paths of RECORD are relative to.
    pub(in crate::install) library: String,
    /// The scripts to generate.
    pub(in crate::install) entry_points: Vec<EntryPoint>,
    /// What the wheel is only accepted with because rules are lifted.
    pub(in crate::install) exceptions: Vec<Exception>,
    /// The files, in the order in which they are read best.
    pub(in crate::install) items: Vec<Item>,
}

/// One file to be put in place.
#[derive(Debug)]
pub(in crate::install) struct Item {
    /// The path, relative to the environment.
    pub(in crate::install) path: String,
    /// Whether it becomes a script of the environment, which may have to be rewritten.
    pub(in crate::install) is_script: bool,
    pub(in crate::install) is_executable: bool,
    pub(in crate::install) n_bytes: u64,
    /// What RECORD says its digest is.
    pub(in crate::install) digest: Option<Digest>,
    /// Its number in the source.
    pub(in crate::install) index: usize,
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
    pub(in crate::install) fn of_wheel(
        wheel: &Wheel,
        file_name: &str,
        name: &PackageName,
        layout: &Layout,
    ) -> Result<(Self, Vec<Warning>), Error> {
        let places = Places::new(layout, name);
        let library = places.folder(wheel.root()).to_owned();
        let mut warnings = remarks::of_wheel(wheel, file_name);
        let weakly_listed = remarks::weakly_listed(wheel);
        let entry_points = wheel.entry_points().iter();
        let generated: HashSet<&str> = entry_points.map(|point| point.name.as_str()).collect();
        let mut items = Vec::with_capacity(wheel.archive().entries().len());
        for (index, entry) in wheel.archive().entries().iter().enumerate() {
            let Some(place) = wheel.place(entry) else {
                continue;
            };
            if entry.kind() == Kind::Folder || is_left_out(wheel, entry.path()) {
                continue;
            }
            let is_script = place.scheme == Scheme::Scripts;
            if is_script && generated.contains(place.path) {
                continue;
            }
            let proof = wheel.record().proof(entry.path());
            let digest = proof.and_then(|proof| proof.digest.clone());
            if digest.is_none() && !weakly_listed.contains(entry.path()) {
                warnings.push(Warning::NotInRecord {
                    wheel: file_name.to_owned(),
                    path: entry.path().to_owned(),
                });
            }
            let recorded_size = proof.and_then(|proof| proof.n_bytes);
            if recorded_size.is_some_and(|n_bytes| n_bytes != entry.n_bytes()) {
                warnings.push(Warning::RecordDiffers {
                    wheel: file_name.to_owned(),
                    path: entry.path().to_owned(),
                });
            }
            items.push(Item {
                path: places.path(place.scheme, place.path),
                is_script,
                is_executable: is_script || entry.is_executable(),
                n_bytes: entry.n_bytes(),
                digest,
                index,
            });
        }
        let entries = wheel.archive().entries();
        items.sort_by_key(|item| entries[item.index].offset());
        let contents = Self {
            dist_info: join(&library, wheel.dist_info()),
            library,
            entry_points: wheel.entry_points().to_vec(),
            exceptions: wheel.exceptions().to_vec(),
            items,
        };
        contents.check(file_name, layout)?;
        Ok((contents, warnings))
    }

    /// Checks that no path is the environment's own or another distribution's, and none is claimed twice.
    pub(in crate::install) fn check(&self, file_name: &str, layout: &Layout) -> Result<(), Error> {
        let scripts = format!("{}/", text(&layout.scripts));
        let libraries = [&layout.purelib, &layout.platlib].map(|library| text(library));
        let mut seen = HashSet::with_capacity(self.items.len());
        for item in &self.items {
            // The straight way leaves these out; what is here came through `.data`.
            let in_dist_info = below(&item.path, &self.dist_info);
            let is_installers = in_dist_info.is_some_and(|name| NOT_INSTALLED.contains(&name));
            if is_installers || is_reserved(&item.path, &scripts) {
                return Err(Error::Reserved {
                    file: file_name.to_owned(),
                    path: item.path.clone(),
                });
            }
            if libraries
                .iter()
                .any(|library| self.is_foreign(&item.path, library))
            {
                let path = item.path.clone();
                return Err(Error::wheel(
                    file_name,
                    wheel::Error::SecondDistInfo { path },
                ));
            }
            if !seen.insert(item.path.as_str()) {
                return Err(Error::ClaimedTwice {
                    file: file_name.to_owned(),
                    path: item.path.clone(),
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

    /// Cuts the items into pieces of work of some size, each of consecutive items.
    pub(in crate::install) fn chunks(&self) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let (mut start, mut n_bytes) = (0, 0);
        for (index, item) in self.items.iter().enumerate() {
            let is_full = n_bytes + item.n_bytes > CHUNK_BYTES || index - start >= CHUNK_FILES;
            if is_full && index > start {
                chunks.push(start..index);
                (start, n_bytes) = (index, 0);
            }
            n_bytes += item.n_bytes;
        }
        if start < self.items.len() {
            chunks.push(start..self.items.len());
        }
        chunks
    }
}

/// The folders of an environment as text, relative to it.
pub(in crate::install) struct Places {
    purelib: String,
    platlib: String,
    scripts: String,
    headers: String,
    data: String,
}

impl Places {
    pub(in crate::install) fn new(layout: &Layout, name: &PackageName) -> Self {
        Self {
            purelib: text(&layout.purelib),
            platlib: text(&layout.platlib),
            scripts: text(&layout.scripts),
            headers: join(&text(&layout.headers), name.as_str()),
            data: text(&layout.data),
        }
    }

    pub(in crate::install) fn folder(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::Purelib => &self.purelib,
            Scheme::Platlib => &self.platlib,
            Scheme::Scripts => &self.scripts,
            Scheme::Headers => &self.headers,
            Scheme::Data => &self.data,
        }
    }

    /// Returns where `path` of a scheme goes, relative to the environment.
    ///
    /// `lib64` is a link to `lib` in an environment, as `venv` makes it: a file has one name, whichever it was given.
    pub(in crate::install) fn path(&self, scheme: Scheme, path: &str) -> String {
        let path = join(self.folder(scheme), path);
        match below(&path, "lib64") {
            Some(below) => join("lib", below),
            None => path,
        }
    }
}

/// Returns the part of `path` that lies below `folder`.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

pub(in crate::install) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    }
}

/// Layouts come from an interpreter that prints them as text.
pub(in crate::install) fn text(path: &Path) -> String {
    path.to_string_lossy().trim_end_matches('/').to_owned()
}

fn is_left_out(wheel: &Wheel, path: &str) -> bool {
    let in_dist_info = below(path, wheel.dist_info());
    in_dist_info.is_some_and(|name| NOT_INSTALLED.contains(&name))
}

/// Tells whether `path` is one of the files that make a folder an environment.
pub(in crate::install) fn is_reserved(path: &str, scripts: &str) -> bool {
    let own = ["pyvenv.cfg", ".gitignore", "CACHEDIR.TAG", "lib64"];
    let is_own = own.iter().any(|own| own.eq_ignore_ascii_case(path));
    let in_scripts = path.strip_prefix(scripts);
    is_own || in_scripts.is_some_and(|name| !name.contains('/') && check_script_name(name).is_err())
}

/// Returns `path` as RECORD has it, relative to the folder `library`.
pub(in crate::install) fn relative_to(library: &str, path: &str) -> String {
    if let Some(below) = below(path, library) {
        return below.to_owned();
    }
    let shared = library
        .split('/')
        .zip(path.split('/'))
        .take_while(|(left, right)| left == right)
        .count();
    let ups = library.split('/').skip(shared).map(|_| "..");
    let downs = path.split('/').skip(shared);
    ups.chain(downs).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn relative(path: &str, expected: &str) {
        assert_eq!(relative_to("lib/python3.11/site-packages", path), expected);
    }

    #[test]
    fn record_paths_are_relative_to_the_library() {
        relative("lib/python3.11/site-packages/a/b.py", "a/b.py");
        relative("bin/acme", "../../../bin/acme");
        relative("lib/other", "../../other");
        relative("lib/python3.11/site-packages2/x", "../site-packages2/x");
        relative("share/a", "../../../share/a");
    }

    #[test]
    fn the_environments_own_files_are_reserved() {
        for path in [
            "pyvenv.cfg",
            "PyVenv.cfg",
            "bin/python3",
            "bin/activate.csh",
            "lib64",
        ] {
            assert!(is_reserved(path, "bin/"), "{path}");
        }
        for path in ["bin/acme", "share/pyvenv.cfg", "bin/x/python", "etc/python"] {
            assert!(!is_reserved(path, "bin/"), "{path}");
        }
    }
}
