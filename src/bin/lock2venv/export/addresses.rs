//! What indexes know of the files of a selection, asked for with many requests at once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lock2venv::configuration::Configuration;
use lock2venv::digest::Digest;
use lock2venv::export::{FileInfo, indexed_files};
use lock2venv::http::{BASE_DELAY, Limits, NoCancellation};
use lock2venv::index::{Client, Error, IndexSession, Settings, Wanted};
use lock2venv::lock::{File, Package};
use lock2venv::plan::{self, IndexSource};
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
        let key = (package.name.as_str().to_owned(), file.name.to_string());
        self.0.get(&key).cloned()
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
    let wanted = packages.iter().map(|package| {
        let source = plan::index_source(package, Some(&project.sources))?;
        Ok::<_, plan::Error>((*package, source))
    });
    let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
    let client = client(project, context)?;
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let ask = || {
        let mut session = client.session(&NoCancellation);
        while let Some((package, source)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let answer = ask_one(&client, &mut session, package, source.as_ref());
            if let Ok(mut answers) = answers.lock() {
                answers.push(answer);
            }
        }
    };
    std::thread::scope(|scope| {
        // This thread asks too, so that others are a help and none is needed.
        for _ in 1..N_CONNECTIONS.min(packages.len()) {
            let thread = std::thread::Builder::new().name("ask".to_owned());
            if thread.spawn_scoped(scope, ask).is_err() {
                break;
            }
        }
        ask();
    });
    let answers = answers.into_inner().unwrap_or_default();
    let answers: Result<Vec<_>, Error> = answers.into_iter().collect();
    let answers = answers.map_err(|error| Failure::new(&error))?;
    Ok(Known(answers.into_iter().flatten().collect()))
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
    let configuration = Configuration::read(&project.root, context.variables.clone());
    let configuration = configuration.map_err(|error| Failure::new(&error))?;
    let timeout = configuration
        .timeout()
        .map_err(|error| Failure::new(&error))?;
    let sources = project.sources.iter().filter_map(|source| {
        Some(IndexSource {
            name: source.name.clone(),
            url: source.url.clone()?,
        })
    });
    let index_url = context.variable("LOCK2VENV_INDEX_URL").map(Url::parse);
    let client = Client::new(Settings {
        index_url: index_url
            .transpose()
            .map_err(|error| Failure::new(&error))?,
        sources: sources.collect(),
        configuration,
        base_delay: BASE_DELAY,
        limits: Limits::for_timeout(timeout),
    });
    client.map_err(|error| Failure::new(&error))
}

/// One file's key and what is known of it.
type Answer = ((String, String), FileInfo);

fn ask_one(
    client: &Client,
    session: &mut IndexSession<'_>,
    package: &Package,
    source: Option<&IndexSource>,
) -> Result<Vec<Answer>, Error> {
    let index = client.index(source)?;
    let files = indexed_files(package);
    let digests: Vec<Vec<Digest>> = files
        .iter()
        .map(|file| Digest::parse(&file.hash).into_iter().collect())
        .collect();
    let wanted: Vec<Wanted<'_>> = files
        .iter()
        .zip(&digests)
        .map(|(file, digests)| Wanted {
            file: &file.name,
            digests,
        })
        .collect();
    let listed = session.find(&index, &package.name, &wanted)?;
    let answers = files.iter().zip(listed).map(|(file, listed)| {
        let listed = listed?;
        let info = FileInfo {
            url: WrittenUrl::new(listed.url.to_string()),
            n_bytes: listed.n_bytes,
            upload_time: listed.upload_time,
        };
        Ok((
            (package.name.as_str().to_owned(), file.name.to_string()),
            info,
        ))
    });
    answers.collect()
}
