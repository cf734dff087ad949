//! After any change an environment equals a fresh one: whoever had a path before, and whoever has it now.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use lock2venv::archive::SizeLimits;
use lock2venv::environment::{self, Layout};
use lock2venv::event::Silent;
use lock2venv::install::{
    CompileChoice, Destination, DestinationKind, Error, InstallOptions, KeptForm, LinkMode, losers,
};
use lock2venv::name::PackageName;
use lock2venv::plan::{Action, Plan};
use lock2venv::wheel::Leniency;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::installing::install;
use crate::support::wheel_builder::{WheelBuilder, of_plan};

pub(crate) const SITE: &str = "lib/python3.11/site-packages";

pub(crate) fn layout() -> Layout {
    Layout {
        scripts: "bin".into(),
        purelib: SITE.into(),
        platlib: SITE.into(),
        headers: "include/site/python3.11".into(),
        data: PathBuf::new(),
        python_name: "python".to_owned(),
        python_version: (3, 11),
    }
}

fn options() -> InstallOptions {
    InstallOptions {
        strict: false,
        refuses_startup: false,
        limits: SizeLimits::default(),
        leniency: Leniency::default(),
        compile: None,
        compiled: CompileChoice::All,
        link_mode: LinkMode::Copy,
        kept_form: KeptForm::Unpacked,
        cache: None,
        installer_name: "lock2venv".to_owned(),
        date: 0,
    }
}

/// An environment without an interpreter.
pub(crate) struct Env {
    folder: TempDir,
}

impl Env {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(SITE)).unwrap();
        fs::create_dir_all(folder.path().join("bin")).unwrap();
        Self { folder }
    }

    pub(crate) fn with(wheels: &[&WheelBuilder]) -> Result<Self, Error> {
        let env = Self::new();
        let actions = wheels
            .iter()
            .map(|wheel| Action::Install(wheel.distribution()));
        let mut actions: Vec<Action> = actions.collect();
        actions.sort_by(|one, other| one.name().cmp(other.name()));
        env.run(&Plan::new(actions), wheels, DestinationKind::Fresh)?;
        Ok(env)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn site(&self) -> PathBuf {
        self.root().join(SITE)
    }

    fn run(
        &self,
        plan: &Plan,
        wheels: &[&WheelBuilder],
        kind: DestinationKind,
    ) -> Result<(), Error> {
        let destination = Destination {
            folder: self.root(),
            root: self.root(),
            interpreter: "/usr/bin/python3.11".into(),
            layout: layout(),
            kind,
        };
        let named: BTreeSet<&PackageName> = plan.distributions().map(|new| &new.name).collect();
        let arrivals = wheels.iter().map(|wheel| wheel.arrival());
        let arrivals = arrivals.filter(|arrival| named.contains(arrival.file.name()));
        let arrivals = of_plan(plan, arrivals.collect());
        install(
            plan,
            arrivals.into_iter().map(Ok::<_, Error>),
            &destination,
            &options(),
            &Silent,
        )
        .map(drop)
    }

    /// Brings the environment to `wheels` alone, as `install --sync` does.
    pub(crate) fn change_to(&self, wheels: &[&WheelBuilder]) -> Result<(), Error> {
        let (root, layout) = (self.root(), layout());
        let installed = environment::installed(&root, &layout).unwrap();
        let plan = |reinstalls: &BTreeSet<PackageName>| {
            let mut actions = Vec::new();
            for there in &installed.distributions {
                let mut wheels = wheels.iter().map(|wheel| wheel.distribution());
                let wanted = wheels.find(|wanted| wanted.name == there.name);
                actions.push(match wanted {
                    None => Action::Remove(there.clone()),
                    Some(wanted)
                        if wanted.version == there.version
                            && !reinstalls.contains(&wanted.name) =>
                    {
                        Action::Keep(there.clone())
                    }
                    Some(to) => Action::Replace {
                        from: there.clone(),
                        to,
                    },
                });
            }
            for wanted in wheels.iter().map(|wheel| wheel.distribution()) {
                let mut there = installed.distributions.iter();
                if !there.any(|there| there.name == wanted.name) {
                    actions.push(Action::Install(wanted));
                }
            }
            actions.sort_by(|one, other| one.name().cmp(other.name()));
            Plan::new(actions)
        };
        let first = plan(&BTreeSet::new());
        let losers = losers(&root, &layout, &installed, &first)?;
        let staging = tempfile::tempdir_in(&root).unwrap();
        let kind = DestinationKind::Existing {
            staging: staging.path().to_owned(),
        };
        self.run(&plan(&losers), wheels, kind)
    }

    /// Every file with its mode and content, and every empty folder.
    pub(crate) fn files(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut files = BTreeMap::new();
        collect(&self.root(), &self.root(), &mut files);
        files
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, (u32, Vec<u8>)>) {
    let mut is_empty = true;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        is_empty = false;
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.insert(name, (mode, fs::read(&path).unwrap()));
        }
    }
    let name = folder.strip_prefix(root).unwrap().to_str().unwrap();
    if is_empty && ![SITE, "bin"].contains(&name) {
        files.insert(name.to_owned(), (0, Vec::new()));
    }
}

