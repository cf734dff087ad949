//! What kind of archive a file name announces.

/// Endings of archives that Python's `tarfile` reads. It does not read `.tar.Z`.
const TAR_ENDINGS: [&str; 7] = [
    ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar",
];

const ZIP_ENDING: &str = ".zip";

/// The kind of an archive, and its file name without the ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format<'a> {
    Tar { stem: &'a str },
    Zip { stem: &'a str },
}

impl<'a> Format<'a> {
    pub(super) fn of(file_name: &'a str) -> Option<Self> {
        if let Some(stem) = file_name.strip_suffix(ZIP_ENDING) {
            return Some(Self::Zip { stem });
        }
        let mut stems = TAR_ENDINGS
            .iter()
            .filter_map(|ending| file_name.strip_suffix(ending));
        stems.next().map(|stem| Self::Tar { stem })
    }

    pub(super) fn stem(self) -> &'a str {
        match self {
            Self::Tar { stem } | Self::Zip { stem } => stem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_reads_the_archive() {
        let tar = |stem| Some(Format::Tar { stem });
        assert_eq!(Format::of("a-1.0.tar.gz"), tar("a-1.0"));
        assert_eq!(Format::of("a-1.0.tar.xz"), tar("a-1.0"));
        assert_eq!(Format::of("a-1.0.tgz"), tar("a-1.0"));
        assert_eq!(Format::of("main.zip"), Some(Format::Zip { stem: "main" }));
        assert_eq!(Format::of("a-1.0.tar.Z"), None);
        assert_eq!(Format::of("a-1.0-py3-none-any.whl"), None);
    }
}
