//! Where things are below a cache folder: the one place that knows the names of its files and folders.
//!
//! A name follows from what is kept and its [`Key`]. Nothing in place is ever changed. What an older version of this
//! program kept under the same names is read as it was; what changes its meaning gets another folder for the version.

use std::path::{Path, PathBuf};

use crate::digest::{Algorithm, Digest};

/// Changes when the meaning of what is below it does.
const VERSION: &str = "v1";
const DRAFTS: &str = "tmp";
const CLAIMS: &str = "claims";
const USERS: &str = "users";

/// See the [cache directory tagging specification](https://bford.info/cachedir/).
pub(super) const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This folder is a cache of lock2venv; it can be removed at any time.\n";

/// What a cache keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Files as they were downloaded, by their digest.
    Archives,
    /// What proves the modes in an archive's directory, by the archive's digest.
    Directories,
    /// Where a file of an index was found, by the index, its name and its digest.
    Addresses,
    /// Unpacked wheels, by the digest of the wheel.
    Wheels,
    /// Bytecode of a wheel, by the interpreter and the digest of the wheel.
    Bytecode,
    /// Answers of interpreters, by the path of the interpreter.
    Interpreters,
    /// Wheels that were built here, by what they were built of.
    Built,
    /// Check-outs of repositories, by the repository and the commit.
    Checkouts,
    /// What is known of files that were build requirements, by the project and the digest of the file.
    Requirements,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Archives,
        Self::Directories,
        Self::Addresses,
        Self::Wheels,
        Self::Bytecode,
        Self::Interpreters,
        Self::Built,
        Self::Checkouts,
        Self::Requirements,
    ];

    fn folder(self) -> &'static str {
        match self {
            Self::Archives => "archives",
            Self::Directories => "directories",
            Self::Addresses => "addresses",
            // So called since before wheels were all that is kept unpacked.
            Self::Wheels => "trees",
            Self::Bytecode => "bytecode",
            Self::Interpreters => "interpreters",
            Self::Built => "built",
            Self::Checkouts => "checkouts",
            Self::Requirements => "requirements",
        }
    }
}

/// What something is kept under: its digest, or that of the question that it answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    digest: Digest,
    /// For whom alone it is, such as an interpreter.
    scope: Option<String>,
}

impl Key {
    /// The key of what has, or follows from what has, `digest`.
    pub fn of(digest: &Digest) -> Self {
        Self {
            digest: digest.clone(),
            scope: None,
        }
    }

    /// The key of the answer to a question.
    pub fn of_question(question: &[u8]) -> Self {
        Self::of(&Digest::of(Algorithm::Sha256, question))
    }

    /// The same for `scope` alone, the name of a folder.
    #[must_use]
    pub fn within(self, scope: String) -> Self {
        Self {
            scope: Some(scope),
            ..self
        }
    }

    /// The digest as hexadecimal.
    pub(super) fn hex(&self) -> String {
        self.digest.hex()
    }

    /// The path below the folder of a kind.
    fn path(&self, kind: Kind) -> String {
        let hex = self.hex();
        let path = match kind {
            // The size follows, with a full stop.
            Kind::Archives => format!("{}/{}/{hex}", self.digest.algorithm().name(), &hex[..2]),
            Kind::Addresses => format!("{}/{hex}", &hex[..2]),
            Kind::Directories
            | Kind::Wheels
            | Kind::Built
            | Kind::Checkouts
            | Kind::Requirements => self.name(),
            Kind::Bytecode => format!("{hex}.pack"),
            Kind::Interpreters => format!("{}.json", &hex[..32]),
        };
        match &self.scope {
            Some(scope) => format!("{scope}/{path}"),
            None => path,
        }
    }

    fn name(&self) -> String {
        format!("{}-{}", self.digest.algorithm().name(), self.hex())
    }
}

/// Where something is, or will be, and where it is written before.
#[derive(Clone, Debug)]
pub(crate) struct StorePlace {
    pub(super) path: PathBuf,
    pub(super) drafts: PathBuf,
}

