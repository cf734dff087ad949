//! Which of the files that a lock lists for a package is installed.

use std::cmp::Reverse;
use std::path::Path;

use super::{
    Error, Form, GitOrigin, Origin, PlanOptions, Reason, Refused, WeakHashes, index_source,
};
use crate::digest::Digest;
use crate::filename::{self, BuildTag, DistributionFilename, WheelFilename};
use crate::lock::{Location, Package, Source};
use crate::tag::Mismatch;
use crate::target::Target;
use crate::url::WrittenUrl;

/// What is taken of a package.
pub(super) struct Chosen {
    pub(super) origin: Origin,
    pub(super) form: Form,
    /// What is taken where the index does not have that, best first.
    pub(super) others: Vec<(Origin, Form)>,
}

impl Chosen {
    fn only(origin: Origin, form: Form) -> Self {
        Self {
            origin,
            form,
            others: Vec::new(),
        }
    }
}

/// Chooses what is installed of `package` on `target`.
///
/// As Poetry's `Chooser` does: a wheel with a build tag beats one without, and the higher build tag wins; then the wheel
/// whose tag stands first among the target's; a source distribution comes last. Of equals, the first in the lock.
///
/// # Errors
///
/// Every variant but the two that are about several packages.
pub(super) fn choose(
    package: &Package,
    target: &Target,
    options: &PlanOptions,
) -> Result<Chosen, Error> {
    let Some(source) = &package.resolved_source else {
        return from_index(package, target, options);
    };
    let is_editable = options.is_editable && package.is_develop;
    let (origin, form) = match &source.location {
        Location::Index(_) => return from_index(package, target, options),
        Location::Git(url) => {
            // A link to a check-out would tie the environment to it, so it gets a wheel.
            let url = git_url(package, url);
            let origin = Origin::Git(git_origin(url, source, package)?);
            (origin, Form::Tree { is_editable: false })
        }
        Location::Directory(path) => {
            let path = path.clone();
            (Origin::Directory { path }, Form::Tree { is_editable })
        }
        Location::File(path) => from_file(path, source, package, target, options)?,
        Location::Url(url) => from_url(url, source, package, target, options)?,
    };
    Ok(Chosen::only(origin, form))
}

fn from_file(
    path: &Path,
    source: &Source,
    package: &Package,
    target: &Target,
    options: &PlanOptions,
) -> Result<(Origin, Form), Error> {
    let file = path.file_name().and_then(|name| name.to_str());
    let file = file.ok_or_else(|| lacks(package, "file name"))?;
    let (digests, form) = single_file(package, file, target, options)?;
    let origin = Origin::File {
        path: path.to_owned(),
        digests,
        subdirectory: source.subdirectory.clone(),
    };
    Ok((origin, form))
}

fn from_url(
    url: &WrittenUrl,
    source: &Source,
    package: &Package,
    target: &Target,
    options: &PlanOptions,
) -> Result<(Origin, Form), Error> {
    let file = url_file_name(url).ok_or_else(|| lacks(package, "file name"))?;
    let (digests, form) = single_file(package, &file, target, options)?;
    let origin = Origin::Url {
        url: url.clone(),
        digests,
        subdirectory: source.subdirectory.clone(),
    };
    Ok((origin, form))
}

fn git_origin(url: &WrittenUrl, source: &Source, package: &Package) -> Result<GitOrigin, Error> {
    let commit = locked_commit(source).ok_or_else(|| lacks(package, "commit"))?;
    Ok(GitOrigin {
        url: url.clone(),
        reference: source.reference.clone(),
        resolved_reference: Some(commit.to_owned()),
        subdirectory: source.subdirectory.clone(),
    })
}

/// Returns the URL of a repository as the lock has it: another form of it, as exports have it, may be none that git takes.
pub(super) fn git_url<'a>(package: &'a Package, resolved: &'a WrittenUrl) -> &'a WrittenUrl {
    match package.source.as_ref().map(|source| &source.location) {
        Some(Location::Git(url)) => url,
        _ => resolved,
    }
}

