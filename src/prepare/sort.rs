//! What is here already, and what there is to do for the rest.

use std::collections::BTreeMap;

use super::build;
use super::housed;
use super::job::{
    Arrived, BuildJob, BuildSource, CheckOutJob, DownloadJob, Job, LocalJob, PageJob, WantedFile,
};
use super::{Error, Missing, Prepare};
use crate::builder::TreeProduct;
use crate::event::Event;
use crate::http::{self, Network};
use crate::index::{self, Index};
use crate::install::{PreparedWheel, WheelContent};
use crate::name::PackageName;
use crate::plan::{Distribution, DistributionId, Form, GitOrigin, Origin};
use crate::store::{Cache, VerifiedFile};
use crate::url::WrittenUrl;

/// So many files of the cache are held open from being found to being sent; the others are opened again. Many systems let a
/// process have 1,024 files.
const N_OPEN_HITS: usize = 256;

/// A wheel that is in the cache.
pub(super) enum Hit<'a> {
    /// Its file, which may be open.
    File(WantedFile<'a>, Option<VerifiedFile>),
    /// A wheel that was built before.
    Built(PreparedWheel),
}

impl Hit<'_> {
    pub(super) fn id(&self) -> DistributionId {
        match self {
            Self::File(wanted, _) => wanted.id(),
            Self::Built(wheel) => wheel.id,
        }
    }

    pub(super) fn open(self, cache: &Cache) -> Result<PreparedWheel, Error> {
        let (wanted, file) = match self {
            Self::Built(wheel) => return Ok(wheel),
            Self::File(wanted, Some(file)) => (wanted, Some(file)),
            Self::File(wanted, None) => {
                let file = cache.find(wanted.digests)?;
                (wanted, file)
            }
        };
        let file = file.ok_or_else(|| Error::Vanished {
            package: wanted.package().clone(),
            file: wanted.file.to_owned(),
        })?;
        let package = wanted.package();
        match wanted.arrived(file, true) {
            Arrived::Wheel(wheel) => Ok(wheel),
            Arrived::Source(_) => Err(Error::NeedsBuild {
                package: package.clone(),
            }),
        }
    }
}

/// What [`sort`] found.
#[derive(Default)]
pub(super) struct Sorted<'a> {
    /// What is in the cache, in the order of the plan.
    pub(super) hits: Vec<Hit<'a>>,
    /// What has to be done for the rest.
    pub(super) jobs: Vec<Job<'a>>,
    pages: Pages<'a>,
    checkouts: Checkouts<'a>,
}

/// Pages to ask for: one for each index and package, whatever files are wanted of it.
#[derive(Default)]
pub(super) struct Pages<'a>(BTreeMap<(String, String, &'a PackageName), PageJob<'a>>);

impl<'a> Pages<'a> {
    pub(super) fn add(&mut self, index: Index, wanted: WantedFile<'a>) {
        let (name, key) = (index.name.clone(), index.key().to_owned());
        let package = wanted.package();
        let page = self
            .0
            .entry((name, key, package))
            .or_insert_with(|| PageJob {
                index,
                package,
                wanted: Vec::new(),
            });
        page.wanted.push(wanted);
    }

    pub(super) fn into_jobs(self) -> impl Iterator<Item = Job<'a>> {
        self.0.into_values().map(Job::Page)
    }
}

/// Commits to check out: each once, whatever projects are wanted of it.
#[derive(Default)]
struct Checkouts<'a>(BTreeMap<(&'a WrittenUrl, &'a str), CheckOutJob<'a>>);

impl<'a> Checkouts<'a> {
    fn add(&mut self, git: &'a GitOrigin, distribution: &'a Distribution) -> Result<(), Error> {
        let commit = git.resolved_reference.as_deref();
        let commit = commit.ok_or_else(|| Error::NeedsBuild {
            package: distribution.name.clone(),
        })?;
        let job = self.0.entry((&git.url, commit));
        let job = job.or_insert_with(|| CheckOutJob {
            url: &git.url,
            shown: git.url.to_string(),
            commit,
            reference: git.reference.as_deref(),
            id: distribution.id,
            package: &distribution.name,
            distributions: Vec::new(),
        });
        job.distributions.push(distribution);
        Ok(())
    }
}

