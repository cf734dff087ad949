//! `lock2venv cache prune`.

use std::time::{Duration, SystemTime};

use indicatif::HumanBytes;
use lock2venv::store::{self, PartSize, PruneRules, Pruned};

use super::arguments::Prune;
use super::size::table;
use crate::context::Context;
use crate::diagnose::{Failure, count};
use crate::report;

const DAY: Duration = Duration::from_hours(24);

pub(super) fn run(arguments: &Prune, context: &Context) -> Result<(), Failure> {
    let path = super::path(&arguments.folder, context)?;
    if !path.exists() {
        report::print_line(&format!("There is no cache in {}", path.display()));
        return Ok(());
    }
    let rules = PruneRules {
        unused_for: arguments.unused_for.map(|days| DAY * u32::from(days)),
        max_bytes: arguments.max_size,
        now: SystemTime::now(),
        is_rehearsal: arguments.dry_run,
    };
    let pruned = store::prune(&path, &rules)?;
    for row in table(&pruned.removed) {
        report::print_line(&row);
    }
    report::print_line(&summary(arguments, &pruned));
    if let Some(remark) = remark(arguments, &pruned) {
        report::print_line(&remark);
    }
    Ok(())
}

fn summary(arguments: &Prune, pruned: &Pruned) -> String {
    let PartSize {
        size,
        n_shared_bytes,
        ..
    } = pruned.removed.total();
    let verb = if arguments.dry_run {
        "Would remove"
    } else {
        "Removed"
    };
    let shared = match n_shared_bytes {
        0 => String::new(),
        n_bytes => format!(", {} of it still used by environments", HumanBytes(n_bytes)),
    };
    format!(
        "{verb} {}, {}{shared}; {} left",
        count(usize::try_from(size.n_files).unwrap_or(usize::MAX), "file"),
        HumanBytes(size.n_bytes),
        HumanBytes(pruned.left.total().size.n_bytes),
    )
}

/// Says why more is left than was asked for.
fn remark(arguments: &Prune, pruned: &Pruned) -> Option<String> {
    let n_left = pruned.left.total().size.n_bytes;
    if pruned.n_in_use > 0 {
        let things = count(pruned.n_in_use, "item");
        return Some(format!(
            "{things} stayed, as running processes may use them"
        ));
    }
    let most = arguments.max_size?;
    (n_left > most).then(|| {
        format!(
            "what is being written is not removed: {} are more than {}",
            HumanBytes(n_left),
            HumanBytes(most)
        )
    })
}
