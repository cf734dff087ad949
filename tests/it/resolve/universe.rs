//! An index written in lines: `NAME VERSION WORDS -> REQUIREMENT | REQUIREMENT`, or with `URL = ` before it.

use std::collections::BTreeMap;
use std::convert::Infallible;

use lock2venv::filename::DistributionFilename;
use lock2venv::name::PackageName;
use lock2venv::resolve::{
    Answer, Builds, CandidateMetadata, Candidates, Error, InvalidInput, Problem, ProjectFile,
    Question, Refusal, ResolvedPackage, ResolvedSource, Solution, resolve,
};
use lock2venv::target::Target;
use lock2venv::version::Version;

/// One resolution.
pub(super) struct Case<'a> {
    pub(super) releases: Vec<&'a str>,
    pub(super) requirements: Vec<&'a str>,
    pub(super) constraints: Vec<&'a str>,
    pub(super) preferences: Vec<(&'a str, &'a str)>,
    pub(super) target: &'a str,
    /// What is being built; `None` when builds are forbidden.
    pub(super) building: Option<Vec<&'a str>>,
}

impl<'a> Case<'a> {
    pub(super) fn new(releases: &[&'a str], requirements: &[&'a str]) -> Self {
        Self {
            releases: releases.to_vec(),
            requirements: requirements.to_vec(),
            constraints: Vec::new(),
            preferences: Vec::new(),
            target: "cp311-manylinux_2_36_x86_64",
            building: Some(Vec::new()),
        }
    }

    pub(super) fn run(&self, universe: &mut Universe) -> Result<Solution, Error<Infallible>> {
        let owned =
            |texts: &[&str]| -> Vec<String> { texts.iter().map(|&text| text.into()).collect() };
        let preferences = self.preferences.iter();
        let preferences = preferences.map(|pair| (name(pair.0), Version::parse(pair.1).unwrap()));
        let building: Option<Vec<_>> = self
            .building
            .as_ref()
            .map(|names| names.iter().map(|text| name(text)).collect());
        let problem = Problem {
            requirements: &owned(&self.requirements),
            constraints: &owned(&self.constraints),
            target: &target(self.target),
            preferences: &preferences.collect(),
            builds: building
                .as_deref()
                .map_or(Builds::Forbidden, Builds::Except),
        };
        resolve(problem, universe)
    }

    fn solution(&self) -> Result<Solution, Error<Infallible>> {
        self.run(&mut Universe::new(&self.releases))
    }

