//! What to do when a wheel is refused: it was locked like this, or its copy in the cache is damaged.
//!
//! The cache is trusted by name and size, for hashing everything again would cost more than an install from it. So a copy
//! that a failing disk or a power cut changed is detected only when it does not unpack, or is copied. Then it goes, with
//! all others that are damaged, and the install begins again: nobody has seen what it did so far.

use super::Error;
use crate::builder::Builder;
use crate::digest::Digest;
use crate::install;
use crate::plan::Distribution;
use crate::prepare;
use crate::store::{self, Cache, PrivateCache, Trust};

/// Removes from the cache what is not what its name says, if the install may have failed for that; returns the names of
/// what was damaged. Where one copy is damaged all others of the install are looked at, too.
pub(super) fn remove(
    error: &Error,
    distributions: &[&Distribution],
    cache: Option<Cache>,
    kept: Option<&PrivateCache>,
) -> Vec<String> {
    if let Error::Install(install::Error::Damaged { path }) = error {
        if let Some(kept) = kept {
            let choices = distributions.iter().flat_map(|one| one.choices());
            let digests = choices.flat_map(|choice| choice.origin.remote_digests());
            store::verify_wheels_of(kept, digests);
        }
        return vec![path.clone()];
    }
    let cache = cache.filter(|_| may_come_from_damage(error));
    cache.map_or_else(Vec::new, |cache| damaged_archives(distributions, cache))
}

/// Removes from the cache the wheels that were built before and are damaged, if the install may have failed for that.
pub(super) fn of_builds(error: Error, builder: &Builder<'_>, trust: Trust) -> Error {
    if trust == Trust::Nothing || !may_come_from_damage(&error) {
        return error;
    }
    let names = builder.discard_damaged();
    if names.is_empty() {
        return error;
    }
    Error::Damaged { names }
}

/// Tells whether a damaged archive may be why a wheel was refused, or could not be built.
fn may_come_from_damage(error: &Error) -> bool {
    use install::Error::{RecordDiffers, Several, Wheel};
    let is_refused =
        |error: &install::Error| matches!(error, Wheel { .. } | RecordDiffers { .. } | Several(_));
    let is_build = |error: &prepare::Error| matches!(error, prepare::Error::SourceBuild { .. });
    matches!(error, Error::Install(error) if is_refused(error))
        || matches!(error, Error::Prepare(error) if is_build(error))
}

fn damaged_archives(distributions: &[&Distribution], cache: Cache) -> Vec<String> {
    let choices = distributions.iter().flat_map(|one| one.choices());
    let files = choices.filter_map(|distribution| {
        let digests = distribution.origin.remote_digests();
        let is_kept = !digests.is_empty() && matches!(cache.find(digests), Ok(Some(_)));
        Some((distribution.file_name().filter(|_| is_kept)?, digests))
    });
    let files: Vec<_> = files.collect();
    let cache = cache.with_trust(Trust::Nothing);
    let is_damaged = |(_, digests): &(_, &[Digest])| matches!(cache.find(digests), Ok(None));
    let damaged = files.into_iter().filter(is_damaged);
    damaged.map(|(file, _)| file.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::digest::Algorithm;
    use crate::filename::WheelFilename;
    use crate::name::PackageName;
    use crate::plan::{DistributionId, Form, Origin};
    use crate::version::Version;
    use crate::wheel;

    const FILE: &str = "acme-1.0-py3-none-any.whl";

    fn distribution(digest: &Digest) -> Distribution {
        Distribution {
            id: DistributionId::default(),
            name: PackageName::new("acme"),
            version: Version::parse("1.0").unwrap(),
            origin: Origin::Index {
                source: None,
                digests: vec![digest.clone()],
            },
            form: Form::Wheel(WheelFilename::parse(FILE).unwrap()),
            is_requested: true,
            next_best: None,
        }
    }

    fn refusal() -> Error {
        Error::Install(install::Error::Wheel {
            file: FILE.to_owned(),
            fault: wheel::Error::Archive(crate::archive::Error::Malformed { what: "it is odd" }),
        })
    }

    /// Keeps a file, changes its bytes on the disk, and tells which names `remove` returns after `error`, and whether the file is
    /// still kept.
    fn after(error: &Error, change: impl Fn(&mut Vec<u8>)) -> (Vec<String>, bool) {
        let folder = tempfile::tempdir().unwrap();
        let open = || Cache::open(&folder.path().join("cache"), folder.path()).unwrap();
        let digests = [Digest::of(Algorithm::Sha256, b"the bytes of a wheel")];
        let cache = open();
        let mut writer = cache.writer(&digests).unwrap();
        writer.write(b"the bytes of a wheel").unwrap();
        let kept = writer.finish().unwrap().path().unwrap().to_owned();
        let mut bytes = fs::read(&kept).unwrap();
        change(&mut bytes);
        fs::write(&kept, bytes).unwrap();
        let distribution = distribution(&digests[0]);
        let names = remove(error, &[&distribution], Some(open()), None);
        (names, kept.exists())
    }

    #[test]
    fn a_damaged_copy_goes_when_its_wheel_is_refused() {
        let damaged = after(&refusal(), |bytes| bytes[3] ^= 1);
        assert_eq!(damaged, (vec![FILE.to_owned()], false));
    }

    #[test]
    fn what_was_locked_like_this_stays() {
        assert_eq!(after(&refusal(), |_| ()), (Vec::new(), true));
    }

    #[test]
    fn other_errors_say_nothing_of_the_cache() {
        let damage = |bytes: &mut Vec<u8>| bytes[3] ^= 1;
        assert_eq!(after(&Error::NoBytecode, damage), (Vec::new(), true));
        let name = PackageName::new("acme");
        let missing = Error::Install(install::Error::NotArrived { name });
        assert_eq!(after(&missing, damage), (Vec::new(), true));
    }
}
