//! Builds wheels: those of folders here where that can be done without Python, all others by their build backends.

use std::path::Path;

use fs_err as fs;

use super::housed;
use super::job::{BuildJob, BuildSource};
use super::{Building, Error, Prepare};
use crate::build::{BuildSystem, Expected};
use crate::builder::{self, BuiltFile, SourceArchive, SourceTree, TreeProduct};
use crate::event::Event;
use crate::install::{PreparedWheel, WheelContent};
use crate::plan::{Distribution, Form, GitOrigin, Origin};
use crate::project_wheel::{self, Backend, BuildOptions, BuiltWheel, Unsupported};

/// Finds the wheel that was built before of a source distribution.
pub(super) fn kept(prepare: &Prepare<'_>, distribution: &Distribution) -> Option<PreparedWheel> {
    let (Building::With(builder), Form::Sdist { .. }) = (prepare.building, &distribution.form)
    else {
        return None;
    };
    let origin = &distribution.origin;
    let expected = expected(distribution);
    let built = builder.kept_of_archive(origin.digests(), origin.subdirectory(), &expected)?;
    Some(ready(distribution, built))
}

/// Finds the wheel that was built before of a commit.
pub(super) fn kept_of_commit(
    prepare: &Prepare<'_>,
    distribution: &Distribution,
) -> Option<PreparedWheel> {
    let (Building::With(builder), Origin::Git(git)) = (prepare.building, &distribution.origin)
    else {
        return None;
    };
    let built = builder.kept_of_tree(&identity(git), &expected(distribution))?;
    Some(ready(distribution, built))
}

/// Builds a wheel; returns `None` where that is only rehearsed.
///
/// # Errors
///
/// [`Error::Build`], [`Error::SourceBuild`], [`Error::NeedsBuild`].
pub(super) fn build(
    job: &BuildJob<'_>,
    prepare: &Prepare<'_>,
) -> Result<Option<PreparedWheel>, Error> {
    let distribution = job.distribution;
    match &job.source {
        // What could be built without a backend was built when the commit was checked out.
        BuildSource::Folder { .. } if matches!(distribution.origin, Origin::Git(_)) => {
            by_backend(job, prepare)
        }
        BuildSource::Folder { path, .. } if is_only_checked(distribution, prepare) => {
            check(path, prepare.folders).map_err(|error| failed(distribution, error))?;
            Ok(None)
        }
        BuildSource::Folder { path, product } => {
            let built = if is_project(distribution, prepare) {
                project_here(path, *product, prepare.folders)
            } else {
                dependency_here(path, *product, prepare.folders)
            };
            match built {
                Ok(built) => Ok(Some(prepared(distribution, built))),
                Err(error) if error.needs_backend() => {
                    match housed::instead_of_backend(prepare, distribution)? {
                        Some(wheel) => Ok(Some(wheel)),
                        None => by_backend(job, prepare),
                    }
                }
                Err(error) => Err(failed(distribution, error)),
            }
        }
        BuildSource::Archive { .. } => by_backend(job, prepare),
    }
}

/// Tells whether `distribution` is a folder beside the project, which a rehearsal does not build.
fn is_only_checked(distribution: &Distribution, prepare: &Prepare<'_>) -> bool {
    matches!(prepare.building, Building::Rehearsed) && !is_project(distribution, prepare)
}

fn is_project(distribution: &Distribution, prepare: &Prepare<'_>) -> bool {
    prepare.project == Some(&distribution.name)
}

/// Checks that the folder has a project that can be read.
fn check(folder: &Path, options: &BuildOptions) -> Result<(), project_wheel::Error> {
    let checked = project_wheel::check(folder, options);
    checked.or_else(|error| {
        if error.needs_backend() {
            return Ok(());
        }
        Err(error)
    })
}

fn project_here(
    folder: &Path,
    product: TreeProduct,
    options: &BuildOptions,
) -> Result<BuiltWheel, project_wheel::Error> {
    match product {
        TreeProduct::Wheel => project_wheel::build(folder, options),
        TreeProduct::Editable => project_wheel::build_editable_project(folder, options),
    }
}

/// Only the project itself is built by poetry-core where nothing names that.
fn dependency_here(
    folder: &Path,
    product: TreeProduct,
    options: &BuildOptions,
) -> Result<BuiltWheel, project_wheel::Error> {
    match BuildSystem::read(folder) {
        Ok(system) if system.is_setuptools() => Err(Unsupported::Backend(system.backend()).into()),
        // What is wrong with it is said in the words of who builds it here.
        Ok(_) | Err(_) => match product {
            TreeProduct::Wheel => project_wheel::build(folder, options),
            TreeProduct::Editable => project_wheel::build_editable(folder, options),
        },
    }
}

