//! The environment that a session fills: the one that is there, or the one to be made, and its interpreter.

use std::path::{Path, PathBuf};

use super::Error;
use super::recreation::Recreation;
use crate::environment::{Environment, EnvironmentLock};
use crate::event::{Reporter, SessionEvent};
use crate::installed::Installed;
use crate::interpreter::{Interpreter, Search};
use crate::name::PackageName;
use crate::version::Version;

/// An environment that is there and that nobody else changes meanwhile, or the place where one will be.
#[derive(Debug)]
pub struct TargetEnvironment {
    pub(super) root: PathBuf,
    pub(super) interpreter: Interpreter,
    /// The name of the project that it is for.
    pub(super) name: PackageName,
    pub(super) state: State,
}

/// What is at the place.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing.
    Absent,
    /// An environment that can be used.
    Usable(Held),
    /// An environment that has to be made again, and why.
    Unusable(Held, Recreation),
}

/// An environment that nobody else changes.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) environment: Environment,
    pub(super) lock: EnvironmentLock,
}

impl TargetEnvironment {
    /// Looks at `root`, once nobody else changes what is there, and finds the interpreter by `search`. The environment may be for
    /// another one, `runtime`, which need not be here.
    pub(super) fn find(
        root: &Path,
        name: &PackageName,
        search: &Search<'_>,
        runtime: Option<&Path>,
        reporter: &dyn Reporter,
    ) -> Result<Self, Error> {
        let (interpreter, state) = match (Held::take(root, reporter)?, runtime) {
            (None, _) => (search.find()?, State::Absent),
            (Some(held), None) => judge(held, search)?,
            (Some(held), Some(python)) => judge_for(held, search, python)?,
        };
        let state = match state {
            State::Unusable(held, reason) => held.unusable(reason, reporter)?,
            state @ (State::Absent | State::Usable(_)) => state,
        };
        Ok(Self {
            root: root.to_owned(),
            interpreter,
            name: name.clone(),
            state,
        })
    }

    /// Returns the folder of the environment, whether or not there is one.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the interpreter that the environment is made of, or will be.
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Tells whether there is an environment that stays.
    pub fn is_usable(&self) -> bool {
        matches!(self.state, State::Usable(_))
    }

    /// Returns why the environment that is there has to be made again, if it has.
    pub fn recreation(&self) -> Option<&Recreation> {
        match &self.state {
            State::Unusable(_, reason) => Some(reason),
            State::Absent | State::Usable(_) => None,
        }
    }

    /// Lists what is installed and will stay there unless a plan says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] when a folder of it cannot be read.
    pub fn installed(&self) -> Result<Installed, Error> {
        match &self.state {
            State::Absent | State::Unusable(..) => Ok(Installed::default()),
            State::Usable(held) => Ok(held.environment.installed(&self.interpreter.layout)?),
        }
    }

    /// Returns the environment that stays, absolute.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.state {
            State::Absent | State::Unusable(..) => None,
            State::Usable(held) => Some(held.environment.root()),
        }
    }

    /// Reports what will be made.
    pub(super) fn announce(&self, reporter: &dyn Reporter) {
        let (name, root) = (&self.name, self.root.as_path());
        match &self.state {
            State::Absent => reporter.step(SessionEvent::Creating { name, root }),
            State::Unusable(_, reason) => reporter.step(SessionEvent::Recreating {
                name,
                root,
                reason: &reason.to_string(),
            }),
            State::Usable(_) => {}
        }
    }
}

impl Held {
    /// Takes the environment at `root`, if there is one, once nobody else changes it.
    fn take(root: &Path, reporter: &dyn Reporter) -> Result<Option<Self>, Error> {
        let Some(environment) = Environment::read(root)? else {
            return Ok(None);
        };
        let lock = if let Some(lock) = environment.try_lock()? {
            lock
        } else {
            reporter.step(SessionEvent::AwaitingEnvironment { root });
            environment.lock()?
        };
        // While we waited, another may have taken its place.
        let environment = Environment::read(root)?;
        Ok(environment.map(|environment| Self { environment, lock }))
    }

    /// Checks that nothing but the environment goes when it is made again, which it has to be.
    fn unusable(self, reason: Recreation, reporter: &dyn Reporter) -> Result<State, Error> {
        if let Err(source) = self.environment.check_removable() {
            let reason = Box::new(reason);
            return Err(Error::NotRemovable { reason, source });
        }
        if reason.is_from_elsewhere() {
            reporter.step(SessionEvent::MadeElsewhere {
                root: self.environment.root(),
                reason: &reason.to_string(),
            });
        }
        Ok(State::Unusable(self, reason))
    }
}

