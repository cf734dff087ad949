//! The installation of a Python itself, in an environment's place: with `virtualenvs.create = false` Poetry fills the Python that it
//! runs on, as images do that hold one application.
//!
//! Only distributions of the plan are added, changed or removed, each as in an environment that is there. Nothing is made again, and no
//! file of an environment is written. Poetry does not look for `EXTERNALLY-MANAGED` ([PEP 668]); here such a Python is refused, and so is
//! one that has its packages elsewhere than an environment has, as Debian's has.
//!
//! [PEP 668]: https://peps.python.org/pep-0668/

use fs_err as fs;

use super::Error;
use super::target_environment::{Held, State, TargetEnvironment};
use crate::environment::{self, Environment};
use crate::event::{Reporter, SessionEvent};
use crate::interpreter::{Interpreter, OwnScheme, Search};
use crate::name::PackageName;

impl TargetEnvironment {
    /// Finds the interpreter by `search`, and takes its own installation once nobody else changes that.
    pub(super) fn of_python(
        name: &PackageName,
        search: &Search<'_>,
        reporter: &dyn Reporter,
    ) -> Result<Self, Error> {
        let found = search.find()?;
        let scheme = OwnScheme::query(&found)?;
        let interpreter = own(found, &scheme)?;
        let root = fs::canonicalize(scheme.prefix).map_err(environment::Error::from)?;
        let environment = Environment::of_python(&interpreter, &root);
        let lock = if let Some(lock) = environment.try_lock()? {
            lock
        } else {
            reporter.step(SessionEvent::AwaitingEnvironment { root: &root });
            environment.lock()?
        };
        Ok(Self {
            root,
            interpreter,
            name: name.clone(),
            state: State::Usable(Held { environment, lock }),
        })
    }
}

/// Returns the interpreter with the layout of its own installation.
fn own(interpreter: Interpreter, scheme: &OwnScheme) -> Result<Interpreter, Error> {
    match scheme.layout_of(&interpreter) {
        Ok(layout) => Ok(Interpreter {
            layout,
            ..interpreter
        }),
        Err(source) => Err(Error::OwnPython {
            python: interpreter.base_executable,
            source,
        }),
    }
}
