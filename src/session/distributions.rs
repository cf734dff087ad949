//! Builds the distributions of a project, as `poetry build` does.
//!
//! The wheel of a pure poetry-core project is made here, without an interpreter: the one that an install makes. Everything else is
//! built by the project's backend in an isolated environment, source distributions too: their compressed bytes are those of the
//! zlib of the Python that packs them, so a source distribution that was made here would hold the same and not be the same file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Error, Session, SessionPlan};
use crate::build::BuildSystem;
use crate::builder::{Builder, ProjectTree, Tools};
use crate::configuration::BuildSetting;
use crate::event::{DistributionFormat, Reporter, SessionEvent};
use crate::install::FilePool;
use crate::plan::{self, Plan};
use crate::platform::removal;
use crate::project_files::Disk;
use crate::project_wheel::{self, BuiltWheel, POETRY_CORE_VERSION};
use crate::pyproject::{Dependency, Project};
use crate::store::Trust;
use crate::version::Version;

/// The config setting that poetry-core knows.
const LOCAL_VERSION: &str = "local-version";

/// What is built of a project, and where to.
#[derive(Clone, Copy, Debug)]
pub struct DistributionBuild<'a> {
    /// The project.
    pub project: &'a Project,
    /// The formats, in the order in which they are built.
    pub formats: &'a [DistributionFormat],
    /// The folder that they are written to, absolute; created where it is missing.
    pub folder: &'a Path,
    /// Whether everything in the folder is removed first.
    pub cleans: bool,
    /// What is handed to the backend; of poetry-core, `local-version` has a meaning.
    pub config_settings: &'a BTreeMap<String, BuildSetting>,
}

