//! Asks for the attestations of files, and verifies them.

use std::collections::BTreeSet;

use super::attestation::Attestation;
use super::question::{Asked, VerifyPlan, WantedFile};
use super::reach::Reachability;
use super::report::{LockedFile, Offer, VerifiedPackage, VerifyReport};
use super::workers::Workers;
use crate::attestation::{Fault, Identity, MAX_ATTESTATIONS, Provenance, Record, TrustedRoot};
use crate::digest::{Algorithm, Digest};
use crate::event::{Event, Reporter};
use crate::index::{Client, Index, IndexSession, MAX_PROVENANCE_BYTES};
use crate::name::PackageName;
use crate::url::Url;

/// How to verify attestations.
#[derive(Clone, Copy, Debug)]
pub struct AttestOptions<'a> {
    /// What is trusted.
    pub root: &'a TrustedRoot,
    /// What was found before.
    pub record: &'a Record,
    /// How many requests are under way at once, at least 1.
    pub n_connections: usize,
}

/// A file, and where its provenance is.
struct Job<'a> {
    name: &'a PackageName,
    /// The position of the package.
    package: usize,
    /// The position of the file in it.
    position: usize,
    file: &'a WantedFile<'a>,
    urls: Vec<Url>,
    index: &'a Index,
}

impl VerifyPlan<'_> {
    /// Asks for the attestations of every file that an index offers and verifies them, many at once, all of them against the
    /// digests of the lock; then holds who made them against the record. `report` is that of this plan, to which it is added.
    pub fn attest(
        &self,
        report: &mut VerifyReport,
        client: &Client,
        options: AttestOptions<'_>,
        reporter: &dyn Reporter,
    ) {
        let workers = Workers {
            client,
            n_connections: options.n_connections,
            reporter,
        };
        let sources = self.questions.iter();
        let indexes = sources.map(|question| client.index(question.source.as_ref()).ok());
        let indexes: Vec<Option<Index>> = indexes.collect();
        let jobs = self.attest_jobs(report, &indexes);
        let reachability = Reachability::default();
        let found = workers.for_all(
            &jobs,
            |job| job.index.key(),
            |session, job| {
                let found = job.verify(session, options.root, &reachability);
                reporter.report(Event::Verified { name: job.name });
                found
            },
        );
        for (job, attestation) in jobs.iter().zip(found) {
            report.packages[job.package].files[job.position].attestation = Some(attestation);
        }
        report.hold_against(options.record);
        report.is_attested = true;
    }

    fn attest_jobs<'a>(
        &'a self,
        report: &mut VerifyReport,
        indexes: &'a [Option<Index>],
    ) -> Vec<Job<'a>> {
        let mut jobs = Vec::new();
        let packages = self.packages.iter().zip(&mut report.packages).enumerate();
        for (package, (wanted, found)) in packages {
            let Asked::Page(question) = wanted.asked else {
                continue;
            };
            let index = indexes[question].as_ref();
            let Some(index) = index.filter(|_| found.failure.is_none()) else {
                continue;
            };
            let files = wanted.files.iter().zip(&mut found.files).enumerate();
            for (position, (file, found)) in files.filter(|(_, (_, found))| found.is_offered()) {
                found.attestation = found.known_attestation();
                if found.attestation.is_some() {
                    continue;
                }
                jobs.push(Job {
                    name: &wanted.package.name,
                    package,
                    position,
                    file,
                    urls: found.provenance.clone(),
                    index,
                });
            }
        }
        jobs
    }
}

impl Job<'_> {
    fn verify(
        &self,
        session: &mut IndexSession<'_>,
        root: &TrustedRoot,
        reachability: &Reachability,
    ) -> Attestation {
        let (mut all, mut open) = (BTreeSet::new(), self.sha256());
        for url in &self.urls {
            // It may be on another server than the index.
            let fetch = || session.provenance(self.index, self.file.name, url);
            let provenance = match reachability.ask(url, fetch) {
                Ok(provenance) => provenance,
                Err(error) => return Attestation::Failed(error),
            };
            match self.judge(provenance.as_deref(), root) {
                Ok((sha256, identities)) => {
                    open.remove(&sha256);
                    all.extend(identities);
                }
                Err(fault) => return Attestation::Invalid(fault),
            }
        }
        // The index may offer, and an installation take, each file that the lock has.
        match open.pop_first() {
            Some(sha256) => Attestation::Invalid(Fault::Unattested(sha256)),
            None => Attestation::New(all),
        }
    }

    /// Lists the SHA-256 that the lock has of the file, in hexadecimal digits: mostly one.
    fn sha256(&self) -> BTreeSet<String> {
        let digests = self.file.digests.iter();
        let digests = digests.filter(|digest| digest.algorithm() == Algorithm::Sha256);
        digests.map(Digest::hex).collect()
    }

    /// Verifies a provenance object, which is about a file of the lock; returns the SHA-256 of that, and who made it.
    fn judge(
        &self,
        provenance: Option<&[u8]>,
        root: &TrustedRoot,
    ) -> Result<(String, BTreeSet<Identity>), Fault> {
        let text = provenance.ok_or(Fault::TooLarge {
            limit: MAX_PROVENANCE_BYTES,
        })?;
        let provenance = Provenance::parse(text)?;
        let verified = self.sha256().into_iter().map(|sha256| {
            let identities = provenance.verify(self.file.name, &sha256, root)?;
            Ok((sha256, identities))
        });
        verified.reduce(Result::or).unwrap_or(Err(Fault::NotLocked))
    }
}

impl LockedFile {
    /// Says what is known of its attestations before anybody is asked for them.
    fn known_attestation(&self) -> Option<Attestation> {
        if let Some(fault) = &self.provenance_fault {
            let error = fault.clone().of(&self.name);
            return Some(Attestation::Failed(Some(error)));
        }
        match self.provenance.len() {
            0 => Some(Attestation::None),
            1..=MAX_ATTESTATIONS => None,
            n_attestations => Some(Attestation::Invalid(Fault::TooMany {
                n_attestations,
                limit: MAX_ATTESTATIONS,
            })),
        }
    }

    /// Tells whether its index has a file of that name.
    fn is_offered(&self) -> bool {
        match self.offer {
            Offer::Missing | Offer::NotAsked | Offer::Unusable(_) => false,
            Offer::Same
            | Offer::Different(_)
            | Offer::OtherAlgorithms(_)
            | Offer::NoDigest
            | Offer::NothingLocked => true,
        }
    }
}

impl VerifyReport {
    /// Counts the files whose provenance has to be fetched.
    pub fn n_provenances(&self) -> usize {
        let files = self.packages.iter().flat_map(|package| &package.files);
        files.filter(|file| !file.provenance.is_empty()).count()
    }

    fn hold_against(&mut self, record: &Record) {
        let attested = self.names(VerifiedPackage::is_attested);
        let of_indexes = self.names(VerifiedPackage::is_of_index);
        for package in &mut self.packages {
            let Some(recorded) = record.packages.get(&package.name) else {
                continue;
            };
            package.has_left = !of_indexes.contains(&package.name);
            let is_attested = attested.contains(&package.name);
            let files = package.files.iter_mut();
            for attestation in files.filter_map(|file| file.attestation.as_mut()) {
                attestation.hold_against(recorded, is_attested);
            }
        }
    }

    /// Names the packages of which any version is such.
    fn names(&self, is_such: fn(&VerifiedPackage) -> bool) -> BTreeSet<PackageName> {
        let packages = self.packages.iter().filter(|package| is_such(package));
        packages.map(|package| package.name.clone()).collect()
    }
}
