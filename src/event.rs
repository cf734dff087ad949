//! What happens while a plan is carried out, as values. The library never prints: it tells a [`Reporter`].

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::installed::StartupFile;
use crate::name::PackageName;
use crate::plan::{Distribution, Plan};
use crate::version::Version;

/// Hears of events, from many threads.
pub trait Reporter: Sync {
    /// Takes one event.
    fn report(&self, event: Event<'_>);

    /// Takes one step of a session.
    fn step(&self, step: SessionEvent<'_>) {
        self.report(Event::Session(step));
    }

    /// Tells whether [`Event::Startup`] matters. Where it does not, an environment that is as it should be is not searched for
    /// such files, which would take longer than all the rest.
    fn hears_of_startup(&self) -> bool {
        true
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _event: Event<'_>) {}

    fn hears_of_startup(&self) -> bool {
        false
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A session goes on to its next step.
    Session(SessionEvent<'a>),
    /// The address and size of a file became known; it will be downloaded.
    DownloadAnnounced {
        /// The file's name.
        file: &'a str,
        /// Its size in bytes, where the index or server says it.
        n_bytes: Option<u64>,
    },
    /// Bytes of some download arrived (or, after a retry, are taken back: negative).
    BytesReceived {
        /// How many since the last such event of that download.
        n_bytes: i64,
    },
    /// Another process is fetching the file; it is waited for.
    Awaiting {
        /// The file's name.
        file: &'a str,
    },
    /// Another process is building the wheel of the package; it is waited for.
    AwaitingBuild {
        /// The package.
        name: &'a PackageName,
    },
    /// A file was downloaded, or is in the cache, and has the locked digest.
    Fetched {
        /// The file's name.
        file: &'a str,
        /// Whether it was in the cache.
        from_cache: bool,
    },
    /// A file of this machine has the locked digest.
    Found {
        /// The file's name.
        file: &'a str,
        /// Where it is.
        path: &'a Path,
    },
    /// A commit of a git repository is fetched.
    CheckingOut {
        /// The repository, without credentials.
        repository: &'a str,
        /// The whole name of the commit.
        commit: &'a str,
    },
    /// The files of a commit are on this machine.
    CheckedOut {
        /// The repository, without credentials.
        repository: &'a str,
        /// The whole name of the commit.
        commit: &'a str,
        /// Whether they were in the cache.
        from_cache: bool,
    },
    /// The wheel of a package is being built; build requirements that have none are packages, too.
    Building {
        /// The package.
        name: &'a PackageName,
    },
    /// The wheel of a package was built.
    Built {
        /// The package.
        name: &'a PackageName,
    },
    /// A request failed and will be made again.
    Retrying {
        /// What was asked for: a file's or a package's name.
        what: &'a str,
        /// Why it failed.
        cause: &'a str,
    },
    /// A distribution's files are all in place.
    Installed {
        /// Its name.
        name: &'a PackageName,
        /// Its version.
        version: &'a Version,
    },
    /// What a distribution is installed from is in the wheelhouse.
    Stocked {
        /// Its name.
        name: &'a PackageName,
        /// Its version.
        version: &'a Version,
    },
    /// A distribution was removed.
    Removed {
        /// Its name.
        name: &'a PackageName,
        /// Its version.
        version: &'a Version,
    },
    /// An index was asked for what it offers of a package, to hold that against the lock.
    Verified {
        /// The package.
        name: &'a PackageName,
    },
    /// Python will run code of this file whenever it starts.
    Startup(&'a StartupFile),
    /// Files of an environment were compared with what RECORDs have.
    Compared {
        /// So many more.
        n_files: usize,
    },
    /// Something to report at the end, once.
    Warning(Warning),
}

/// One step of a session.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SessionEvent<'a> {
    /// Another process changes the environment; it is waited for.
    AwaitingEnvironment {
        /// The environment's folder.
        root: &'a Path,
    },
    /// An environment that has to be made again was made, wholly or in part, at another place or on another machine.
    MadeElsewhere {
        /// The environment's folder.
        root: &'a Path,
        /// What shows it.
        reason: &'a str,
    },
    /// A change that was interrupted left something of a distribution.
    Leftover {
        /// The distribution's name and version, such as `acme-1.0`.
        name: &'a str,
        /// Whether it is removed now, and not only would be.
        is_removed: bool,
    },
    /// An environment will be made.
    Creating {
        /// The project's name.
        name: &'a PackageName,
        /// The environment's folder.
        root: &'a Path,
    },
    /// An environment that cannot be used will be made again.
    Recreating {
        /// The project's name.
        name: &'a PackageName,
        /// The environment's folder.
        root: &'a Path,
        /// Why.
        reason: &'a str,
    },
    /// It is known what will change.
    Planned {
        /// The changes.
        plan: &'a Plan,
        /// The name of the project, if it is among what is installed.
        project: Option<&'a PackageName>,
    },
    /// A distribution of the project is built next.
    BuildingDistribution {
        /// Its format.
        format: DistributionFormat,
    },
    /// A distribution of the project is in its folder.
    DistributionBuilt {
        /// Its path.
        path: &'a Path,
    },
    /// It is known what a wheelhouse lacks.
    Downloading {
        /// What will be put there.
        missing: &'a [&'a Distribution],
    },
    /// Nothing more is put in place: all of the plan is, or an error follows.
    WorkEnded,
    /// A copy in the cache was damaged and is gone; everything begins again, and it will be fetched.
    DamagedCopy {
        /// A file's name or path.
        name: &'a str,
    },
    /// Another process changed the cache meanwhile; everything begins again.
    CacheRaced,
    /// Another process made the environment meanwhile; everything begins again.
    EnvironmentRaced,
}

/// The formats in which a project is distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistributionFormat {
    /// A source distribution.
    Sdist,
    /// A wheel.
    Wheel,
}

impl fmt::Display for DistributionFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sdist => "sdist",
            Self::Wheel => "wheel",
        })
    }
}

