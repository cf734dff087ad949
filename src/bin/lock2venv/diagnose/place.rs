//! What is wrong with the interpreter, the environment, or a wheel on its way into it.

use lock2venv::wheel::{self, Rule};
use lock2venv::{archive, bytecode, environment, install, interpreter};

use super::Failure;

impl From<interpreter::Error> for Failure {
    fn from(error: interpreter::Error) -> Self {
        no_interpreter(&error).about(&["python"])
    }
}

fn no_interpreter(error: &interpreter::Error) -> Failure {
    use interpreter::Error;
    match error {
            Error::NotFound { wanted, tried } => {
                let tried = tried.iter().map(|tried| match &tried.found {
                    Ok(version) => format!("{} is {version}", tried.path.display()),
                    Err(error) => one_line(error),
                });
                let lines: Vec<String> = tried.collect();
                let is_program = wanted.starts_with(|first: char| first.is_alphabetic());
                let wanted = if is_program {
                    format!("`{wanted}`")
                } else {
                    format!("Python {wanted}")
                };
                let failure = Failure::text(format!("no {wanted} was found"));
                let failure = if lines.is_empty() {
                    failure.detail(
                        "there is none on PATH, and none installed by asdf, pyenv, Rye, uv or Poetry",
                    )
                } else {
                    failure.details(lines)
                };
                failure.hint("name an interpreter: `--python PATH`")
            }
            Error::Unsuitable { .. } => Failure::new(error).hint(
                "name another: `--python PATH` or `--python VERSION`; or change `requires-python` and lock again",
            ),
            Error::Run { .. } | Error::Silent { .. } | Error::Failed { .. } | Error::Answer { .. } => {
                Failure::new(error).hint("name a Python 3: `--python PATH` or `--python VERSION`")
            }
            _ => Failure::new(error),
        }
}

/// An error and its causes in one line.
fn one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let failure = Failure::new(error);
    let mut text = failure.headline;
    for detail in failure.details {
        text.push_str(": ");
        text.push_str(&detail);
    }
    text
}

impl From<environment::Error> for Failure {
    fn from(error: environment::Error) -> Self {
        use environment::Error;
        match &error {
            Error::NotAnEnvironment { .. } => Self::new(&error)
                .hint("nothing in it was touched; name another folder: `--venv DIR`"),
            Error::NotAFolder { .. } => Self::new(&error)
                .hint("it was not touched; name a folder: `--venv DIR`"),
            Error::Hidden { .. } | Error::NotMade { .. } => Self::new(&error)
                .hint("name another folder: `--venv DIR`"),
            Error::Foreign { .. } => Self::new(&error).hint(
                "nothing was touched: move away what you need, and remove the folder; or name another: `--venv DIR`",
            ),
            Error::NoName { .. } => {
                Self::new(&error).hint("name a folder of its own: `--venv DIR`")
            }
            Error::Exists { .. } => {
                Self::new(&error).hint("run the same command again")
            }
            _ => Self::new(&error),
        }
    }
}

impl From<install::Error> for Failure {
    fn from(error: install::Error) -> Self {
        use install::Error;
        match error {
            Error::Several(errors) => {
                let headline = format!("{} wheels cannot be installed", errors.len());
                Self::several(headline, errors.into_iter().map(Self::from))
            }
            Error::Wheel {
                ref file,
                ref fault,
            } => Self::text(format!("`{file}` is not a wheel that can be installed"))
                .detail(fault.to_string())
                .hint(what_to_do(fault))
                .hints(fault.rule().map(leniency)),
            Error::RecordDiffers { .. } => Self::new(&error)
                .detail("it is no longer the file that was locked")
                .hint("run the same command again"),
            Error::ClaimedTwice { .. } => Self::new(&error)
                .hint("it was built incorrectly: report it to its authors, or lock another version"),
            Error::Reserved { .. } => Self::new(&error)
                .hint("no wheel may replace the environment's own files; lock another version"),
            Error::Occupied { .. } => {
                Self::new(&error).hint("move it away, or recreate the environment")
            }
            Error::Stopped { .. } => Self::new(&error)
                .hint("once the cause is gone, run the same command again: it completes the change"),
            Error::Strict(warning) => Self::text(warning.to_string())
                .hint("without `--strict` this is a warning"),
            Error::Startup(file) => Self::text(file.to_string())
                .hint("without `--strict=startup` it is listed with `-v` only"),
            Error::NoRecord { .. } | Error::BadRecord { .. } => Self::new(&error).hint(
                "remove it with the tool that installed it, or remove the environment and install again",
            ),
            Error::Threads { .. } => Self::new(&error).hint(super::MORE_THREADS),
            Error::Bytecode(error) => error.into(),
            error => Self::new(&error),
        }
    }
}

/// What happened, most likely, in an image build without such a file.
pub(crate) const IGNORE_IT: &str =
    "if `COPY` brought it into an image, list `.venv` in `.dockerignore`";

/// Says how such a wheel can be installed anyway, and with which result.
pub(super) fn leniency(rule: Rule) -> String {
    let outcome = match rule {
        Rule::SymbolicLinks => ": links become plain files that contain the path of their target",
        Rule::NestedScripts => ": folders of scripts stay folders",
        Rule::RepeatedScripts => ": the last one is kept, and those of `gui_scripts` come last",
        _ => "",
    };
    format!(
        "`--lenient={}` installs such a wheel as pip does{outcome}",
        rule.name()
    )
}

fn what_to_do(fault: &wheel::Error) -> &'static str {
    match fault {
        wheel::Error::Archive(archive::Error::TooLarge { .. }) => {
            "if it is meant to be that large: `--max-unpacked SIZE`"
        }
        wheel::Error::Archive(archive::Error::Bomb { .. }) => {
            "if it is meant to be that large: `--max-ratio N`"
        }
        wheel::Error::Archive(_) => {
            "its digest matches the lock, so it was locked like this: nothing of it was installed; report it to its authors, or lock another version"
        }
        _ => "nothing of it was installed; report it to its authors, or lock another version",
    }
}

impl From<bytecode::Error> for Failure {
    fn from(error: bytecode::Error) -> Self {
        match &error {
            bytecode::Error::Interpreter { .. } => {
                Self::new(&error).hint("leave out `--compile`: Python compiles on first import")
            }
            bytecode::Error::Killed { .. } => Self::new(&error).hint(
                "if memory ran out, fewer interpreters at once need less: `--jobs 1`; or leave `--compile` out",
            ),
            bytecode::Error::Thread(_) => Self::new(&error).hint(super::MORE_THREADS),
            _ => Self::new(&error),
        }
    }
}
