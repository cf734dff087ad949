//! Why a wheel could not be built.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::{Hook, Output, SystemFault, WheelFault};

/// Why a wheel could not be built. The caller adds what was to be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The interpreter of the build environment cannot be started.
    #[error("cannot run `{}`", interpreter.display())]
    Start {
        /// The interpreter.
        interpreter: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The source tree holds neither pyproject.toml nor setup.py.
    #[error("`{}` contains neither pyproject.toml nor setup.py", .0.display())]
    NoProject(PathBuf),
    /// pyproject.toml is not TOML.
    #[error("`{}` cannot be read", path.display())]
    Pyproject {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// The `build-system` table is not right.
    #[error("`{}` does not say how the project is built", path.display())]
    BuildSystem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        fault: SystemFault,
    },
    /// The backend cannot be imported.
    #[error("the build backend `{backend}` cannot be imported: {message}")]
    BackendUnavailable {
        /// The backend.
        backend: String,
        /// The module that is missing, if that is why: the backend's own or one that it imports.
        module: Option<String>,
        /// What the interpreter says.
        message: String,
        /// What was written meanwhile.
        output: Box<Output>,
    },
    /// The backend does not have a hook.
    #[error("the build backend `{backend}` has no `{hook}`")]
    HookMissing {
        /// The backend.
        backend: String,
        /// The hook.
        hook: Hook,
    },
    /// The backend says that this source tree does not allow it.
    #[error("the build backend does not support `{hook}` here: {message}")]
    Unsupported {
        /// The hook.
        hook: Hook,
        /// What the backend says.
        message: String,
        /// What was written meanwhile.
        output: Box<Output>,
    },
    /// The backend raised an exception.
    #[error("`{hook}` failed with {exception}: {message}")]
    Failed {
        /// The hook.
        hook: Hook,
        /// The type of the exception.
        exception: String,
        /// Its text.
        message: String,
        /// The Python module that is missing, if that is why.
        module: Option<String>,
        /// What was written meanwhile.
        output: Box<Output>,
    },
    /// The process ended before the backend was done.
    #[error("`{hook}` exited early ({status})")]
    Ended {
        /// The hook.
        hook: Hook,
        /// How it ended.
        status: ExitStatus,
        /// What was written meanwhile.
        output: Box<Output>,
    },
    /// The backend answered something that no hook answers.
    #[error("`{hook}` answered `{}`, {what}", answer.escape_debug())]
    Answer {
        /// The hook.
        hook: Hook,
        /// What it answered.
        answer: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What was built is not the wheel that was asked for.
    #[error("`{hook}` built `{}`, which is not the requested wheel", file.escape_debug())]
    Wheel {
        /// The hook.
        hook: Hook,
        /// The name of the file.
        file: String,
        /// What is wrong with it.
        #[source]
        fault: WheelFault,
    },
    /// [`Stop::stop`](super::Stop::stop) was called.
    #[error("the build was interrupted")]
    Interrupted,
}

impl Error {
    pub(super) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { act, path, source }
    }

    /// The same, whose output is in the file `log` now.
    #[must_use]
    pub fn with_log(mut self, log: PathBuf) -> Self {
        if let Self::BackendUnavailable { output, .. }
        | Self::Unsupported { output, .. }
        | Self::Failed { output, .. }
        | Self::Ended { output, .. } = &mut self
        {
            output.log = log;
        }
        self
    }

    /// The same, where the source tree in the folder `tree` is shown as `name`: the folder is a temporary one.
    #[must_use]
    pub fn with_tree_shown(mut self, tree: &Path, name: &str) -> Self {
        if let Self::Io { path, .. }
        | Self::NoProject(path)
        | Self::Pyproject { path, .. }
        | Self::BuildSystem { path, .. } = &mut self
            && let Ok(below) = path.strip_prefix(tree)
        {
            let mut shown = PathBuf::from(name);
            shown.extend(below);
            *path = shown;
        }
        self
    }

    /// Returns what the backend wrote, where it was called and failed.
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::BackendUnavailable { output, .. }
            | Self::Unsupported { output, .. }
            | Self::Failed { output, .. }
            | Self::Ended { output, .. } => Some(output),
            Self::Io { .. }
            | Self::Start { .. }
            | Self::NoProject(_)
            | Self::Pyproject { .. }
            | Self::BuildSystem { .. }
            | Self::HookMissing { .. }
            | Self::Answer { .. }
            | Self::Wheel { .. }
            | Self::Interrupted => None,
        }
    }
}
