//! The environment that is checked, and the Python that it was made of.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::report::{Error, Problem};
use super::runtime;
use crate::environment::{self, Environment, EnvironmentFault, Layout};
use crate::interpreter::{Interpreter, OwnScheme};
use crate::session::Recreation;
use crate::version::{Version, VersionConstraint};

/// An environment, as far as it can be understood.
pub(super) struct Subject {
    pub(super) root: PathBuf,
    /// `None` when it does not answer.
    pub(super) interpreter: Option<Interpreter>,
    pub(super) layout: Layout,
    /// Whether `lib64` is a second name of `lib`.
    pub(super) has_lib64: bool,
    /// Whether it is the installation of a Python itself, whose own files no RECORD lists.
    pub(super) is_python: bool,
    /// What is wrong with its Python.
    pub(super) problems: Vec<Problem>,
    environment: Environment,
}

impl Subject {
    /// Reads the environment at `root`, whose Python `requires_python` has to allow; and has to be `asked`, if one is named.
    ///
    /// Where that one's installation is at `root`, its own packages are those of the environment. It is not looked for: what
    /// no one named is not run.
    pub(super) fn read(
        root: &Path,
        requires_python: &VersionConstraint,
        asked: Option<&Interpreter>,
    ) -> Result<Self, Error> {
        match Environment::read(root) {
            Ok(Some(environment)) => Ok(Self::of(environment, requires_python, asked)),
            Ok(None) => Err(Error::NoEnvironment {
                root: root.to_owned(),
            }),
            Err(error @ environment::Error::NotAnEnvironment { .. }) => {
                let python = asked.filter(|asked| is_installed_at(asked, root));
                let python = python.ok_or(error)?;
                Self::of_python(python, requires_python)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn of(
        environment: Environment,
        requires_python: &VersionConstraint,
        asked: Option<&Interpreter>,
    ) -> Self {
        let (interpreter, unanswered) = match base(&environment) {
            Ok(base) => match Interpreter::query(&base) {
                Ok(interpreter) => (Some(interpreter), None),
                Err(error) => (None, Some(Recreation::NoAnswer(error))),
            },
            Err(fault) => (None, Some(Recreation::Fault(fault))),
        };
        let fault = environment.fault();
        let fault = fault.or_else(|| environment.fault_with(interpreter.as_ref()?));
        let own = interpreter.as_ref();
        let reason = fault.map(Recreation::Fault).or(unanswered);
        let reason = reason.or_else(|| unsuitable(own?, requires_python, asked));
        let layout = match &interpreter {
            Some(interpreter) => interpreter.layout.clone(),
            None => guessed(&environment),
        };
        let lib64 = fs::read_link(environment.root().join("lib64"));
        Self {
            root: environment.root().to_owned(),
            has_lib64: lib64.is_ok_and(|target| target == Path::new("lib")),
            is_python: false,
            interpreter,
            layout,
            problems: reason.map(Problem::Interpreter).into_iter().collect(),
            environment,
        }
    }

    /// Takes the installation of `python` itself for an environment, as `poetry install` with `virtualenvs.create = false` does.
    fn of_python(python: &Interpreter, requires_python: &VersionConstraint) -> Result<Self, Error> {
        let scheme = OwnScheme::query(python)?;
        let layout = scheme
            .layout_of(python)
            .map_err(|source| Error::OwnPython {
                python: python.base_executable.clone(),
                source,
            })?;
        let root = fs::canonicalize(&scheme.prefix)?;
        let reason = unsuitable(python, requires_python, None);
        Ok(Self {
            environment: Environment::of_python(python, &root),
            root,
            has_lib64: false,
            is_python: true,
            interpreter: Some(python.clone()),
            layout,
            problems: reason.map(Problem::Interpreter).into_iter().collect(),
        })
    }

    /// Returns the interpreter that the environment was made of, as its links or pyvenv.cfg name it.
    pub(super) fn base(&self) -> Option<PathBuf> {
        base(&self.environment).ok()
    }

    /// Looks for its Python in the image that is unpacked at `image`.
    pub(super) fn problem_in(&self, image: &Path) -> Option<Problem> {
        let (python, fault) = runtime::look(&self.environment, image)?;
        let python = python.display().to_string();
        Some(Problem::Runtime { python, fault })
    }

    /// Returns a path with `lib` in the place of its second name.
    pub(super) fn without_lib64(&self, path: String) -> String {
        match path.strip_prefix("lib64/").filter(|_| self.has_lib64) {
            Some(rest) => format!("lib/{rest}"),
            None => path,
        }
    }

    /// Returns the full version of its Python.
    pub(super) fn python(&self) -> Option<&str> {
        self.interpreter.as_ref().map(full_version)
    }
}

fn is_installed_at(python: &Interpreter, root: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    resolved(root).is_some_and(|root| resolved(&python.base_prefix) == Some(root))
}

/// Finds the interpreter outside of the environment that it was made of. Nothing in it is run: a program that is no link could
/// be anything.
fn base(environment: &Environment) -> Result<PathBuf, EnvironmentFault> {
    let linked = environment.base_executable();
    let cfg = environment.pyvenv_cfg();
    let in_home = cfg.home.as_ref().map(|home| home.join("python3"));
    let named = [Some(linked), cfg.executable.clone(), in_home.clone()];
    let mut outside = named
        .into_iter()
        .flatten()
        .filter(|path| !path.starts_with(environment.root()));
    let found = outside.find(|path| path.is_file());
    found.ok_or_else(|| EnvironmentFault::NoInterpreter {
        path: in_home.unwrap_or_else(|| environment.python()),
        target: None,
    })
}

fn unsuitable(
    own: &Interpreter,
    requires_python: &VersionConstraint,
    asked: Option<&Interpreter>,
) -> Option<Recreation> {
    let version = full_version(own);
    let is_allowed = Version::parse(version).is_ok_and(|own| requires_python.allows(&own));
    if !is_allowed {
        let version = version.to_owned();
        return Some(Recreation::Unsupported { version });
    }
    let asked = asked.filter(|asked| !own.is_same(asked))?;
    Some(Recreation::OtherAsked {
        has: version.to_owned(),
        asked: full_version(asked).to_owned(),
    })
}

fn full_version(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_full_version
}

/// Where distributions are likely to be, when the interpreter does not tell: below the version of pyvenv.cfg.
fn guessed(environment: &Environment) -> Layout {
    let version = environment.pyvenv_cfg().version.as_deref();
    let mut numbers = version.unwrap_or_default().split('.');
    let mut number = || numbers.next().and_then(|part| part.parse().ok());
    let (major, minor): (u32, u32) = (number().unwrap_or(3), number().unwrap_or(0));
    let library = PathBuf::from(format!("lib/python{major}.{minor}/site-packages"));
    Layout {
        purelib: library.clone(),
        platlib: library,
        scripts: PathBuf::from("bin"),
        data: PathBuf::new(),
        headers: PathBuf::from(format!("include/site/python{major}.{minor}")),
        python_name: "python".to_owned(),
        python_version: (major, minor),
    }
}
