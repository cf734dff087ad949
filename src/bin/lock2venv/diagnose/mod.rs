//! What the library reports as facts, laid out for a person: the error, its causes, what to do next, the exit code.
//!
//! The library knows no flags and no commands; here its errors are matched, variant by variant, and what to type is added.
//! The modules below follow the stages: `documents` (what was written), `plan`, `prepare` and `git` (what comes from elsewhere),
//! `place` (the interpreter and the environment) and `session` (what joins them).

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the library may add variants; what has no advice of its own is shown as the library says it"
)]

mod audit;
mod build;
mod documents;
mod export;
mod git;
mod http;
mod index;
mod place;
mod plan;
mod prepare;
mod session;

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Reset};

pub(crate) use documents::lock_warning;
pub(crate) use export::advice;
pub(crate) use place::IGNORE_IT;
pub(crate) use prepare::hint;
pub(crate) use session::of_python;

use crate::report::{print_hint, print_line};
use crate::variables::Variables;

/// The command could not do what it was asked to.
const COULD_NOT: u8 = 1;
/// The command was asked for something that makes no sense.
const MISUSE: u8 = 2;

/// What to do when the system starts no more threads.
const MORE_THREADS: &str = "the system allows no more threads or memory (`ulimit -u`, `ulimit -v`, or the limits of the container): \
    raise the limit, or use fewer threads: LOCK2VENV_JOBS=1 and POETRY_INSTALLER_MAX_WORKERS=1";

/// What to do when there is no room left.
const FULL: &str = "the disk is full: free some space, or use another disk: `--venv DIR` for the environment, `--cache-dir DIR` for the cache";

/// The command was interrupted.
pub(crate) const INTERRUPTED: i32 = 130;

/// Why a command ends, ready to be printed.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    code: u8,
    /// Whole text in Poetry's own layout, instead of ours.
    poetry: Option<String>,
    headline: String,
    details: Vec<String>,
    hints: Vec<String>,
    /// The flags that the error is about.
    flags: &'static [&'static str],
}

