//! Build environments: virtual environments of the interpreter that is built for, filled with what a build requires.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fetching::{RemoteFile, discard_if_damaged};
use super::metadata::Asker;
use super::requirements::{ResolvedWheel, WheelPlace};
use super::workplace::Workplace;
use super::{Builder, Error};
use crate::digest::{Algorithm, Digest};
use crate::environment::{Blueprint, Draft};
use crate::event::Silent;
use crate::install::{
    self, CompileChoice, Destination, DestinationKind, InstallOptions, Installation, KeptForm,
    KeptWheels, LinkMode, PreparedWheel, WheelContent,
};
use crate::name::PackageName;
use crate::plan::{Action, Distribution, DistributionId, Form, Origin, Plan};
use crate::platform::file::DEFAULT_DATE;
use crate::store;
use crate::version::Version;

/// An environment with the packages that some builds require. Builds with equal requirements share it.
#[derive(Debug)]
pub(super) struct BuildEnvironment {
    /// Its interpreter.
    pub(super) python: PathBuf,
    /// What it holds, in words.
    pub(super) packages: Vec<String>,
    versions: BTreeMap<PackageName, Version>,
    /// Its folder, and what was in it first.
    root: PathBuf,
    files: BTreeMap<PathBuf, FileState>,
}

/// What tells that a file was changed: its size, and when anything of it was changed last, which nobody can set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FileState {
    n_bytes: u64,
    changed: (i64, i64),
}

impl BuildEnvironment {
    /// Tells whether no backend has removed it, or changed, added or removed a file of it. Costs a look at each file.
    fn is_as_made(&self) -> bool {
        self.python.exists() && files_below(&self.root) == self.files
    }
}

fn root_of(python: &Path) -> PathBuf {
    let root = python.parent().and_then(Path::parent);
    root.unwrap_or(python).to_owned()
}

/// Lists the files and folders below a folder, but for bytecode. Nothing is compared of a folder but its name.
fn files_below(root: &Path) -> BTreeMap<PathBuf, FileState> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name() != "__pycache__") {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    files.insert(entry.path(), FileState::default());
                    folders.push(entry.path());
                }
                Ok(metadata) => {
                    let changed = (metadata.ctime(), metadata.ctime_nsec());
                    let n_bytes = metadata.len();
                    files.insert(entry.path(), FileState { n_bytes, changed });
                }
                Err(_) => {}
            }
        }
    }
    files
}

