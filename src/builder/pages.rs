//! What the indexes of a project have of one package.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::{Builder, Error, Settings};
use crate::filename::DistributionFilename;
use crate::http::Network;
use crate::index::{self, Index, IndexSession, ProjectFile};
use crate::name::PackageName;
use crate::plan::IndexSource;
use crate::pyproject::{Priority, ProjectSource, path_to_url};
use crate::resolve;
use crate::url::Url;

/// The files of a package, from all indexes that have it.
#[derive(Debug, Default)]
pub(super) struct ProjectPage {
    files: BTreeMap<String, ListedFile>,
}

/// A file, and the index that has it.
#[derive(Debug)]
pub(super) struct ListedFile {
    pub(super) index: Index,
    pub(super) file: ProjectFile,
}

/// An index, and whether it is asked only where those before have nothing.
pub(super) struct AskedIndex {
    source: Option<IndexSource>,
    is_supplemental: bool,
}

impl AskedIndex {
    fn of(source: &ProjectSource) -> Option<Self> {
        let is_supplemental = match source.priority {
            Priority::Primary => false,
            Priority::Supplemental => true,
            Priority::Explicit => return None,
        };
        let index = source.url.as_ref().map(|url| IndexSource {
            name: source.name.clone(),
            url: url.clone(),
        });
        Some(Self {
            source: index,
            is_supplemental,
        })
    }
}

impl ProjectPage {
    /// Finds a file by its name.
    pub(super) fn file(&self, name: &str) -> Option<&ListedFile> {
        self.files.get(name)
    }

    /// The files as the resolver wants them; `None` when no index has the package. What is named as no distribution, or as
    /// another package's, is left out, and so is what `settings` forbid.
    pub(super) fn candidates(
        &self,
        package: &PackageName,
        settings: &Settings,
    ) -> Option<Vec<resolve::ProjectFile>> {
        if self.files.is_empty() {
            return None;
        }
        let candidates = self.files.values().filter_map(|listed| {
            let filename = DistributionFilename::parse(&listed.file.name).ok()?;
            let is_candidate = filename.name() == package && !settings.forbids(&filename);
            is_candidate.then(|| resolve::ProjectFile {
                filename,
                requires_python: listed.file.requires_python.clone(),
                is_yanked: listed.file.file.yanked.is_some(),
                has_metadata: listed.file.core_metadata.is_some(),
            })
        });
        Some(candidates.collect())
    }

    /// Adds what is not there yet.
    fn add_all(&mut self, other: Self) {
        for (name, listed) in other.files {
            self.files.entry(name).or_insert(listed);
        }
    }

    /// The first index that lists a name counts, as with Poetry.
    pub(super) fn add(&mut self, index: &Index, files: Vec<ProjectFile>) {
        for file in files {
            if let Entry::Vacant(place) = self.files.entry(file.name.clone()) {
                let index = index.clone();
                place.insert(ListedFile { index, file });
            }
        }
    }
}

impl Builder<'_> {
    /// Adds what the folders of the user have of `package`.
    fn add_local(&self, page: &mut ProjectPage, package: &PackageName) -> Result<(), Error> {
        let files = self.settings.local_files.iter();
        let files = files.filter_map(|(name, path)| {
            let parsed = DistributionFilename::parse(name).ok()?;
            let url = Url::parse(&path_to_url(path)).ok()?;
            (parsed.name() == package).then(|| ProjectFile::at(name, url))
        });
        let files: Vec<_> = files.collect();
        if !files.is_empty() {
            page.add(&self.tools.client.index(None)?, files);
        }
        Ok(())
    }

    /// The indexes in the order in which they are asked.
    pub(super) fn indexes(&self) -> Vec<AskedIndex> {
        let sources = self.settings.sources.iter();
        let indexes: Vec<_> = sources.filter_map(AskedIndex::of).collect();
        if !indexes.is_empty() {
            return indexes;
        }
        vec![AskedIndex {
            source: None,
            is_supplemental: false,
        }]
    }

    /// What tells the index from others, or nothing where its address makes no sense.
    pub(super) fn index_key(&self, asked: &AskedIndex) -> Option<String> {
        let index = self.tools.client.index(asked.source.as_ref()).ok()?;
        Some(index.key().to_owned())
    }

    /// Asks the indexes for what they have of `package`, once.
    pub(super) fn page(
        &self,
        session: &mut IndexSession<'_>,
        package: &PackageName,
    ) -> Result<Arc<ProjectPage>, Error> {
        self.pages
            .get_or_make(package, || self.ask(session, package).map(Arc::new))
    }

    fn ask(
        &self,
        session: &mut IndexSession<'_>,
        package: &PackageName,
    ) -> Result<ProjectPage, Error> {
        let mut page = ProjectPage::default();
        self.add_local(&mut page, package)?;
        if self.settings.network == Network::Offline {
            page.add_all(self.recorded_page(package));
            return Ok(page);
        }
        let mut is_offered = false;
        for asked in self.indexes() {
            if asked.is_supplemental && is_offered {
                break;
            }
            let index = self.tools.client.index(asked.source.as_ref())?;
            match session.list(&index, package) {
                Ok(detail) => {
                    is_offered |= !detail.files.is_empty();
                    page.add(&index, detail.files);
                }
                Err(index::Error::NoPackage { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(page)
    }
}
