//! The project itself at the end of a requirements file.

use lock2venv::export::{self, Appended, Options};
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
        .hint("leave `--append-project` out")
        .misuse()
        .about(&["append_project"]))
}

/// Appends the project, as its folder or as its wheel, which is built into `dist/`; nothing is written where the output is only
/// checked.
pub(super) fn append(
    text: &mut String,
    form: AppendProject,
    project: &Project,
    output: &Output<'_>,
    options: &Options<'_>,
) -> Result<(), Failure> {
    match form {
        AppendProject::Path if export::has_hashes(text) => Err(Failure::text(
            "a folder cannot have a hash, and pip refuses it among requirements that have hashes",
        )
        .hint("append the project's wheel with its hash: `--append-project=wheel`")
        .hint("or leave the hashes out: `--without-hashes`")
        .misuse()
        .about(&["append_project"])),
        AppendProject::Path => {
            export::append(text, Appended::Folder(&project.root), &output.base, options);
            Ok(())
        }
        AppendProject::Wheel => append_wheel(text, project, output, options),
    }
}

fn append_wheel(
    text: &mut String,
    project: &Project,
    output: &Output<'_>,
    options: &Options<'_>,
) -> Result<(), Failure> {
    let failure = |error| Failure::build(&project.name, error, "no `--append-project`");
    let built = project_wheel::build(&project.root, &project_wheel::Options::default());
    let wheel = built.map_err(failure)?;
    let folder = project.root.join("dist");
    let digest = if output.is_checked {
        wheel.digest()
    } else {
        wheel.save(&folder)
    };
    let digest = digest.map_err(failure)?;
    let path = folder.join(wheel.file_name());
    export::append(text, Appended::Wheel(&path, &digest), &output.base, options);
    Ok(())
}
