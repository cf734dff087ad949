//! The values that markers are evaluated against.

use serde::{Deserialize, Serialize};

/// The marker variables of one interpreter on one machine, named and valued as the
/// [dependency specifiers](https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers)
/// say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerEnvironment {
    /// `os.name`, such as `posix`.
    pub os_name: String,
    /// `sys.platform`, such as `linux`.
    pub sys_platform: String,
    /// `platform.machine()`, such as `x86_64`.
    pub platform_machine: String,
    /// `platform.python_implementation()`, such as `CPython`.
    pub platform_python_implementation: String,
    /// `platform.release()`, such as `6.1.0`.
    pub platform_release: String,
    /// `platform.system()`, such as `Linux`.
    pub platform_system: String,
    /// `platform.version()`.
    pub platform_version: String,
    /// Major and minor version, such as `3.11`.
    pub python_version: String,
    /// `platform.python_version()`, such as `3.11.7`.
    pub python_full_version: String,
    /// `sys.implementation.name`, such as `cpython`.
    pub implementation_name: String,
    /// The version of `sys.implementation`, such as `3.11.7`.
    pub implementation_version: String,
}