    /// The packages in one line, or the conflict.
    #[track_caller]
    pub(super) fn outcome(&self) -> String {
        match self.solution() {
            Ok(solution) => solution
                .packages
                .iter()
                .map(word)
                .collect::<Vec<_>>()
                .join(", "),
            Err(Error::Conflict(conflict)) => format!("{conflict:#?}"),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// The lines of the conflict.
    #[track_caller]
    pub(super) fn conflict(&self) -> Vec<String> {
        match self.solution() {
            Err(Error::Conflict(conflict)) => {
                let mut lines: Vec<_> =
                    conflict.beginning.iter().map(ToString::to_string).collect();
                if conflict.n_omitted > 0 {
                    lines.push(format!("({} more)", conflict.n_omitted));
                }
                lines.extend(conflict.end.iter().map(ToString::to_string));
                lines
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn invalid(&self) -> InvalidInput {
        match self.solution() {
            Err(Error::Input(input)) => input,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn files(&self) -> Vec<String> {
        let packages = self.solution().unwrap().packages.into_iter();
        let files = packages.filter_map(|package| match package.source {
            ResolvedSource::File(file) => Some(file_name(&file).to_owned()),
            ResolvedSource::Url(_) => None,
        });
        files.collect()
    }

    pub(super) fn requirers(&self, package: &str) -> Vec<String> {
        let packages = self.solution().unwrap().packages;
        let package = packages
            .iter()
            .find(|one| one.name == name(package))
            .unwrap();
        let lines = package.required_by.iter().map(|requirer| {
            let by = requirer
                .package
                .as_ref()
                .map_or("root", PackageName::as_str);
            format!("{by}: {}", requirer.requirement)
        });
        lines.collect()
    }
}

fn word(package: &ResolvedPackage) -> String {
    let kind = match &package.source {
        ResolvedSource::File(file) if file.is_wheel() => "",
        ResolvedSource::File(_) => " sdist",
        ResolvedSource::Url(_) => " url",
    };
    let missing = package.missing_extras.iter();
    let missing = missing.map(|extra| format!(" without {extra}"));
    let newer = package.newer_sdist.iter();
    let newer = newer.map(|newer| format!(" before {newer}"));
    let remarks = missing.chain(newer).collect::<Vec<_>>().concat();
    format!("{} {}{kind}{remarks}", package.name, package.version)
}

pub(super) fn name(text: &str) -> PackageName {
    PackageName::new(text)
}

pub(super) fn target(name: &str) -> Target {
    let path = format!(
        "{}/fixtures/targets/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

fn file_name(file: &ProjectFile) -> &str {
    match &file.filename {
        DistributionFilename::Wheel(wheel) => wheel.as_str(),
        DistributionFilename::Sdist(sdist) => sdist.as_str(),
    }
}

/// The index.
#[derive(Debug, Default)]
pub(super) struct Universe {
    projects: BTreeMap<PackageName, Vec<ProjectFile>>,
    /// By file name or URL.
    metadata: BTreeMap<String, (Version, Answer)>,
    /// How many questions came at once, time after time.
    pub(super) rounds: Vec<usize>,
    asked: Vec<Question>,
    pub(super) is_silent: bool,
}

impl Universe {
    pub(super) fn new(releases: &[&str]) -> Self {
        let mut universe = Self::default();
        for line in releases {
            universe.add(line);
        }
        universe
    }

    fn add(&mut self, line: &str) {
        let (url, line) = line
            .split_once(" = ")
            .map_or((None, line), |(url, rest)| (Some(url), rest));
        let (head, dependencies) = line.split_once(" -> ").unwrap_or((line, ""));
        let words: Vec<_> = head.split(' ').collect();
        let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key));
        let (project, version) = (words[0], words[1]);
        let extras = value("extras=").unwrap_or_default().split(',');
        let dependencies = dependencies.split(" | ").filter(|text| !text.is_empty());
        let metadata = CandidateMetadata {
            requires_dist: dependencies.map(str::to_owned).collect(),
            requires_python: value("metadata-python").map(str::to_owned),
            provides_extra: extras
                .filter(|text| !text.is_empty())
                .map(lock2venv::name::ExtraName::new)
                .collect(),
        };
        let file = if words.contains(&"sdist") {
            format!("{project}-{version}.tar.gz")
        } else {
            format!(
                "{project}-{version}-{}.whl",
                value("tag=").unwrap_or("py3-none-any")
            )
        };
        let answer = if words.contains(&"broken") {
            Answer::Refused(Refusal::NoMetadata)
        } else {
            Answer::Metadata(metadata)
        };
        let key = url.unwrap_or(&file).to_owned();
        self.metadata
            .insert(key, (Version::parse(version).unwrap(), answer));
        if url.is_none() {
            self.projects
                .entry(name(project))
                .or_default()
                .push(ProjectFile {
                    filename: DistributionFilename::parse(&file).unwrap(),
                    requires_python: value("python").map(str::to_owned),
                    is_yanked: words.contains(&"yanked"),
                    has_metadata: true,
                });
        }
    }

    fn one(&self, question: &Question) -> Answer {
        match question {
            Question::Project(name) => Answer::Project(self.projects.get(name).cloned()),
            Question::Metadata { file, .. } => self.metadata[file_name(file)].1.clone(),
            Question::Direct { url, .. } => match self.metadata.get(&url.to_string()) {
                Some((version, Answer::Metadata(metadata))) => Answer::Direct {
                    version: version.clone(),
                    metadata: metadata.clone(),
                },
                _ => Answer::Refused(Refusal::NoMetadata),
            },
        }
    }
}

impl Candidates for Universe {
    type Error = Infallible;

    fn answer(&mut self, questions: &[Question]) -> Result<Vec<Answer>, Infallible> {
        if self.is_silent {
            return Ok(Vec::new());
        }
        self.rounds.push(questions.len());
        for question in questions {
            assert!(!self.asked.contains(question), "asked twice: {question:?}");
            self.asked.push(question.clone());
        }
        Ok(questions
            .iter()
            .map(|question| self.one(question))
            .collect())
    }
}