impl Builder<'_> {
    /// Returns the environment that holds `requirements`, for the build of the last of `chain`; in the versions of the
    /// environment `before`, where these satisfy.
    pub(super) fn environment(
        &self,
        workplace: &Arc<Workplace>,
        requirements: &[String],
        chain: &[PackageName],
        before: Option<&BuildEnvironment>,
    ) -> Result<Arc<BuildEnvironment>, Error> {
        let asker = Asker { workplace, chain };
        let none = BTreeMap::new();
        let preferences = before.map_or(&none, |before| &before.versions);
        let wheels = self.resolve(asker, requirements, preferences)?;
        match self.environment_of(workplace, &wheels) {
            Err(Error::Install(_)) if self.discard_damaged_of(workplace, &wheels) => {
                let wheels = self.resolve(asker, requirements, preferences)?;
                self.environment_of(workplace, &wheels)
            }
            made => made,
        }
    }

    /// Removes from the cache what is damaged of `wheels`; tells whether anything was.
    fn discard_damaged_of(&self, workplace: &Workplace, wheels: &[ResolvedWheel]) -> bool {
        let digests = wheels.iter().flat_map(|wheel| &wheel.digests);
        let unpacked = workplace
            .private_cache()
            .map(|cache| store::verify_wheels_of(cache, digests));
        let cache = workplace.cache();
        let mut has_damage = unpacked.is_some_and(|damaged| !damaged.is_empty());
        for wheel in wheels {
            let file = match &wheel.place {
                WheelPlace::Here(local) => Some(local.file.again()),
                WheelPlace::Index(_) => cache.find(&wheel.digests).ok().flatten(),
            };
            has_damage |= file.is_some_and(|file| discard_if_damaged(cache, &file));
        }
        // What was built is found or built again.
        self.nested.clear();
        has_damage
    }

    fn environment_of(
        &self,
        workplace: &Workplace,
        wheels: &[ResolvedWheel],
    ) -> Result<Arc<BuildEnvironment>, Error> {
        let packages: Vec<String> = wheels.iter().map(in_words).collect();
        let key = Digest::of(Algorithm::Sha256, packages.join("\n").as_bytes());
        let known = self.environments.get(&key);
        if known.is_some_and(|known| !known.is_as_made()) {
            self.environments.forget(&key);
        }
        self.environments.get_or_make(&key, || {
            let python = self.make_environment(workplace, wheels)?;
            let root = root_of(&python);
            let versions = wheels
                .iter()
                .map(|wheel| (wheel.name.clone(), wheel.version().clone()));
            Ok(Arc::new(BuildEnvironment {
                files: files_below(&root),
                root,
                python,
                versions: versions.collect(),
                packages,
            }))
        })
    }

    /// Makes an environment with `wheels`, and returns its interpreter.
    fn make_environment(
        &self,
        workplace: &Workplace,
        wheels: &[ResolvedWheel],
    ) -> Result<PathBuf, Error> {
        let interpreter = self.tools.interpreter;
        let root = workplace.new_path("e");
        let draft = Draft::create(&root, &Blueprint::of(interpreter), "build")?;
        let destination = Destination {
            folder: draft.folder().to_owned(),
            root: draft.root().to_owned(),
            interpreter: interpreter.base_executable.clone(),
            layout: interpreter.layout.clone(),
            kind: DestinationKind::Fresh,
        };
        let options = InstallOptions {
            strict: false,
            refuses_startup: false,
            leniency: self.settings.leniency.clone(),
            limits: self.settings.limits,
            compile: None,
            compiled: CompileChoice::None,
            // Never a hard link: see the header of the module.
            link_mode: LinkMode::Reflink,
            // Nor twice the room for what few installs need.
            kept_form: KeptForm::Archives,
            cache: workplace.private_cache().cloned(),
            installer_name: "lock2venv".to_owned(),
            date: DEFAULT_DATE,
        };
        let actions = wheels.iter().map(distribution).map(Action::Install);
        let plan = Plan::new(actions.collect());
        let distributions: Vec<&Distribution> = plan.distributions().collect();
        let mut kept = install::unpacked(&distributions, &destination, &options, self.tools.pool);
        let finder = kept.finder.take();
        let prepared = self.prepared(workplace, &distributions, wheels, kept)?;
        let installation = Installation {
            plan: &plan,
            destination: &destination,
            options: &options,
            kept: finder.as_ref(),
            pool: self.tools.pool,
            reporter: &Silent,
            on_failure: &|| {},
        };
        install::install::<install::Error>(installation, prepared.into_iter().map(Ok))?;
        Ok(draft.publish()?.python())
    }

    /// Fetches what the cache does not have unpacked.
    fn prepared(
        &self,
        workplace: &Workplace,
        distributions: &[&Distribution],
        wheels: &[ResolvedWheel],
        kept: KeptWheels,
    ) -> Result<Vec<PreparedWheel>, Error> {
        let mut prepared = Vec::new();
        let mut remote: Vec<(DistributionId, &ResolvedWheel, &RemoteFile)> = Vec::new();
        for ((distribution, wheel), kept) in distributions.iter().zip(wheels).zip(kept.found) {
            let id = distribution.id;
            match (kept, &wheel.place) {
                (Some(kept), _) => {
                    prepared.push(ready(id, wheel, WheelContent::Kept(Box::new(kept))));
                }
                (None, WheelPlace::Here(local)) => {
                    let content = WheelContent::Archive(local.file.again());
                    prepared.push(ready(id, wheel, content));
                }
                (None, WheelPlace::Index(file)) => remote.push((id, wheel, file)),
            }
        }
        let fetched = self.for_all(&remote, |session, (id, wheel, file)| {
            let file = self.fetch(session, workplace, file)?;
            Ok(ready(*id, wheel, WheelContent::Archive(file)))
        })?;
        prepared.extend(fetched);
        Ok(prepared)
    }
}

fn ready(id: DistributionId, wheel: &ResolvedWheel, content: WheelContent) -> PreparedWheel {
    PreparedWheel {
        id,
        file: wheel.file_name.clone(),
        content,
        from_cache: false,
    }
}

fn distribution(wheel: &ResolvedWheel) -> Distribution {
    Distribution {
        id: DistributionId::default(),
        name: wheel.name.clone(),
        version: wheel.version().clone(),
        origin: Origin::Index {
            source: None,
            digests: wheel.digests.clone(),
        },
        form: Form::Wheel(wheel.file_name.clone()),
        is_requested: false,
        next_best: None,
    }
}

fn in_words(wheel: &ResolvedWheel) -> String {
    let digests: Vec<String> = wheel.digests.iter().map(ToString::to_string).collect();
    format!("{} {}", wheel.file_name.as_str(), digests.join(" "))
}
