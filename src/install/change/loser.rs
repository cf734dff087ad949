//! Whom to install again because the file of another, which took the place of theirs, goes.
//!
//! That is known before anything is fetched: of what was installed here, from `RECORD.dropped`; of what others installed,
//! who list a path in each RECORD, from the digests. Whether a new version of the other still has the path is not known
//! then, so the loser is installed again in any case.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::claims::order_in;
use super::ground::{Ground, digest_of_file, read_optional};
use super::installed_files::InstalledFiles;
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
    files: InstalledFiles,
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
    let kept = read_staying(&staying, installed, plan, ground)?;
    let mut losers = by_documents(&kept, ground)?;
    let leaving = leaving.into_iter();
    let leaving = leaving.map(|one| InstalledFiles::read_if_listed(one, ground));
    let leaving: Vec<_> = leaving.collect::<Result<_, Error>>()?;
    losers.extend(by_digests(&kept, leaving.into_iter().flatten(), ground)?);
    Ok(losers)
}

/// Reads the lists of those who stay, as far as they may have lost files.
fn read_staying(
    staying: &[&InstalledDistribution],
    installed: &Installed,
    plan: &Plan,
    ground: Ground<'_>,
) -> Result<Vec<Staying>, Error> {
    let is_contested = |one: &InstalledDistribution| installed.contested.contains(&one.dist_info);
    let has_contested = staying.iter().any(|one| is_contested(one));
    let mut read = Vec::new();
    for distribution in staying {
        if (has_contested || !is_own(distribution)?)
            && let Some(files) = InstalledFiles::read_if_listed(distribution, ground)?
        {
            read.push(Staying {
                files,
                order: order_in(plan, distribution),
                is_contested: is_contested(distribution),
            });
        }
    }
    Ok(read)
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

/// Finds those with a dropped file that nobody lists who stays and comes after them; or that they list themselves, for a change
/// that was interrupted.
fn by_documents(kept: &[Staying], ground: Ground<'_>) -> Result<BTreeSet<PackageName>, Error> {
    let mut last: HashMap<&str, usize> = HashMap::new();
    for Staying { files, order, .. } in kept {
        for path in files.lines.keys() {
            let last = last.entry(path).or_default();
            *last = (*last).max(*order);
        }
    }
    let mut losers = BTreeSet::new();
    for Staying { files, order, .. } in kept.iter().filter(|staying| staying.is_contested) {
        let is_last = |path: &str| last.get(path).is_none_or(|last| last <= order);
        let lacks = |path: &String| files.lines.contains_key(path) || is_last(path);
        if files.dropped(ground)?.keys().any(lacks) {
            losers.insert(files.name.clone());
        }
    }
    Ok(losers)
}

/// Finds those that list a path, with a digest that the file does not have, which something lists that goes.
fn by_digests(
    kept: &[Staying],
    leaving: impl Iterator<Item = InstalledFiles>,
    ground: Ground<'_>,
) -> Result<BTreeSet<PackageName>, Error> {
    let claims = claims(kept);
    let mut losers = BTreeSet::new();
    for going in leaving {
        for (path, line) in &going.lines {
            let claims = claims.get(path.as_str()).map_or(&[][..], Vec::as_slice);
            let differs = |claim: &ListedClaim<'_>| is_other(&claim.line.digest, &line.digest);
            if !claims.iter().any(differs) {
                continue;
            }
            let there = digest_of_file(&ground.folder.join(path))?;
            let there = there.map(|digest| digest_text(&digest));
            let lacks = |claim: &ListedClaim<'_>| {
                let digest = &claim.line.digest;
                !digest.is_empty() && there.as_ref() != Some(digest)
            };
            if claims.iter().all(lacks) {
                losers.extend(claims.iter().map(|claim| claim.name.clone()));
            }
        }
    }
    Ok(losers)
}

/// What the RECORD of a distribution that stays says of a path.
struct ListedClaim<'k> {
    name: &'k PackageName,
    line: &'k Line,
}

fn claims(kept: &[Staying]) -> HashMap<&str, Vec<ListedClaim<'_>>> {
    let mut claims: HashMap<&str, Vec<ListedClaim<'_>>> = HashMap::new();
    for Staying { files, .. } in kept {
        for (path, line) in &files.lines {
            let name = &files.name;
            claims
                .entry(path)
                .or_default()
                .push(ListedClaim { name, line });
        }
    }
    claims
}

fn is_other(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}
