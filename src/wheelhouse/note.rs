//! What a wheel was built of: a small file of JSON beside it.

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::configuration::BuildSetting;
use crate::digest::{Algorithm, Digest};
use crate::filename::WheelFilename;
use crate::name::PackageName;
use crate::plan::{Distribution, Form, Origin};

/// How the name of a note ends, behind that of its wheel.
const ENDING: &str = ".built.json";

/// Notes of another format are not read.
const FORMAT: u32 = 1;

/// What is written beside a wheel that was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Note {
    format: u32,
    /// The digest of the wheel, as locks write digests.
    pub digest: String,
    /// What it was built of.
    pub built_from: BuiltFrom,
    /// The digest of the settings that its backend was given, if there were any: they may be secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
}

/// What backends are given, by package (`installer.build-config-settings`).
pub type SettingsByPackage = BTreeMap<PackageName, BTreeMap<String, BuildSetting>>;

/// What a wheel was built of, as far as a lock tells it from anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BuiltFrom {
    /// An archive.
    Archive {
        /// Its locked digests, any one of which proves it.
        digests: Vec<String>,
        /// The folder of the project inside.
        subdirectory: Option<String>,
    },
    /// A commit.
    Git {
        /// The repository, without credentials.
        url: String,
        /// The whole name of the commit.
        commit: String,
        /// The folder of the project inside.
        subdirectory: Option<String>,
    },
    /// A folder, as it was when the wheel was built: nothing in a lock tells that from what it is now.
    Directory,
}

impl Note {
    /// Makes the note of a wheel with this digest, which was built of `distribution` with its part of `settings`; `None` for what is a
    /// wheel already.
    pub fn new(
        distribution: &Distribution,
        digest: &Digest,
        settings: &SettingsByPackage,
    ) -> Option<Self> {
        Some(Self {
            settings: settings_of(&distribution.name, settings),
            format: FORMAT,
            digest: digest.to_string(),
            built_from: BuiltFrom::of(distribution)?,
        })
    }

    /// Reads the note of `wheel` in `folder`; `None` when there is none that can be understood.
    pub(super) fn read(folder: &Path, wheel: &str) -> Option<Self> {
        let text = fs::read(folder.join(name(wheel))).ok()?;
        let note: Self = serde_json::from_slice(&text).ok()?;
        (note.format == FORMAT).then_some(note)
    }

    pub(super) fn render(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl BuiltFrom {
    fn of(distribution: &Distribution) -> Option<Self> {
        let origin = &distribution.origin;
        let subdirectory = origin.subdirectory().map(str::to_owned);
        match (&distribution.form, origin) {
            (Form::Wheel(_), _) => None,
            (Form::Tree { .. }, Origin::Git(git)) => Some(Self::Git {
                url: git.url.without_credentials(),
                commit: git.resolved_reference.clone()?,
                subdirectory,
            }),
            (Form::Tree { .. }, _) => Some(Self::Directory),
            (Form::Sdist { .. }, _) => Some(Self::Archive {
                digests: origin.digests().iter().map(Digest::to_string).collect(),
                subdirectory,
            }),
        }
    }

    /// Tells whether `wheel` was built of what `distribution` is locked to.
    pub(super) fn is_of(&self, distribution: &Distribution, wheel: &WheelFilename) -> bool {
        let is_version = wheel.version() == &distribution.version;
        match (Self::of(distribution), self) {
            (
                Some(Self::Archive {
                    digests: locked,
                    subdirectory: wanted,
                }),
                Self::Archive {
                    digests,
                    subdirectory,
                },
            ) => {
                let is_locked = digests.iter().any(|digest| locked.contains(digest));
                is_version && is_locked && wanted == *subdirectory
            }
            // A folder may have moved on since it was locked.
            (Some(Self::Directory), Self::Directory) => {
                distribution.form == Form::Tree { is_editable: false }
            }
            (Some(wanted), own) => is_version && wanted == *own,
            (None, _) => false,
        }
    }
}

/// Returns what tells the settings of a package from others.
pub(super) fn settings_of(package: &PackageName, settings: &SettingsByPackage) -> Option<String> {
    let own = settings.get(package).filter(|own| !own.is_empty())?;
    let text = serde_json::to_vec(own).ok()?;
    Some(Digest::of(Algorithm::Sha256, &text).to_string())
}

/// Returns the name of the note of `wheel`.
pub(super) fn name(wheel: &str) -> String {
    format!("{wheel}{ENDING}")
}

/// Returns the wheel that a file of this name is the note of.
pub(super) fn wheel_of(name: &str) -> Option<&str> {
    name.strip_suffix(ENDING)
}
