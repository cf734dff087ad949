//! What is known so far: the requirements, read, and every answer.

use std::collections::BTreeMap;

use super::candidates::{Answer, Problem, ProjectFile, Question};
use super::dependency::{DependencySpecifier, InvalidDependency};
use super::error::InvalidInput;
use super::goal::Goal;
use super::project::{Absence, Details, KnownProject, ReleaseSource};
use super::refusal::Refusal;
use super::specifier::Specifiers;
use crate::name::PackageName;
use crate::url::Url;

/// Everything that is known.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) problem: Problem<'a>,
    /// The requirements that apply to the target.
    pub(super) inputs: Vec<DependencySpecifier>,
    constraints: BTreeMap<PackageName, Specifiers>,
    /// The packages that are required by URL.
    urls: BTreeMap<PackageName, Url>,
    projects: BTreeMap<PackageName, KnownProject>,
}

/// An answer that does not answer its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrongAnswer;

impl<'a> Known<'a> {
    pub(super) fn new(problem: Problem<'a>) -> Result<Self, InvalidInput> {
        let inputs = parse(problem.requirements, &problem).map_err(InvalidInput::Requirement)?;
        let narrowing = parse(problem.constraints, &problem).map_err(InvalidInput::Constraint)?;
        let mut known = Self {
            problem,
            inputs: Vec::new(),
            constraints: BTreeMap::new(),
            urls: BTreeMap::new(),
            projects: BTreeMap::new(),
        };
        for constraint in narrowing {
            known.narrow(constraint)?;
        }
        if let Some(name) = known.require_urls(&inputs) {
            return Err(InvalidInput::TwoUrls(name));
        }
        known.inputs = inputs;
        Ok(known)
    }

    fn narrow(&mut self, constraint: DependencySpecifier) -> Result<(), InvalidInput> {
        if constraint.url.is_some() || !constraint.extras.is_empty() {
            return Err(InvalidInput::NoConstraint(constraint.name));
        }
        let before = self.constraints.entry(constraint.name).or_default();
        *before = before.and(&constraint.specifiers);
        Ok(())
    }

    /// Makes the packages that `dependencies` have a URL for come from there alone; returns one that comes from elsewhere.
    fn require_urls(&mut self, dependencies: &[DependencySpecifier]) -> Option<PackageName> {
        for dependency in dependencies {
            let Some(url) = &dependency.url else { continue };
            match self.urls.get(&dependency.name) {
                Some(other) if other != url => return Some(dependency.name.clone()),
                Some(_) => {}
                None => {
                    self.urls.insert(dependency.name.clone(), url.clone());
                    self.projects.remove(&dependency.name);
                }
            }
        }
        None
    }

    /// The project, or what has to be asked to know it.
    pub(super) fn project(&self, name: &PackageName) -> Result<&KnownProject, Question> {
        self.projects
            .get(name)
            .ok_or_else(|| match self.urls.get(name) {
                Some(url) => Question::Direct {
                    name: name.clone(),
                    url: url.clone(),
                },
                None => Question::Project(name.clone()),
            })
    }