/// Goes from one set of wheels to the next, and compares with a fresh environment after each step.
#[track_caller]
fn walk(steps: &[&[&WheelBuilder]]) {
    let env = Env::new();
    for (number, wheels) in steps.iter().enumerate() {
        env.change_to(wheels).unwrap();
        let fresh = Env::with(wheels).unwrap();
        assert_same(&env, &fresh, number);
    }
}

#[track_caller]
fn assert_same(env: &Env, fresh: &Env, number: usize) {
    let (got, want) = (env.files(), fresh.files());
    let paths: BTreeSet<_> = got.keys().chain(want.keys()).collect();
    for path in paths {
        let (got, want) = (got.get(path), want.get(path));
        let text = |found: Option<&(u32, Vec<u8>)>| {
            found.map(|(mode, bytes)| format!("{mode:o} {}", String::from_utf8_lossy(bytes)))
        };
        assert_eq!(text(got), text(want), "step {number}: {path}");
    }
}

fn opencv(name: &str, version: &str) -> WheelBuilder {
    WheelBuilder::new(name, version)
        .file("cv2/__init__.py", format!("# {name} {version}\n"))
        .file("cv2/shared.py", "")
        .file(&format!("cv2/{}.py", name.replace('-', "_")), "")
        .console_script("cv", &format!("cv2.{}:main", name.replace('-', "_")))
        .data("data/share/cv", version)
}

#[test]
fn the_loser_of_a_conflict_gets_its_files_back_when_the_winner_goes() {
    let plain = opencv("opencv-python", "1.0");
    let headless = opencv("opencv-python-headless", "1.0");
    walk(&[
        &[&plain, &headless],
        &[&plain],
        &[&plain, &headless],
        &[&headless],
    ]);
    walk(&[&[&plain], &[&plain, &headless], &[&plain]]);
    walk(&[&[&headless], &[&plain, &headless], &[&plain]]);
}

#[test]
fn three_that_share_paths_are_told_apart() {
    let a = opencv("a", "1.0");
    let b = opencv("b", "1.0");
    let c = opencv("c", "1.0");
    walk(&[
        &[&a, &b, &c],
        &[&a, &b],
        &[&a],
        &[&a, &c],
        &[&a, &b, &c],
        &[&b, &c],
        &[&b],
    ]);
}

#[test]
fn a_path_moves_from_one_distribution_to_another() {
    let old = WheelBuilder::new("acme", "1.0")
        .file("acme/cli.py", "old")
        .file("acme/x.py", "");
    let new = WheelBuilder::new("acme", "2.0").file("acme/x.py", "");
    let cli = WheelBuilder::new("acme-cli", "1.0").file("acme/cli.py", "new");
    walk(&[
        &[&old],
        &[&new, &cli],
        &[&old, &cli],
        &[&new],
        &[&old],
        &[&cli],
    ]);
}

#[test]
fn new_versions_of_winners_and_losers_settle_as_in_a_fresh_environment() {
    let a = opencv("a", "1.0");
    let a2 = opencv("a", "2.0");
    let b = opencv("b", "1.0");
    let b2 = WheelBuilder::new("b", "2.0").file("b.py", "");
    walk(&[
        &[&a, &b],
        &[&a2, &b],
        &[&a2, &b2],
        &[&a, &b],
        &[&a, &b2],
        &[&a2, &b],
    ]);
}

