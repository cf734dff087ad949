//! Which of the files that a lock lists for a package is installed.

use std::cmp::Reverse;
use std::path::Path;

use percent_encoding::percent_decode_str;

use super::{Error, Options, Origin, SourceCode, index_source};
use crate::digest::Digest;
use crate::filename::{self, BuildTag, DistributionFilename, WheelFilename};
use crate::lock::{Package, Source, SourceKind};
use crate::tag::Mismatch;
use crate::target::Target;

/// A file of the lock that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file's name.
    pub file: String,
    /// What is against it.
    pub reason: Reason,
}

/// What is against a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A wheel for other Pythons or binary interfaces.
    OtherPython,
    /// A wheel for this Python on other platforms.
    OtherPlatform,
    /// A wheel, where the settings want none.
    NoBinary,
    /// A source distribution, where the settings want none.
    OnlyBinary,
    /// Its name is that of another package or version.
    OtherPackage,
    /// Its name is not one that can be understood.
    Name(filename::Error),
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
    options: &Options,
) -> Result<Origin, Error> {
    let Some(source) = &package.resolved_source else {
        return from_index(package, target, options);
    };
    match source.kind {
        SourceKind::Legacy => from_index(package, target, options),
        SourceKind::Git => Err(needs_build(package, SourceCode::Git(repository(source)))),
        SourceKind::Directory => Ok(Origin::Directory {
            path: source.path().to_owned(),
            is_editable: options.is_editable && package.is_develop,
        }),
        SourceKind::File => {
            let path = source.path().to_owned();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| lacks(package, "file name"))?.to_owned();
            let digests = alone(package, &name, target)?;
            Ok(Origin::File { path, digests })
        }
        SourceKind::Url => {
            let file = url_file_name(&source.url);
            let file = file.ok_or_else(|| lacks(package, "file name"))?;
            let digests = alone(package, &file, target)?;
            let url = source.url.clone();
            Ok(Origin::Url { url, file, digests })
        }
    }
}

/// Tells whether `package` is a folder on this machine.
pub(super) fn is_directory(package: &Package) -> bool {
    let is_directory = |source: &Source| source.kind == SourceKind::Directory;
    package.source.as_ref().is_some_and(is_directory)
}

fn from_index(package: &Package, target: &Target, options: &Options) -> Result<Origin, Error> {
    let source = index_source(package, options.sources.as_deref())?;
    let mut best: Option<(Rank<'_>, &str)> = None;
    let mut refused = Vec::new();
    let parsed = package
        .files
        .iter()
        .map(|file| (file.name.as_str(), DistributionFilename::parse(&file.name)));
    let parsed: Vec<_> = parsed.collect();
    for (file, parsed) in &parsed {
        match consider(parsed, package, target, options) {
            Ok(rank) if best.as_ref().is_none_or(|(best, _)| rank > *best) => {
                best = Some((rank, file));
            }
            Ok(_) => {}
            Err(reason) => refused.push(Refused {
                file: (*file).to_owned(),
                reason,
            }),
        }
    }
    match best {
        None => Err(no_usable_file(package, target, refused)),
        Some((rank, file)) if rank.is_sdist => Err(Error::NeedsBuild {
            name: package.name.clone(),
            version: package.version.clone(),
            source_code: SourceCode::Sdist(file.to_owned()),
            refused,
        }),
        Some((_, file)) => Ok(Origin::Index {
            digests: digests(package, file)?,
            file: file.to_owned(),
            source,
        }),
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
    options: &Options,
) -> Result<Rank<'a>, Reason> {
    let (no_binary, only_binary) = (&options.no_binary, &options.only_binary);
    let name = &package.name;
    match file {
        Err(error) => Err(Reason::Name(error.clone())),
        Ok(DistributionFilename::Wheel(wheel)) => {
            if (wheel.name(), wheel.version()) != (name, &package.version) {
                return Err(Reason::OtherPackage);
            }
            if no_binary.forbids(name, only_binary) {
                return Err(Reason::NoBinary);
            }
            let place = place(wheel, target)?;
            Ok(Rank {
                build: wheel.build(),
                place: Reverse(place),
                is_sdist: false,
            })
        }
        Ok(DistributionFilename::Sdist(sdist)) => {
            if (sdist.name(), sdist.version()) != (name, &package.version) {
                return Err(Reason::OtherPackage);
            }
            if only_binary.forbids(name, no_binary) {
                return Err(Reason::OnlyBinary);
            }
            Ok(Rank {
                build: None,
                place: Reverse(target.tags.len()),
                is_sdist: true,
            })
        }
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
fn alone(package: &Package, file: &str, target: &Target) -> Result<Vec<Digest>, Error> {
    let refuse = |reason| {
        let file = file.to_owned();
        no_usable_file(package, target, vec![Refused { file, reason }])
    };
    match DistributionFilename::parse(file) {
        Ok(DistributionFilename::Wheel(wheel)) => drop(place(&wheel, target).map_err(refuse)?),
        // The archive of a repository at some forge (`main.zip`) need not be named as a distribution is.
        Ok(DistributionFilename::Sdist(_)) | Err(_) if !filename::is_wheel(file) => {
            return Err(needs_build(package, SourceCode::Sdist(file.to_owned())));
        }
        Ok(DistributionFilename::Sdist(_)) => {}
        Err(error) => return Err(refuse(Reason::Name(error))),
    }
    digests(package, file)
}

/// A lock of an archive with its own address lists that one file, maybe under another spelling.
fn digests(package: &Package, file: &str) -> Result<Vec<Digest>, Error> {
    let is_one = package.files.len() == 1;
    let named = package
        .files
        .iter()
        .filter(|locked| is_one || locked.name == file);
    let digests: Vec<Digest> = named
        .filter_map(|locked| Digest::parse(&locked.hash))
        .collect();
    if digests.is_empty() {
        return Err(Error::NoDigest {
            name: package.name.clone(),
            file: file.to_owned(),
        });
    }
    Ok(digests)
}

fn no_usable_file(package: &Package, target: &Target, refused: Vec<Refused>) -> Error {
    Error::NoUsableFile {
        name: package.name.clone(),
        version: package.version.clone(),
        target: target.to_string(),
        refused,
    }
}

fn needs_build(package: &Package, source_code: SourceCode) -> Error {
    Error::NeedsBuild {
        name: package.name.clone(),
        version: package.version.clone(),
        source_code,
        refused: Vec::new(),
    }
}

fn lacks(package: &Package, lacks: &'static str) -> Error {
    Error::Source {
        name: package.name.clone(),
        lacks,
    }
}

fn repository(source: &Source) -> String {
    let reference = source
        .resolved_reference
        .as_ref()
        .or(source.reference.as_ref());
    match reference {
        Some(reference) => format!("{} at {reference}", without_credentials(&source.url)),
        None => without_credentials(&source.url),
    }
}

/// Returns `text` with no user and no password in it, whatever else it is.
pub(super) fn without_credentials(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            let cleared = url.set_password(None).and_then(|()| url.set_username(""));
            cleared.map_or_else(|()| String::new(), |()| url.to_string())
        }
        Ok(_) | Err(_) => text.to_owned(),
    }
}

fn url_file_name(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let last = url.path_segments()?.next_back()?;
    let decoded = percent_decode_str(last).decode_utf8().ok()?;
    let is_file_name =
        Path::new(decoded.as_ref()).components().count() == 1 && !decoded.contains('\\');
    is_file_name.then(|| decoded.into_owned())
}
