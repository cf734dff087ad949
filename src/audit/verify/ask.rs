//! Asks for the pages, and judges each as soon as it is there: thousands of pages need not be kept.

use std::collections::BTreeMap;

use super::judge::{Judged, Page};
use super::question::{Asked, Question, VerifyPlan, Wanted};
use super::reach::Reachability;
use super::workers::Workers;
use crate::event::Event;
use crate::index::simple::ProjectStatus;
use crate::index::{self, Client, Index, IndexSession};

/// Who was asked.
pub(super) struct Site {
    /// The name of the index, or of the source.
    pub(super) name: String,
    /// `None` for a source whose address makes no sense.
    pub(super) index: Option<Index>,
}

/// What came of one question.
pub(super) enum Outcome {
    /// The page, as far as it is about the wanted packages.
    Page(PageAnswer),
    /// The index does not have the project.
    Absent,
    Failed(index::Error),
    /// The index could not be reached for another question, so this one was not asked.
    Skipped,
}

pub(super) struct PageAnswer {
    pub(super) status: ProjectStatus,
    pub(super) status_reason: Option<String>,
    /// By the positions of the packages in the plan.
    pub(super) packages: BTreeMap<usize, Judged>,
}

impl VerifyPlan<'_> {
    /// Asks all questions; who was asked and what came of it are in their order.
    pub(super) fn ask(&self, workers: Workers<'_>) -> (Vec<Site>, Vec<Outcome>) {
        let mut jobs: Vec<Job<'_>> = self.questions.iter().map(Job::new).collect();
        for (position, wanted) in self.packages.iter().enumerate() {
            if let Asked::Page(question) = wanted.asked {
                jobs[question].packages.push((position, wanted));
            }
        }
        let reachability = Reachability::default();
        let answers = workers.for_all(&jobs, Job::server, |session, job| {
            let answer = job.answer(session, workers.client, &reachability);
            let name = job.question.name;
            workers.reporter.report(Event::Verified { name });
            answer
        });
        answers.into_iter().unzip()
    }
}

/// A question, with the packages that it is about and their positions in the plan.
struct Job<'a> {
    question: &'a Question<'a>,
    packages: Vec<(usize, &'a Wanted<'a>)>,
}

impl<'a> Job<'a> {
    fn new(question: &'a Question<'a>) -> Self {
        Self {
            question,
            packages: Vec::new(),
        }
    }

    /// Tells the index from others.
    fn server(&self) -> &str {
        let source = self.question.source.as_ref();
        source.map_or("", |source| &source.name)
    }

    fn answer(
        &self,
        session: &mut IndexSession<'_>,
        client: &Client,
        reachability: &Reachability,
    ) -> (Site, Outcome) {
        let source = self.question.source.as_ref();
        match client.index(source) {
            Ok(index) => {
                let outcome = self.ask(session, &index, reachability);
                let name = index.name.clone();
                let index = Some(index);
                (Site { name, index }, outcome)
            }
            Err(error) => {
                let name = source.map(|source| source.name.clone()).unwrap_or_default();
                (Site { name, index: None }, Outcome::Failed(error))
            }
        }
    }

    fn ask(
        &self,
        session: &mut IndexSession<'_>,
        index: &Index,
        reachability: &Reachability,
    ) -> Outcome {
        if reachability.is_unreachable(index.key()) {
            return Outcome::Skipped;
        }
        let detail = match session.list(index, self.question.name) {
            Ok(detail) => detail,
            Err(error) if reachability.is_known_of(index.key(), &error) => return Outcome::Skipped,
            Err(index::Error::NoPackage { .. }) => return Outcome::Absent,
            Err(error) => return Outcome::Failed(error),
        };
        reachability.has_answered(index.key());
        let page = Page::new(&detail);
        let packages = self.packages.iter();
        let packages = packages.map(|(position, wanted)| (*position, page.judge(wanted)));
        Outcome::Page(PageAnswer {
            packages: packages.collect(),
            status: detail.status,
            status_reason: detail.status_reason,
        })
    }
}