#[test]
fn the_same_bytes_again_are_shared_again() {
    let a = WheelBuilder::new("a", "1").file("ns/__init__.py", "same");
    let b = WheelBuilder::new("b", "1").file("ns/__init__.py", "other");
    let b2 = WheelBuilder::new("b", "2").file("ns/__init__.py", "same");
    let c = WheelBuilder::new("c", "1").file("ns/__init__.py", "same");
    walk(&[
        &[&a, &b],
        &[&a, &b2],
        &[&a, &b],
        &[&a, &b, &c],
        &[&b, &c],
        &[&a, &b],
    ]);
}

#[test]
fn the_last_of_several_losers_gets_a_path_even_where_an_earlier_holder_stays() {
    let named = |name| WheelBuilder::new(name, "1").file("ns/__init__.py", name);
    let (b, c) = (named("b"), named("c"));
    let [a, d] = ["a", "d"].map(|name| WheelBuilder::new(name, "1").file("ns/__init__.py", "same"));
    let d2 = WheelBuilder::new("d", "2").file("d.py", "");
    walk(&[
        &[&a, &b, &c, &d],
        &[&a, &b, &c, &d2],
        &[&a, &b, &d],
        &[&a, &b],
    ]);
}

#[test]
fn folders_of_headers_go_with_the_last_header() {
    let headers = WheelBuilder::new("a", "1").file("a-1.data/headers/a.h", "");
    let none = WheelBuilder::new("a", "2").file("a.py", "");
    walk(&[&[&headers], &[&none], &[&headers], &[]]);
}

#[test]
fn a_folder_becomes_a_file_and_a_file_a_folder() {
    let file = WheelBuilder::new("a", "1").file("thing", "file");
    let folder = WheelBuilder::new("a", "2").file("thing/x/y.py", "");
    let other = WheelBuilder::new("b", "1").file("thing/x/z.py", "");
    let later = WheelBuilder::new("z", "1").file("thing", "later");
    walk(&[
        &[&file],
        &[&folder],
        &[&file],
        &[&other],
        &[&file],
        &[&folder, &other],
        &[&later],
    ]);
    walk(&[&[&later], &[&folder, &other], &[&later]]);
}

#[test]
fn a_file_where_another_needs_a_folder_is_refused_before_anything_is_changed() {
    let folder = WheelBuilder::new("a", "1").file("thing/x.py", "");
    let file = WheelBuilder::new("b", "1").file("thing", "");
    let old = WheelBuilder::new("a", "0").file("a.py", "");
    for (before, after) in [
        (vec![&old], vec![&folder, &file]),
        (vec![&folder], vec![&folder, &file]),
        (vec![&file], vec![&folder, &file]),
    ] {
        let env = Env::with(&before).unwrap();
        let files = env.files();
        let result = env.change_to(&after);
        assert!(
            matches!(result, Err(Error::FileAndFolder { .. })),
            "{result:?}"
        );
        assert!(env.files() == files);
    }
}

#[test]
fn bytecode_of_a_file_that_gives_way_goes() {
    let a = WheelBuilder::new("a", "1").file("ns/__init__.py", "a = 1");
    let b = WheelBuilder::new("b", "1").file("ns/__init__.py", "b = 1");
    let env = Env::with(&[&a]).unwrap();
    let cached = env.site().join("ns/__pycache__/__init__.cpython-311.pyc");
    fs::create_dir(cached.parent().unwrap()).unwrap();
    fs::write(&cached, "").unwrap();
    env.change_to(&[&a, &b]).unwrap();
    assert!(!cached.parent().unwrap().exists());
}

/// A RECORD may give any file a second name: as `lib64` is one for `lib`.
#[test]
fn no_link_is_a_way_to_what_is_anothers() {
    use std::os::unix::fs::symlink;

    let a = WheelBuilder::new("a", "1").file("a/x.py", "");
    let b = WheelBuilder::new("b", "1").file("b.py", "");
    let env = Env::with(&[&a, &b]).unwrap();
    symlink("a", env.site().join("alias")).unwrap();
    symlink("../../../bin", env.site().join("programs")).unwrap();
    symlink("lib", env.root().join("lib64")).unwrap();
    fs::write(env.root().join("bin/python"), "").unwrap();
    let record = env.site().join("b-1.dist-info/RECORD");
    let mut text = fs::read_to_string(&record).unwrap();
    text.push_str(
        "alias/x.py,,\nprograms/python,,\n../../../lib64/python3.11/site-packages/a/x.py,,\n",
    );
    fs::write(&record, text).unwrap();
    env.change_to(&[&a]).unwrap();
    assert!(env.site().join("a/x.py").exists() && env.root().join("bin/python").exists());
    assert!(!env.site().join("b.py").exists());
}

