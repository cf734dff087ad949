//! The answers to what the resolver asks.

use super::fetching::RemoteFile;
use super::metadata::{Asker, LocalWheel};
use super::{Builder, Error, NestedBuilds};
use crate::build::Expected;
use crate::digest::{Algorithm, Digest};
use crate::filename::{DistributionFilename, WheelFilename, is_wheel};
use crate::index::IndexSession;
use crate::name::PackageName;
use crate::resolve::{Answer, Candidates, ProjectFile, Question, Refusal};
use crate::url::Url;

/// Answers from the indexes of the project.
pub(super) struct IndexCandidates<'b, 'a> {
    pub(super) builder: &'b Builder<'a>,
    pub(super) asker: Asker<'b>,
}

impl Candidates for IndexCandidates<'_, '_> {
    type Error = Error;

    fn answer(&mut self, questions: &[Question]) -> Result<Vec<Answer>, Error> {
        let (builder, asker) = (self.builder, self.asker);
        builder.for_all(questions, |session, question| {
            builder.answer(session, asker, question)
        })
    }
}

impl Builder<'_> {
    fn answer(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        question: &Question,
    ) -> Result<Answer, Error> {
        match question {
            Question::Project(name) => {
                let page = self.page(session, name)?;
                Ok(Answer::Project(page.candidates(name, &self.settings)))
            }
            Question::Metadata { name, file } => self.answer_metadata(session, asker, name, file),
            Question::Direct { name, url } => self.answer_direct(session, asker, name, url),
        }
    }

    fn answer_metadata(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        name: &PackageName,
        file: &ProjectFile,
    ) -> Result<Answer, Error> {
        let page = self.page(session, name)?;
        let Some(listed) = page.file(file.filename.as_str()) else {
            return Ok(Answer::Refused(Refusal::NoMetadata));
        };
        let metadata = match &file.filename {
            DistributionFilename::Wheel(_) => self.wheel_metadata(session, asker, listed),
            DistributionFilename::Sdist(sdist) => {
                self.sdist_metadata(session, asker, sdist, listed)
            }
        };
        match metadata {
            Ok(metadata) => Ok(Answer::Metadata(metadata)),
            // The next version is tried.
            Err(Error::Wheel { .. } | Error::NoMetadata { .. }) => {
                Ok(Answer::Refused(Refusal::NoMetadata))
            }
            Err(error) => Err(error),
        }
    }

    fn answer_direct(
        &self,
        session: &mut IndexSession<'_>,
        asker: Asker<'_>,
        name: &PackageName,
        url: &Url,
    ) -> Result<Answer, Error> {
        if let Some(repository) = url.repository() {
            if let Some(refusal) = self.build_refusal(asker, name) {
                return Ok(Answer::Refused(refusal));
            }
            let wheel = self.repository_wheel(asker, name, url, &repository)?;
            return Ok(answer(&wheel));
        }
        if url.local_path().is_some_and(|path| path.is_dir()) {
            if let Some(refusal) = self.build_refusal(asker, name) {
                return Ok(Answer::Refused(refusal));
            }
            if let Some(wheel) = self.folder_wheel(asker, name, url)? {
                return Ok(answer(&wheel));
            }
        }
        let remote = direct(url)?;
        let wheel = if is_wheel(&remote.name) {
            let Ok(file_name) = WheelFilename::parse(&remote.name) else {
                return Ok(Answer::Refused(Refusal::NoFile));
            };
            let tags = &self.tools.interpreter.target.tags;
            if file_name.name() != name || tags.rank(file_name.tags()).is_err() {
                return Ok(Answer::Refused(Refusal::NoFile));
            }
            self.direct_wheel(session, asker, &remote, &file_name)?
        } else if let Some(refusal) = self.build_refusal(asker, name) {
            return Ok(Answer::Refused(refusal));
        } else {
            let expected = Expected {
                name: name.clone(),
                version: None,
            };
            self.nested_wheel(session, asker, &remote, &expected)?
        };
        Ok(answer(&wheel))
    }

    /// Returns why what is required by its address may not be built, if that is so.
    fn build_refusal(&self, asker: Asker<'_>, name: &PackageName) -> Option<Refusal> {
        if self.settings.nested == NestedBuilds::Forbidden {
            return Some(Refusal::BuildForbidden);
        }
        let is_circle = asker.chain.contains(name);
        is_circle.then_some(Refusal::BuildCycle)
    }
}

fn answer(wheel: &LocalWheel) -> Answer {
    Answer::Direct {
        version: wheel.file_name.version().clone(),
        metadata: wheel.metadata.clone(),
    }
}

/// Returns what is at a direct address, whose fragment may have its digest: a file of a server, or of this machine.
pub(super) fn direct(url: &Url) -> Result<RemoteFile, Error> {
    let is_fetched = matches!(url.scheme(), "http" | "https" | "file");
    let file = url.file_name().filter(|_| is_fetched);
    let file = file.ok_or_else(|| Error::UnsupportedUrl { url: url.clone() })?;
    Ok(RemoteFile {
        name: file,
        url: url.clone(),
        n_bytes: None,
        digests: url.fragment().map(digests).unwrap_or_default(),
        index: None,
    })
}

/// The digests in a fragment, such as `sha256=…` among others.
fn digests(fragment: &str) -> Vec<Digest> {
    let pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
    let digests = pairs
        .filter_map(|(algorithm, hex)| Digest::from_hex(Algorithm::from_name(algorithm)?, hex));
    digests.collect()
}
