//! `lock2venv dockerfile`: a multi-stage Dockerfile that fits the project, and a `.dockerignore`.
//!
//! The stage of the dependencies has nothing of the project's code, so a change of that builds only the last layer again. There is no
//! `# syntax=` line: every mount here is known to the frontend that comes with `BuildKit`, and a line would fetch another one.

mod facts;
mod project;
mod python;
mod render;
mod words;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use lock2venv::name::GroupName;
use lock2venv::project_files::ProjectFiles;

use crate::args::Groups;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::install::project::{LockedProject, RootUse};
use crate::install::settings;
use crate::print_data;
use crate::report::print_line;

use facts::Facts;

/// The group of what the project itself needs.
const MAIN: &str = "main";

#[derive(Debug, Args)]
pub(crate) struct Dockerfile {
    /// Print the .dockerignore instead
    #[arg(long, env = "LOCK2VENV_IGNORE", value_parser = BoolishValueParser::new())]
    pub(crate) ignore: bool,
    /// Write both files beside pyproject.toml instead of printing one; files that are there are left alone
    #[arg(long, env = "LOCK2VENV_WRITE", value_parser = BoolishValueParser::new())]
    pub(crate) write: bool,
    /// The version of Python, such as 3.12 [default: that of .python-version, else the newest that the project and its wheels allow]
    #[arg(long, value_name = "VERSION", env = "LOCK2VENV_PYTHON", value_parser = python::parse)]
    pub(crate) python: Option<String>,
    /// The image that has lock2venv in it
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = "lock2venv",
        env = "LOCK2VENV_IMAGE",
        value_parser = words::parse_image
    )]
    pub(crate) image: String,
    #[command(flatten)]
    pub(crate) groups: Groups,
}

/// Prints or writes the files.
pub(crate) fn run(arguments: &Dockerfile, context: &Context) -> Result<(), Failure> {
    let groups = wanted(&arguments.groups, context)?;
    let locked = LockedProject::read(&groups, RootUse::Included, context)?;
    let facts = Facts::of(&locked, arguments, &groups, &settings::building(context))?;
    let dockerfile = render::dockerfile(&facts);
    let ignored = render::dockerignore(&facts);
    if arguments.write {
        return write(&facts, &dockerfile, &ignored);
    }
    let text = if arguments.ignore {
        ignored
    } else {
        dockerfile
    };
    print_data(text.as_bytes())
}

/// An image needs what the project needs to run, and no more, unless groups are named. A project without dependencies has no group
/// that could be named.
fn wanted(groups: &Groups, context: &Context) -> Result<Groups, Failure> {
    let names = [&groups.with, &groups.without, &groups.only];
    let are_named = groups.all_groups || names.iter().any(|names| !names.is_empty());
    let project = ProjectFiles::read(&context.project_folder)?.project()?;
    let has_main = project.group(&GroupName::new(MAIN)).is_some();
    if are_named || !has_main {
        return Ok(groups.clone());
    }
    Ok(Groups {
        only: vec![MAIN.to_owned()],
        ..groups.clone()
    })
}

/// Where the build has more than the project's folder, Docker finds the second file by the name of the first.
fn write(facts: &Facts, dockerfile: &str, ignored: &str) -> Result<(), Failure> {
    let name = if facts.prefix.as_os_str().is_empty() {
        ".dockerignore"
    } else {
        "Dockerfile.dockerignore"
    };
    let files = [("Dockerfile", dockerfile), (name, ignored)];
    let files = files.map(|(name, text)| (facts.root.join(name), text));
    let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
    if let Some((there, _)) = files.iter().find(|(path, _)| is_there(path)) {
        let headline = format!("`{}` is there already", there.display());
        return Err(
            Failure::text(headline).hint("move it away, or print the text: leave out `--write`")
        );
    }
    for (path, text) in &files {
        create(path, text)?;
    }
    print_line(&format!("Build it with: {}", facts.command()));
    Ok(())
}

fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let file = fs::File::create_new(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::output(&PathBuf::from(path), &error))?;
    print_line(&format!("Wrote {}", path.display()));
    Ok(())
}