#[test]
fn what_the_plan_does_not_name_keeps_its_files() {
    let a = WheelBuilder::new("a", "1").file("ns/__init__.py", "");
    let b = WheelBuilder::new("b", "1").file("ns/__init__.py", "");
    let env = Env::with(&[&a, &b]).unwrap();
    let installed = environment::installed(&env.root(), &layout()).unwrap();
    let actions = vec![Action::Remove(installed.distributions[0].clone())];
    let staging = tempfile::tempdir_in(env.root()).unwrap();
    let kind = DestinationKind::Existing {
        staging: staging.path().to_owned(),
    };
    env.run(&Plan::new(actions), &[], kind).unwrap();
    drop(staging);
    assert_same(&env, &Env::with(&[&b]).unwrap(), 0);
}

/// pip lists a path in both RECORDs, and the file is that of whom it installed last.
#[test]
fn digests_tell_whose_file_it_is_where_pip_installed_it() {
    let a = opencv("a", "1.0");
    let b = opencv("b", "1.0");
    let env = Env::with(&[&a, &b]).unwrap();
    let alone = Env::with(&[&a]).unwrap();
    let record = format!("{SITE}/a-1.0.dist-info/RECORD");
    fs::write(env.root().join(&record), alone.read(&record)).unwrap();
    fs::remove_file(env.site().join("a-1.0.dist-info/RECORD.dropped")).unwrap();
    for name in ["a-1.0", "b-1.0"] {
        let installer = env.site().join(format!("{name}.dist-info/INSTALLER"));
        fs::write(installer, "pip\n").unwrap();
    }
    env.change_to(&[&a]).unwrap();
    assert_same(&env, &alone, 0);
}

const POOL: [(&str, &str); 9] = [
    ("ns/__init__.py", ""),
    ("ns/__init__.py", "x = 1"),
    ("cv2/__init__.py", ""),
    ("cv2/data/x.txt", "1"),
    ("thing", "file"),
    ("thing/y.py", ""),
    ("thing/z/w.py", ""),
    ("bin", "script"),
    ("share", "data"),
];

/// Makes a wheel with some files of the pool: a bit of `choice` for each, and one for whether its content is the wheel's own.
fn wheel(name: &str, version: usize, choice: u32) -> WheelBuilder {
    let is_set = |bit: usize| choice >> bit & 1 == 1;
    let mut taken = BTreeSet::new();
    let mut wheel = WheelBuilder::new(name, &version.to_string());
    for (index, (path, content)) in POOL.iter().enumerate() {
        let is_in_file = path.starts_with("thing/") && taken.contains("thing");
        if !is_set(index) || is_in_file || !taken.insert(*path) {
            continue;
        }
        let own = if is_set(index + POOL.len()) { name } else { "" };
        let content = format!("{content}{own}");
        wheel = match *path {
            "bin" => wheel.console_script("tool", &format!("{name}:main")),
            "share" => wheel.data("data/share/ns/x", &content),
            path => wheel.file(path, content),
        };
    }
    wheel
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_way_from_lock_to_lock_ends_in_a_fresh_environment(
        choices in prop::array::uniform8(0u32..),
        steps in prop::collection::vec(prop::array::uniform4(0usize..3), 1..6),
    ) {
        let names = ["a", "b", "c", "d"];
        let wheels: Vec<WheelBuilder> = (0..8)
            .map(|index| wheel(names[index / 2], index % 2 + 1, choices[index]))
            .collect();
        let env = Env::new();
        let mut before = env.files();
        for (number, step) in steps.iter().enumerate() {
            let chosen = step.iter().enumerate().filter(|(_, version)| **version > 0);
            let chosen: Vec<&WheelBuilder> =
                chosen.map(|(name, version)| &wheels[name * 2 + version - 1]).collect();
            match (Env::with(&chosen), env.change_to(&chosen)) {
                (Ok(fresh), Ok(())) => assert_same(&env, &fresh, number),
                (Err(_), Err(_)) => assert!(env.files() == before, "step {number}"),
                (fresh, changed) => panic!("{:?} {changed:?}", fresh.map(drop)),
            }
            before = env.files();
        }
    }
}
