//! The variables that markers compare.

use std::fmt;

/// A marker variable ([dependency specifiers]).
///
/// [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "the names say it; their meaning is the specification's"
)]
pub enum Variable {
    OsName,
    SysPlatform,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonVersion,
    PythonFullVersion,
    ImplementationName,
    ImplementationVersion,
    Extra,
}

/// All spellings, each before those that it begins with.
const SPELLINGS: [(&str, Variable); 18] = [
    (
        "platform_python_implementation",
        Variable::PlatformPythonImplementation,
    ),
    (
        "platform.python_implementation",
        Variable::PlatformPythonImplementation,
    ),
    ("implementation_version", Variable::ImplementationVersion),
    (
        "python_implementation",
        Variable::PlatformPythonImplementation,
    ),
    ("implementation_name", Variable::ImplementationName),
    ("python_full_version", Variable::PythonFullVersion),
    ("platform_release", Variable::PlatformRelease),
    ("platform_version", Variable::PlatformVersion),
    ("platform_machine", Variable::PlatformMachine),
    ("platform.version", Variable::PlatformVersion),
    ("platform.machine", Variable::PlatformMachine),
    ("platform_system", Variable::PlatformSystem),
    ("python_version", Variable::PythonVersion),
    ("sys_platform", Variable::SysPlatform),
    ("sys.platform", Variable::SysPlatform),
    ("os_name", Variable::OsName),
    ("os.name", Variable::OsName),
    ("extra", Variable::Extra),
];

impl Variable {
    /// The variables that tell the version of the interpreter.
    pub const PYTHON: [Self; 2] = [Self::PythonVersion, Self::PythonFullVersion];

    /// Returns the variable that `text` begins with and the length of its name. The names of PEP 345 (`os.name`) count, too.
    pub(super) fn parse_prefix(text: &str) -> Option<(Self, usize)> {
        let mut spellings = SPELLINGS.iter();
        let (spelling, variable) = spellings.find(|(spelling, _)| text.starts_with(spelling))?;
        Some((*variable, spelling.len()))
    }

    /// Returns the name, as in a marker.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OsName => "os_name",
            Self::SysPlatform => "sys_platform",
            Self::PlatformMachine => "platform_machine",
            Self::PlatformPythonImplementation => "platform_python_implementation",
            Self::PlatformRelease => "platform_release",
            Self::PlatformSystem => "platform_system",
            Self::PlatformVersion => "platform_version",
            Self::PythonVersion => "python_version",
            Self::PythonFullVersion => "python_full_version",
            Self::ImplementationName => "implementation_name",
            Self::ImplementationVersion => "implementation_version",
            Self::Extra => "extra",
        }
    }

    pub(super) fn is_python(self) -> bool {
        Self::PYTHON.contains(&self)
    }

    /// Tells whether Poetry compares the values as versions. It does not for `implementation_version`.
    pub(super) fn is_version(self) -> bool {
        self.is_python() || self == Self::PlatformRelease
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
