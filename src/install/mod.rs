//! Puts verified wheels into an environment, by the [binary distribution format] (PEP 427), and takes distributions out.
//!
//! Everything before this module decided; here nothing is chosen but what the files themselves leave open (which of two
//! wheels that hold different bytes under one path stays: the one whose name comes last). Downloading and building is
//! `prepare`'s work, creating and publishing the folder that is written to is `environment`'s.
//!
//! Files are unpacked by a pool of threads while the caller's iterator waits for more; each byte is written once, in
//! place, and hashed in the same pass. A new environment is written into a folder that nobody else looks at, so an error
//! leaves nothing behind once that folder is removed.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/

mod bytecode;
mod change;
mod compile_choice;
mod error;
mod existing;
mod fresh;
mod installation;
mod kept;
mod notice;
mod place;
mod pool;
#[cfg(test)]
mod scene;
mod startup;
mod unpack;
mod unpacking;
mod unshared;
mod warnings;

use std::path::PathBuf;

use crate::archive::SizeLimits;
use crate::environment::Layout;
use crate::event::Warning;
use crate::filename::WheelFilename;
use crate::plan::DistributionId;
use crate::project_wheel::BuiltWheel;
use crate::store::{KeptWheel, PrivateCache, VerifiedFile};
use crate::wheel::Leniency;

pub use change::complete::{Need, Unfinished, complete, unfinished};
pub(crate) use change::ground::normal;
pub use change::loser::losers;
pub use compile_choice::CompileChoice;
pub use error::Error;
pub use installation::Installation;
pub use kept::{Finder, KeptWheels, unpacked};
pub(crate) use place::pycache::source_of as source_of_bytecode;
pub use pool::FilePool;
pub use startup::{refuse as refuse_startup, startup_files};

pub use crate::store::{KeptForm, LinkMode};

/// A wheel of the plan that is ready to be put in place.
#[derive(Debug)]
pub struct PreparedWheel {
    /// The distribution of the plan that it is.
    pub id: DistributionId,
    /// What its file is called: as planned, or as it was built.
    pub file: WheelFilename,
    /// What it holds.
    pub content: WheelContent,
    /// Whether it was in the cache.
    pub from_cache: bool,
}

/// What a wheel holds.
#[derive(Debug)]
pub enum WheelContent {
    /// The archive.
    Archive(VerifiedFile),
    /// Its files, which the cache has unpacked.
    Kept(Box<KeptWheel>),
    /// Files of a project, which never were an archive.
    Built(Box<BuiltWheel>),
}

impl WheelContent {
    /// The size of the archive, or of what it held; 0 where nobody has looked at the files.
    fn n_bytes(&self) -> u64 {
        match self {
            Self::Archive(file) => file.n_bytes(),
            Self::Kept(wheel) => {
                let files = wheel.listing.files.iter();
                files.map(|file| file.n_bytes).sum()
            }
            Self::Built(_) => 0,
        }
    }
}

/// The folder that is written to, and what is known of it.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The environment as it can be written to now, absolute: the hidden folder of a new one, or an existing one itself.
    pub folder: PathBuf,
    /// Where the environment will live, absolute. Bytecode records this path; nothing else does.
    pub root: PathBuf,
    /// The interpreter that the environment is made of, absolute: the one that its `python` is a link to. Scripts start it.
    pub interpreter: PathBuf,
    /// The places inside.
    pub layout: Layout,
    /// Whether others may look at `folder` already.
    pub kind: DestinationKind,
}

/// Whether an environment is new or in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    /// Nobody looks at the folder before it is published: files are created in place.
    Fresh,
    /// The environment is in use: each distribution is staged, then moved into place.
    Existing {
        /// An empty folder in the environment, absolute, which the caller removes.
        staging: PathBuf,
    },
}

/// How to install.
#[derive(Clone, Debug)]
pub struct InstallOptions {
    /// Whether what is otherwise a warning about a wheel is an error.
    pub strict: bool,
    /// Whether code that runs whenever Python starts is an error.
    pub refuses_startup: bool,
    /// The rules about wheels that are lifted.
    pub leniency: Leniency,
    /// What a wheel may unpack to.
    pub limits: SizeLimits,
    /// The interpreter that compiles bytecode, absolute; `None` compiles nothing.
    pub compile: Option<crate::bytecode::CompileSettings>,
    /// Whose modules it compiles.
    pub compiled: CompileChoice,
    /// How files of the cache come into the environment.
    pub link_mode: LinkMode,
    /// How the cache keeps wheels that are installed now.
    pub kept_form: KeptForm,
    /// The cache that keeps unpacked wheels; `None` keeps nothing.
    pub cache: Option<PrivateCache>,
    /// What INSTALLER says.
    pub installer_name: String,
    /// The date of what has none in a wheel: folders, scripts, metadata and bytecode. In seconds since 1970.
    pub date: i64,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many distributions came new.
    pub n_installs: usize,
    /// How many took the place of another version or file.
    pub n_updates: usize,
    /// How many were taken out.
    pub n_removals: usize,
    /// What was not as it should be, in order and without repetition; each was also reported as an event.
    pub warnings: Vec<Warning>,
}

/// Carries out the plan: installs each wheel as it arrives, and removes what the plan removes.
///
/// Every distribution that the plan installs or replaces has to arrive, in any order; files and warnings do not depend
/// on that order. The iterator may block; the threads of the pool work meanwhile.
///
/// # Errors
///
/// The first error of the iterator or of the work itself. A fresh destination is then incomplete and must not be
/// published; an existing one holds each distribution as it was, or new, or without RECORD, which [`complete`] completes.
pub fn install<E: From<Error>>(
    installation: Installation<'_>,
    arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
) -> Result<Report, E> {
    match &installation.destination.kind {
        DestinationKind::Fresh => fresh::install(installation, arrivals),
        DestinationKind::Existing { staging } => existing::install(installation, staging, arrivals),
    }
}
