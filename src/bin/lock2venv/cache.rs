//! `lock2venv cache`.

use lock2venv::cache::Cache;

use crate::args::{Cache as Command, CacheFolder};
use crate::context::Context;
use crate::diagnose::Failure;
use crate::{print_data, report};

/// Carries out one of the commands about the cache.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Dir(folder) => {
            let path = path(folder, context)?;
            print_data(format!("{}\n", path.display()).as_bytes())
        }
        Command::Size(folder) => {
            let size = open(folder, context)?.size()?;
            print_data(format!("{}\n", size.n_bytes).as_bytes())
        }
        Command::Clear(folder) => {
            let removed = open(folder, context)?.clear()?;
            report::print_line(&format!(
                "Removed {} files, {} bytes",
                removed.n_files, removed.n_bytes
            ));
            Ok(())
        }
    }
}

fn open(folder: &CacheFolder, context: &Context) -> Result<Cache, Failure> {
    let path = path(folder, context)?;
    Ok(Cache::open(&path, &context.working_folder)?)
}

fn path(folder: &CacheFolder, context: &Context) -> Result<std::path::PathBuf, Failure> {
    let no_home = || {
        Failure::text("there is no home folder, so no cache folder")
            .hint("name one with `--cache-dir DIR`")
    };
    context
        .cache_folder(folder.cache_dir.as_deref())
        .ok_or_else(no_home)
}