/// Finds what is here already, and makes jobs of the rest.
pub(super) fn sort<'a>(prepare: &Prepare<'a>) -> Result<Sorted<'a>, Error> {
    let mut sorted = Sorted::default();
    for distribution in prepare.distributions {
        sorted.add(prepare, distribution)?;
    }
    let pages = std::mem::take(&mut sorted.pages);
    sorted.jobs.extend(pages.into_jobs());
    let checkouts = std::mem::take(&mut sorted.checkouts);
    sorted
        .jobs
        .extend(checkouts.0.into_values().map(Job::CheckOut));
    Ok(sorted)
}

impl<'a> Sorted<'a> {
    fn add(&mut self, prepare: &Prepare<'a>, distribution: &'a Distribution) -> Result<(), Error> {
        match &distribution.origin {
            Origin::Index { source, .. } => {
                let wanted = self.look(prepare, WantedFile::new(distribution)?)?;
                if let Some(wanted) = wanted
                    && !self.take_next_best(prepare, &wanted)?
                {
                    let index = prepare.client.index(source.as_ref())?;
                    self.add_indexed(prepare, index, wanted);
                }
            }
            Origin::Url { url, .. } => {
                let wanted = self.look(prepare, WantedFile::new(distribution)?)?;
                if let Some(wanted) = wanted {
                    self.jobs.push(direct_job(prepare, url, wanted)?);
                }
            }
            Origin::File { path, .. } => {
                let wanted = WantedFile::new(distribution)?;
                let job = housed::instead_of_file(prepare, distribution, path);
                self.jobs.push(job.unwrap_or(Job::Local(LocalJob {
                    wanted,
                    path,
                    is_housed: false,
                })));
            }
            Origin::Directory { path: folder }
                if let Some(job) = housed::instead_of_folder(prepare, distribution, folder) =>
            {
                self.jobs.push(job);
            }
            Origin::Directory { path: folder } => self.jobs.push(Job::Build(BuildJob {
                distribution,
                source: BuildSource::Folder {
                    path: folder.into(),
                    product: product(&distribution.form),
                },
            })),
            Origin::Git(git) => match housed::built(prepare, distribution) {
                Some(job) => self.jobs.push(job),
                None => self.checkouts.add(git, distribution)?,
            },
        }
        Ok(())
    }

