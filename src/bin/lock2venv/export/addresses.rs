//! What indexes know of the files of a selection, asked for with many requests at once.

use std::collections::HashMap;

use lock2venv::digest::Digest;
use lock2venv::event::Silent;
use lock2venv::export::{FileInfo, indexed_files};
use lock2venv::http::{BASE_DELAY, Limits};
use lock2venv::index::{Client, FileQuery, IndexFile, IndexSettings};
use lock2venv::lock::{File, Package};
use lock2venv::plan::{self, IndexSource};
use lock2venv::prepare::{self, Question};
use lock2venv::pyproject::Project;
use lock2venv::select::Selection;
use lock2venv::url::{Url, WrittenUrl};

use crate::context::Context;
use crate::diagnose::Failure;

/// How many requests are under way at once.
const N_CONNECTIONS: usize = 16;

/// The source of packages whose lock entry names none.
const PYPI: &str = "PyPI";

/// The answers, by package and file name.
#[derive(Default)]
pub(super) struct Known(HashMap<(String, String), FileInfo>);

impl Known {
    /// Returns what the index says of a file.
    pub(super) fn get(&self, package: &Package, file: &File) -> Option<FileInfo> {
        self.0.get(&key(package, file)).cloned()
    }
}

/// Asks the index of each package that comes from one for its files.
pub(super) fn ask(
    selection: &Selection<'_>,
    project: &Project,
    context: &Context,
) -> Result<Known, Failure> {
    let packages = selection.packages.iter().map(|selected| selected.package);
    let packages: Vec<&Package> = packages.filter(|package| is_indexed(package)).collect();
    if packages.is_empty() || selection.has_python_markers {
        return Ok(Known::default());
    }
    check_sources(&packages, project)?;
    let asked = packages
        .iter()
        .map(|package| Asked::of(package, project))
        .collect::<Result<Vec<_>, _>>()?;
    let questions: Vec<Question<'_>> = asked.iter().map(Asked::question).collect();
    let options = prepare::PrepareOptions {
        n_connections: N_CONNECTIONS,
        ..prepare::PrepareOptions::default()
    };
    let client = client(project, context)?;
    let answers = prepare::list(&questions, &client, &options, &Silent)?;
    let known = asked.iter().zip(answers);
    let known = known.flat_map(|(asked, files)| asked.infos(files).collect::<Vec<_>>());
    Ok(Known(known.collect()))
}

/// A package whose files are asked for.
struct Asked<'a> {
    package: &'a Package,
    source: Option<IndexSource>,
    files: Vec<&'a File>,
    /// The digests of each file.
    digests: Vec<Vec<Digest>>,
}

impl<'a> Asked<'a> {
    fn of(package: &'a Package, project: &Project) -> Result<Self, plan::Error> {
        let files = indexed_files(package);
        let digests = files.iter().map(|file| Digest::parse(&file.hash));
        Ok(Self {
            package,
            source: plan::index_source(package, Some(&project.sources))?,
            digests: digests.map(|digest| digest.into_iter().collect()).collect(),
            files,
        })
    }

    fn question(&self) -> Question<'_> {
        let files = self.files.iter().zip(&self.digests);
        let files = files.map(|(file, digests)| FileQuery {
            file: &file.name,
            digests,
        });
        Question {
            package: &self.package.name,
            source: self.source.clone(),
            files: files.collect(),
        }
    }

    fn infos(&self, files: Vec<IndexFile>) -> impl Iterator<Item = ((String, String), FileInfo)> {
        self.files.iter().zip(files).map(|(file, found)| {
            let info = FileInfo {
                url: WrittenUrl::new(found.url.to_string()),
                n_bytes: found.n_bytes,
                upload_time: found.upload_time,
            };
            (key(self.package, file), info)
        })
    }
}

fn key(package: &Package, file: &File) -> (String, String) {
    (package.name.as_str().to_owned(), file.name.to_string())
}

/// Checks that the project has the source of each package, as Poetry does before it asks any.
fn check_sources(packages: &[&Package], project: &Project) -> Result<(), Failure> {
    for package in packages {
        let source = package.source.as_ref();
        let name = source.and_then(|source| source.reference.as_deref());
        let name = name.filter(|name| !name.is_empty()).unwrap_or(PYPI);
        let name = name.to_lowercase();
        let mut sources = project.sources.iter();
        if !sources.any(|source| source.name.to_lowercase() == name) {
            let known = project.sources.iter().map(|source| source.name.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(Failure::poetry(format!(
                "\nRepository \"{name}\" does not exist. Defined sources: {known}"
            )));
        }
    }
    Ok(())
}

fn is_indexed(package: &Package) -> bool {
    let source = package.source.as_ref();
    source.is_none_or(|source| !source.location.is_direct_origin()) && !package.files.is_empty()
}

fn client(project: &Project, context: &Context) -> Result<Client, Failure> {
    let configuration = context.configuration(&project.root)?;
    let index_url = context.variable("LOCK2VENV_INDEX_URL").map(Url::parse);
    let index_url = index_url.transpose();
    let index_url = index_url.map_err(|error| Failure::index_url("LOCK2VENV_INDEX_URL", &error))?;
    let limits = Limits::for_timeout(configuration.timeout()?);
    Ok(Client::new(IndexSettings {
        index_url,
        sources: plan::index_sources(&project.sources),
        configuration,
        base_delay: BASE_DELAY,
        limits,
    })?)
}