impl Session {
    /// Builds distributions of a project into a folder, and returns their paths in the order of the formats.
    ///
    /// # Errors
    ///
    /// [`Error::ProjectWheel`] and [`Error::ProjectBuild`] when the project cannot be built, [`Error::Clean`] when the folder
    /// cannot be emptied; and when a backend is needed, those that an install needs for that.
    pub fn build(
        &self,
        build: &DistributionBuild<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Vec<PathBuf>, Error> {
        self.unless_interrupted(|| {
            if !build.project.is_package {
                return Err(wheel_error(
                    build.project,
                    project_wheel::Error::PackageModeOff,
                ));
            }
            // Whatever is wrong with the project is found before anything is removed or fetched.
            let wants_wheel = build.formats.contains(&DistributionFormat::Wheel);
            let wheel = wants_wheel.then(|| self.native_wheel(build)).transpose()?;
            let wheel = wheel.flatten();
            if build.cleans {
                clean(build)?;
            }
            if wheel.is_some() && !build.formats.contains(&DistributionFormat::Sdist) {
                return build_all(build, wheel.as_ref(), None, reporter);
            }
            self.with_backend(build.project, build.config_settings, reporter, |builder| {
                build_all(build, wheel.as_ref(), Some(builder), reporter)
            })
        })
    }

    /// Makes the wheel without a backend; `None` when only the backend can, or the project wants another version of it.
    fn native_wheel(&self, build: &DistributionBuild<'_>) -> Result<Option<BuiltWheel>, Error> {
        if wants_another_poetry_core(build.project) {
            return Ok(None);
        }
        let mut options = self.build_options(&[]);
        options.local_version = match build.config_settings.get(LOCAL_VERSION) {
            Some(BuildSetting::Text(text)) if !text.is_empty() => Some(text.clone()),
            Some(BuildSetting::Text(_) | BuildSetting::Texts(_)) | None => None,
        };
        match project_wheel::build(&build.project.root, &options) {
            Ok(wheel) => Ok(Some(wheel)),
            Err(error) if error.needs_backend() => Ok(None),
            Err(error) => Err(wheel_error(build.project, error)),
        }
    }

    /// Lets `act` use a builder for `project`.
    fn with_backend<T>(
        &self,
        project: &Project,
        settings: &BTreeMap<String, BuildSetting>,
        reporter: &dyn Reporter,
        act: impl FnOnce(&Builder<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let cache = self.private_cache();
        let lookup = &self.settings.lookup;
        let environment = project.root.join(".venv");
        let mut search = lookup.search(&project.root, &project.python_constraint, cache.as_ref());
        if search.virtual_env.is_none() && environment.join("pyvenv.cfg").is_file() {
            // What is compiled is for the interpreter that the project has, as with Poetry.
            search.virtual_env = Some(&environment);
        }
        let interpreter = search.find()?;
        let plan = SessionPlan {
            plan: Plan::default(),
            project: None,
            sources: project.sources.clone(),
            build_constraints: project.build_constraints(&Disk)?,
            wheelhouse: None,
        };
        let client = self.client(&plan::index_sources(&plan.sources))?;
        let pool = FilePool::start(self.n_jobs())?;
        let stop = self.settings.interruption.stop();
        let mut builder_settings = self.builder_settings(&plan, Trust::Name)?;
        let own = &mut builder_settings.config_settings;
        own.insert(project.name.clone(), settings.clone());
        let tools = Tools {
            interpreter: &interpreter,
            client: &client,
            pool: &pool,
            stop: &stop,
            reporter,
        };
        act(&Builder::new(builder_settings, tools))
    }
}

/// Builds the formats one after the other. `wheel` was made here; what was not is built by `builder`.
fn build_all(
    build: &DistributionBuild<'_>,
    wheel: Option<&BuiltWheel>,
    builder: Option<&Builder<'_>>,
    reporter: &dyn Reporter,
) -> Result<Vec<PathBuf>, Error> {
    let formats = build.formats.iter().map(|format| {
        let format = *format;
        reporter.step(SessionEvent::BuildingDistribution { format });
        let path = match (format, wheel, builder) {
            (DistributionFormat::Wheel, Some(wheel), _) => save(build, wheel)?,
            (_, _, Some(builder)) => by_backend(build, format, builder)?,
            (_, _, None) => return Ok(None),
        };
        reporter.step(SessionEvent::DistributionBuilt { path: &path });
        Ok(Some(path))
    });
    let paths: Result<Vec<Option<PathBuf>>, Error> = formats.collect();
    Ok(paths?.into_iter().flatten().collect())
}

fn save(build: &DistributionBuild<'_>, wheel: &BuiltWheel) -> Result<PathBuf, Error> {
    let saved = wheel.save(build.folder);
    saved.map_err(|error| wheel_error(build.project, error))?;
    Ok(build.folder.join(wheel.file_name()))
}

fn by_backend(
    build: &DistributionBuild<'_>,
    format: DistributionFormat,
    builder: &Builder<'_>,
) -> Result<PathBuf, Error> {
    let project = build.project;
    let failed = |source| Error::ProjectBuild {
        name: project.name.clone(),
        format,
        source: Box::new(source),
    };
    let system = system(project).map_err(|error| failed(error.into()))?;
    let tree = ProjectTree {
        folder: &project.root,
        name: &project.name,
        system: &system,
    };
    let built = match format {
        DistributionFormat::Wheel => builder.deliver_wheel(&tree, build.folder),
        DistributionFormat::Sdist => builder.deliver_sdist(&tree, build.folder),
    };
    built.map_err(failed)
}

/// Tells whether `build-system.requires` does not allow the poetry-core whose wheels are made here: then Poetry builds with
/// another one, whose wheels differ.
fn wants_another_poetry_core(project: &Project) -> bool {
    let Ok(ours) = Version::parse(POETRY_CORE_VERSION) else {
        return false;
    };
    let table = project.document.table().get("build-system");
    let requires = table.and_then(|table| table.get("requires")?.as_array());
    let requirements = requires
        .into_iter()
        .flatten()
        .filter_map(|text| Dependency::from_requirement(text.as_str()?, &project.root, &Disk).ok());
    let mut others = requirements.filter(|requirement| !requirement.constraint.allows(&ours));
    others.any(|requirement| requirement.name.as_str() == "poetry-core")
}

/// Finds the backend. Poetry builds with poetry-core what names none.
fn system(project: &Project) -> Result<BuildSystem, crate::build::Error> {
    let table = project.document.table().get("build-system");
    if table.is_some_and(|table| table.get("build-backend").is_some()) {
        BuildSystem::read(&project.root)
    } else {
        Ok(BuildSystem::poetry_core())
    }
}

fn wheel_error(project: &Project, source: project_wheel::Error) -> Error {
    Error::ProjectWheel {
        name: project.name.clone(),
        source: Box::new(source),
    }
}

/// Removes everything in the folder, which must not hold the project.
fn clean(build: &DistributionBuild<'_>) -> Result<(), Error> {
    let refuse = |source| Error::Clean {
        folder: build.folder.to_owned(),
        source,
    };
    let folder = match fs_err::canonicalize(build.folder) {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refuse(error)),
    };
    let root = fs_err::canonicalize(&build.project.root).map_err(refuse)?;
    if root.starts_with(&folder) {
        return Err(Error::CleanProject { folder });
    }
    removal::remove(&folder).map_err(refuse)
}
