//! In which steps an environment is changed.
//!
//! What exchanges paths belongs to one step: a file that two of those that go have, that one has and another gets, or that
//! is where the other needs a folder. So each step ends with an environment that is whole.

use std::collections::{HashMap, HashSet};

use fs_err as fs;

use super::ground::Ground;
use super::installed_files::InstalledFiles;
use super::step::Step;
use crate::install::Error;
use crate::install::place::pycache::source_of;
use crate::install::unpack::placed_wheel::PlacedWheel;

/// Parts a change into steps, in the order of the plan, and checks that each can be carried out: files go below real
/// folders, and over no folder that stays.
///
/// `stays` are the files of what is neither `leaving` nor among the new `wheels`.
pub(crate) fn divide(
    ground: Ground<'_>,
    leaving: &[Leaving],
    wheels: &[PlacedWheel<'_>],
    stays: &HashSet<&str>,
) -> Result<Vec<Step>, Error> {
    check_each_other(wheels)?;
    let mut division = Division {
        ground,
        leaving,
        wheels,
        owners: HashMap::new(),
        vanishing: HashMap::new(),
        checked: HashSet::new(),
        ties: Ties::new(leaving.len() + wheels.len()),
    };
    division.tie_leaving();
    // What others list, too, stays where it is.
    let vanishing = division.owners.iter();
    let vanishing = vanishing.filter(|(path, _)| !stays.contains(*path));
    division.vanishing = vanishing.map(|(path, owner)| (*path, *owner)).collect();
    for (index, wheel) in wheels.iter().enumerate() {
        for placed in &wheel.placed {
            division.tie_new(leaving.len() + index, &placed.path)?;
        }
    }
    Ok(division.group())
}

/// A distribution that goes.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// The position of its action in the plan.
    pub(crate) position: usize,
    pub(crate) files: InstalledFiles,
}

/// What is known while the steps are found. Those that go and those that come are numbered through.
struct Division<'c, 'd> {
    ground: Ground<'c>,
    leaving: &'c [Leaving],
    wheels: &'c [PlacedWheel<'d>],
    /// Who of those that go has a path.
    owners: HashMap<&'c str, usize>,
    /// The same for the paths that are free then.
    vanishing: HashMap<&'c str, usize>,
    /// The folders that were looked at.
    checked: HashSet<&'c str>,
    ties: Ties,
}

