//! `lock2venv cache`.

mod arguments;
mod prune;
mod size;

use std::path::{Path, PathBuf};

use lock2venv::store::{self, Cache};

use crate::args::{Cache as Command, CacheFolder};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::{print_data, report};

pub(crate) use arguments::{CacheSize, Prune};

/// Carries out one of the commands about the cache.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    let removes = matches!(
        command,
        Command::Prune(_) | Command::Verify(_) | Command::Clear(_)
    );
    if removes && context.keeps_nothing {
        let failure = Failure::text("`lock2venv cache` has no cache to work on with `--no-cache`");
        return Err(failure.misuse().about(&["no_cache"]));
    }
    match command {
        Command::Dir(folder) => {
            let path = path(folder, context)?;
            print_data(format!("{}\n", path.display()).as_bytes())
        }
        Command::Size(arguments) => size::run(arguments, context),
        Command::Prune(arguments) => prune::run(arguments, context),
        Command::Verify(folder) => verify(&path(folder, context)?, context),
        Command::Clear(folder) => {
            let removed = store::clear(&path(folder, context)?)?;
            report::print_line(&format!(
                "Removed {} files, {} bytes",
                removed.n_files, removed.n_bytes
            ));
            Ok(())
        }
    }
}

/// Names what is damaged, which is removed.
fn verify(path: &Path, context: &Context) -> Result<(), Failure> {
    let before = store::size(path)?;
    let mut damaged = Vec::new();
    // What holds nothing is not opened, which would make a cache of it.
    if before.n_files > 0 {
        damaged = Cache::open(path, &context.working_folder)?.verify()?;
    }
    if damaged.is_empty() {
        report::print_line(&format!(
            "Nothing is damaged: {} files, {} bytes",
            before.n_files, before.n_bytes
        ));
        return Ok(());
    }
    Err(damage(&damaged))
}

fn damage(paths: &[PathBuf]) -> Failure {
    let headline = match paths {
        [_] => "a part of the cache was damaged".to_owned(),
        _ => format!("{} parts of the cache were damaged", paths.len()),
    };
    let is_there = |path: &&PathBuf| Path::symlink_metadata(path).is_ok();
    let hint = if paths.iter().any(|path| is_there(&path)) {
        "not all of it could be removed: remove it by hand, or name another cache with `--cache-dir DIR`"
    } else {
        "the damaged files were removed: the next install fetches them again"
    };
    let lines = paths.iter().map(|path| path.display().to_string());
    lines
        .fold(Failure::text(headline), Failure::detail)
        .hint(hint)
}

fn path(folder: &CacheFolder, context: &Context) -> Result<PathBuf, Failure> {
    let no_home = || {
        Failure::text("there is no home folder, so no cache folder")
            .hint("name one with `--cache-dir DIR`")
    };
    context
        .cache_folder(folder.cache_dir.as_deref())
        .ok_or_else(no_home)
}