/// Something that is not as it should be, and did not stop the work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Warning {
    /// A wheel has a flaw that does not matter for what is installed.
    Wheel {
        /// What is wrong.
        flaw: WheelFlaw,
        /// The wheel's file name.
        wheel: String,
        /// The file, as the archive or RECORD names it, or the script.
        path: String,
    },
    /// Two distributions hold different bytes under one path.
    Conflict {
        /// The path, relative to the environment.
        path: String,
        /// The distribution whose file did not stay, such as `acme-a 1.0`.
        dropped: String,
        /// The distribution whose file stayed.
        kept: String,
    },
    /// A script or data file takes the place of another one, which no distribution lists.
    Overwritten {
        /// The path, relative to the environment.
        path: String,
        /// The distribution that brings the new file, such as `acme 1.0`.
        distribution: String,
    },
    /// A module cannot be compiled to bytecode; Python will say so when it is imported.
    NotCompiled {
        /// The distribution, such as `acme 1.0`.
        distribution: String,
        /// The module's path, relative to the environment.
        path: String,
        /// What the interpreter says.
        reason: String,
    },
    /// A locked file was withdrawn from its index (PEP 592).
    Yanked {
        /// The file's name.
        file: String,
        /// The reason that the index gives; may be empty.
        reason: String,
    },
    /// A lock lists no file of these packages: what their indexes have is installed.
    Unlisted {
        /// The packages, such as `acme 1.0`.
        packages: Vec<String>,
    },
    /// A lock lists no digest of the archives of these packages, which have URLs or paths of their own.
    Unproven {
        /// The packages, such as `acme 1.0`.
        packages: Vec<String>,
    },
    /// The best of the locked files is not there: the next best one is taken.
    NextBest {
        /// The file that is not there as locked.
        file: String,
        /// The index that lacks it; `None` where only the cache could be asked.
        index: Option<String>,
        /// The file that is taken.
        next: String,
    },
    /// git-lfs is not on `PATH`, and a repository leaves files to it.
    LfsPointers {
        /// The repository, without credentials.
        repository: String,
    },
    /// The wheel of a folder is one that was built earlier, in a wheelhouse.
    BuiltEarlier {
        /// The package.
        package: String,
        /// The wheel.
        wheel: PathBuf,
    },
    /// Files do not go to the cache.
    CacheNotWritten {
        /// The folder or file that cannot be written.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The cache folder belongs to another user: it is only read, and each file is hashed again.
    CacheOfAnotherUser {
        /// The cache folder.
        path: PathBuf,
        /// The number of its owner.
        owner: u32,
    },
}

/// A flaw of a wheel that does not matter for what is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WheelFlaw {
    /// RECORD does not list a file of its wheel.
    NotInRecord,
    /// RECORD lists a file that its wheel does not contain.
    MissingFromWheel,
    /// The content of a file does not have the digest or size that its wheel's RECORD gives. The locked digest of the wheel
    /// proves it.
    RecordDiffers,
    /// RECORD lists a file again, with another digest or size.
    RecordRepeats,
    /// RECORD lists a file with a digest that proves nothing, such as MD5 or SHA-1.
    WeakDigest,
    /// RECORD spells a digest in standard base64 where URL-safe base64 belongs.
    DigestSpelling,
    /// An archive contains a file more than once, with the same bytes and mode.
    RepeatedEntry,
    /// `entry_points.txt` has a script more than once, for the same object.
    RepeatedScript,
}