impl<'c> Division<'c, '_> {
    fn tie_leaving(&mut self) {
        for (index, going) in self.leaving.iter().enumerate() {
            for path in going.files.lines.keys() {
                let owner = *self.owners.entry(path).or_insert(index);
                self.ties.tie(owner, index);
            }
            let mut new = self.wheels.iter();
            let same = new.position(|wheel| wheel.id().position() == going.position);
            if let Some(new) = same {
                self.ties.tie(index, self.leaving.len() + new);
            }
        }
    }

    fn tie_new(&mut self, index: usize, path: &'c str) -> Result<(), Error> {
        if let Some(owner) = self.owners.get(path) {
            self.ties.tie(*owner, index);
        }
        for folder in ancestors(path) {
            if let Some(owner) = self.owners.get(folder) {
                self.ties.tie(*owner, index);
            }
            if self.checked.insert(folder) {
                self.check_folder(folder)?;
            }
        }
        for owner in self.check_file(path)? {
            self.ties.tie(owner, index);
        }
        Ok(())
    }

    fn check_folder(&self, path: &str) -> Result<(), Error> {
        let found = fs::symlink_metadata(self.ground.folder.join(path));
        let is_file = found.is_ok_and(|found| !found.is_dir());
        let is_in_the_way = is_file && !self.ground.has_link_to_folder(path);
        if is_in_the_way && !self.vanishing.contains_key(path) {
            return Err(file_and_folder(path));
        }
        Ok(())
    }

    /// Returns who has files where a folder is now that has to go, for a file comes in its place.
    fn check_file(&self, path: &str) -> Result<Vec<usize>, Error> {
        let found = fs::symlink_metadata(self.ground.folder.join(path));
        let mut below = Vec::new();
        if !found.is_ok_and(|found| found.is_dir()) {
            return Ok(below);
        }
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            let names = fs::read_dir(self.ground.folder.join(&folder));
            for entry in names.map_err(|_| file_and_folder(path))?.flatten() {
                let own = format!("{folder}/{}", entry.file_name().to_string_lossy());
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(own);
                } else {
                    let owner = self.owner_of(&own);
                    below.push(owner.ok_or_else(|| file_and_folder(path))?);
                }
            }
        }
        Ok(below)
    }

    /// Bytecode goes with its source.
    fn owner_of(&self, path: &str) -> Option<usize> {
        let owner = self.vanishing.get(path);
        let owner = owner.or_else(|| self.vanishing.get(source_of(path)?.as_str()));
        owner.copied()
    }

    fn group(mut self) -> Vec<Step> {
        let mut steps: HashMap<usize, (usize, Step)> = HashMap::new();
        for index in 0..self.leaving.len() + self.wheels.len() {
            let new = index.checked_sub(self.leaving.len());
            let position = match new {
                None => self.leaving[index].position,
                Some(new) => self.wheels[new].id().position(),
            };
            let empty = || (position, Step::default());
            let (first, step) = steps.entry(self.ties.root(index)).or_insert_with(empty);
            *first = position.min(*first);
            match new {
                None => step.leaving.push(index),
                Some(new) => step.new.push(new),
            }
        }
        let mut steps: Vec<(usize, Step)> = steps.into_values().collect();
        steps.sort_unstable_by_key(|(position, _)| *position);
        steps.into_iter().map(|(_, step)| step).collect()
    }
}

