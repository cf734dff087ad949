//! Where an export goes: standard output, a file, or a comparison with that file.
//!
//! Errors name the file themselves, so they hold those of `std`, which do not.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lock2venv::project_files::Disk;
use lock2venv::pyproject::FileSystem as _;

use crate::args::Export;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::print_data;
use crate::report::print_line;

/// Where the text goes.
pub(super) struct Output<'a> {
    /// The file, as it was named.
    name: Option<&'a Path>,
    /// The same, absolute.
    pub(super) path: Option<PathBuf>,
    /// The folder of the file, else the working directory: where pip has to be started to find relative paths.
    pub(super) base: PathBuf,
    /// Whether the file is compared and nothing is written.
    pub(super) is_checked: bool,
}

impl<'a> Output<'a> {
    pub(super) fn of(arguments: &'a Export, context: &Context) -> Self {
        let name = arguments.output.as_deref();
        let path = name.map(|name| context.working_folder.join(name));
        let folder = path.as_deref().and_then(Path::parent);
        Self {
            base: Disk.resolve(folder.unwrap_or(&context.working_folder)),
            name,
            path,
            is_checked: arguments.check,
        }
    }

    /// Refuses to write over a file that the export is made of, or that says how the project in `root` is built: also through
    /// links, and under another name.
    pub(super) fn check(&self, root: &Path) -> Result<(), Failure> {
        let Some(path) = self.path.as_deref().filter(|_| !self.is_checked) else {
            return Ok(());
        };
        let sources = ["pyproject.toml", "poetry.lock", "poetry.toml"];
        match sources
            .iter()
            .find(|name| is_same_file(path, &root.join(name)))
        {
            Some(name) => Err(Failure::text(format!(
                "`{}` is the project's {name}, which an export does not overwrite",
                path.display()
            ))
            .hint("name another file: `-o requirements.txt`")
            .misuse()
            .about(&["output"])),
            None => Ok(()),
        }
    }

    /// Prints, writes or compares `text`.
    pub(super) fn put(&self, text: &str, context: &Context) -> Result<(), Failure> {
        let (Some(path), Some(name)) = (&self.path, self.name) else {
            return print_data(text.as_bytes());
        };
        if !self.is_checked {
            let written = std::fs::write(path, text);
            return written.map_err(|error| Failure::output(path, &error).about(&["output"]));
        }
        compare(path, text).inspect_err(|_| annotate(name, path, context))
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.dev(), found.ino()))
    };
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Compares `text` with the file at `path`; prints a diff when they differ.
fn compare(path: &Path, text: &str) -> Result<(), Failure> {
    let there = match std::fs::read(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Failure::input(path, &error).about(&["output"])),
    };
    if there == text.as_bytes() {
        return Ok(());
    }
    let name = path.display().to_string();
    let there = String::from_utf8_lossy(&there);
    let failure = Failure::text(format!("`{name}` is out of date"));
    if there.replace("\r\n", "\n") == text {
        return Err(failure
            .detail("only its line endings differ: they are CRLF")
            .hint("keep git from changing its line endings: `*requirements*.txt text eol=lf` in .gitattributes"));
    }
    let mut options = diffy::DiffOptions::new();
    options.set_original_filename(name);
    options.set_modified_filename("poetry.lock");
    let diff = options.create_patch(&there, text).to_string();
    print_data(diff.as_bytes())?;
    Err(failure.hint("run the same command without `--check` to write it"))
}

/// Marks the file in the page of a pull request, under GitHub Actions.
fn annotate(name: &Path, path: &Path, context: &Context) {
    if context.variable("GITHUB_ACTIONS") != Some("true") {
        return;
    }
    let workspace = context.variable("GITHUB_WORKSPACE").map(Path::new);
    let in_workspace = workspace.and_then(|workspace| path.strip_prefix(workspace).ok());
    let file = in_workspace.unwrap_or(name).display().to_string();
    print_line(&format!(
        "::error file={}::it does not match poetry.lock",
        escaped(&file)
    ));
}

/// Escapes the value of a property of a [workflow command].
///
/// [workflow command]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
fn escaped(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D");
    let text = text.replace('\n', "%0A").replace(':', "%3A");
    text.replace(',', "%2C")
}
