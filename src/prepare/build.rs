//! Builds the wheels of folders.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::Error;
use super::job::BuildJob;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::install::{PreparedWheel, WheelContent};
use crate::project_wheel;
use crate::store::{Cache, VerifiedFile};

pub(super) fn build(
    job: &BuildJob<'_>,
    options: &project_wheel::Options,
    cache: &Cache,
) -> Result<PreparedWheel, Error> {
    let failed = |source| Error::Build {
        package: job.distribution.name.clone(),
        source: Box::new(source),
    };
    let built = if job.is_editable {
        project_wheel::build_editable(job.folder, options)
    } else {
        project_wheel::build(job.folder, options)
    };
    let built = built.map_err(failed)?;
    let temporary = tempfile::NamedTempFile::new().map_err(Error::Temporary)?;
    built.write(temporary.as_file()).map_err(failed)?;
    Ok(PreparedWheel {
        id: job.distribution.id,
        content: WheelContent::Archive(verified(temporary.path(), cache)?),
        file: built.into_filename(),
        from_cache: false,
    })
}

/// Proves the wheel by its own digest: what is installed goes one way only.
fn verified(path: &Path, cache: &Cache) -> Result<VerifiedFile, Error> {
    let digest = digest_of(path).map_err(Error::Temporary)?;
    Ok(cache.verify_local(path, &[digest])?)
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            n_bytes => hasher.update(&buffer[..n_bytes]),
        }
    }
}