/// Checks that no new distribution has a file where another needs a folder.
fn check_each_other(wheels: &[PlacedWheel<'_>]) -> Result<(), Error> {
    let placed = || wheels.iter().flat_map(|wheel| &wheel.placed);
    let folders: HashSet<&str> = placed()
        .flat_map(|placed| ancestors(&placed.path))
        .collect();
    let mut paths = placed().map(|placed| &*placed.path);
    match paths.find(|path| folders.contains(path)) {
        Some(path) => Err(file_and_folder(path)),
        None => Ok(()),
    }
}

fn file_and_folder(path: &str) -> Error {
    Error::FileAndFolder {
        path: path.to_owned(),
    }
}

/// Lists the folders that `path` lies in, but for the root.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

/// Which of a number of things belong together.
struct Ties {
    parents: Vec<usize>,
}

impl Ties {
    fn new(n_things: usize) -> Self {
        Self {
            parents: (0..n_things).collect(),
        }
    }

    fn root(&mut self, mut thing: usize) -> usize {
        while self.parents[thing] != thing {
            self.parents[thing] = self.parents[self.parents[thing]];
            thing = self.parents[thing];
        }
        thing
    }

    fn tie(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::scene::{Scene, SceneFile};

    /// What goes or comes: the position of its action, and the path of its one file.
    struct Part(usize, &'static str);

    fn divided(
        scene: &Scene,
        leaving: &[Part],
        new: &[Part],
        stays: &[&str],
    ) -> Result<String, Error> {
        let leaving = leaving.iter().map(|Part(position, path)| {
            let installed = scene.install(&format!("p{position}"), &[SceneFile(path, "x")]);
            let files = InstalledFiles::read(&installed, scene.ground());
            Leaving {
                position: *position,
                files: files.unwrap(),
            }
        });
        let leaving: Vec<_> = leaving.collect();
        let wheels = new.iter().map(|Part(position, path)| {
            let files = [SceneFile(path, "y")];
            scene.staged(*position, &files)
        });
        let wheels: Vec<_> = wheels.collect();
        let stays = stays.iter().copied().collect();
        let steps = divide(scene.ground(), &leaving, &wheels, &stays)?;
        let texts = steps.iter().map(|step| {
            let leaving = step.leaving.iter().map(|index| leaving[*index].position);
            let new = step.new.iter().map(|index| wheels[*index].id().position());
            format!(
                "{:?}>{:?}",
                leaving.collect::<Vec<_>>(),
                new.collect::<Vec<_>>()
            )
        });
        Ok(texts.collect::<Vec<_>>().join(" "))
    }

    #[track_caller]
    fn divides(leaving: &[Part], new: &[Part], expected: &str) {
        let steps = divided(&Scene::new(), leaving, new, &[]);
        assert_eq!(steps.unwrap(), expected);
    }

    #[track_caller]
    fn refuses(scene: &Scene, leaving: &[Part], new: &[Part], stays: &[&str]) {
        let refused = divided(scene, leaving, new, stays).unwrap_err();
        assert!(matches!(refused, Error::FileAndFolder { .. }), "{refused}");
    }

    #[test]
    fn each_distribution_is_a_step_in_the_order_of_the_plan() {
        divides(&[], &[], "");
        divides(&[Part(1, "lib/b")], &[Part(0, "lib/a")], "[]>[0] [1]>[]");
        divides(
            &[Part(0, "lib/a"), Part(2, "lib/c")],
            &[Part(0, "lib/a"), Part(1, "lib/b")],
            "[0]>[0] []>[1] [2]>[]",
        );
    }

    #[test]
    fn what_exchanges_paths_is_one_step() {
        divides(&[Part(0, "lib/a"), Part(1, "lib/a")], &[], "[0, 1]>[]");
        divides(&[Part(0, "lib/a")], &[Part(2, "lib/a")], "[0]>[2]");
        divides(
            &[Part(0, "lib/a"), Part(1, "lib/b")],
            &[Part(1, "lib/a")],
            "[0, 1]>[1]",
        );
        divides(&[Part(0, "lib/a")], &[Part(1, "lib/a/b")], "[0]>[1]");
        divides(&[Part(0, "lib/a/b")], &[Part(1, "lib/a")], "[0]>[1]");
    }

    #[test]
    fn bytecode_in_a_folder_that_has_to_go_is_its_source_owners() {
        let scene = Scene::new();
        scene.write("lib/a/__pycache__/b.cpython-311.pyc", "");
        let steps = divided(&scene, &[Part(0, "lib/a/b.py")], &[Part(1, "lib/a")], &[]);
        assert_eq!(steps.unwrap(), "[0]>[1]");
    }

    #[test]
    fn a_link_to_a_folder_is_one_unless_it_leads_out_or_to_what_is_anothers() {
        use std::os::unix::fs::symlink;

        let scene = Scene::new();
        for folder in ["share/man/man1", "lib/acme", "bin"] {
            fs::create_dir_all(scene.path(folder)).unwrap();
        }
        for (link, target) in [
            ("man", "share/man"),
            ("out", ".."),
            ("programs", "bin"),
            ("modules", "lib"),
            ("alias", "lib/acme"),
            ("all", "."),
            ("dangling", "nowhere"),
        ] {
            symlink(target, scene.path(link)).unwrap();
        }
        let steps = divided(&scene, &[], &[Part(0, "man/man1/a.1")], &[]);
        assert_eq!(steps.unwrap(), "[]>[0]");
        for path in [
            "out/a",
            "programs/a",
            "modules/a",
            "alias/a",
            "all/a",
            "dangling/a",
        ] {
            refuses(&scene, &[], &[Part(0, path)], &[]);
        }
    }

    #[test]
    fn a_file_where_a_folder_has_to_be_is_refused() {
        let scene = Scene::new();
        refuses(&scene, &[], &[Part(0, "lib/a"), Part(1, "lib/a/b")], &[]);
        scene.write("lib/somebodys", "");
        refuses(&scene, &[], &[Part(0, "lib/somebodys/b")], &[]);
        scene.write("lib/folder/somebodys", "");
        refuses(&scene, &[], &[Part(0, "lib/folder")], &[]);
        refuses(
            &scene,
            &[Part(0, "lib/shared")],
            &[Part(1, "lib/shared/b")],
            &["lib/shared"],
        );
    }
}
