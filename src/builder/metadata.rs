//! What candidates depend on.

use std::fs;
use std::sync::Arc;

use super::fetching::RemoteFile;
use super::pages::ListedFile;
use super::workplace::Workplace;
use super::{Builder, BuiltFile, Error, SourceArchive};
use crate::archive::{Archive, Buffers};
use crate::build::Expected;
use crate::filename::{SdistFilename, WheelFilename};
use crate::index::IndexSession;
use crate::name::PackageName;
use crate::resolve::CandidateMetadata;
use crate::store::VerifiedFile;

/// Far more than the longest description of a package.
const MAX_DOCUMENT_BYTES: u64 = 16 << 20;

/// For whom something is asked.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) workplace: &'a Arc<Workplace>,
    /// Whom it is built for: each package is required by the build of the one before.
    pub(super) chain: &'a [PackageName],
}

/// A wheel that no index has a digest of: it was built here, or is required by its address.
#[derive(Debug)]
pub(super) struct LocalWheel {
    pub(super) file_name: WheelFilename,
    pub(super) file: VerifiedFile,
    pub(super) metadata: CandidateMetadata,
}

impl LocalWheel {
    pub(super) fn read(built: BuiltFile) -> Result<Self, Error> {
        Ok(Self {
            metadata: metadata_in(&built.file, built.file_name.as_str())?,
            file_name: built.file_name,
            file: built.file,
        })
    }
}

impl Builder<'_> {
    /// Returns the metadata of a wheel: what the index offers beside it, or else its own.
    pub(super) fn wheel_metadata(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        listed: &ListedFile,
    ) -> Result<CandidateMetadata, Error> {
        self.metadata.get_or_make(&listed.file.file.url, || {
            if let Some(text) = session.metadata(&listed.index, &listed.file)? {
                return Ok(CandidateMetadata::parse(&text));
            }
            self.with_file(session, asker.workplace, &listed.remote(), |file| {
                metadata_in(file, &listed.file.name)
            })
        })
    }

    /// Returns the metadata of a source distribution: its own where that promises to be the wheel's, else that of the wheel,
    /// which is built.
    pub(super) fn sdist_metadata(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        sdist: &SdistFilename,
        listed: &ListedFile,
    ) -> Result<CandidateMetadata, Error> {
        let url = &listed.file.file.url;
        if let Some(built) = self.nested.get(url) {
            return Ok(built.metadata.clone());
        }
        if let Some(known) = self.metadata.get(url) {
            return Ok(known);
        }
        let expected = expected(sdist);
        let promised = self.with_file(session, asker.workplace, &listed.remote(), |file| {
            let file_name = &listed.file.name;
            self.promised_metadata(asker, &source(file, file_name, &expected))
        })?;
        if let Some(metadata) = promised {
            self.metadata.set(url, metadata.clone());
            return Ok(metadata);
        }
        let built = self.nested_wheel(session, asker, &listed.remote(), &expected)?;
        Ok(built.metadata.clone())
    }

    /// Reads PKG-INFO; `None` when it promises nothing.
    fn promised_metadata(
        &self,
        asker: Asker<'_>,
        archive: &SourceArchive<'_>,
    ) -> Result<Option<CandidateMetadata>, Error> {
        let folder = asker.workplace.build_folder()?;
        let tree = folder.unpack(archive, self.settings.limits)?;
        let text = fs::read_to_string(tree.join("PKG-INFO"));
        Ok(text
            .ok()
            .and_then(|text| CandidateMetadata::parse_sdist(&text).ok()))
    }

    /// Takes the wheel of a source distribution that is a build requirement, once.
    pub(super) fn nested_wheel(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        remote: &RemoteFile,
        expected: &Expected,
    ) -> Result<Arc<LocalWheel>, Error> {
        if let Some(built) = self.nested.get(&remote.url) {
            return Ok(built);
        }
        self.with_file(session, asker.workplace, remote, |file| {
            self.build_nested(asker, &source(file, &remote.name, expected), remote)
        })
    }

    /// Two threads may build the same wheel at once: if one waited for the other, two that need each other's would wait for
    /// ever.
    fn build_nested(
        &self,
        asker: Asker<'_>,
        archive: &SourceArchive<'_>,
        remote: &RemoteFile,
    ) -> Result<Arc<LocalWheel>, Error> {
        let built = self.wheel_in(archive, asker.chain);
        let built = built.map_err(|error| nested(error, archive))?;
        let metadata = metadata_in(&built.file, built.file_name.as_str())?;
        let wheel = Arc::new(LocalWheel {
            file_name: built.file_name,
            file: built.file,
            metadata,
        });
        self.nested.set(&remote.url, Arc::clone(&wheel));
        Ok(wheel)
    }

    /// Takes a wheel that is required by its address.
    pub(super) fn direct_wheel(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        remote: &RemoteFile,
        file_name: &WheelFilename,
    ) -> Result<Arc<LocalWheel>, Error> {
        self.nested.get_or_make(&remote.url, || {
            self.with_file(session, asker.workplace, remote, |file| {
                Ok(Arc::new(LocalWheel {
                    file_name: file_name.clone(),
                    metadata: metadata_in(file, file_name.as_str())?,
                    file: file.again(),
                }))
            })
        })
    }
}

impl ListedFile {
    /// What it takes to download it.
    pub(super) fn remote(&self) -> RemoteFile {
        RemoteFile {
            name: self.file.name.clone(),
            url: self.file.file.url.clone(),
            n_bytes: self.file.file.n_bytes,
            digests: self.file.file.digests.clone(),
            index: Some(self.index.clone()),
        }
    }
}

fn source<'a>(
    file: &'a VerifiedFile,
    file_name: &'a str,
    expected: &'a Expected,
) -> SourceArchive<'a> {
    SourceArchive {
        file,
        file_name,
        subdirectory: None,
        expected,
    }
}

/// What the wheel of a source distribution has to be.
pub(super) fn expected(sdist: &SdistFilename) -> Expected {
    Expected {
        name: sdist.name().clone(),
        version: Some(sdist.version().clone()),
    }
}

/// Says for which build requirement a build failed; not of circles, which name all of theirs, and interruptions.
fn nested(error: Error, archive: &SourceArchive<'_>) -> Error {
    match (&error, &archive.expected.version) {
        (Error::Cycle { .. } | Error::Interrupted, _) | (_, None) => error,
        (_, Some(version)) => Error::Nested {
            name: archive.expected.name.clone(),
            version: version.clone(),
            source: error.into(),
        },
    }
}

pub(super) fn metadata_in(file: &VerifiedFile, name: &str) -> Result<CandidateMetadata, Error> {
    let refused = |source| Error::Wheel {
        file: name.to_owned(),
        source,
    };
    let archive = Archive::read_loose(file.source().clone()).map_err(refused)?;
    let is_metadata = |path: &str| {
        let folder = path.strip_suffix(".dist-info/METADATA");
        folder.is_some_and(|folder| !folder.contains('/'))
    };
    let mut entries = archive.entries().iter();
    let entry = entries.find(|entry| is_metadata(entry.path()));
    let entry = entry.ok_or_else(|| Error::NoMetadata {
        file: name.to_owned(),
    })?;
    let text = archive.document(entry, MAX_DOCUMENT_BYTES, &mut Buffers::default());
    let text = text.map_err(refused)?;
    Ok(CandidateMetadata::parse(&String::from_utf8_lossy(&text)))
}
