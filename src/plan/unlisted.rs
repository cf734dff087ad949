//! Packages of which the lock lists no file, as some versions of Poetry wrote it. Poetry installs what their index has, and checks
//! it against no digest but that of the index; here those digests are taken for locked ones, for this run.

use std::collections::BTreeMap;

use super::{IndexSource, PlanOptions, WantedPackage, by_name, index_source, installed};
use crate::digest::Digest;
use crate::filename::DistributionFilename;
use crate::installed::Installed;
use crate::lock::{File, Package};
use crate::name::PackageName;

/// A package of which the lock lists no file.
#[derive(Clone, Debug)]
pub struct UnlistedPackage<'a> {
    /// The package, of the lock.
    pub package: &'a Package,
    /// The index that has it; `None` for PyPI or what replaces it.
    pub source: Option<IndexSource>,
}

/// Lists those of `wanted` that come from an index, have no file in the lock and are not installed as locked.
pub fn unlisted<'a>(
    wanted: &[WantedPackage<'a>],
    installed: &Installed,
    options: &PlanOptions,
) -> Vec<UnlistedPackage<'a>> {
    let lacking = wanted.iter().filter(|wanted| is_unlisted(wanted.package));
    let mut lacking = lacking.peekable();
    if lacking.peek().is_none() {
        return Vec::new();
    }
    let present = by_name(installed);
    let is_there = |package: &Package| match present.get(&package.name).map(Vec::as_slice) {
        Some([only]) => {
            !options.reinstalls.contains(&package.name)
                && installed::is_as_locked(only, package, options)
        }
        _ => false,
    };
    let lacking = lacking.filter(|wanted| !is_there(wanted.package));
    let named = lacking.filter_map(|wanted| {
        // A source that the project does not have is an error of the plan.
        let source = index_source(wanted.package, options.sources.as_deref()).ok()?;
        let package = wanted.package;
        Some(UnlistedPackage { package, source })
    });
    named.collect()
}

fn is_unlisted(package: &Package) -> bool {
    let source = package.resolved_source.as_ref();
    let is_of_index = source.is_none_or(|source| source.location.index().is_some());
    package.files.is_empty() && is_of_index
}

impl UnlistedPackage<'_> {
    /// Returns the package with those of the files `offered` by its index that are of its version and have a digest.
    pub fn with_files<'f>(
        &self,
        offered: impl IntoIterator<Item = (&'f str, &'f [Digest])>,
    ) -> Package {
        let (name, version) = (&self.package.name, &self.package.version);
        let is_of_version = |file: &str| {
            let parsed = DistributionFilename::parse(file);
            parsed.is_ok_and(|file| (file.name(), file.version()) == (name, version))
        };
        let offered = offered.into_iter();
        let files = offered.filter(|(file, _)| is_of_version(file));
        let files = files.flat_map(|(file, digests)| {
            digests.iter().map(|digest| File {
                name: file.into(),
                hash: digest.to_string().into(),
            })
        });
        Package {
            files: files.collect(),
            ..self.package.clone()
        }
    }
}

/// Takes `completed` in the place of those of `wanted` that have their names.
pub fn with_completed<'a>(
    wanted: &[WantedPackage<'a>],
    completed: &'a [Package],
) -> Vec<WantedPackage<'a>> {
    let by_name: BTreeMap<(&PackageName, _), &Package> = completed
        .iter()
        .map(|package| ((&package.name, &package.version), package))
        .collect();
    let replaced = wanted.iter().map(|wanted| {
        let key = (&wanted.package.name, &wanted.package.version);
        WantedPackage {
            package: by_name.get(&key).copied().unwrap_or(wanted.package),
            ..*wanted
        }
    });
    replaced.collect()
}
