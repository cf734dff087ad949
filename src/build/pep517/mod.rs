//! Calls the hooks of a build backend ([PEP 517], [PEP 660]), each in a fresh interpreter.
//!
//! The environment of the interpreter holds what the hook needs, which is for the caller to see to: first what
//! [`BuildSystem::requires`](super::BuildSystem::requires) lists, then what [`Frontend::requirements`] answers.
//!
//! A hook runs in the source tree, and may change it. Its answer comes back in a file, so a backend may print what it likes:
//! all of it goes to the log, of which an error has the last lines and what they say is missing on the machine.
//! A call costs the start of a Python.
//!
//! [PEP 517]: https://peps.python.org/pep-0517/#build-backend-interface
//! [PEP 660]: https://peps.python.org/pep-0660/

mod answer;
mod call;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{BuildSystem, BuiltBy, BuiltWheel, Error, Expected, Hook, Product, Stop, Variables};
use crate::configuration::BuildSetting;
use crate::requirement::Requirement;

/// What file systems allow.
const MAX_FILE_NAME_BYTES: usize = 255;

/// How much of an answer an error shows.
const MAX_SHOWN_CHARACTERS: usize = 200;

/// A source tree and all that building it takes.
#[derive(Clone, Copy, Debug)]
pub struct Frontend<'a> {
    /// The source tree, absolute.
    pub tree: &'a Path,
    /// What its pyproject.toml says of the build.
    pub system: &'a BuildSystem,
    /// The interpreter of the build environment, absolute.
    pub interpreter: &'a Path,
    /// The environment variables of the build.
    pub variables: &'a Variables,
    /// What is handed to the backend.
    pub settings: &'a BTreeMap<String, BuildSetting>,
    /// A folder for what a call needs, absolute.
    pub work: &'a Path,
    /// The file that the output is appended to.
    pub log: &'a Path,
    /// Ends the build from another thread.
    pub stop: &'a Stop,
}

impl Frontend<'_> {
    /// Asks the backend what it requires beyond `build-system.requires` to build `product`. A backend without
    /// that hook requires nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Answer`] for text that is not a requirement.
    pub fn requirements(&self, product: Product) -> Result<Vec<String>, Error> {
        let hook = product.requirements_hook();
        // The hook writes nothing.
        let Some(answer) = self.call(hook, self.tree)? else {
            return Ok(Vec::new());
        };
        let requirements = answer.texts(hook)?;
        for requirement in &requirements {
            Requirement::parse(requirement).map_err(|_| Error::Answer {
                hook,
                answer: shortened(requirement),
                what: "which is not a requirement",
            })?;
        }
        Ok(requirements)
    }

    /// Has the metadata of the wheel written into `folder`, and returns its `.dist-info` folder; `None` when the backend
    /// has no such hook.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Answer`] when there is no such folder.
    pub fn metadata(&self, folder: &Path) -> Result<Option<PathBuf>, Error> {
        let hook = Hook::PrepareMetadataForBuildWheel;
        let Some(answer) = self.call(hook, folder)? else {
            return Ok(None);
        };
        let answer = answer.text(hook)?;
        let path = folder.join(&answer);
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if answer.contains('/') || !answer.ends_with(".dist-info") || !is_folder {
            return Err(Error::Answer {
                hook,
                answer: shortened(&answer),
                what: "which is not a metadata folder",
            });
        }
        Ok(Some(path))
    }

    /// Builds the wheel into `folder`, which is there.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Wheel`] when it is not the wheel that is expected.
    pub fn wheel(&self, folder: &Path, expected: &Expected) -> Result<BuiltWheel, Error> {
        self.build(Hook::BuildWheel, folder, expected)
    }

    /// Builds the wheel that links to the source tree ([PEP 660]) into `folder`, which is there.
    ///
    /// # Errors
    ///
    /// As [`Frontend::wheel`]; [`Error::HookMissing`] when the backend cannot do that.
    ///
    /// [PEP 660]: https://peps.python.org/pep-0660/
    pub fn editable(&self, folder: &Path, expected: &Expected) -> Result<BuiltWheel, Error> {
        self.build(Hook::BuildEditable, folder, expected)
    }

    /// Builds a source distribution into `folder`, which is there, and returns its path.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; [`Error::Unsupported`] when the backend says that this source tree does not allow it.
    pub fn sdist(&self, folder: &Path) -> Result<PathBuf, Error> {
        let hook = Hook::BuildSdist;
        let answer = self.required(hook, folder)?;
        let path = folder.join(&answer);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        if answer.contains('/') || !is_file {
            return Err(Error::Answer {
                hook,
                answer: shortened(&answer),
                what: "which is not a file that it built",
            });
        }
        Ok(path)
    }

    fn build(&self, hook: Hook, folder: &Path, expected: &Expected) -> Result<BuiltWheel, Error> {
        let file = self.required(hook, folder)?;
        if file.len() > MAX_FILE_NAME_BYTES {
            return Err(Error::Answer {
                hook,
                answer: shortened(&file),
                what: "which is too long for the name of a wheel",
            });
        }
        let built_by = BuiltBy::Backend(self.system.backend());
        BuiltWheel::take(folder, &file, expected, built_by).map_err(|fault| Error::Wheel {
            hook,
            file,
            fault,
        })
    }

    /// Calls a hook that the backend has to have, and which answers with a name.
    fn required(&self, hook: Hook, folder: &Path) -> Result<String, Error> {
        let answer = self.call(hook, folder)?;
        let answer = answer.ok_or_else(|| Error::HookMissing {
            backend: self.system.backend(),
            hook,
        })?;
        answer.text(hook)
    }
}

/// Cuts text that a backend made.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
