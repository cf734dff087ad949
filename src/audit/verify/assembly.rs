//! Puts the answers together, package by package.

use std::mem;

use super::ask::{Outcome, Site};
use super::judge::{FileUrl, Judged, unasked};
use super::question::{Asked, Wanted};
use super::report::{LockedFile, Offer, Origin, PageFailure, VerifiedPackage};
use crate::index::Index;
use crate::index::simple::ProjectStatus;

/// What is known so far.
pub(super) struct Assembly<'a> {
    sites: &'a [Site],
    outcomes: Vec<Outcome>,
    /// By question: the position of its failure.
    failed: Vec<Option<usize>>,
    pub(super) failures: Vec<PageFailure>,
    /// Where files are, with the positions of their packages.
    pub(super) urls: Vec<(usize, FileUrl)>,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(sites: &'a [Site], mut outcomes: Vec<Outcome>) -> Self {
        let blamed = blamed(sites, &outcomes);
        let mut failures = Vec::new();
        let mut own = vec![None; outcomes.len()];
        for (number, outcome) in outcomes.iter_mut().enumerate() {
            match mem::replace(outcome, Outcome::Skipped) {
                Outcome::Failed(error) => {
                    own[number] = Some(failures.len());
                    let index = sites[number].name.clone();
                    failures.push(PageFailure { index, error });
                }
                other @ (Outcome::Page(_) | Outcome::Absent | Outcome::Skipped) => *outcome = other,
            }
        }
        Self {
            failed: blamed.iter().map(|number| own[*number]).collect(),
            sites,
            outcomes,
            failures,
            urls: Vec::new(),
        }
    }

    /// Says what is known of a package; `position` is its own in the plan.
    pub(super) fn package(&mut self, position: usize, wanted: &Wanted<'_>) -> VerifiedPackage {
        let mut package = VerifiedPackage {
            name: wanted.package.name.clone(),
            version: wanted.package.version.clone(),
            origin: self.origin(wanted),
            status: ProjectStatus::Active,
            status_reason: None,
            files: wanted.files.iter().map(unasked).collect(),
            not_locked: Vec::new(),
            failure: None,
            has_left: false,
        };
        let Asked::Page(number) = wanted.asked else {
            return package;
        };
        package.failure = self.failed[number];
        match &mut self.outcomes[number] {
            Outcome::Page(page) => {
                let judged = page.packages.remove(&position).unwrap_or_default();
                package.status.clone_from(&page.status);
                package.status_reason.clone_from(&page.status_reason);
                self.take(position, judged, &mut package);
            }
            Outcome::Absent => package.files.iter_mut().for_each(mark_missing),
            Outcome::Failed(_) | Outcome::Skipped => {}
        }
        package
    }

    fn take(&mut self, position: usize, judged: Judged, package: &mut VerifiedPackage) {
        let urls = judged.urls.into_iter().map(|url| (position, url));
        self.urls.extend(urls);
        package.files = judged.files;
        package.not_locked = judged.not_locked;
    }

    fn origin(&self, wanted: &Wanted<'_>) -> Origin {
        match &wanted.asked {
            Asked::Page(number) => {
                let Site { name, index } = &self.sites[*number];
                Origin::Index {
                    name: name.clone(),
                    url: index.as_ref().map(|index| index.url.clone()),
                }
            }
            Asked::Url(_) => Origin::Url,
            Asked::Nobody(origin) => origin.clone(),
        }
    }
}

fn mark_missing(file: &mut LockedFile) {
    file.offer = Offer::Missing;
}

/// Finds for each question the one whose failure is its own: of one that was skipped, the first of its index that failed.
fn blamed(sites: &[Site], outcomes: &[Outcome]) -> Vec<usize> {
    let key = |number: usize| sites[number].index.as_ref().map(Index::key);
    let is_blamed = |number: usize, skipped: usize| {
        let is_failed = matches!(outcomes[number], Outcome::Failed(_));
        is_failed && key(number) == key(skipped)
    };
    let numbers = outcomes.iter().enumerate().map(|(number, outcome)| {
        let mut others = 0..outcomes.len();
        let found = match outcome {
            Outcome::Skipped => others.find(|other| is_blamed(*other, number)),
            Outcome::Page(_) | Outcome::Absent | Outcome::Failed(_) => None,
        };
        found.unwrap_or(number)
    });
    numbers.collect()
}
