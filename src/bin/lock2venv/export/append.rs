//! The project itself at the end of a requirements file.

use lock2venv::export::{self, Appended, ExportOptions};
use lock2venv::project_wheel;
use lock2venv::pyproject::Project;

use super::output::Output;
use crate::args::AppendProject;
use crate::diagnose::Failure;

/// Checks that there is something to append.
pub(super) fn check(project: &Project) -> Result<(), Failure> {
    if project.is_package {
        return Ok(());
    }
    let failure = Failure::text("the project is not a package, so it cannot be appended");
    Err(failure
        .detail("pyproject.toml: `package-mode` is false")
        .hint("leave out `--append-project`")
        .misuse()
        .about(&["append_project"]))
}

/// How the project is appended.
pub(super) struct Appending<'a> {
    pub(super) form: AppendProject,
    pub(super) project: &'a Project,
    pub(super) output: &'a Output<'a>,
    /// What its wheel depends on besides its folder.
    pub(super) building: project_wheel::BuildOptions,
}

impl Appending<'_> {
    /// Appends the project, as its folder or as its wheel, which is built into `dist/`; nothing is written where the output is
    /// only checked.
    pub(super) fn append(
        &self,
        text: &mut String,
        options: &ExportOptions<'_>,
    ) -> Result<(), Failure> {
        match self.form {
            AppendProject::Path if export::has_hashes(text) => Err(Failure::text(
                "a folder cannot have a hash, and pip refuses it among requirements that have hashes",
            )
            .hint("append the project's wheel with its hash: `--append-project=wheel`")
            .hint("or leave the hashes out: `--without-hashes`")
            .misuse()
            .about(&["append_project"])),
            AppendProject::Path => {
                let folder = Appended::Folder(&self.project.root);
                export::append(text, folder, &self.output.base, options);
                Ok(())
            }
            AppendProject::Wheel => self.append_wheel(text, options),
        }
    }

    fn append_wheel(&self, text: &mut String, options: &ExportOptions<'_>) -> Result<(), Failure> {
        let project = self.project;
        let failure = |error| Failure::build(&project.name, error, "no `--append-project`");
        let wheel = project_wheel::build(&project.root, &self.building).map_err(failure)?;
        let folder = project.root.join("dist");
        let digest = if self.output.is_checked {
            wheel.digest()
        } else {
            wheel.save(&folder)
        };
        let digest = digest.map_err(failure)?;
        let path = folder.join(wheel.file_name());
        let wheel = Appended::Wheel(&path, &digest);
        export::append(text, wheel, &self.output.base, options);
        Ok(())
    }
}
