//! What indexes say of files, asked for with many requests at once. Nothing is downloaded or kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::job::{Job, ListJob};
use super::queue::Queue;
use super::worker::Worker;
use super::{Building, Error, Prepare, PrepareOptions, start};
use crate::event::Reporter;
use crate::index::{Client, FileQuery, IndexFile};
use crate::name::PackageName;
use crate::plan::IndexSource;
use crate::project_wheel;
use crate::store::Cache;

/// Files of one package that its index is asked for.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The package.
    pub package: &'a PackageName,
    /// The index; `None` for PyPI or what replaces it.
    pub source: Option<IndexSource>,
    /// The files.
    pub files: Vec<FileQuery<'a>>,
}

/// Asks indexes for files; answers in the order of `questions` and of their files.
///
/// # Errors
///
/// [`Error::Index`] and [`Error::Thread`]; what indexes do not have is named all at once, in [`Error::Several`].
pub fn list(
    questions: &[Question<'_>],
    client: &Client,
    options: &PrepareOptions,
    reporter: &dyn Reporter,
) -> Result<Vec<Vec<IndexFile>>, Error> {
    let found = Mutex::new(BTreeMap::new());
    let jobs = list_jobs(questions, client, &found)?;
    let n_threads = options.n_connections.min(jobs.len());
    let queue = Queue::new(jobs, options.n_connections, 1);
    let prepare = Prepare {
        distributions: &[],
        project: None,
        client,
        cache: &Cache::disabled(Path::new("")),
        kept: None,
        folders: &project_wheel::BuildOptions::default(),
        building: Building::Refused,
        options,
        reporter,
    };
    let (sender, _no_wheels) = mpsc::sync_channel(0);
    thread::scope(|scope| {
        let worker = Worker::new(&prepare, &queue, &sender);
        // This thread asks too, so that others are a help and none is needed.
        let _ = start(scope, n_threads.saturating_sub(1), &worker);
        worker.run();
    });
    queue.into_result()?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut found = found.into_values();
    let answers = questions.iter();
    let answers = answers.map(|question| found.by_ref().take(question.files.len()).collect());
    Ok(answers.collect())
}

fn list_jobs<'a>(
    questions: &'a [Question<'a>],
    client: &Client,
    found: &'a Mutex<BTreeMap<usize, IndexFile>>,
) -> Result<Vec<Job<'a>>, Error> {
    let mut jobs = Vec::with_capacity(questions.len());
    let mut first = 0;
    for question in questions {
        jobs.push(Job::List(ListJob {
            first,
            index: client.index(question.source.as_ref())?,
            package: question.package,
            files: &question.files,
            found,
        }));
        first += question.files.len();
    }
    Ok(jobs)
}
