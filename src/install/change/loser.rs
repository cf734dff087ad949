//! Whom to install again because the file of another, which took the place of theirs, goes.
//!
//! That is known before anything is fetched: of what was installed here, from `RECORD.dropped`; of what others installed,
//! who list a path in each RECORD, from the digests. Whether a new version of the other still has the path is not known
//! then, so the loser is installed again in any case.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use super::claims::order_in;
use super::ground::{Ground, read_optional};
use super::holding::Holding;
use super::listing::Line;
use crate::environment::Layout;
use crate::install::Error;
use crate::install::place::record::digest_text;
use crate::installed::{Installed, InstalledDistribution};
use crate::name::PackageName;
use crate::plan::{Action, Plan};

/// What INSTALLER says where `RECORD.dropped` is written.
const OWN_NAME: &str = "lock2venv";

/// A distribution that stays.
struct Staying {
    holding: Holding,
    /// Its place in the order of claims.
    order: usize,
    /// Whether files of its own gave way to others.
    is_contested: bool,
}

/// Finds the distributions that `plan` keeps, and that would lack files in the environment at `folder` afterwards.
///
/// Costs nothing when nothing goes and no files are contested; otherwise the reading of INSTALLER of each distribution that
/// stays, and of RECORD where that is needed.
///
/// # Errors
///
/// [`Error::Io`].
pub fn losers(
    folder: &Path,
    layout: &Layout,
    installed: &Installed,
    plan: &Plan,
) -> Result<BTreeSet<PackageName>, Error> {
    let ground = Ground { folder, layout };
    let going: HashSet<&Path> = plan.actions().iter().filter_map(going).collect();
    if going.is_empty() && installed.contested.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = installed.distributions.iter();
    let (leaving, staying): (Vec<_>, Vec<_>) =
        all.partition(|distribution| going.contains(&*distribution.dist_info));
    let is_contested = |distribution: &&InstalledDistribution| {
        installed.contested.contains(&distribution.dist_info)
    };
    let has_contested = staying.iter().any(is_contested);
    let mut kept = Vec::new();
    for distribution in staying {
        if (has_contested || !is_own(distribution)?)
            && let Some(holding) = claiming(distribution, ground)?
        {
            kept.push(Staying {
                holding,
                order: order_in(plan, distribution),
                is_contested: is_contested(&distribution),
            });
        }
    }
    let mut losers = by_documents(&kept, ground)?;
    let leaving = leaving.into_iter();
    let leaving: Result<Vec<_>, Error> = leaving.map(|one| claiming(one, ground)).collect();
    losers.extend(by_digests(&kept, leaving?.into_iter().flatten(), ground));
    Ok(losers)
}

fn going(action: &Action) -> Option<&Path> {
    match action {
        Action::Replace { from, .. } | Action::Remove(from) => Some(&from.dist_info),
        Action::Install(_) | Action::Keep(_) => None,
    }
}

fn is_own(distribution: &InstalledDistribution) -> Result<bool, Error> {
    let text = read_optional(&distribution.dist_info.join("INSTALLER"))?;
    Ok(text.is_some_and(|text| text.trim_ascii() == OWN_NAME.as_bytes()))
}

/// `None` for what has no list that can be read.
fn claiming(
    distribution: &InstalledDistribution,
    ground: Ground<'_>,
) -> Result<Option<Holding>, Error> {
    match Holding::read(distribution, ground) {
        Ok(holding) => Ok(Some(holding)),
        Err(Error::NoRecord { .. } | Error::BadRecord { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds those with a dropped file that nobody lists who stays and comes after them; or that they list themselves, for a change
/// that was interrupted.
fn by_documents(kept: &[Staying], ground: Ground<'_>) -> Result<BTreeSet<PackageName>, Error> {
    let mut last: HashMap<&str, usize> = HashMap::new();
    for Staying { holding, order, .. } in kept {
        for path in holding.lines.keys() {
            let last = last.entry(path).or_default();
            *last = (*last).max(*order);
        }
    }
    let mut losers = BTreeSet::new();
    for Staying { holding, order, .. } in kept.iter().filter(|staying| staying.is_contested) {
        let is_last = |path: &str| last.get(path).is_none_or(|last| last <= order);
        let lacks = |path: &String| holding.lines.contains_key(path) || is_last(path);
        if holding.dropped(ground)?.keys().any(lacks) {
            losers.insert(holding.name.clone());
        }
    }
    Ok(losers)
}

/// Finds those that list a path, with a digest that the file does not have, which something lists that goes.
fn by_digests(
    kept: &[Staying],
    leaving: impl Iterator<Item = Holding>,
    ground: Ground<'_>,
) -> BTreeSet<PackageName> {
    let mut claims: HashMap<&str, Vec<(&PackageName, &Line)>> = HashMap::new();
    for Staying { holding, .. } in kept {
        for (path, line) in &holding.lines {
            let claim = (&holding.name, line);
            claims.entry(path).or_default().push(claim);
        }
    }
    let mut losers = BTreeSet::new();
    for going in leaving {
        let contested = going.lines.iter().filter_map(|(path, line)| {
            let claims = claims.get(path.as_str())?;
            let differs = |(_, other): &(_, &Line)| is_other(&other.digest, &line.digest);
            claims.iter().any(differs).then_some((path, claims))
        });
        let contested: BTreeMap<_, _> = contested.collect();
        for (path, claims) in contested {
            let content = fs::read(ground.folder.join(path)).unwrap_or_default();
            let there = digest_text(&Sha256::digest(content));
            if claims
                .iter()
                .all(|(_, line)| is_other(&line.digest, &there))
            {
                losers.extend(claims.iter().map(|(name, _)| (*name).clone()));
            }
        }
    }
    losers
}

fn is_other(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}