fn by_backend(job: &BuildJob<'_>, prepare: &Prepare<'_>) -> Result<Option<PreparedWheel>, Error> {
    let distribution = job.distribution;
    let builder = match prepare.building {
        Building::With(builder) => builder,
        Building::Rehearsed => return Ok(None),
        Building::Stocked(stock) if let BuildSource::Archive { file, .. } = &job.source => {
            stock.put(distribution, file)?;
            prepare.reporter.report(Event::Stocked {
                name: &distribution.name,
                version: &distribution.version,
            });
            return Ok(None);
        }
        Building::Stocked(_) | Building::Refused => {
            return Err(Error::NeedsBuild {
                package: distribution.name.clone(),
            });
        }
    };
    let built = wheel(job, builder).map_err(|source| Error::SourceBuild {
        package: distribution.name.clone(),
        version: distribution.version.clone(),
        source: Box::new(shown(source, job)),
    })?;
    Ok(Some(ready(distribution, built)))
}

/// Names the repository in place of the folder that it was copied to.
fn shown(error: builder::Error, job: &BuildJob<'_>) -> builder::Error {
    match (&job.source, &job.distribution.origin) {
        (BuildSource::Folder { path, .. }, Origin::Git(git)) => {
            error.with_tree_shown(path, &git.url.to_string())
        }
        _ => error,
    }
}

fn wheel(job: &BuildJob<'_>, builder: &builder::Builder<'_>) -> Result<BuiltFile, builder::Error> {
    let expected = &expected(job.distribution);
    let identity = match &job.distribution.origin {
        Origin::Git(git) => Some(identity(git)),
        Origin::Index { .. }
        | Origin::Url { .. }
        | Origin::File { .. }
        | Origin::Directory { .. } => None,
    };
    match &job.source {
        BuildSource::Folder { path, product } => builder.wheel_of_tree(&SourceTree {
            folder: path,
            expected,
            product: *product,
            identity: identity.as_deref(),
        }),
        BuildSource::Archive {
            file,
            file_name,
            subdirectory,
        } => builder.wheel_of_archive(&SourceArchive {
            file,
            file_name,
            subdirectory: *subdirectory,
            expected,
        }),
    }
}

/// What tells the files of a commit from all others.
fn identity(git: &GitOrigin) -> String {
    let url = git.url.without_credentials();
    let commit = git.resolved_reference.as_deref().unwrap_or_default();
    let subdirectory = git.subdirectory.as_deref().unwrap_or_default();
    format!("{url}\n{commit}\n{subdirectory}")
}

/// A folder may have moved on since it was locked, so that its version is not what it was; what is locked by digest or commit
/// has not.
fn expected(distribution: &Distribution) -> Expected {
    let is_fixed = !matches!(distribution.origin, Origin::Directory { .. });
    Expected {
        name: distribution.name.clone(),
        version: is_fixed.then(|| distribution.version.clone()),
    }
}

fn ready(distribution: &Distribution, built: BuiltFile) -> PreparedWheel {
    PreparedWheel {
        id: distribution.id,
        file: built.file_name,
        content: WheelContent::Archive(built.file),
        from_cache: built.from_cache,
    }
}

/// Builds the wheel of a check-out, if that runs no code; `None` when a backend has to do it.
///
/// A version that is not the locked one is computed by something else than poetry-core, such as a plugin of it.
pub(super) fn native(
    distribution: &Distribution,
    folder: &Path,
    options: &BuildOptions,
) -> Result<Option<PreparedWheel>, Error> {
    if check_backend(distribution, folder).is_err() {
        return Ok(None);
    }
    match project_wheel::build(folder, options) {
        Ok(built) if is_locked(distribution, &built) => Ok(Some(prepared(distribution, built))),
        Ok(_) | Err(project_wheel::Error::Unsupported(_)) => Ok(None),
        Err(source) => Err(failed(distribution, source)),
    }
}

/// Checks that poetry-core is named: what names no backend is built by setuptools, unless it is the root of a project.
fn check_backend(distribution: &Distribution, folder: &Path) -> Result<(), Error> {
    let text = fs::read_to_string(folder.join("pyproject.toml"));
    let backend = text.ok().map(|text| project_wheel::backend(&text));
    let other = match backend {
        Some(Ok(Backend::PoetryCore)) => return Ok(()),
        Some(Err(source)) => return Err(failed(distribution, source)),
        Some(Ok(Backend::Other(name))) => name,
        Some(Ok(Backend::Unnamed)) | None => "setuptools".to_owned(),
    };
    Err(failed(distribution, Unsupported::Backend(other).into()))
}

/// Tells whether it is the wheel that was locked.
fn is_locked(distribution: &Distribution, built: &BuiltWheel) -> bool {
    let file = built.file();
    (file.name(), file.version()) == (&distribution.name, &distribution.version)
}

fn failed(distribution: &Distribution, source: project_wheel::Error) -> Error {
    Error::Build {
        package: distribution.name.clone(),
        source: Box::new(source),
    }
}

fn prepared(distribution: &Distribution, built: BuiltWheel) -> PreparedWheel {
    PreparedWheel {
        id: distribution.id,
        file: built.file().clone(),
        content: WheelContent::Built(Box::new(built)),
        from_cache: false,
    }
}
