//! Builds the wheels of folders.

use std::path::Path;

use fs_err as fs;

use super::Error;
use super::job::BuildJob;
use crate::install::{PreparedWheel, WheelContent};
use crate::plan::{Distribution, Origin};
use crate::project_wheel::{self, Backend, BuildOptions, BuiltWheel, Unsupported};

pub(super) fn build(job: &BuildJob<'_>, options: &BuildOptions) -> Result<PreparedWheel, Error> {
    let distribution = job.distribution;
    let built = if job.is_editable {
        project_wheel::build_editable(&job.folder, options)
    } else {
        project_wheel::build(&job.folder, options)
    };
    let built = built.map_err(|source| failed(distribution, source))?;
    if matches!(distribution.origin, Origin::Git(_)) {
        check_backend(distribution, &job.folder)?;
        check_wheel(distribution, &built)?;
    }
    Ok(prepared(distribution, built))
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
        Ok(built) if check_wheel(distribution, &built).is_ok() => {
            Ok(Some(prepared(distribution, built)))
        }
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

fn check_wheel(distribution: &Distribution, built: &BuiltWheel) -> Result<(), Error> {
    let (name, version) = (&distribution.name, &distribution.version);
    if (built.file().name(), built.file().version()) == (name, version) {
        return Ok(());
    }
    Err(Error::WrongWheel {
        package: name.clone(),
        version: version.clone(),
        file: built.file_name().to_owned(),
    })
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