impl StorePlace {
    /// Removes the file there, which turned out to be damaged.
    pub(crate) fn discard(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A cache folder by its place. Naming it creates nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    dir: PathBuf,
    root: PathBuf,
}

impl Layout {
    pub(super) fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            root: dir.join(VERSION),
        }
    }

    /// The cache folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder that all files of this version are in.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file that says that the folder is a cache.
    pub(super) fn tag(&self) -> PathBuf {
        self.dir.join("CACHEDIR.TAG")
    }

    /// The folder of what is being written.
    pub(super) fn drafts(&self) -> PathBuf {
        self.root.join(DRAFTS)
    }

    /// The folder of claims.
    pub(super) fn claims(&self) -> PathBuf {
        self.root.join(CLAIMS)
    }

    /// The folder of those who use the cache.
    pub(super) fn users(&self) -> PathBuf {
        self.root.join(USERS)
    }

    /// The file whose lock is the claim to fetch what has `key`.
    pub(super) fn claim(&self, key: &Key) -> PathBuf {
        self.claims().join(key.name())
    }

    /// The folder of all of one kind.
    pub(super) fn folder(&self, kind: Kind) -> PathBuf {
        self.root.join(kind.folder())
    }

    /// Where the one with `key` is; for an archive, but for its size.
    pub(super) fn place(&self, kind: Kind, key: &Key) -> PathBuf {
        let mut path = self.folder(kind);
        path.push(key.path(kind));
        path
    }

    /// As [`Layout::place`], for what is written in pieces.
    pub(super) fn store_place(&self, kind: Kind, key: &Key) -> StorePlace {
        StorePlace {
            path: self.place(kind, key),
            drafts: self.drafts(),
        }
    }

    /// The folders that every cache has, whatever it keeps.
    pub(super) fn always(&self) -> [PathBuf; 3] {
        [
            self.folder(Kind::Archives),
            self.folder(Kind::Addresses),
            self.drafts(),
        ]
    }

    /// Tells whether this program makes a folder of this name below the folder of the version.
    pub(super) fn is_own(name: &std::ffi::OsStr) -> bool {
        let is_kind = Kind::ALL.iter().any(|kind| name == kind.folder());
        is_kind || name == DRAFTS || name == CLAIMS || name == USERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn place(kind: Kind, key: &Key, expected: &str) {
        let layout = Layout::at(Path::new("/cache"));
        let expected = expected.replace('H', &key.hex());
        let expected = expected.replace('S', &key.hex()[..2]);
        assert_eq!(
            layout.place(kind, key),
            Path::new("/cache/v1").join(expected)
        );
    }

    #[test]
    fn names_are_those_that_earlier_versions_gave() {
        let key = Key::of(&Digest::of(Algorithm::Sha512, b"a wheel"));
        place(Kind::Archives, &key, "archives/sha512/S/H");
        place(Kind::Directories, &key, "directories/sha512-H");
        place(Kind::Wheels, &key, "trees/sha512-H");
        let packed = key.within("cpython-311-0a0d0da7".to_owned());
        place(
            Kind::Bytecode,
            &packed,
            "bytecode/cpython-311-0a0d0da7/H.pack",
        );
        let question = Key::of_question(b"index\nfile\nsha256:00");
        place(Kind::Addresses, &question, "addresses/S/H");
        let answer = Key::of_question(b"/usr/bin/python3");
        let name = format!("interpreters/{}.json", &answer.hex()[..32]);
        place(Kind::Interpreters, &answer, &name);
    }

    #[test]
    fn what_is_built_or_checked_out_has_its_room() {
        let built = Key::of_question(b"sha256:00 of a source, and what built it");
        place(Kind::Built, &built, "built/sha256-H");
        let checkout = Key::of_question(b"https://git.example/acme\n0123abc");
        place(Kind::Checkouts, &checkout, "checkouts/sha256-H");
        let file = Key::of(&Digest::of(Algorithm::Sha256, b"a wheel"));
        let file = file.within("0a0d".to_owned());
        place(Kind::Requirements, &file, "requirements/0a0d/sha256-H");
    }

    #[test]
    fn folders_of_all_kinds_are_known_as_our_own() {
        let layout = Layout::at(Path::new("/cache"));
        for kind in Kind::ALL {
            let folder = layout.folder(kind);
            assert!(folder.file_name().is_some_and(Layout::is_own), "{kind:?}");
        }
        assert!(!Layout::is_own("mine".as_ref()));
    }
}