/// Decides whether the environment can be used, and with which interpreter to go on.
fn judge(held: Held, search: &Search<'_>) -> Result<(Interpreter, State), Error> {
    let own = match held.environment.fault() {
        Some(fault) => Err(Recreation::Fault(fault)),
        None => own_interpreter(&held.environment, search),
    };
    // What was asked for is looked up in any case: a wrong request is an error, whatever is there.
    let asked = search.request.map(|_| search.find()).transpose()?;
    match (own, asked) {
        (Ok(own), None) => Ok((own, State::Usable(held))),
        (Ok(own), Some(asked)) if own.is_same(&asked) => Ok((own, State::Usable(held))),
        (Ok(own), Some(asked)) => {
            let reason = Recreation::OtherAsked {
                has: full_version(&own).to_owned(),
                asked: full_version(&asked).to_owned(),
            };
            Ok((asked, State::Unusable(held, reason)))
        }
        (Err(reason), Some(asked)) => Ok((asked, State::Unusable(held, reason))),
        (Err(reason), None) => Ok((search.find()?, State::Unusable(held, reason))),
    }
}

/// As [`judge`], for an environment that `python` shall run, an interpreter that need not be here.
fn judge_for(
    held: Held,
    search: &Search<'_>,
    python: &Path,
) -> Result<(Interpreter, State), Error> {
    let interpreter = search.find()?;
    let made_for = held.environment.pyvenv_cfg().executable.clone();
    let has = made_for.unwrap_or_else(|| held.environment.base_executable());
    let reason = if has == python {
        held.environment
            .fault_with(&interpreter)
            .map(Recreation::Fault)
    } else {
        let asked = python.to_owned();
        Some(Recreation::OtherRuntime { has, asked })
    };
    let state = match reason {
        Some(reason) => State::Unusable(held, reason),
        None => State::Usable(held),
    };
    Ok((interpreter, state))
}

/// Asks the environment's interpreter, and tells why when it cannot be used.
pub(super) fn own_interpreter(
    environment: &Environment,
    search: &Search<'_>,
) -> Result<Interpreter, Recreation> {
    let path = environment.base_executable();
    let answer = match search.cache {
        Some(cache) => Interpreter::query_once(&path, cache),
        None => Interpreter::query(&path),
    };
    let interpreter = answer.map_err(Recreation::NoAnswer)?;
    if let Some(fault) = environment.fault_with(&interpreter) {
        return Err(Recreation::Fault(fault));
    }
    let version = Version::parse(full_version(&interpreter));
    if version.is_ok_and(|version| search.requires_python.allows(&version)) {
        Ok(interpreter)
    } else {
        Err(Recreation::Unsupported {
            version: full_version(&interpreter).to_owned(),
        })
    }
}

