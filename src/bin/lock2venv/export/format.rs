//! The format of an export.

use std::path::Path;

use lock2venv::export::Extent;

use crate::args::Export;
use crate::diagnose::Failure;

/// What the text is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Lines(Extent),
    Pylock,
}

impl Format {
    pub(super) fn of(arguments: &Export) -> Result<Self, Failure> {
        let format = match arguments.format.as_str() {
            "requirements.txt" => Self::Lines(Extent::Requirements),
            "constraints.txt" => Self::Lines(Extent::Constraints),
            "pylock.toml" => Self::Pylock,
            other => return Err(unknown(other)),
        };
        let name = arguments.output.as_deref().and_then(Path::file_name);
        let name = name.map(|name| name.to_string_lossy());
        if format == Self::Pylock && name.is_some_and(|name| !is_pylock_name(&name)) {
            return Err(Failure::poetry(concat!(
                "The output file for pylock.toml export must be named \"pylock.toml\"",
                " or must follow the regex \"^pylock\\.([^.]+)\\.toml$\", e.g. \"pylock.dev.toml\""
            ))
            .misuse()
            .about(&["output", "format"]));
        }
        let takes_project = format == Self::Lines(Extent::Requirements);
        if arguments.append_project.is_some() && !takes_project {
            let text = format!("the project cannot be appended to {}", arguments.format);
            let failure = Failure::text(text).misuse();
            return Err(failure.about(&["append_project", "format"]));
        }
        Ok(format)
    }
}

fn unknown(format: &str) -> Failure {
    let failure = Failure::poetry(format!("\nInvalid export format: {format}"));
    failure
        .misuse()
        .about(&["format"])
        .hint("formats: requirements.txt, constraints.txt, pylock.toml")
}

fn is_pylock_name(name: &str) -> bool {
    let middle = name
        .strip_prefix("pylock.")
        .and_then(|rest| rest.strip_suffix(".toml"));
    name == "pylock.toml"
        || middle.is_some_and(|middle| !middle.is_empty() && !middle.contains('.'))
}
