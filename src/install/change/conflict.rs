//! Two wheels that claim one path.
//!
//! The same bytes are shared in silence and stand in the RECORD of both. Of different bytes those stay that come from the
//! distribution that is last in the order of the plan, which is the order of names: whatever arrived first. The RECORD of
//! the other does not list the file then (see [`dropped`](super::dropped)), and a warning names both.

use std::collections::BTreeMap;

use crate::event::Warning;
use crate::install::Error;
use crate::install::place::placed::{Placed, label};
use crate::install::unpack::batch::ThreadBuffers;
use crate::install::unpack::placed_wheel::PlacedWheel;
use crate::plan::DistributionId;

/// Settles every claim to a path that something was in the way of, so that the files, and what is noted of them, are
/// those of the wheel that keeps the path. `wheels` are in the order of the plan.
pub(crate) fn settle(
    wheels: &mut [PlacedWheel<'_>],
    buffers: &mut ThreadBuffers,
) -> Result<Settled, Error> {
    let mut settled = Settled::default();
    for contest in contests(wheels) {
        let is_replaced = contest.put_in_place(wheels, buffers)?;
        settled.warnings.extend(contest.warnings(wheels));
        let holders = contest.holders(wheels);
        contest.note(wheels);
        let path = SettledPath {
            holders,
            is_replaced,
        };
        settled.paths.insert(contest.path, path);
    }
    Ok(settled)
}

/// What came of contested paths.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) warnings: Vec<Warning>,
    /// What came of each contested path.
    pub(crate) paths: BTreeMap<String, SettledPath>,
}

/// What came of one contested path.
#[derive(Debug)]
pub(crate) struct SettledPath {
    /// The distributions of the plan that have the file now; the last of them decided what it holds.
    pub(crate) holders: Vec<DistributionId>,
    /// Whether the file that was in place gave way to one of other bytes.
    pub(crate) is_replaced: bool,
}

impl SettledPath {
    /// Returns the distribution that decided what the file holds.
    pub(crate) fn winner(&self) -> Option<DistributionId> {
        self.holders.last().copied()
    }
}

/// A path that something was in the way of.
struct Contest {
    path: String,
    /// The other claims, in the order of the plan.
    others: Vec<Claim>,
    /// The last claim, which keeps the path.
    winner: Claim,
}

/// One claim to a path.
struct Claim {
    /// Which of the wheels claims it.
    wheel: usize,
    placed: Placed,
    /// Where among that wheel's contested files it is; `None` when its file is in place.
    contested: Option<usize>,
}