    /// What `goal` requires in its release `number`, or why that release cannot be used.
    pub(super) fn dependencies(
        &self,
        goal: &Goal,
        number: u32,
    ) -> Result<Result<Vec<&DependencySpecifier>, Refusal>, Question> {
        let Some(name) = goal.name() else {
            return Ok(Ok(self.inputs.iter().collect()));
        };
        let details = match self.details(name, number)? {
            Ok(details) => details,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let environment = &self.problem.target.marker_environment;
        let applies = |dependency: &&DependencySpecifier| match goal.extra() {
            None => dependency.applies(environment, None),
            extra => {
                dependency.applies(environment, extra) && !dependency.applies(environment, None)
            }
        };
        let applying: Vec<_> = details.dependencies.iter().filter(applies).collect();
        let mut foreign = applying.iter().filter(|dependency| {
            dependency.url.is_some() && self.urls.get(&dependency.name) != dependency.url.as_ref()
        });
        if let Some(foreign) = foreign.next() {
            return Ok(Err(Refusal::DirectReference(foreign.name.clone())));
        }
        Ok(Ok(applying))
    }

    /// The metadata of one release, or the question for it.
    pub(super) fn details(
        &self,
        name: &PackageName,
        number: u32,
    ) -> Result<Result<&Details, Refusal>, Question> {
        let Some(release) = self.project(name)?.release(number) else {
            return Ok(Err(Refusal::NoFile));
        };
        match (&release.details, &release.source) {
            (Some(details), _) => Ok(details.as_ref().map_err(Clone::clone)),
            (None, Ok(ReleaseSource::File(file))) => Err(Question::Metadata {
                name: name.clone(),
                file: file.clone(),
            }),
            (None, Ok(ReleaseSource::Url(_))) => Ok(Err(Refusal::NoMetadata)),
            (None, Err(refusal)) => Ok(Err(refusal.clone())),
        }
    }

    /// Takes in the answer to `question`.
    pub(super) fn learn(&mut self, question: Question, answer: Answer) -> Result<(), WrongAnswer> {
        match (question, answer) {
            // An answer that came with this one has shown that the package is required by URL.
            (Question::Project(name), _) if self.urls.contains_key(&name) => {}
            (Question::Project(name), Answer::Project(files)) => {
                let project = match files {
                    Some(files) => {
                        KnownProject::new(&name, files, &self.constraint(&name), &self.problem)
                    }
                    None => KnownProject::absent(Absence::Missing),
                };
                self.projects.insert(name, project);
            }
            (Question::Metadata { name, file }, Answer::Metadata(metadata)) => {
                let details = Details::read(&metadata, self.problem.target);
                self.learn_details(&name, &file, details)?;
            }
            (Question::Metadata { name, file }, Answer::Refused(refusal)) => {
                self.learn_details(&name, &file, Err(refusal))?;
            }
            (Question::Direct { name, url }, Answer::Direct { version, metadata }) => {
                let details = self.direct_details(Details::read(&metadata, self.problem.target));
                let constraint = self.constraint(&name);
                let project = KnownProject::direct(&name, url, version, details, &constraint);
                self.projects.insert(name, project);
            }
            (Question::Project(name) | Question::Direct { name, .. }, Answer::Refused(refusal)) => {
                let absence = Absence::Refused(refusal);
                self.projects.insert(name, KnownProject::absent(absence));
            }
            _ => return Err(WrongAnswer),
        }
        Ok(())
    }

    fn learn_details(
        &mut self,
        name: &PackageName,
        file: &ProjectFile,
        details: Result<Details, Refusal>,
    ) -> Result<(), WrongAnswer> {
        let project = self.projects.get_mut(name).ok_or(WrongAnswer)?;
        let mut releases = project.releases.iter_mut();
        let release = releases.find(|release| release.version == *file.version());
        release.ok_or(WrongAnswer)?.details = Some(details);
        Ok(())
    }

    /// What is required by URL may itself require by URL.
    fn direct_details(&mut self, details: Result<Details, Refusal>) -> Result<Details, Refusal> {
        let details = details?;
        let environment = &self.problem.target.marker_environment;
        let applying = details.dependencies.iter();
        let applying = applying.filter(|dependency| dependency.applies(environment, None));
        let applying: Vec<_> = applying.cloned().collect();
        match self.require_urls(&applying) {
            Some(name) => Err(Refusal::DirectReference(name)),
            None => Ok(details),
        }
    }

    fn constraint(&self, name: &PackageName) -> Specifiers {
        self.constraints.get(name).cloned().unwrap_or_default()
    }
}

/// Reads requirements, and keeps those that apply to the target.
fn parse(
    texts: &[String],
    problem: &Problem<'_>,
) -> Result<Vec<DependencySpecifier>, InvalidDependency> {
    let parsed = texts.iter().map(|text| DependencySpecifier::parse(text));
    let mut parsed = parsed.collect::<Result<Vec<_>, _>>()?;
    parsed.retain(|one| one.applies(&problem.target.marker_environment, None));
    Ok(parsed)
}