    /// Takes the file from the cache; returns it when it is not there.
    fn look(
        &mut self,
        prepare: &Prepare<'a>,
        wanted: WantedFile<'a>,
    ) -> Result<Option<WantedFile<'a>>, Error> {
        if let Some(wheel) = build::kept(prepare, wanted.distribution) {
            prepare.reporter.report(Event::Fetched {
                file: wheel.file.as_str(),
                from_cache: true,
            });
            self.hits.push(Hit::Built(wheel));
            return Ok(None);
        }
        if let Some(job) = housed::built(prepare, wanted.distribution) {
            self.jobs.push(job);
            return Ok(None);
        }
        let Some(file) = prepare.cache.find(wanted.digests)? else {
            match housed::file(prepare, wanted.distribution) {
                Some(path) => self.jobs.push(Job::Local(LocalJob {
                    wanted,
                    path,
                    is_housed: true,
                })),
                None => return Ok(Some(wanted)),
            }
            return Ok(None);
        };
        prepare.reporter.report(Event::Fetched {
            file: wanted.file,
            from_cache: true,
        });
        if wanted.distribution.wheel().is_some() {
            let is_open = self.hits.len() < N_OPEN_HITS;
            self.hits.push(Hit::File(wanted, is_open.then_some(file)));
        } else if let Arrived::Source(job) = wanted.arrived(file, true) {
            // Not a hit: those are sent while threads may already have found that there is nothing to do.
            self.jobs.push(Job::Build(job));
        }
        Ok(None)
    }

    /// Without the network, takes the best of the locked files that are here; tells whether there is one.
    fn take_next_best(
        &mut self,
        prepare: &Prepare<'a>,
        wanted: &WantedFile<'a>,
    ) -> Result<bool, Error> {
        if prepare.options.network == Network::Online {
            return Ok(false);
        }
        for next in wanted.distribution.choices().skip(1) {
            let next = WantedFile::new(next)?;
            let warn = next.warning_instead_of(wanted.file, None);
            let is_taken = match unpacked(prepare, next.distribution) {
                Some(wheel) => {
                    self.hits.push(Hit::Built(wheel));
                    true
                }
                None => self.look(prepare, next)?.is_none(),
            };
            if is_taken {
                prepare.reporter.report(Event::Warning(warn));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Downloads at once what has a known address; asks the index about the rest.
    fn add_indexed(&mut self, prepare: &Prepare<'a>, index: Index, mut wanted: WantedFile<'a>) {
        let remembered = prepare
            .cache
            .address(index.key(), wanted.file, wanted.digests);
        let Some(address) = remembered else {
            self.pages.add(index, wanted);
            return;
        };
        wanted.announce(address.n_bytes, prepare.reporter);
        self.jobs.push(Job::Download(DownloadJob {
            wanted,
            url: address.url,
            n_bytes: address.n_bytes,
            index: Some(index),
            is_remembered: true,
        }));
    }
}

/// Finds a wheel that the cache has unpacked.
pub(super) fn unpacked(
    prepare: &Prepare<'_>,
    distribution: &Distribution,
) -> Option<PreparedWheel> {
    let file = distribution.wheel()?;
    let wheel = prepare.kept?.find(distribution)?;
    Some(PreparedWheel {
        id: distribution.id,
        file: file.clone(),
        content: WheelContent::Kept(Box::new(wheel)),
        from_cache: true,
    })
}

fn product(form: &Form) -> TreeProduct {
    match form {
        Form::Tree { is_editable: true } => TreeProduct::Editable,
        Form::Tree { is_editable: false } | Form::Wheel(_) | Form::Sdist { .. } => {
            TreeProduct::Wheel
        }
    }
}

fn direct_job<'a>(
    prepare: &Prepare<'a>,
    url: &WrittenUrl,
    mut wanted: WantedFile<'a>,
) -> Result<Job<'a>, Error> {
    let url = url.parse().map_err(|source| {
        index::Error::from(http::Error::Address {
            what: wanted.file.to_owned(),
            source,
        })
    })?;
    wanted.announce(None, prepare.reporter);
    Ok(Job::Download(DownloadJob {
        wanted,
        url,
        n_bytes: None,
        index: None,
        is_remembered: false,
    }))
}

/// Checks that nothing has to be asked of the network.
pub(super) fn refuse_network(jobs: &[Job<'_>], cache: &Cache) -> Result<(), Error> {
    let mut missing: Vec<(DistributionId, Vec<Missing>)> = Vec::new();
    for job in jobs {
        match job {
            Job::Page(page) => missing.extend(page.wanted.iter().map(missing_file)),
            Job::Download(download) => missing.push(missing_file(&download.wanted)),
            Job::CheckOut(job) if !job.is_kept(cache) => missing.push((job.id, job.missing())),
            Job::CheckOut(_) | Job::List(_) | Job::Local(_) | Job::Build(_) | Job::Look(_) => {}
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable_by_key(|(id, _)| *id);
    Err(Error::Offline {
        missing: missing.into_iter().flat_map(|(_, one)| one).collect(),
    })
}

fn missing_file(wanted: &WantedFile<'_>) -> (DistributionId, Vec<Missing>) {
    let missing = Missing {
        package: wanted.package().clone(),
        version: wanted.distribution.version.clone(),
        file: wanted.file.to_owned(),
    };
    (wanted.id(), vec![missing])
}
