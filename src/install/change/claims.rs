//! Who gets a path that several distributions claim, when some of them are installed already.
//!
//! The rule is that of [`conflict`](super::conflict), so that a changed environment is like a new one: of different bytes
//! those of the last in the order of names stay. What gives way is taken out of RECORD and noted as dropped.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::dropped;
use super::ground::digest_of_file;
use super::kept::Kept;
use crate::event::Warning;
use crate::install::Error;
use crate::install::place::placed::{Placed, label};
use crate::install::place::pycache::{is_bytecode, is_made_of};
use crate::install::unpack::placed_wheel::PlacedWheel;
use crate::installed::InstalledDistribution;
use crate::plan::{Action, Plan};

/// The place in the order of claims of the action at `position` of the plan; the numbers between are for what the plan
/// does not name.
fn order_of(position: usize) -> usize {
    2 * position + 2
}

/// The place in the order of claims of a distribution that `plan` keeps, or does not name.
pub(crate) fn order_in(plan: &Plan, distribution: &InstalledDistribution) -> usize {
    let is_same = |action: &Action| match action {
        Action::Keep(kept) => kept.dist_info == distribution.dist_info,
        Action::Install(_) | Action::Replace { .. } | Action::Remove(_) => false,
    };
    if let Some(position) = plan.actions().iter().position(is_same) {
        return order_of(position);
    }
    let before = plan.actions().iter();
    let before = before.take_while(|action| *action.name() < distribution.name);
    order_of(before.count()) - 1
}

/// Who claims a path.
#[derive(Clone, Copy)]
enum Claimant {
    Kept(usize),
    New(usize),
}

