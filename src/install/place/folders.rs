//! Where the schemes of the binary distribution format are in an environment.

use super::paths::{below, join, text};
use crate::environment::Layout;
use crate::name::PackageName;
use crate::wheel::Scheme;

/// The folders of an environment as text, relative to it.
pub(crate) struct SchemeFolders {
    purelib: String,
    platlib: String,
    scripts: String,
    headers: String,
    data: String,
}

impl SchemeFolders {
    pub(crate) fn new(layout: &Layout, name: &PackageName) -> Self {
        Self {
            purelib: text(&layout.purelib),
            platlib: text(&layout.platlib),
            scripts: text(&layout.scripts),
            headers: join(&text(&layout.headers), name.as_str()),
            data: text(&layout.data),
        }
    }

    pub(crate) fn folder(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::Purelib => &self.purelib,
            Scheme::Platlib => &self.platlib,
            Scheme::Scripts => &self.scripts,
            Scheme::Headers => &self.headers,
            Scheme::Data => &self.data,
        }
    }

    /// Returns where `path` of a scheme goes, relative to the environment.
    ///
    /// `lib64` is a link to `lib` in an environment, as `venv` makes it: a file has one name, whichever it was given.
    pub(crate) fn path(&self, scheme: Scheme, path: &str) -> String {
        let path = join(self.folder(scheme), path);
        match below(&path, "lib64") {
            Some(below) => join("lib", below),
            None => path,
        }
    }
}
