//! The interpreter half of tags: which interpreters and binary interfaces a Python takes.

use serde::{Deserialize, Serialize};

use super::Pair;

/// What the tags of a Python depend on, apart from its platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Python {
    /// `sys.implementation.name`, such as `cpython`.
    pub implementation: String,
    /// Major and minor version.
    pub version: (u32, u32),
    /// The end of the names of extension modules, such as `.cpython-311-x86_64-linux-gnu.so`; only looked at when the
    /// implementation is not `CPython`.
    pub extension_suffix: String,
    /// Whether it was built with debug checks (`Py_DEBUG`).
    pub is_debug: bool,
    /// Whether it was built without the global lock (`Py_GIL_DISABLED`).
    pub is_free_threaded: bool,
    /// Whether it was built with `pymalloc`, which was part of the ABI's name before 3.8.
    pub has_pymalloc: bool,
}

impl Python {
    /// An ordinary build of `CPython`.
    pub fn cpython(major: u32, minor: u32) -> Self {
        Self {
            implementation: "cpython".to_owned(),
            version: (major, minor),
            extension_suffix: String::new(),
            is_debug: false,
            is_free_threaded: false,
            has_pymalloc: true,
        }
    }

    /// Lists interpreters and binary interfaces, best first.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        let is_cpython = self.implementation == "cpython";
        let mut pairs = if is_cpython {
            self.cpython_pairs()
        } else {
            self.generic_pairs()
        };
        let versions = self.pure_interpreters();
        pairs.extend(versions.iter().map(|version| Pair::new(version, "none")));
        match self.implementation.as_str() {
            "cpython" => pairs.push(Pair::anywhere(&self.interpreter(), "none")),
            "pypy" => pairs.push(Pair::anywhere("pp3", "none")),
            _ => {}
        }
        let anywhere = versions.iter();
        pairs.extend(anywhere.map(|version| Pair::anywhere(version, "none")));
        pairs
    }

    /// `packaging.tags.cpython_tags`: own ABIs, the stable ABI, none, then the stable ABI of every older version.
    fn cpython_pairs(&self) -> Vec<Pair> {
        let (major, minor) = self.version;
        let interpreter = self.interpreter();
        let is_threaded = self.has_threaded_abi();
        let stable = if is_threaded { "abi3t" } else { "abi3" };
        let has_stable = self.version >= (3, 2);

        let abis = self.cpython_abis();
        let mut pairs: Vec<Pair> = abis
            .iter()
            .map(|abi| Pair::new(&interpreter, abi))
            .collect();
        if has_stable {
            pairs.push(Pair::new(&interpreter, stable));
        }
        pairs.push(Pair::new(&interpreter, "none"));
        if has_stable {
            let older = (2..minor).rev();
            pairs.extend(older.map(|minor| Pair::new(&format!("cp{major}{minor}"), stable)));
        }
        pairs
    }

    /// `packaging.tags._cpython_abis`, without what only Python 2 had.
    fn cpython_abis(&self) -> Vec<String> {
        let interpreter = self.interpreter();
        let threading = if self.has_threaded_abi() { "t" } else { "" };
        let debug = if self.is_debug { "d" } else { "" };
        let is_before_3_8 = self.version < (3, 8);
        let pymalloc = if is_before_3_8 && self.has_pymalloc {
            "m"
        } else {
            ""
        };

        let mut abis = vec![format!("{interpreter}{threading}{debug}{pymalloc}")];
        if !is_before_3_8 && self.is_debug {
            abis.push(format!("{interpreter}{threading}"));
        }
        abis
    }

    fn has_threaded_abi(&self) -> bool {
        self.is_free_threaded && self.version >= (3, 13)
    }

    /// `packaging.tags.generic_tags`: the one ABI that extension modules are named for, and none.
    fn generic_pairs(&self) -> Vec<Pair> {
        let interpreter = self.interpreter();
        let own = self.generic_abi().into_iter();
        let abis = own.chain(["none".to_owned()]);
        abis.map(|abi| Pair::new(&interpreter, &abi)).collect()
    }

    /// `packaging.tags._generic_abi`: the part of the suffix that names the ABI and not the platform.
    fn generic_abi(&self) -> Option<String> {
        let soabi = self.extension_suffix.split('.').nth(1)?;
        let n_parts = match soabi {
            "" => return None,
            _ if soabi.starts_with("pypy") => 2,
            _ if soabi.starts_with("graalpy") => 3,
            _ => usize::MAX,
        };
        let parts: Vec<&str> = soabi.split('-').take(n_parts).collect();
        Some(parts.join("_").replace(['.', ' '], "_"))
    }

    fn interpreter(&self) -> String {
        let (major, minor) = self.version;
        let name = match self.implementation.as_str() {
            "python" => "py",
            "cpython" => "cp",
            "pypy" => "pp",
            "ironpython" => "ip",
            "jython" => "jy",
            other => other,
        };
        format!("{name}{major}{minor}")
    }

    /// `py311`, `py3`, `py310`, …, `py30`.
    fn pure_interpreters(&self) -> Vec<String> {
        let (major, minor) = self.version;
        let own = [format!("py{major}{minor}"), format!("py{major}")];
        let older = (0..minor).rev().map(|minor| format!("py{major}{minor}"));
        own.into_iter().chain(older).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(version: (u32, u32)) -> Python {
        Python::cpython(version.0, version.1)
    }

    #[track_caller]
    fn abis(python: &Python, expected: &[&str]) {
        assert_eq!(python.cpython_abis(), expected);
    }

    #[test]
    fn abi_names_say_how_python_was_built() {
        abis(&python((3, 11)), &["cp311"]);
        abis(&python((3, 7)), &["cp37m"]);
        let debug = |version| Python {
            is_debug: true,
            ..python(version)
        };
        abis(&debug((3, 12)), &["cp312d", "cp312"]);
        abis(&debug((3, 7)), &["cp37dm"]);
        let threaded = |version| Python {
            is_free_threaded: true,
            ..python(version)
        };
        abis(&threaded((3, 13)), &["cp313t"]);
        abis(&threaded((3, 12)), &["cp312"]);
    }

    #[track_caller]
    fn generic_abi(suffix: &str, expected: Option<&str>) {
        let python = Python {
            implementation: "pypy".to_owned(),
            extension_suffix: suffix.to_owned(),
            ..python((3, 10))
        };
        assert_eq!(python.generic_abi().as_deref(), expected);
    }

    #[test]
    fn other_implementations_name_their_abi_in_the_suffix() {
        generic_abi(".pypy310-pp73-x86_64-linux-gnu.so", Some("pypy310_pp73"));
        generic_abi(
            ".graalpy-38-native-x86_64-darwin.dylib",
            Some("graalpy_38_native"),
        );
        generic_abi(
            ".pyston-23-x86_64-linux-gnu.so",
            Some("pyston_23_x86_64_linux_gnu"),
        );
        generic_abi("", None);
        generic_abi("..so", None);
    }
}
