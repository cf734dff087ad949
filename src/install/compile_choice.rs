//! Which distributions get bytecode.

use std::collections::BTreeSet;

use crate::name::PackageName;

/// Which distributions get bytecode when they are installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CompileChoice {
    /// None: Python compiles what it imports.
    #[default]
    None,
    /// All.
    All,
    /// These alone.
    Only(BTreeSet<PackageName>),
}

impl CompileChoice {
    /// Tells whether the modules of the distribution `name` are compiled.
    pub fn includes(&self, name: &PackageName) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}
