//! The distributions of a project by its backend, as files in a folder of the caller's.

use std::path::{Path, PathBuf};

use super::steps::{BackendCall, Job};
use super::{Builder, Error, TreeProduct};

use crate::build::{BuildSystem, Expected, Product};
use crate::event::Event;
use crate::name::PackageName;
use crate::platform::publish;

/// The project that distributions are made of.
#[derive(Clone, Copy, Debug)]
pub struct ProjectTree<'a> {
    /// The folder of the project, absolute. Backends write into it (`build`, `*.egg-info`).
    pub folder: &'a Path,
    /// The project's name.
    pub name: &'a PackageName,
    /// Which backend builds it.
    pub system: &'a BuildSystem,
}

impl Builder<'_> {
    /// Builds the wheel of a project into `output`, which is created where it is missing, in place of an older one of the
    /// same name. Returns its path.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn deliver_wheel(
        &self,
        project: &ProjectTree<'_>,
        output: &Path,
    ) -> Result<PathBuf, Error> {
        let workplace = self.workplace()?;
        let folder = workplace.build_folder()?;
        let expected = Expected {
            name: project.name.clone(),
            version: None,
        };
        let job = Job {
            tree: project.folder,
            expected: &expected,
            product: TreeProduct::Wheel,
            chain: &[],
        };
        let wheel = self.build_by(&workplace, &folder, job, project.system)?;
        let path = output.join(wheel.file_name.as_str());
        publish::copy(&wheel.path, &path).map_err(Error::io("write", &path))?;
        Ok(path)
    }

    /// Builds the source distribution of a project, as [`Builder::deliver_wheel`] does its wheel.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn deliver_sdist(
        &self,
        project: &ProjectTree<'_>,
        output: &Path,
    ) -> Result<PathBuf, Error> {
        let workplace = self.workplace()?;
        let folder = workplace.build_folder()?;
        let call = BackendCall {
            folder: &folder,
            tree: project.folder,
            name: project.name,
            system: project.system,
        };
        let name = project.name;
        self.tools.reporter.report(Event::Building { name });
        let environment = self.requirements_of(&workplace, &call, Product::Sdist, &[]);
        let built = environment.and_then(|environment| {
            self.with_frontend(&call, &environment, |frontend| {
                frontend.sdist(&folder.wheels())
            })
        });
        let built = built.map_err(|error| self.leave_log(error, &folder, name))?;
        self.tools.reporter.report(Event::Built { name });
        let path = output.join(built.file_name().unwrap_or_default());
        publish::copy(&built, &path).map_err(Error::io("write", &path))?;
        Ok(path)
    }
}
