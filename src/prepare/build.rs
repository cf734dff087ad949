//! Builds the wheels of folders.

use super::Error;
use super::job::BuildJob;
use crate::install::{PreparedWheel, WheelContent};
use crate::project_wheel;

pub(super) fn build(
    job: &BuildJob<'_>,
    options: &project_wheel::Options,
) -> Result<PreparedWheel, Error> {
    let built = if job.is_editable {
        project_wheel::build_editable(job.folder, options)
    } else {
        project_wheel::build(job.folder, options)
    };
    let built = built.map_err(|source| Error::Build {
        package: job.distribution.name.clone(),
        source: Box::new(source),
    })?;
    Ok(PreparedWheel {
        id: job.distribution.id,
        file: built.file().clone(),
        content: WheelContent::Built(Box::new(built)),
        from_cache: false,
    })
}