impl Failure {
    /// An error with its causes below it.
    pub(crate) fn new(error: &(dyn Error + 'static)) -> Self {
        let mut details = Vec::new();
        let mut last = error.to_string();
        let mut cause = error.source();
        let mut hints = disk_hint(error);
        while let Some(error) = cause {
            hints = hints.or_else(|| disk_hint(error));
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
            hints: hints.into_iter().collect(),
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

    /// A path that was named for a directory and is none, in Poetry's words.
    pub(crate) fn not_a_directory(path: &Path, error: &io::Error) -> Self {
        let headline = format!(
            "Specified path '{}' is not a valid directory.",
            path.display()
        );
        Self::text(headline).detail(error.to_string())
    }

    /// Output that could not be written. A reader that went away is not worth a word.
    pub(crate) fn output(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::quiet();
        }
        let hint = match error.kind() {
            _ if is_full(error) => {
                Some("it is full: free some space, or name another file: `-o FILE`".to_owned())
            }
            io::ErrorKind::NotFound => path
                .parent()
                .map(|folder| format!("create its folder first: `mkdir -p {}`", folder.display())),
            _ => None,
        };
        Self::text(format!("cannot write `{}`", path.display()))
            .detail(error.to_string())
            .hints(hint)
    }

    /// A file that was named and cannot be read.
    pub(crate) fn input(path: &Path, error: &io::Error) -> Self {
        Self::text(format!("cannot read `{}`", path.display())).detail(error.to_string())
    }

    /// Several errors at once: each with its own facts, and their advice once.
    pub(crate) fn several(headline: String, errors: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::text(headline);
        for error in errors {
            all.details.push(error.headline);
            let details = error.details.iter().flat_map(|detail| detail.lines());
            all.details.extend(details.map(|line| format!("  {line}")));
            for hint in error.hints {
                if !all.hints.contains(&hint) {
                    all.hints.push(hint);
                }
            }
        }
        all
    }

    /// The same facts below another first line.
    fn with_headline(mut self, headline: impl Into<String>) -> Self {
        self.headline = headline.into();
        self
    }

    /// Adds lines of facts.
    fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }

    /// Adds what to do about it, where there is something.
    fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// Makes it a misuse of the command line.
    pub(crate) fn misuse(mut self) -> Self {
        self.code = MISUSE;
        self
    }

    /// Makes it no misuse: Poetry ends with 1 for whatever it refuses.
    pub(crate) fn could_not(mut self) -> Self {
        self.code = COULD_NOT;
        self
    }

    /// Names the flags that it is about, by their identifiers, so that the variables they come from can be named.
    pub(crate) fn about(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }

    /// The same in the words and layout of Poetry, with our facts left out and our advice kept, unless Poetry gives it too.
    pub(crate) fn in_poetrys_words(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        let said = text.to_lowercase();
        self.hints.retain(|hint| !is_said(hint, &said));
        self.poetry = Some(text);
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

    /// Prints it to standard error and returns the exit code. Of `variables`, those are named that the error is about.
    pub(crate) fn print(&self, variables: &Variables) -> ExitCode {
        if let Some(text) = &self.poetry {
            print_line(text);
        } else if !self.headline.is_empty() {
            let red = AnsiColor::Red.on_default().bold();
            // One line, whatever names of others are in it.
            let headline = self.headline.replace('\n', "\\n");
            print_line(&format!("{red}error:{Reset} {headline}"));
            for line in self.details.iter().flat_map(|detail| detail.lines()) {
                print_line(&format!("  {line}"));
            }
        }
        self.hints.iter().for_each(|hint| print_hint(hint));
        for name in self.flags.iter().filter_map(|flag| variables.of(flag)) {
            print_hint(&format!("the value comes from the variable {name}"));
        }
        ExitCode::from(self.code)
    }
}

/// Tells whether `said` gives the advice of `hint`: in its words, or for "run `…`" by naming the command.
fn is_said(hint: &str, said: &str) -> bool {
    let command = hint.strip_prefix("run ");
    said.contains(hint) || command.is_some_and(|command| said.contains(command))
}

/// Tells whether there is no room left.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// What to do where there is no room left, whichever disk it is that has none.
fn disk_hint(error: &(dyn Error + 'static)) -> Option<String> {
    let is_full = error.downcast_ref().is_some_and(is_full);
    is_full.then(|| FULL.to_owned())
}

/// Counts things, such as `1 file` or `3 files`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// Lists what may be long: the first few, and how many more there are.
fn first_of(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    const MOST: usize = 10;
    let n_more = lines.len().saturating_sub(MOST);
    let more = (n_more > 0).then(|| format!("and {n_more} more"));
    lines.take(MOST).chain(more).collect()
}

/// Finds the known name that was probably meant.
pub(crate) fn meant<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let distances = known
        .into_iter()
        .map(|name| (distance(written, name), name));
    let nearest = distances.min()?;
    let is_near = nearest.0 <= (written.chars().count() / 3).max(1);
    is_near.then_some(nearest.1)
}

/// Counts the characters to insert, drop, change or swap with their neighbour to get from one text to the other
/// (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let above = &rows[i - 1];
            let change = usize::from(from[i - 1] != to[j - 1]);
            let mut least = (above[j] + 1)
                .min(row[j - 1] + 1)
                .min(above[j - 1] + change);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn means(written: &str, known: &[&str], expected: Option<&str>) {
        assert_eq!(meant(written, known.iter().copied()), expected, "{written}");
    }

    #[test]
    fn advice_that_poetry_gives_is_not_repeated() {
        let failure = || Failure::text("").hint("run `poetry lock`");
        let told = failure().in_poetrys_words("Regenerate it with the `poetry lock` command.");
        assert!(told.hints.is_empty());
        let untold = failure().in_poetrys_words("Something went wrong.");
        assert_eq!(untold.hints, ["run `poetry lock`"]);
    }

    #[test]
    fn slips_of_the_finger_are_understood() {
        let known = ["docs", "postgres", "s3", "test"];
        means("postgers", &known, Some("postgres"));
        means("postgre", &known, Some("postgres"));
        means("doc", &known, Some("docs"));
        means("tests", &known, Some("test"));
        means("web", &known, None);
        means("", &known, None);
        means("docs", &[], None);
    }

    #[test]
    fn long_lists_are_cut() {
        let lines = |number: usize| first_of((0..number).map(|line| line.to_string()));
        assert_eq!(lines(10).len(), 10);
        assert_eq!(lines(12).last().map(String::as_str), Some("and 2 more"));
    }

    #[test]
    fn advice_is_given_once() {
        let one = |name: &str| Failure::text(name).detail("fact").hint("do");
        let all = Failure::several("two".to_owned(), [one("a"), one("b")].into_iter());
        assert_eq!(all.details, ["a", "  fact", "b", "  fact"]);
        assert_eq!(all.hints, ["do"]);
    }
}
