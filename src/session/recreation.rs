//! Why an environment that is there has to be made again.

use std::fmt;
use std::path::PathBuf;

use crate::environment::EnvironmentFault;
use crate::interpreter;

/// Why an environment has to be made again; a clause that follows a colon.
#[derive(Debug)]
#[non_exhaustive]
pub enum Recreation {
    /// It cannot be used as it is, or not with its interpreter.
    Fault(EnvironmentFault),
    /// Its interpreter does not answer.
    NoAnswer(interpreter::Error),
    /// The project does not allow its Python.
    Unsupported {
        /// The version that it has.
        version: String,
    },
    /// Another Python was asked for.
    OtherAsked {
        /// The version that it has.
        has: String,
        /// The version that was asked for.
        asked: String,
    },
    /// It is for another interpreter than the one that shall run it.
    OtherRuntime {
        /// The one that it is for.
        has: PathBuf,
        /// The one that shall run it.
        asked: PathBuf,
    },
}

impl Recreation {
    /// Tells whether the environment, or part of it, was made at another place or on another machine.
    pub fn is_from_elsewhere(&self) -> bool {
        match self {
            Self::Fault(fault) => is_from_elsewhere(fault),
            Self::NoAnswer(_)
            | Self::Unsupported { .. }
            | Self::OtherAsked { .. }
            | Self::OtherRuntime { .. } => false,
        }
    }
}

fn is_from_elsewhere(fault: &EnvironmentFault) -> bool {
    match fault {
        EnvironmentFault::Unfinished
        | EnvironmentFault::NoHome
        | EnvironmentFault::NoInterpreter { target: None, .. }
        | EnvironmentFault::OtherPython { .. } => false,
        EnvironmentFault::NoInterpreter {
            target: Some(_), ..
        }
        | EnvironmentFault::OtherExecutable { .. }
        | EnvironmentFault::NoHomeFolder { .. }
        | EnvironmentFault::Moved { .. }
        | EnvironmentFault::OtherLibrary { .. } => true,
    }
}

impl fmt::Display for Recreation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write_fault(formatter, fault),
            Self::NoAnswer(error) => error.fmt(formatter),
            Self::Unsupported { version } => write!(
                formatter,
                "the project does not support its Python {version}"
            ),
            Self::OtherAsked { has, asked } => {
                write!(formatter, "it has Python {has}, but {asked} was requested")
            }
            Self::OtherRuntime { has, asked } => write!(
                formatter,
                "it is run by `{}`, but `{}` was requested",
                has.display(),
                asked.display()
            ),
        }
    }
}

fn write_fault(formatter: &mut fmt::Formatter<'_>, fault: &EnvironmentFault) -> fmt::Result {
    match fault {
        EnvironmentFault::Unfinished => {
            formatter.write_str("an earlier run was killed before the environment was complete")
        }
        EnvironmentFault::NoHome => {
            formatter.write_str("its pyvenv.cfg does not say where its Python is")
        }
        EnvironmentFault::NoInterpreter { path, target: None } => {
            write!(formatter, "there is no Python at `{}`", path.display())
        }
        EnvironmentFault::NoInterpreter {
            path,
            target: Some(target),
        } => write!(
            formatter,
            "`{}` is a link to `{}`, which does not exist",
            path.display(),
            target.display()
        ),
        EnvironmentFault::OtherExecutable { made_for, found } => write!(
            formatter,
            "its Python is now `{}`, but its scripts start `{}`",
            found.display(),
            made_for.display()
        ),
        EnvironmentFault::NoHomeFolder { home } => write!(
            formatter,
            "its pyvenv.cfg says that its Python is in `{}`, which does not exist",
            home.display()
        ),
        EnvironmentFault::Moved { from } => {
            write!(formatter, "its scripts are those of `{}`", from.display())
        }
        EnvironmentFault::OtherLibrary { path } => write!(
            formatter,
            "it also contains packages for another Python, in `{}`",
            path.display()
        ),
        EnvironmentFault::OtherPython { made_for, found } => write!(
            formatter,
            "it was created for Python {made_for}, but its interpreter is {found}"
        ),
    }
}
