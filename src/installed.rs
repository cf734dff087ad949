//! Distributions that an environment already holds, each known by its `.dist-info` or, from older installers, `.egg-info`.

use std::fmt;
use std::path::PathBuf;

use crate::name::PackageName;
use crate::version::Version;

/// What RECORD is called while its files are being put in or taken out.
pub const JOURNAL: &str = "RECORD.lock2venv";

/// The document of `.dist-info` that lists, as RECORD does, the files that gave way to those of another distribution.
///
/// They are missing once that other distribution goes.
pub const DROPPED: &str = "RECORD.dropped";

/// One installed distribution.
#[derive(Clone)]
pub struct InstalledDistribution {
    /// Its name: of the folder, or of its metadata where the folder's name can be read in two ways.
    pub name: PackageName,
    /// Its version, from the same place. One that is no version by PEP 440 is the local part of version 0.
    pub version: Version,
    /// The `.dist-info` folder, or the `.egg-info` folder or file, absolute.
    pub dist_info: PathBuf,
    /// The text of `direct_url.json`, where there is one.
    pub direct_url: Option<String>,
}

impl fmt::Debug for InstalledDistribution {
    /// A `direct_url.json` that others wrote may hold credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InstalledDistribution")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("dist_info", &self.dist_info)
            .field("has_direct_url", &self.direct_url.is_some())
            .finish()
    }
}

/// Everything that an environment holds.
#[derive(Clone, Debug, Default)]
pub struct Installed {
    /// The distributions, by name; two of one name only where something else than an installer was at work.
    pub distributions: Vec<InstalledDistribution>,
    /// `.dist-info` folders with no RECORD, which is written last: what interrupted changes left.
    pub leftovers: Vec<PathBuf>,
    /// Folders among those of `distributions` that an interrupted change left with a [`JOURNAL`], or without METADATA.
    pub unfinished: Vec<PathBuf>,
    /// Folders among those of `distributions` that have a [`DROPPED`] document.
    pub contested: Vec<PathBuf>,
}

impl Installed {
    /// Puts everything in the order of names, so that nothing depends on the order of a folder.
    pub fn sort(&mut self) {
        self.distributions.sort_by(|one, other| {
            let names = one.name.cmp(&other.name);
            names.then_with(|| one.dist_info.cmp(&other.dist_info))
        });
        self.leftovers.sort_unstable();
        self.unfinished.sort_unstable();
        self.contested.sort_unstable();
    }

    /// Tells whether a change was interrupted here.
    pub fn is_unfinished(&self) -> bool {
        !(self.leftovers.is_empty() && self.unfinished.is_empty())
    }
}

/// A file that has Python run code when it starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StartupFile {
    /// The path, relative to the environment.
    pub path: String,
    /// The distribution that it belongs to, such as `acme 1.0`, where that is known.
    pub distribution: Option<String>,
    /// The lines that run, as they are written; empty for a module, which runs as a whole.
    pub lines: Vec<String>,
}

impl fmt::Display for StartupFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.path)?;
        if let Some(distribution) = &self.distribution {
            write!(formatter, " of `{distribution}`")?;
        }
        write!(
            formatter,
            " has Python run code whenever it starts: {}",
            self.code()
        )
    }
}

impl StartupFile {
    /// Says what runs, in one line.
    pub fn code(&self) -> String {
        match &self.lines[..] {
            [] => "the module is imported".to_owned(),
            [line] => line.clone(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        }
    }
}

/// Lists the ways to read `{name}-{version}`, the stem of a `.dist-info` folder: both parts may hold a `-`.
pub fn name_and_version(stem: &str) -> impl Iterator<Item = (&str, &str)> {
    let dashes = stem.match_indices('-');
    dashes.map(|(at, _)| (&stem[..at], &stem[at + 1..]))
}

/// Returns the stem of a `.dist-info` folder's name; as for Python, the case of the ending is not told apart.
pub fn dist_info_stem(file_name: &str) -> Option<&str> {
    const ENDING: &str = ".dist-info";
    let at = file_name.len().checked_sub(ENDING.len())?;
    let (stem, ending) = file_name.split_at_checked(at)?;
    ending.eq_ignore_ascii_case(ENDING).then_some(stem)
}
