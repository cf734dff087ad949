//! What there is to choose from without the network: the files that earlier builds required, as far as the cache has them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Builder;
use super::pages::{ListedFile, ProjectPage};
use super::workplace::KeptCache;
use crate::digest::Digest;
use crate::index::{IndexFile, ProjectFile};
use crate::name::{ExtraName, PackageName};
use crate::resolve::CandidateMetadata;
use crate::store::Key;
use crate::url::Url;

/// Changes when records of earlier versions cannot be used.
const FORM: u32 = 1;

/// What is recorded of a file.
#[derive(Serialize, Deserialize)]
struct Record {
    file: String,
    digests: Vec<String>,
    requires_python: Option<String>,
    is_yanked: bool,
    /// That of its METADATA.
    metadata: RecordedMetadata,
}

#[derive(Serialize, Deserialize)]
struct RecordedMetadata {
    requires_dist: Vec<String>,
    requires_python: Option<String>,
    provides_extra: Vec<String>,
}

impl Builder<'_> {
    /// Records a file that was chosen. What cannot be recorded is looked up again.
    pub(super) fn record(
        &self,
        package: &PackageName,
        listed: &ListedFile,
        metadata: &CandidateMetadata,
    ) {
        let Some(kept) = self.kept_cache().filter(|kept| kept.cache.is_written()) else {
            return;
        };
        let file = &listed.file;
        let (Some(private), Some(digest)) = (&kept.private, file.file.digests.first()) else {
            return;
        };
        let record = Record {
            file: file.name.clone(),
            digests: file.file.digests.iter().map(Digest::to_string).collect(),
            requires_python: file.requires_python.clone(),
            is_yanked: file.file.yanked.is_some(),
            metadata: metadata.into(),
        };
        if let Ok(text) = serde_json::to_string(&record) {
            let project = self.project_key(package);
            let _ = private.requirement_files().add(&project, digest, text);
        }
    }

    /// Finds the recorded files of `package` that the cache has.
    pub(super) fn recorded_page(&self, package: &PackageName) -> ProjectPage {
        let mut page = ProjectPage::default();
        let kept = self.kept_cache();
        let Some(kept) = kept.filter(|kept| kept.private.is_some()) else {
            return page;
        };
        let index = self.tools.client.index(None);
        let (Ok(index), Some(private)) = (index, &kept.private) else {
            return page;
        };
        let records = private.requirement_files();
        for text in records.list(&self.project_key(package)) {
            if let Ok(record) = serde_json::from_str::<Record>(&text)
                && let Some(file) = self.available(&kept, record)
            {
                page.add(&index, vec![file]);
            }
        }
        page
    }

    /// Makes a listed file of a record, if the cache has the file.
    fn available(&self, kept: &KeptCache, record: Record) -> Option<ProjectFile> {
        let digests = record.digests.iter().map(|digest| Digest::parse(digest));
        let digests: Vec<Digest> = digests.collect::<Option<_>>()?;
        let is_unpacked = |digest: &Digest| {
            let private = kept.private.as_ref();
            private.is_some_and(|private| private.has_wheel(digest))
        };
        let is_there =
            digests.iter().any(is_unpacked) || matches!(kept.cache.find(&digests), Ok(Some(_)));
        let url = place(digests.first().filter(|_| is_there)?)?;
        self.metadata.set(&url, record.metadata.into());
        Some(ProjectFile {
            name: record.file,
            file: IndexFile {
                url,
                n_bytes: None,
                yanked: record.is_yanked.then(String::new),
                upload_time: None,
                digests,
            },
            other_algorithms: Vec::new(),
            requires_python: record.requires_python,
            core_metadata: None,
            provenance: None,
            provenance_fault: None,
        })
    }

    /// What tells the files of a package from those of others, and from those that other indexes have.
    fn project_key(&self, package: &PackageName) -> Key {
        let indexes = self.indexes();
        let indexes = indexes.iter().filter_map(|index| self.index_key(index));
        let text = json!({
            "form": FORM,
            "package": package.as_str(),
            "indexes": indexes.collect::<Vec<_>>(),
        });
        Key::of_question(text.to_string().as_bytes())
    }
}

/// An address that nothing is ever fetched from, in place of the file's own, which may hold a secret.
fn place(digest: &Digest) -> Option<Url> {
    Url::parse(&format!("https://cache.invalid/{}", digest.hex())).ok()
}

impl From<&CandidateMetadata> for RecordedMetadata {
    fn from(metadata: &CandidateMetadata) -> Self {
        let extras = metadata.provides_extra.iter();
        Self {
            requires_dist: metadata.requires_dist.clone(),
            requires_python: metadata.requires_python.clone(),
            provides_extra: extras.map(ToString::to_string).collect(),
        }
    }
}

impl From<RecordedMetadata> for CandidateMetadata {
    fn from(record: RecordedMetadata) -> Self {
        let extras = record.provides_extra.iter();
        Self {
            requires_dist: record.requires_dist,
            requires_python: record.requires_python,
            provides_extra: extras.map(|extra| ExtraName::new(extra)).collect(),
        }
    }
}
