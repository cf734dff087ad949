//! Carries the plan out: pages first, then files.

use super::ask::Site;
use super::assembly::Assembly;
use super::downloads::{DownloadJob, hash_all};
use super::judge::FileUrl;
use super::question::{Asked, VerifyPlan, Wanted};
use super::report::{Bytes, VerifyReport};
use super::workers::Workers;
use crate::event::Reporter;
use crate::http;
use crate::index::Client;
use crate::url::WrittenUrl;

/// How to verify.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions {
    /// How many requests are under way at once, at least 1.
    pub n_connections: usize,
    /// What has to be as locked.
    pub proof: Proof,
}

/// What has to be as locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// The digests that indexes offer.
    #[default]
    Digests,
    /// The bytes too, all of which are fetched and hashed; packages with a URL of their own are checked as well.
    Bytes,
}

impl VerifyPlan<'_> {
    /// Asks all indexes, many requests at once. Whatever goes wrong is in the report.
    pub fn run(
        &self,
        client: &Client,
        options: VerifyOptions,
        reporter: &dyn Reporter,
    ) -> VerifyReport {
        let workers = Workers {
            client,
            n_connections: options.n_connections,
            reporter,
        };
        let (sites, outcomes) = self.ask(workers);
        let mut assembly = Assembly::new(&sites, outcomes);
        let packages = self.packages.iter().enumerate();
        let packages = packages.map(|(position, wanted)| assembly.package(position, wanted));
        let packages = packages.collect();
        let mut report = VerifyReport {
            packages,
            failures: assembly.failures,
            has_downloaded: options.proof == Proof::Bytes,
            is_attested: false,
        };
        if options.proof == Proof::Bytes {
            let listed = assembly.urls.into_iter();
            let listed = listed.map(|(position, found)| self.listed(position, found, &sites));
            let mut jobs: Vec<DownloadJob<'_>> = listed.collect();
            jobs.extend(self.own_urls(&mut report));
            let all = hash_all(&mut jobs, workers);
            for (job, bytes) in jobs.iter().zip(all) {
                report.add(job, bytes);
            }
        }
        report
    }

    /// Makes the job for a file that an index lists.
    fn listed<'a>(&'a self, package: usize, found: FileUrl, sites: &'a [Site]) -> DownloadJob<'a> {
        let wanted = &self.packages[package];
        let site = match wanted.asked {
            Asked::Page(number) => sites.get(number),
            Asked::Url(_) | Asked::Nobody(_) => None,
        };
        DownloadJob {
            package,
            position: found.file,
            file: &wanted.files[found.file],
            url: found.url,
            n_bytes: found.n_bytes,
            index: site.and_then(|site| site.index.as_ref()),
        }
    }

    /// Makes the jobs for files with a URL of their own; notes where that is none.
    fn own_urls<'a>(&'a self, report: &mut VerifyReport) -> Vec<DownloadJob<'a>> {
        let mut jobs = Vec::new();
        for (package, wanted) in self.packages.iter().enumerate() {
            let Asked::Url(written) = wanted.asked else {
                continue;
            };
            for position in wanted.of_url(written) {
                match written.parse() {
                    Ok(url) => jobs.push(DownloadJob {
                        package,
                        position,
                        file: &wanted.files[position],
                        url,
                        n_bytes: None,
                        index: None,
                    }),
                    Err(source) => {
                        let what = wanted.package.name.to_string();
                        let error = http::Error::Address { what, source };
                        let file = &mut report.packages[package].files[position];
                        file.bytes = Some(Bytes::Failed(Some(error.into())));
                    }
                }
            }
        }
        jobs
    }
}

impl Wanted<'_> {
    /// Lists the positions of the files that are at the package's own URL: the only one, or that of its name.
    fn of_url(&self, url: &WrittenUrl) -> Vec<usize> {
        let name = url.parse().ok().and_then(|url| url.file_name());
        let is_only = self.files.len() == 1;
        let files = self.files.iter().enumerate();
        let there = files.filter(|(_, file)| is_only || name.as_deref() == Some(file.name));
        let proven = there.filter(|(_, file)| !file.digests.is_empty());
        proven.map(|(position, _)| position).collect()
    }
}

impl VerifyReport {
    /// Adds what the bytes of one file are; of several under one name, the worst count.
    fn add(&mut self, job: &DownloadJob<'_>, bytes: Bytes) {
        let file = &mut self.packages[job.package].files[job.position];
        let is_worse = |known: &Bytes| bytes.verdict() > known.verdict();
        if file.bytes.as_ref().is_none_or(is_worse) {
            file.bytes = Some(bytes);
        }
    }
}