impl Contest {
    fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.others.iter().chain([&self.winner])
    }

    /// Tells whether `claim` is to the same bytes as the path keeps.
    fn is_kept(&self, claim: &Claim) -> bool {
        claim.placed.digest == self.winner.placed.digest
    }

    /// Replaces the file that is in place unless it has the same bytes; tells whether it was.
    fn put_in_place(
        &self,
        wheels: &[PlacedWheel<'_>],
        buffers: &mut ThreadBuffers,
    ) -> Result<bool, Error> {
        let first = self.claims().find(|claim| claim.contested.is_none());
        let first = first.ok_or_else(|| without_owner(&self.path, wheels))?;
        let late = self.winner.contested.filter(|_| !self.is_kept(first));
        let Some(number) = late else {
            return Ok(false);
        };
        let wheel = &wheels[self.winner.wheel];
        wheel.root.place().remove(&self.path)?;
        wheel.write_contested(number, buffers)?;
        Ok(true)
    }

    fn warnings(&self, wheels: &[PlacedWheel<'_>]) -> Vec<Warning> {
        let label = |claim: &Claim| label(wheels[claim.wheel].distribution);
        let dropped = self.claims().filter(|claim| !self.is_kept(claim));
        let warnings = dropped.map(|claim| Warning::Conflict {
            path: self.path.clone(),
            dropped: label(claim),
            kept: label(&self.winner),
        });
        warnings.collect()
    }

    fn holders(&self, wheels: &[PlacedWheel<'_>]) -> Vec<DistributionId> {
        let holders = self.claims().filter(|claim| self.is_kept(claim));
        holders.map(|claim| wheels[claim.wheel].id()).collect()
    }

    /// Notes for each wheel whether it has the file.
    fn note(&self, wheels: &mut [PlacedWheel<'_>]) {
        for claim in self.claims() {
            let wheel = &mut wheels[claim.wheel];
            match (self.is_kept(claim), claim.contested) {
                (true, Some(_)) => wheel.placed.push(claim.placed.clone()),
                (false, None) => wheel.placed.retain(|placed| *placed.path != *self.path),
                (true, None) | (false, Some(_)) => {}
            }
            if !self.is_kept(claim) && claim.wheel != self.winner.wheel {
                wheel.dropped.push(claim.placed.clone());
            }
        }
    }
}

/// Returns why no wheel has its file at `path`: another needs a folder there, or what is there came from no wheel.
fn without_owner(path: &str, wheels: &[PlacedWheel<'_>]) -> Error {
    let mut placed = wheels.iter().flat_map(|wheel| &wheel.placed);
    let is_folder = placed.any(|placed| {
        let below = placed.path.strip_prefix(path);
        below.is_some_and(|below| below.starts_with('/'))
    });
    let path = path.to_owned();
    if is_folder {
        Error::FileAndFolder { path }
    } else {
        Error::Occupied { path }
    }
}

/// Collects the claims to each contested path, in the order of the plan.
fn contests(wheels: &[PlacedWheel<'_>]) -> Vec<Contest> {
    let contested = wheels.iter().flat_map(|wheel| &wheel.contested);
    let paths = contested.map(|file| &*file.placed.path);
    let mut claims: BTreeMap<&str, Vec<Claim>> = paths.map(|path| (path, Vec::new())).collect();
    if claims.is_empty() {
        return Vec::new();
    }
    for (number, wheel) in wheels.iter().enumerate() {
        for (placed, contested) in wheel.claims() {
            if let Some(claims) = claims.get_mut(&*placed.path) {
                claims.push(Claim {
                    wheel: number,
                    placed: placed.clone(),
                    contested,
                });
            }
        }
    }
    let contests = claims.into_iter().filter_map(|(path, mut claims)| {
        let winner = claims.pop()?;
        let (path, others) = (path.to_owned(), claims);
        Some(Contest {
            path,
            others,
            winner,
        })
    });
    contests.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::scene::{Scene, SceneFile};

    /// Places wheels of one file in turn. Says what is at each contested path then, who holds it, and for each wheel how many
    /// files it lists and how many it gave up.
    #[track_caller]
    fn settles(files: &[SceneFile], expected: &str) {
        let scene = Scene::new();
        let files = files.iter().enumerate();
        let mut wheels: Vec<_> = files
            .map(|(position, file)| scene.wheel(position, &[*file]))
            .collect();
        let settled = settle(&mut wheels, &mut ThreadBuffers::default()).unwrap();
        let paths = settled.paths.iter().map(|(path, settled)| {
            let holders = settled.holders.iter().map(ToString::to_string);
            let holders = holders.collect::<Vec<_>>().join("+");
            let is_new = if settled.is_replaced { " replaced" } else { "" };
            format!("{path}={} of {holders}{is_new};", scene.read(path))
        });
        let wheels = wheels
            .iter()
            .map(|wheel| format!(" {}/{}", wheel.placed.len(), wheel.dropped.len()));
        let text: String = paths.chain(wheels).collect();
        assert_eq!(text, expected);
        let n_dropped = text.matches("/1").count();
        assert_eq!(settled.warnings.len(), n_dropped);
    }

    #[test]
    fn the_last_of_those_with_other_bytes_keeps_a_path() {
        use SceneFile as F;
        settles(&[F("a", "x"), F("b", "y")], " 1/0 1/0");
        settles(&[F("a", "x"), F("a", "x")], "a=x of 0+1; 1/0 1/0");
        settles(&[F("a", "x"), F("a", "y")], "a=y of 1 replaced; 0/1 1/0");
        settles(
            &[F("a", "x"), F("a", "y"), F("a", "x")],
            "a=x of 0+2; 1/0 0/1 1/0",
        );
        settles(
            &[F("a", "x"), F("a", "y"), F("a", "y")],
            "a=y of 1+2 replaced; 0/1 1/0 1/0",
        );
    }

    #[test]
    fn the_order_of_the_plan_counts_and_not_that_of_arrival() {
        let scene = Scene::new();
        let second = scene.wheel(1, &[SceneFile("a", "y")]);
        let mut wheels = [scene.wheel(0, &[SceneFile("a", "x")]), second];
        settle(&mut wheels, &mut ThreadBuffers::default()).unwrap();
        assert_eq!(scene.read("a"), "y");
        assert_eq!(wheels[0].dropped.len(), 1);
    }

    #[test]
    fn a_file_of_no_wheel_keeps_its_path() {
        let scene = Scene::new();
        scene.write("a", "somebody's");
        let mut wheels = [scene.wheel(0, &[SceneFile("a", "x")])];
        let settled = settle(&mut wheels, &mut ThreadBuffers::default());
        assert!(matches!(settled, Err(Error::Occupied { path }) if path == "a"));
        assert_eq!(scene.read("a"), "somebody's");
    }
}
