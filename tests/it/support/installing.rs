//! Installing with a pool of two threads, where that is nothing to a test.

use lock2venv::event::Reporter;
use lock2venv::install::{
    self, Destination, Error, FilePool, InstallOptions, Installation, KeptWheels, PreparedWheel,
    Report,
};
use lock2venv::plan::{Distribution, Plan};

/// As [`install::install`].
pub(crate) fn install<E: From<Error>>(
    plan: &Plan,
    arrivals: impl IntoIterator<Item = Result<PreparedWheel, E>>,
    destination: &Destination,
    options: &InstallOptions,
    reporter: &dyn Reporter,
) -> Result<Report, E> {
    let pool = pool();
    let kept = install::unpacked(&[], destination, options, &pool).finder;
    let installation = Installation {
        plan,
        destination,
        options,
        kept: kept.as_ref(),
        pool: &pool,
        reporter,
        on_failure: &|| (),
    };
    install::install(installation, arrivals)
}

/// As [`install::unpacked`].
pub(crate) fn unpacked(
    distributions: &[&Distribution],
    destination: &Destination,
    options: &InstallOptions,
) -> KeptWheels {
    install::unpacked(distributions, destination, options, &pool())
}

fn pool() -> FilePool {
    FilePool::start(2).unwrap()
}