/// Settles each contested path between what is `kept` and the new `wheels`, which are staged for the environment at `folder`.
pub(crate) fn settle(
    kept: &mut [Kept],
    wheels: &mut [PlacedWheel<'_>],
    folder: &Path,
) -> Result<Vec<Warning>, Error> {
    let contested = contested(kept, wheels).into_iter();
    let (bytecode, others): (Vec<_>, Vec<_>) = contested.partition(|(path, _)| is_bytecode(path));
    let mut settler = ClaimSettler {
        kept,
        wheels,
        folder,
        warnings: Vec::new(),
    };
    for (path, claimants) in others.into_iter().chain(bytecode) {
        settler.settle(&path, &claimants)?;
    }
    let warnings = settler.warnings;
    wheels.iter_mut().try_for_each(dropped::write)?;
    Ok(warnings)
}

/// Finds the paths of new distributions with more than one claimant, who are in order.
fn contested(kept: &[Kept], wheels: &[PlacedWheel<'_>]) -> BTreeMap<String, Vec<Claimant>> {
    let mut claims: HashMap<&str, Vec<(usize, Claimant)>> = HashMap::new();
    for (index, wheel) in wheels.iter().enumerate() {
        let claim = (order_of(wheel.id().position()), Claimant::New(index));
        for placed in &wheel.placed {
            claims.entry(&placed.path).or_default().push(claim);
        }
    }
    for (index, kept) in kept.iter().enumerate() {
        let claim = (kept.order, Claimant::Kept(index));
        for path in kept.files.lines.keys().chain(kept.dropped.keys()) {
            if let Some(claims) = claims.get_mut(path.as_str()) {
                claims.push(claim);
            }
        }
    }
    let contested = claims.into_iter().filter(|(_, claims)| claims.len() > 1);
    let contested = contested.map(|(path, claims)| (path.to_owned(), in_order(claims)));
    contested.collect()
}

fn in_order(mut claims: Vec<(usize, Claimant)>) -> Vec<Claimant> {
    claims.sort_unstable_by_key(|(order, _)| *order);
    claims.into_iter().map(|(_, claimant)| claimant).collect()
}

/// Decides about one path after the other.
struct ClaimSettler<'c, 'w> {
    kept: &'c mut [Kept],
    wheels: &'c mut [PlacedWheel<'w>],
    folder: &'c Path,
    warnings: Vec<Warning>,
}

impl ClaimSettler<'_, '_> {
    fn settle(&mut self, path: &str, claimants: &[Claimant]) -> Result<(), Error> {
        let digests = claimants.iter().map(|one| self.digest(*one, path));
        let digests: Vec<Option<[u8; 32]>> = digests.collect::<Result<_, Error>>()?;
        let have = claimants.iter().zip(&digests).rev();
        let winner = have
            .clone()
            .find_map(|(one, digest)| Some((*one, (*digest)?)));
        let Some((winner, kept_digest)) = winner else {
            return Ok(());
        };
        for (claimant, digest) in claimants.iter().zip(&digests) {
            match digest {
                None => self.regain(*claimant, path, &kept_digest),
                Some(digest) if *digest == kept_digest => {}
                Some(_) => {
                    self.warnings.push(Warning::Conflict {
                        path: path.to_owned(),
                        dropped: self.label(*claimant),
                        kept: self.label(winner),
                    });
                    self.lose(*claimant, path)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the digest of a claimant's file: of what is there, not of what RECORD once said. `None` when it has none.
    fn digest(&self, claimant: Claimant, path: &str) -> Result<Option<[u8; 32]>, Error> {
        match claimant {
            Claimant::New(index) => {
                let mut placed = self.wheels[index].placed.iter();
                let placed = placed.find(|placed| *placed.path == *path);
                Ok(placed.map(|placed| placed.digest))
            }
            Claimant::Kept(index) if self.kept[index].has(path) => {
                digest_of_file(&self.folder.join(path))
            }
            Claimant::Kept(_) => Ok(None),
        }
    }

    fn regain(&mut self, claimant: Claimant, path: &str, digest: &[u8; 32]) {
        match claimant {
            Claimant::Kept(index) => self.kept[index].regain(path, digest),
            Claimant::New(_) => {}
        }
    }

    /// Takes `path` from `claimant`, and the bytecode that was made of it.
    fn lose(&mut self, claimant: Claimant, path: &str) -> Result<(), Error> {
        match claimant {
            Claimant::Kept(index) => self.kept[index].lose(path),
            Claimant::New(index) => {
                let wheel = &mut self.wheels[index];
                let goes = |other: &str| other == path || is_made_of(other, path);
                let lost = wheel.placed.extract_if(.., |placed| goes(&placed.path));
                let lost: Vec<Placed> = lost.collect();
                for placed in &lost {
                    wheel.root.place().remove(&placed.path)?;
                }
                wheel.dropped.extend(lost);
            }
        }
        Ok(())
    }

    fn label(&self, claimant: Claimant) -> String {
        match claimant {
            Claimant::New(index) => label(self.wheels[index].distribution),
            Claimant::Kept(index) => self.kept[index].files.label.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::install::change::installed_files::InstalledFiles;
    use crate::install::place::record::digest_text;
    use crate::install::scene::{Scene, SceneFile};

    /// Settles between an installed distribution with `kept` files, in the order of claims at 3, and a new one with `new`
    /// files, at 2 (position 0 of the plan) or 4 (position 1). Says what the first loses and has again, and what the second
    /// places and drops.
    #[track_caller]
    fn settles(kept: &[SceneFile], position: usize, new: &[SceneFile], expected: &str) {
        let scene = Scene::new();
        let installed = scene.install("kept", kept);
        settles_in(&scene, &installed, position, new, expected);
    }

    #[track_caller]
    fn settles_in(
        scene: &Scene,
        installed: &InstalledDistribution,
        position: usize,
        new: &[SceneFile],
        expected: &str,
    ) {
        let ground = scene.ground();
        let files = InstalledFiles::read(installed, ground).unwrap();
        let mut kept = [Kept::new(3, files, ground).unwrap()];
        let mut wheels = [scene.staged(position, new)];
        let warnings = settle(&mut kept, &mut wheels, ground.folder).unwrap();
        let lost: Vec<&str> = kept[0].lost().collect();
        let paths = |placed: &[Placed]| {
            let paths = placed.iter().map(|placed| placed.path.to_string());
            paths.collect::<Vec<_>>().join(" ")
        };
        let text = format!(
            "lost: {}; placed: {}; dropped: {}; {} warnings",
            lost.join(" "),
            paths(&wheels[0].placed),
            paths(&wheels[0].dropped),
            warnings.len()
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn the_same_bytes_are_shared() {
        let file = [SceneFile("lib/a.py", "x")];
        settles(
            &file,
            0,
            &file,
            "lost: ; placed: lib/a.py; dropped: ; 0 warnings",
        );
        settles(
            &file,
            1,
            &file,
            "lost: ; placed: lib/a.py; dropped: ; 0 warnings",
        );
    }

    #[test]
    fn of_other_bytes_those_of_the_last_stay() {
        let (old, new) = ([SceneFile("lib/a.py", "x")], [SceneFile("lib/a.py", "y")]);
        settles(
            &old,
            1,
            &new,
            "lost: lib/a.py; placed: lib/a.py; dropped: ; 1 warnings",
        );
        settles(
            &old,
            0,
            &new,
            "lost: ; placed: lib/p0-2.dist-info/RECORD.dropped; dropped: lib/a.py; 1 warnings",
        );
    }

    #[test]
    fn bytecode_goes_with_its_source() {
        let pyc = "lib/__pycache__/a.cpython-311.pyc";
        let old = [SceneFile("lib/a.py", "x"), SceneFile(pyc, "1")];
        let new = [SceneFile("lib/a.py", "y"), SceneFile(pyc, "2")];
        settles(
            &old,
            1,
            &new,
            "lost: lib/__pycache__/a.cpython-311.pyc lib/a.py; \
             placed: lib/a.py lib/__pycache__/a.cpython-311.pyc; dropped: ; 1 warnings",
        );
        settles(
            &old,
            0,
            &new,
            "lost: ; placed: lib/p0-2.dist-info/RECORD.dropped; dropped: lib/a.py; 1 warnings",
        );
    }

    #[test]
    fn what_is_gone_from_the_disk_claims_nothing() {
        let scene = Scene::new();
        let installed = scene.install("kept", &[SceneFile("lib/a.py", "x")]);
        fs_err::remove_file(scene.path("lib/a.py")).unwrap();
        settles_in(
            &scene,
            &installed,
            0,
            &[SceneFile("lib/a.py", "y")],
            "lost: ; placed: lib/a.py; dropped: ; 0 warnings",
        );
    }

    #[test]
    fn what_gave_way_earlier_is_had_again_with_the_same_bytes() {
        let scene = Scene::new();
        let installed = scene.install("kept", &[]);
        let digest = digest_text(&Sha256::digest("x"));
        scene.write(
            "lib/kept-1.dist-info/RECORD.dropped",
            &format!("a.py,{digest},1\n"),
        );
        let ground = scene.ground();
        for (content, n_lines) in [("x", 2), ("y", 1)] {
            let files = InstalledFiles::read(&installed, ground).unwrap();
            let mut kept = [Kept::new(3, files, ground).unwrap()];
            let mut wheels = [scene.staged(n_lines, &[SceneFile("lib/a.py", content)])];
            settle(&mut kept, &mut wheels, ground.folder).unwrap();
            fs_err::create_dir_all(scene.path("drafts")).unwrap();
            kept[0].write_down(&scene.path("drafts")).unwrap();
            let record = scene.read("lib/kept-1.dist-info/RECORD");
            assert_eq!(record.lines().count(), n_lines, "{content}: {record}");
            scene.install("kept", &[]);
        }
    }
}
