//! Which index is asked for which packages. Pure.

use super::report::Origin;
use crate::digest::Digest;
use crate::lock::{Location, Package};
use crate::name::PackageName;
use crate::plan::{self, IndexSource, index_source};
use crate::pyproject::ProjectSource;
use crate::url::WrittenUrl;

/// What will be asked.
#[derive(Debug)]
pub struct VerifyPlan<'a> {
    /// Each package once, in the order in which it was given.
    pub(super) packages: Vec<Wanted<'a>>,
    pub(super) questions: Vec<Question<'a>>,
}

/// One page that is asked for.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The index; `None` for PyPI or what replaces it.
    pub(super) source: Option<IndexSource>,
    pub(super) name: &'a PackageName,
}

/// A package, and who is asked for it.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) package: &'a Package,
    pub(super) asked: Asked<'a>,
    pub(super) files: Vec<WantedFile<'a>>,
}

/// Who is asked for a package.
#[derive(Debug)]
pub(super) enum Asked<'a> {
    /// The index of the question at this position.
    Page(usize),
    /// The server of its own URL.
    Url(&'a WrittenUrl),
    /// Nobody, as it is a folder, a repository or on this machine.
    Nobody(Origin),
}

/// A locked file, with all digests that the lock has under its name.
#[derive(Debug)]
pub(super) struct WantedFile<'a> {
    pub(super) name: &'a str,
    pub(super) written: Vec<&'a str>,
    /// Those that prove something.
    pub(super) digests: Vec<Digest>,
}

impl<'a> VerifyPlan<'a> {
    /// Plans to ask for `packages`, each from the index that a project with these `sources` has for it, or, where there is no
    /// project, that the lock names; a package that is given twice is asked for once.
    ///
    /// # Errors
    ///
    /// Those of [`index_source`]: nobody is asked for a package whose index the lock and the project do not agree on.
    pub fn new(
        packages: impl IntoIterator<Item = &'a Package>,
        sources: Option<&[ProjectSource]>,
    ) -> Result<Self, plan::Error> {
        let mut plan = Self {
            packages: Vec::new(),
            questions: Vec::new(),
        };
        for package in packages {
            let is_known = |wanted: &Wanted<'_>| std::ptr::eq(wanted.package, package);
            if !plan.packages.iter().any(is_known) {
                let wanted = Wanted {
                    package,
                    asked: plan.asked(package, sources)?,
                    files: files(package),
                };
                plan.packages.push(wanted);
            }
        }
        Ok(plan)
    }

    /// Returns how many pages are asked for.
    pub fn n_pages(&self) -> usize {
        self.questions.len()
    }

    fn asked(
        &mut self,
        package: &'a Package,
        sources: Option<&[ProjectSource]>,
    ) -> Result<Asked<'a>, plan::Error> {
        let source = package.resolved_source.as_ref();
        Ok(match source.map(|source| &source.location) {
            None | Some(Location::Index(_)) => {
                let source = index_source(package, sources)?;
                Asked::Page(self.page(source, &package.name))
            }
            Some(Location::Url(url)) => Asked::Url(url),
            Some(Location::File(_)) => Asked::Nobody(Origin::File),
            Some(Location::Directory(_)) => Asked::Nobody(Origin::Directory),
            Some(Location::Git(_)) => Asked::Nobody(Origin::Git),
        })
    }

    /// Finds the question for the page, and asks it if nobody did. Versions of one package are neighbours in a lock.
    fn page(&mut self, source: Option<IndexSource>, name: &'a PackageName) -> usize {
        let is_it = |question: &Question<'_>| question.name == name && question.source == source;
        let known = self.questions.iter().rposition(is_it);
        known.unwrap_or_else(|| {
            self.questions.push(Question { source, name });
            self.questions.len() - 1
        })
    }
}

fn files(package: &Package) -> Vec<WantedFile<'_>> {
    let mut files: Vec<WantedFile<'_>> = Vec::with_capacity(package.files.len());
    for file in &package.files {
        let (name, hash) = (file.name.as_str(), file.hash.as_str());
        let known = files.iter().position(|known| known.name == name);
        let position = known.unwrap_or(files.len());
        if known.is_none() {
            files.push(WantedFile {
                name,
                written: Vec::new(),
                digests: Vec::new(),
            });
        }
        files[position].written.push(hash);
        files[position].digests.extend(Digest::parse(hash));
    }
    files
}
