//! A small environment for unit tests: wheels that are in place without an archive, and distributions that are installed.

use std::path::PathBuf;
use std::sync::Arc;

use fs_err as fs;

use super::change::ground::Ground;
use super::place::placed::Placed;
use super::place::record;
use super::unpack::placed_wheel::PlacedWheel;
use crate::digest::{Algorithm, Digest};
use crate::environment::Layout;
use crate::installed::InstalledDistribution;
use crate::name::PackageName;
use crate::plan::{Distribution, DistributionId, Form, Origin};
use crate::platform::folder::{Created, Root};
use crate::version::Version;

/// A file: its path in the environment, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct SceneFile(pub(super) &'static str, pub(super) &'static str);

/// An environment whose library is the folder `lib`.
#[derive(Debug)]
pub(super) struct Scene {
    folder: tempfile::TempDir,
    layout: Layout,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            layout: Layout {
                purelib: "lib".into(),
                platlib: "lib".into(),
                scripts: "bin".into(),
                data: PathBuf::new(),
                headers: "include".into(),
                python_name: "python".to_owned(),
                python_version: (3, 0),
            },
        }
    }

    pub(super) fn ground(&self) -> Ground<'_> {
        Ground {
            folder: self.folder.path(),
            layout: &self.layout,
        }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// What the file at `path` holds; `-` when there is none.
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|_| "-".to_owned())
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts the files of a new wheel at `position` of a plan in place, unless others are there.
    pub(super) fn wheel(&self, position: usize, files: &[SceneFile]) -> PlacedWheel<'static> {
        let root = Root::open(self.folder.path(), 0).unwrap();
        place(root, position, files)
    }

    /// As [`Scene::wheel`], in a folder of its own.
    pub(super) fn staged(&self, position: usize, files: &[SceneFile]) -> PlacedWheel<'static> {
        let staging = self.path(&format!("staging/{position}"));
        fs::create_dir_all(&staging).unwrap();
        place(Root::open(&staging, 0).unwrap(), position, files)
    }

    /// Installs version 1 of `name`, as it is listed in its RECORD.
    pub(super) fn install(&self, name: &str, files: &[SceneFile]) -> InstalledDistribution {
        let mut placed = Vec::new();
        for SceneFile(path, content) in files {
            self.write(path, content);
            placed.push(Placed::of_content(path, content.as_bytes()));
        }
        let dist_info = format!("lib/{name}-1.dist-info");
        let own = format!("{dist_info}/RECORD");
        let text = String::from_utf8(record::render(&placed, "lib", &own)).unwrap();
        self.write(&own, &text);
        InstalledDistribution {
            name: PackageName::new(name),
            version: Version::parse("1").unwrap(),
            dist_info: self.path(&dist_info),
            direct_url: None,
        }
    }
}

fn place(root: Root, position: usize, files: &[SceneFile]) -> PlacedWheel<'static> {
    let name = format!("p{position}");
    let dist_info = format!("lib/{name}-2.dist-info");
    let distribution = Distribution {
        id: DistributionId::new(position),
        name: PackageName::new(&name),
        version: Version::parse("2").unwrap(),
        origin: Origin::Directory {
            path: PathBuf::new(),
        },
        form: Form::Tree { is_editable: false },
        is_requested: false,
        next_best: None,
    };
    let digest = Digest::of(Algorithm::Sha256, name.as_bytes());
    let mut wheel = PlacedWheel::empty(Box::leak(Box::new(distribution)), digest, Arc::new(root));
    wheel.dist_info = dist_info;
    "lib".clone_into(&mut wheel.library);
    for SceneFile(path, content) in files {
        match wheel.root.place().create(path, false).unwrap() {
            Created::New(mut file) => {
                std::io::Write::write_all(&mut file, content.as_bytes()).unwrap();
                wheel
                    .placed
                    .push(Placed::of_content(path, content.as_bytes()));
            }
            Created::Exists => wheel.contest(path, content.as_bytes()),
        }
    }
    wheel
}