impl Warning {
    /// Returns what the warning is about: a wheel's file name, a distribution (and the one that it lost a file to), a file.
    pub fn subject(&self) -> (Cow<'_, str>, &str) {
        let subject = match self {
            Self::Wheel { wheel, .. } => wheel,
            Self::Conflict { dropped, kept, .. } => return (dropped.into(), kept),
            Self::Overwritten { distribution, .. } | Self::NotCompiled { distribution, .. } => {
                distribution
            }
            Self::Yanked { file, .. } | Self::NextBest { file, .. } => file,
            Self::Unlisted { .. } | Self::Unproven { .. } => return ("poetry.lock".into(), ""),
            Self::LfsPointers { repository } => repository,
            Self::BuiltEarlier { package, .. } => package,
            Self::CacheNotWritten { path, .. } | Self::CacheOfAnotherUser { path, .. } => {
                return (path.to_string_lossy(), "");
            }
        };
        (subject.into(), "")
    }
}

impl WheelFlaw {
    /// All flaws.
    pub const ALL: [Self; 8] = [
        Self::NotInRecord,
        Self::MissingFromWheel,
        Self::RecordDiffers,
        Self::RecordRepeats,
        Self::WeakDigest,
        Self::DigestSpelling,
        Self::RepeatedEntry,
        Self::RepeatedScript,
    ];

    /// Returns what is said before and after the path.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotInRecord => ("contains", ", which its RECORD does not list"),
            Self::MissingFromWheel => ("lists", " in its RECORD but does not contain it"),
            Self::RecordDiffers => ("contains", ", which does not match its RECORD entry"),
            Self::RecordRepeats => ("lists", " in its RECORD again, with another digest or size"),
            Self::WeakDigest => ("lists", " in its RECORD with a digest that proves nothing"),
            Self::DigestSpelling => ("lists", " in its RECORD with a digest in standard base64"),
            Self::RepeatedEntry => ("contains", " more than once"),
            Self::RepeatedScript => ("has the script", " more than once in its entry_points.txt"),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wheel { flaw, wheel, path } => {
                let (before, after) = flaw.words();
                write!(formatter, "`{wheel}` {before} `{path}`{after}")
            }
            Self::Conflict {
                path,
                dropped,
                kept,
            } => write!(
                formatter,
                "`{path}` differs between `{dropped}` and `{kept}`; kept the one from `{kept}`"
            ),
            Self::Overwritten { path, distribution } => write!(
                formatter,
                "`{distribution}` replaces `{path}`, which no package lists"
            ),
            Self::NotCompiled {
                distribution,
                path,
                reason,
            } => write!(
                formatter,
                "`{path}` of `{distribution}` was not compiled: {reason}"
            ),
            Self::Yanked { file, reason } => formatter.write_str(&yanked(file, reason)),
            Self::Unlisted { packages } => write!(
                formatter,
                "poetry.lock lists no file of {}: what the index has is installed, which only the index itself proves",
                some_of(packages)
            ),
            Self::Unproven { packages } => write!(
                formatter,
                "poetry.lock has no digest of the archive of {}: nothing proves what is installed",
                some_of(packages)
            ),
            Self::NextBest { file, index, next } => {
                formatter.write_str(&next_best(file, index.as_deref(), next))
            }
            Self::LfsPointers { repository } => write!(
                formatter,
                "files of {repository} are kept by git-lfs, which is not on PATH: pointers were installed in their place"
            ),
            Self::BuiltEarlier { package, wheel } => write!(
                formatter,
                "`{package}` is installed from `{}`, which was built earlier: later changes of its folder are not in it",
                wheel.display()
            ),
            Self::CacheNotWritten { path, cause } => write!(
                formatter,
                "nothing is cached, because `{}` cannot be written: {cause}",
                path.display()
            ),
            Self::CacheOfAnotherUser { path, owner } => write!(
                formatter,
                "the cache `{}` belongs to user {owner}: it is only read, and each file is hashed again",
                path.display()
            ),
        }
    }
}

fn yanked(file: &str, reason: &str) -> String {
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("`{file}` was yanked from its index{colon}{reason}")
}

fn next_best(file: &str, index: Option<&str>, next: &str) -> String {
    let lack = match index {
        Some(index) => format!("index `{index}` does not offer the locked `{file}`"),
        None => format!("`{file}` is not in the cache"),
    };
    format!("{lack}: `{next}`, which is locked as well, is installed instead")
}

/// Names the first of many.
fn some_of(names: &[String]) -> String {
    let n_named = if names.len() > 4 { 3 } else { names.len() };
    let named = names[..n_named].join(", ");
    match names.len() - n_named {
        0 => named,
        n_more => format!("{named} and {n_more} more"),
    }
}
