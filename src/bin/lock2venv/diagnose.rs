//! What the library reports as facts, laid out for a person: the error, its causes, what to do next, the exit code.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Reset};

use crate::report::print_line;

/// The command could not do what it was asked to.
const COULD_NOT: u8 = 1;
/// The command was asked for something that makes no sense.
const MISUSE: u8 = 2;

/// Why a command ends, ready to be printed.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    code: u8,
    /// Whole text in Poetry's own layout, instead of ours.
    poetry: Option<String>,
    headline: String,
    details: Vec<String>,
    hints: Vec<String>,
}

impl Failure {
    /// An error with its causes below it.
    pub(crate) fn new(error: &(dyn Error + 'static)) -> Self {
        let mut details = Vec::new();
        let mut last = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if text != last {
                details.push(text.clone());
            }
            last = text;
            cause = error.source();
        }
        Self {
            code: COULD_NOT,
            headline: error.to_string(),
            details,
            ..Self::default()
        }
    }

    /// An error of this command line's own.
    pub(crate) fn text(headline: impl Into<String>) -> Self {
        Self {
            code: COULD_NOT,
            headline: headline.into(),
            ..Self::default()
        }
    }

    /// An error in Poetry's words and layout, for the command that stands in for Poetry's.
    pub(crate) fn poetry(text: impl Into<String>) -> Self {
        Self {
            code: COULD_NOT,
            poetry: Some(text.into()),
            ..Self::default()
        }
    }

    /// The work ended early and nobody needs to be told: the reader of the output is gone, say.
    pub(crate) fn quiet() -> Self {
        Self {
            code: COULD_NOT,
            ..Self::default()
        }
    }

    /// A folder that was named and cannot be used.
    pub(crate) fn folder(path: &Path, error: &io::Error) -> Self {
        Self::text(format!("cannot work in `{}`", path.display())).detail(error.to_string())
    }

    /// Output that could not be written. A reader that went away is not worth a word.
    pub(crate) fn output(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::quiet();
        }
        Self::text(format!("cannot write `{}`", path.display())).detail(error.to_string())
    }

    /// Makes it a misuse of the command line.
    pub(crate) fn misuse(mut self) -> Self {
        self.code = MISUSE;
        self
    }

    /// Adds a line of facts.
    pub(crate) fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push(text.into());
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(text.into());
        self
    }

    /// Prints it to standard error and returns the exit code.
    pub(crate) fn print(&self) -> ExitCode {
        if let Some(text) = &self.poetry {
            print_line(text);
        } else if !self.headline.is_empty() {
            let (red, cyan) = (
                AnsiColor::Red.on_default().bold(),
                AnsiColor::Cyan.on_default().bold(),
            );
            print_line(&format!("{red}error:{Reset} {}", self.headline));
            for line in self.details.iter().flat_map(|detail| detail.lines()) {
                print_line(&format!("  {line}"));
            }
            for hint in &self.hints {
                print_line(&format!("{cyan}hint:{Reset} {hint}"));
            }
        }
        ExitCode::from(self.code)
    }
}

macro_rules! plain {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(&error)
            }
        })*
    };
}

plain!(
    lock2venv::environment::Error,
    lock2venv::fetch::Error,
    lock2venv::install::Error,
    lock2venv::plan::Error,
    lock2venv::project_files::Error,
    lock2venv::pyproject::Error,
    lock2venv::select::Error,
);
