//! `pyvenv.cfg`: what makes a folder a virtual environment ([PEP 405]).
//!
//! [PEP 405]: https://peps.python.org/pep-0405/

use std::fmt;
use std::path::PathBuf;

use super::Blueprint;

/// What a `pyvenv.cfg` says; of what others write in it, the part that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PyvenvCfg {
    /// The folder of the interpreter that the environment is made of.
    pub home: Option<PathBuf>,
    /// That interpreter itself, which the environment's `python` was made a link to and its scripts start.
    pub executable: Option<PathBuf>,
    /// The name of its implementation, such as `CPython`.
    pub implementation: Option<String>,
    /// The version of Python, such as `3.11.7`.
    pub version: Option<String>,
    /// Whether the environment also sees what is installed in its base.
    pub includes_system_site_packages: bool,
    /// What shells show while it is active; empty for the name of its folder.
    pub prompt: String,
    /// Whether it may be moved.
    pub is_relocatable: bool,
    /// The version of the lock2venv that made it, if it was one.
    pub lock2venv: Option<String>,
}

impl PyvenvCfg {
    /// What is written for an environment of `blueprint`.
    pub(super) fn new(blueprint: &Blueprint, prompt: &str) -> Self {
        let (major, minor, micro) = blueprint.version;
        let is_one_line = |character: &char| !character.is_control();
        Self {
            home: Some(blueprint.home.clone()),
            executable: Some(blueprint.python.clone()),
            implementation: Some(blueprint.implementation.clone()),
            version: Some(format!("{major}.{minor}.{micro}")),
            includes_system_site_packages: false,
            prompt: prompt.chars().filter(is_one_line).collect(),
            is_relocatable: true,
            lock2venv: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }
    }

    /// Reads lines of `key = value`; what is none, or has an unknown key, is passed over, as Python does.
    ///
    /// virtualenv and uv write `version_info` where `python -m venv` writes `version`.
    pub(super) fn parse(text: &str) -> Self {
        let mut cfg = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "home" => cfg.home = Some(PathBuf::from(value)),
                "executable" => cfg.executable = Some(PathBuf::from(value)),
                "implementation" => cfg.implementation = Some(value.to_owned()),
                "version" | "version_info" => cfg.version = Some(value.to_owned()),
                "include-system-site-packages" => {
                    cfg.includes_system_site_packages = is_true(value);
                }
                "prompt" => value.trim_matches(['\'', '"']).clone_into(&mut cfg.prompt),
                "relocatable" => cfg.is_relocatable = is_true(value),
                "lock2venv" => cfg.lock2venv = Some(value.to_owned()),
                _ => {}
            }
        }
        cfg
    }
}

impl fmt::Display for PyvenvCfg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, path) in [("home", &self.home), ("executable", &self.executable)] {
            if let Some(path) = path {
                writeln!(formatter, "{key} = {}", path.display())?;
            }
        }
        let includes = self.includes_system_site_packages;
        let is_relocatable = self.is_relocatable;
        let lines = [
            ("implementation", self.implementation.as_deref()),
            ("version", self.version.as_deref()),
            (
                "include-system-site-packages",
                Some(if includes { "true" } else { "false" }),
            ),
            ("relocatable", is_relocatable.then_some("true")),
            ("prompt", (!self.prompt.is_empty()).then_some(&self.prompt)),
            ("lock2venv", self.lock2venv.as_deref()),
        ];
        for (key, value) in lines {
            if let Some(value) = value {
                writeln!(formatter, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_tools_are_read() {
        let venv = PyvenvCfg::parse(
            "home = /usr/bin\ninclude-system-site-packages = True\nversion = 3.11.2\nprompt = 'demo'\ncommand = x = y\n",
        );
        assert_eq!(venv.home, Some("/usr/bin".into()));
        assert_eq!(venv.version.as_deref(), Some("3.11.2"));
        assert_eq!(venv.prompt, "demo");
        assert!(venv.includes_system_site_packages && !venv.is_relocatable);
        let virtualenv =
            PyvenvCfg::parse("HOME=/opt/py\r\nversion_info = 3.12.1.final.0\r\nnoise\r\n");
        assert_eq!(virtualenv.home, Some("/opt/py".into()));
        assert_eq!(virtualenv.version.as_deref(), Some("3.12.1.final.0"));
    }

    #[test]
    fn print_is_read_back() {
        let cfg = PyvenvCfg {
            home: Some("/usr/bin".into()),
            executable: Some("/usr/bin/python3".into()),
            implementation: Some("CPython".to_owned()),
            version: Some("3.11.2".to_owned()),
            includes_system_site_packages: false,
            prompt: "demo".to_owned(),
            is_relocatable: true,
            lock2venv: Some("0.1.0".to_owned()),
        };
        assert_eq!(PyvenvCfg::parse(&cfg.to_string()), cfg);
    }
}
