//! The environment variables of a build.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::platform::file::DEFAULT_DATE;

/// Variables that change which Python runs or where it looks for modules, or that belong to the environment that
/// this program was started in.
const REMOVED: [&str; 10] = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PYTHONEXECUTABLE",
    "PYTHONPLATLIBDIR",
    "PYTHONSAFEPATH",
    "__PYVENV_LAUNCHER__",
    "VIRTUAL_ENV",
];

/// Variables that name the repository that this program was started in, as a hook of git sets them: a build is in no other
/// than that of its source.
const OF_A_REPOSITORY: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The environment variables that a build sees. Their values are not shown by `{:?}`: some are secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Makes the variables of a build in the environment of `interpreter` (absolute) of those that this process inherited.
    ///
    /// As with pip, the environment's programs come first on `PATH`, neither the user's own packages nor `PYTHONPATH` count,
    /// and all others are passed on, `SOURCE_DATE_EPOCH` and compiler flags among them. Beyond pip, builds are dated the same each time unless
    /// `SOURCE_DATE_EPOCH` says otherwise; no variable names a
    /// repository of git; messages of compilers are in English, so that what is missing is recognized; Python writes its
    /// output at once, so that the log has the right order; and git does not ask for passwords, for nobody would see the
    /// question.
    pub fn of_build(
        inherited: impl IntoIterator<Item = (OsString, OsString)>,
        interpreter: &Path,
    ) -> Self {
        let mut variables: BTreeMap<OsString, OsString> = inherited.into_iter().collect();
        for name in REMOVED.into_iter().chain(OF_A_REPOSITORY) {
            variables.remove(OsStr::new(name));
        }
        let date = variables.entry("SOURCE_DATE_EPOCH".into());
        date.or_insert_with(|| DEFAULT_DATE.to_string().into());
        let mut set = |name: &str, value: OsString| variables.insert(name.into(), value);
        set("PYTHONNOUSERSITE", "1".into());
        set("PYTHONUNBUFFERED", "1".into());
        set("LANGUAGE", "en".into());
        set("GIT_TERMINAL_PROMPT", "0".into());
        let Some(programs) = interpreter.parent() else {
            return Self(variables);
        };
        if let Some(environment) = programs.parent() {
            set("VIRTUAL_ENV", environment.into());
        }
        let path = variables.entry("PATH".into()).or_default();
        let mut programs = programs.as_os_str().to_owned();
        if !path.is_empty() {
            programs.push(":");
        }
        programs.push(&*path);
        *path = programs;
        Self(variables)
    }

    pub(super) fn all(&self) -> &BTreeMap<OsString, OsString> {
        &self.0
    }
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inherited: &[(&str, &str)]) -> Variables {
        let inherited = inherited
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Variables::of_build(inherited, Path::new("/build/bin/python"))
    }

    #[track_caller]
    fn is(variables: &Variables, name: &str, expected: Option<&str>) {
        let value = variables.0.get(OsStr::new(name));
        assert_eq!(value.map(OsString::as_os_str), expected.map(OsStr::new));
    }

    #[test]
    fn the_environment_of_the_build_comes_first() {
        let variables = of(&[("PATH", "/usr/bin:/bin"), ("VIRTUAL_ENV", "/other")]);
        is(&variables, "PATH", Some("/build/bin:/usr/bin:/bin"));
        is(&variables, "VIRTUAL_ENV", Some("/build"));
        is(&of(&[]), "PATH", Some("/build/bin"));
    }

    #[test]
    fn no_variable_brings_other_modules() {
        let variables = of(&[("PYTHONPATH", "/x"), ("PYTHONHOME", "/y")]);
        is(&variables, "PYTHONPATH", None);
        is(&variables, "PYTHONHOME", None);
        is(&variables, "PYTHONNOUSERSITE", Some("1"));
    }

    #[test]
    fn all_others_are_passed_on() {
        let variables = of(&[
            ("SOURCE_DATE_EPOCH", "0"),
            ("CFLAGS", "-O2"),
            ("PYTHONUTF8", "1"),
        ]);
        is(&variables, "SOURCE_DATE_EPOCH", Some("0"));
        is(&of(&[]), "SOURCE_DATE_EPOCH", Some("1580601600"));
        is(&variables, "CFLAGS", Some("-O2"));
        is(&variables, "PYTHONUTF8", Some("1"));
    }

    #[test]
    fn values_are_not_shown() {
        let text = format!("{:?}", of(&[("TOKEN", "hunter2")]));
        assert!(
            text.contains("TOKEN") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