fn full_version(interpreter: &Interpreter) -> &str {
    &interpreter.target.marker_environment.python_full_version
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::sync::Mutex;

    use super::*;
    use crate::environment::{Blueprint, Draft};
    use crate::event::Event;
    use crate::interpreter::InterpreterRequest;
    use crate::version::VersionConstraint;

    /// A folder with an environment, and what is looked for by.
    struct Place {
        folder: tempfile::TempDir,
        path: Option<OsString>,
        request: Option<InterpreterRequest>,
        requires_python: VersionConstraint,
        heard: Heard,
    }

    /// Keeps what it hears, and gives a lock free when that is waited for.
    #[derive(Default)]
    struct Heard {
        events: Mutex<Vec<String>>,
        lock: Mutex<Option<EnvironmentLock>>,
    }

    impl Reporter for Heard {
        fn report(&self, event: Event<'_>) {
            if let Event::Session(SessionEvent::AwaitingEnvironment { .. }) = event {
                drop(self.lock.lock().unwrap().take());
            }
            self.events.lock().unwrap().push(format!("{event:?}"));
        }
    }

    impl Place {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                path: std::env::var_os("PATH"),
                request: None,
                requires_python: VersionConstraint::parse(">=3.6").unwrap(),
                heard: Heard::default(),
            }
        }

        /// Makes the environment, too.
        fn with_environment() -> Self {
            let place = Self::new();
            let interpreter = place.search().find().unwrap();
            let blueprint = Blueprint::of(&interpreter);
            let draft = Draft::create(&place.root(), &blueprint, "demo").unwrap();
            draft.publish().unwrap();
            place
        }

        fn root(&self) -> PathBuf {
            self.folder.path().canonicalize().unwrap().join(".venv")
        }

        fn search(&self) -> Search<'_> {
            Search {
                request: self.request.as_ref(),
                virtual_env: None,
                path: self.path.as_deref(),
                managed: &[],
                requires_python: &self.requires_python,
                cache: None,
                shims: None,
            }
        }

        fn find(&self) -> Result<TargetEnvironment, Error> {
            let name = PackageName::new("demo");
            TargetEnvironment::find(&self.root(), &name, &self.search(), None, &self.heard)
        }

        fn change_configuration(&self, change: impl Fn(&str) -> String) {
            let path = self.root().join("pyvenv.cfg");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, change(&text)).unwrap();
        }

        /// Says why the environment has to be made again.
        #[track_caller]
        fn unusable(&self) -> Recreation {
            let target = self.find().unwrap();
            assert!(!target.is_usable());
            assert_eq!(target.folder(), None);
            let State::Unusable(_, reason) = target.state else {
                panic!("nothing is there");
            };
            reason
        }
    }

    #[test]
    fn where_nothing_is_an_environment_will_be() {
        let place = Place::new();
        let target = place.find().unwrap();
        assert!(matches!(target.state, State::Absent));
        assert_eq!(target.folder(), None);
        target.announce(&place.heard);
        let events = place.heard.events.into_inner().unwrap();
        assert!(events[0].contains("Creating"), "{events:?}");
    }

    #[test]
    fn an_environment_that_can_be_used_stays() {
        let place = Place::with_environment();
        let target = place.find().unwrap();
        assert!(target.is_usable());
        assert_eq!(target.folder(), Some(&*place.root()));
        assert!(place.heard.events.lock().unwrap().is_empty());
    }

    #[test]
    fn one_that_another_process_changes_is_waited_for() {
        let place = Place::with_environment();
        let environment = Environment::read(&place.root()).unwrap().unwrap();
        *place.heard.lock.lock().unwrap() = environment.try_lock().unwrap();
        assert!(place.find().unwrap().is_usable());
        let events = place.heard.events.lock().unwrap();
        assert!(events[0].contains("AwaitingEnvironment"), "{events:?}");
    }

    #[test]
    fn its_own_interpreter_asked_for_by_another_name_is_no_reason() {
        let mut place = Place::with_environment();
        place.request = Some(InterpreterRequest::Path(place.root().join("bin/python")));
        assert!(place.find().unwrap().is_usable());
    }

    #[test]
    fn a_wrong_request_is_an_error_though_the_environment_could_be_used() {
        let mut place = Place::with_environment();
        place.request = Some(InterpreterRequest::Name("no-such-python".to_owned()));
        assert!(matches!(place.find(), Err(Error::Interpreter(_))));
    }

    #[test]
    fn one_that_does_not_know_its_python_is_made_again() {
        let place = Place::with_environment();
        place.change_configuration(|_| "include-system-site-packages = false\n".to_owned());
        let reason = place.unusable();
        assert_eq!(
            reason.to_string(),
            "its pyvenv.cfg does not say where its Python is"
        );
        assert!(!reason.is_from_elsewhere());
    }

    #[test]
    fn one_that_came_without_its_python_is_said_to_be_from_elsewhere() {
        let place = Place::with_environment();
        let python = place.root().join("bin/python");
        fs::remove_file(&python).unwrap();
        std::os::unix::fs::symlink("/opt/nowhere/python3", &python).unwrap();
        let reason = place.unusable();
        assert!(reason.is_from_elsewhere(), "{reason}");
        let events = place.heard.events.lock().unwrap();
        assert!(events[0].contains("MadeElsewhere"), "{events:?}");
    }

    #[test]
    fn one_whose_python_the_project_does_not_allow_cannot_be_used() {
        let mut place = Place::with_environment();
        let environment = Environment::read(&place.root()).unwrap().unwrap();
        place.requires_python = VersionConstraint::parse("<3").unwrap();
        let own = own_interpreter(&environment, &place.search());
        assert!(
            matches!(own, Err(Recreation::Unsupported { .. })),
            "{own:?}"
        );
        assert!(matches!(place.find(), Err(Error::Interpreter(_))));
    }

    #[test]
    fn nothing_but_an_environment_is_removed() {
        let place = Place::with_environment();
        place.change_configuration(|_| "include-system-site-packages = false\n".to_owned());
        fs::write(place.root().join("thesis.txt"), "").unwrap();
        let error = place.find().unwrap_err();
        assert!(matches!(error, Error::NotRemovable { .. }), "{error:?}");
    }
}
