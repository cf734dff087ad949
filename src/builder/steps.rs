//! One build, step by step.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environments::BuildEnvironment;
use super::workplace::{BuildFolder, NewWheel, Workplace};
use super::{Builder, Error, TreeProduct};
use crate::archive::Buffers;
use crate::build::pep517::Frontend;
use crate::build::{self, BuildSystem, BuiltWheel, Expected, Product, Variables};
use crate::event::Event;
use crate::name::PackageName;
use crate::wheel::{self, Wheel};

/// Sockets have paths of at most 104 bytes, and what makes them in a temporary folder adds some forty.
const MAX_TEMPORARY_BYTES: usize = 60;

/// What is built.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) tree: &'a Path,
    pub(super) expected: &'a Expected,
    pub(super) product: TreeProduct,
    /// Whom it is built for: each package is required by the build of the one before.
    pub(super) chain: &'a [PackageName],
}

impl Builder<'_> {
    /// Builds the wheel of a tree, with what it requires.
    pub(super) fn build(
        &self,
        workplace: &Arc<Workplace>,
        folder: &BuildFolder,
        job: Job<'_>,
    ) -> Result<NewWheel, Error> {
        let system = BuildSystem::read(job.tree)?;
        self.build_by(workplace, folder, job, &system)
    }

    /// As [`Builder::build`], by this backend.
    pub(super) fn build_by(
        &self,
        workplace: &Arc<Workplace>,
        folder: &BuildFolder,
        job: Job<'_>,
        system: &BuildSystem,
    ) -> Result<NewWheel, Error> {
        if self.tools.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let name = &job.expected.name;
        self.tools.reporter.report(Event::Building { name });
        let built = self.call_backend(workplace, folder, job, system);
        let (wheel, environment) = built.map_err(|error| self.leave_log(error, folder, name))?;
        let mut wheel = workplace.move_in(&wheel)?;
        wheel.environment.clone_from(&environment.packages);
        self.tools.reporter.report(Event::Built { name });
        Ok(wheel)
    }

    fn call_backend(
        &self,
        workplace: &Arc<Workplace>,
        folder: &BuildFolder,
        job: Job<'_>,
        system: &BuildSystem,
    ) -> Result<(BuiltWheel, Arc<BuildEnvironment>), Error> {
        let call = BackendCall {
            folder,
            tree: job.tree,
            name: &job.expected.name,
            system,
        };
        let product = product(job.product);
        let environment = self.requirements_of(workplace, &call, product, job.chain)?;
        let wheel = self.with_frontend(&call, &environment, |frontend| match job.product {
            TreeProduct::Wheel => frontend.wheel(&folder.wheels(), job.expected),
            TreeProduct::Editable => frontend.editable(&folder.wheels(), job.expected),
        })?;
        self.check_fits(&wheel)?;
        self.check_content(&wheel, job.expected)?;
        Ok((wheel, environment))
    }

    /// Makes the environment with what building `product` requires, by pyproject.toml and by the backend.
    pub(super) fn requirements_of(
        &self,
        workplace: &Arc<Workplace>,
        call: &BackendCall<'_>,
        product: Product,
        chain: &[PackageName],
    ) -> Result<Arc<BuildEnvironment>, Error> {
        let chain = [chain, std::slice::from_ref(call.name)].concat();
        let mut requirements = call.system.requires().to_vec();
        let environment = self.environment(workplace, &requirements, &chain, None)?;
        let more = self.with_frontend(call, &environment, |frontend| {
            frontend.requirements(product)
        })?;
        if more.is_empty() {
            return Ok(environment);
        }
        requirements.extend(more);
        self.environment(workplace, &requirements, &chain, Some(&environment))
    }

    pub(super) fn with_frontend<T>(
        &self,
        call: &BackendCall<'_>,
        environment: &BuildEnvironment,
        act: impl FnOnce(Frontend<'_>) -> Result<T, build::Error>,
    ) -> Result<T, Error> {
        let folder = call.folder;
        let settings = self.settings.config_settings.get(call.name);
        let done = act(Frontend {
            tree: call.tree,
            system: call.system,
            interpreter: &environment.python,
            variables: &self.variables(environment, folder),
            settings: settings.unwrap_or(&BTreeMap::new()),
            work: &folder.calls(),
            log: &folder.log(),
            stop: self.tools.stop,
        });
        Ok(done?)
    }

    /// Temporary files of a backend that is killed go with the builder.
    fn variables(&self, environment: &BuildEnvironment, folder: &BuildFolder) -> Variables {
        let mut inherited = self.settings.variables.clone();
        let temporary = folder.temporary();
        if temporary.as_os_str().len() <= MAX_TEMPORARY_BYTES {
            inherited.retain(|(name, _)| name != "TMPDIR");
            inherited.push(("TMPDIR".into(), temporary.into()));
        }
        // Not beyond the folder of the build, which may be in a repository that ignores it.
        inherited.push(("GIT_CEILING_DIRECTORIES".into(), folder.path().into()));
        Variables::of_build(inherited, &environment.python)
    }

    fn check_fits(&self, wheel: &BuiltWheel) -> Result<(), Error> {
        let target = &self.tools.interpreter.target;
        match target.tags.rank(wheel.file_name().tags()) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Unfit {
                file: wheel.file_name().as_str().to_owned(),
                target: target.to_string(),
            }),
        }
    }

    /// Opens the wheel as an installation will: what is refused then would be kept, and refused each time.
    fn check_content(&self, wheel: &BuiltWheel, expected: &Expected) -> Result<(), Error> {
        let file = wheel.file_name();
        let refused = |source| Error::BadWheel {
            file: file.as_str().to_owned(),
            source: Box::new(source),
        };
        let bytes = File::open(wheel.path()).map_err(Error::io("read", wheel.path()))?;
        let expected = wheel::Expected {
            file,
            name: &expected.name,
            version: file.version(),
        };
        let leniency = &self.settings.leniency;
        let opened = Wheel::open_leniently(bytes, expected, leniency, &mut Buffers::default());
        let opened = opened.map_err(refused)?;
        let checked = opened.archive().check_size(self.settings.limits);
        checked.map_err(|fault| refused(fault.into()))
    }

    /// Moves the output of a build that failed to where it stays.
    pub(super) fn leave_log(
        &self,
        error: Error,
        folder: &BuildFolder,
        name: &PackageName,
    ) -> Error {
        let Error::Backend(error) = error else {
            return error;
        };
        let has_output = error.output().is_some();
        let log = has_output.then(|| keep_log(&folder.log(), &self.settings.logs, name));
        // Its last lines are in the error.
        error.with_log(log.flatten().unwrap_or_default()).into()
    }
}

/// Whom a backend is called for.
pub(super) struct BackendCall<'a> {
    pub(super) folder: &'a BuildFolder,
    pub(super) tree: &'a Path,
    pub(super) name: &'a PackageName,
    pub(super) system: &'a BuildSystem,
}

fn product(product: TreeProduct) -> Product {
    match product {
        TreeProduct::Wheel => Product::Wheel,
        TreeProduct::Editable => Product::Editable,
    }
}

/// The output may hold secrets, so nobody else can read the file. `None` when it cannot be written, or the folder is none.
fn keep_log(log: &Path, folder: &Path, name: &PackageName) -> Option<PathBuf> {
    let file = tempfile::Builder::new()
        .prefix(&format!("lock2venv-{name}-"))
        .suffix(".log")
        .tempfile_in(folder);
    let mut file = file.ok()?;
    io::copy(&mut File::open(log).ok()?, file.as_file_mut()).ok()?;
    file.keep().ok().map(|(_, path)| path)
}