/// Returns the commit of a repository: `resolved_reference`, or, in locks of Poetry before 1.1, `reference`.
pub(super) fn locked_commit(source: &Source) -> Option<&str> {
    let is_commit = |name: &&str| {
        matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let named = source.reference.as_deref().filter(is_commit);
    source.resolved_reference.as_deref().or(named)
}

/// Tells whether `package` is a folder on this machine.
pub(super) fn is_directory(package: &Package) -> bool {
    let is_directory = |source: &Source| matches!(source.location, Location::Directory(_));
    package.source.as_ref().is_some_and(is_directory)
}

fn from_index(package: &Package, target: &Target, options: &PlanOptions) -> Result<Chosen, Error> {
    let source = index_source(package, options.sources.as_deref())?;
    let files = package.files.iter();
    let files = files.map(|file| (&*file.name, DistributionFilename::parse(&file.name)));
    let files: Vec<_> = files.collect();
    let mut usable: Vec<(Rank<'_>, &DistributionFilename)> = Vec::new();
    let mut refused = Vec::new();
    for (name, file) in &files {
        match consider(file, package, target, options) {
            Ok(one) => usable.push(one),
            Err(reason) => refused.push(Refused {
                file: (*name).to_owned(),
                reason,
            }),
        }
    }
    // Equals keep the order of the lock.
    usable.sort_by(|(one, _), (other, _)| other.cmp(one));
    let Some(((_, best), others)) = usable.split_first() else {
        return Err(no_usable_file(package, target, refused));
    };
    let origin = |file: &DistributionFilename| {
        let digests = digests(package, file.as_str(), options.weak_hashes)?;
        let source = source.clone();
        Ok(Origin::Index { source, digests })
    };
    let others = others.iter().filter(|(_, file)| file != best);
    let others = others.filter_map(|(_, file)| {
        let form = Form::of((*file).clone(), Vec::new());
        Some((origin(file).ok()?, form))
    });
    Ok(Chosen {
        origin: origin(best)?,
        form: Form::of((*best).clone(), refused),
        others: others.collect(),
    })
}

impl Form {
    fn of(file: DistributionFilename, refused: Vec<Refused>) -> Self {
        match file {
            DistributionFilename::Wheel(file) => Self::Wheel(file),
            DistributionFilename::Sdist(file) => Self::Sdist {
                file: file.as_str().to_owned(),
                refused,
            },
        }
    }
}

/// How much a file is wanted; compares as Poetry's `_sort_key` does, the greater the better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'a> {
    build: Option<&'a BuildTag>,
    place: Reverse<usize>,
    is_sdist: bool,
}

fn consider<'a>(
    file: &'a Result<DistributionFilename, filename::Error>,
    package: &Package,
    target: &Target,
    options: &PlanOptions,
) -> Result<(Rank<'a>, &'a DistributionFilename), Reason> {
    let file = file.as_ref().map_err(|error| Reason::Name(error.clone()))?;
    Ok((rank(file, package, target, options)?, file))
}

fn rank<'a>(
    file: &'a DistributionFilename,
    package: &Package,
    target: &Target,
    options: &PlanOptions,
) -> Result<Rank<'a>, Reason> {
    let (no_binary, only_binary) = (&options.no_binary, &options.only_binary);
    let (name, version) = (&package.name, &package.version);
    if (file.name(), file.version()) != (name, version) {
        return Err(Reason::OtherPackage);
    }
    match file {
        DistributionFilename::Wheel(_) if no_binary.forbids(name, only_binary) => {
            Err(Reason::NoBinary)
        }
        DistributionFilename::Sdist(_) if only_binary.forbids(name, no_binary) => {
            Err(Reason::OnlyBinary)
        }
        DistributionFilename::Wheel(wheel) => Ok(Rank {
            build: wheel.build(),
            place: Reverse(place(wheel, target)?),
            is_sdist: false,
        }),
        DistributionFilename::Sdist(_) => Ok(Rank {
            build: None,
            place: Reverse(target.tags.len()),
            is_sdist: true,
        }),
    }
}

fn place(wheel: &WheelFilename, target: &Target) -> Result<usize, Reason> {
    target
        .tags
        .rank(wheel.tags())
        .map_err(|mismatch| match mismatch {
            Mismatch::Python => Reason::OtherPython,
            Mismatch::Platform => Reason::OtherPlatform,
        })
}

/// Checks the one archive of a package with an address of its own, and returns its digests.
fn single_file(
    package: &Package,
    file: &str,
    target: &Target,
    options: &PlanOptions,
) -> Result<(Vec<Digest>, Form), Error> {
    let refuse = |reason| {
        let file = file.to_owned();
        no_usable_file(package, target, vec![Refused { file, reason }])
    };
    let form = if filename::is_wheel(file) {
        let parsed = WheelFilename::parse(file);
        let wheel = parsed.map_err(|error| refuse(Reason::Name(error)))?;
        place(&wheel, target).map_err(refuse)?;
        Form::Wheel(wheel)
    } else {
        Form::Sdist {
            file: file.to_owned(),
            refused: Vec::new(),
        }
    };
    if package.files.is_empty() {
        // Nothing proves it, as with Poetry, which installs it.
        return Ok((Vec::new(), form));
    }
    Ok((digests(package, file, options.weak_hashes)?, form))
}

/// A lock of an archive with its own address lists that one file, maybe under another spelling.
fn digests(package: &Package, file: &str, weak_hashes: WeakHashes) -> Result<Vec<Digest>, Error> {
    let is_one = package.files.len() == 1;
    let named = package
        .files
        .iter()
        .filter(|locked| is_one || locked.name == file);
    let known = named.filter_map(|locked| Digest::parse_any(&locked.hash));
    // Weak ones never count beside others.
    let (weak, digests): (Vec<_>, Vec<_>) = known.partition(|digest| digest.algorithm().is_weak());
    if !digests.is_empty() {
        return Ok(digests);
    }
    if weak_hashes == WeakHashes::Allowed && !weak.is_empty() {
        return Ok(weak);
    }
    Err(Error::NoDigest {
        name: package.name.clone(),
        file: file.to_owned(),
        weak,
    })
}

fn no_usable_file(package: &Package, target: &Target, refused: Vec<Refused>) -> Error {
    Error::NoUsableFile {
        name: package.name.clone(),
        version: package.version.clone(),
        target: target.to_string(),
        python: target.python(),
        refused,
    }
}

fn lacks(package: &Package, lacks: &'static str) -> Error {
    Error::Source {
        name: package.name.clone(),
        lacks,
    }
}

fn url_file_name(url: &WrittenUrl) -> Option<String> {
    let decoded = url.parse().ok()?.file_name()?;
    let is_file_name = Path::new(&decoded).components().count() == 1 && !decoded.contains('\\');
    is_file_name.then_some(decoded)
}
