//! The hooks of a backend.

use std::fmt;

/// A function that a backend has or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// `get_requires_for_build_wheel`.
    GetRequiresForBuildWheel,
    /// `get_requires_for_build_editable`.
    GetRequiresForBuildEditable,
    /// `get_requires_for_build_sdist`.
    GetRequiresForBuildSdist,
    /// `prepare_metadata_for_build_wheel`.
    PrepareMetadataForBuildWheel,
    /// `build_wheel`.
    BuildWheel,
    /// `build_editable`.
    BuildEditable,
    /// `build_sdist`.
    BuildSdist,
}

/// What a backend builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// A wheel.
    Wheel,
    /// A wheel that links to the source tree.
    Editable,
    /// A source distribution.
    Sdist,
}

impl Hook {
    /// Returns the name of the function.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetRequiresForBuildWheel => "get_requires_for_build_wheel",
            Self::GetRequiresForBuildEditable => "get_requires_for_build_editable",
            Self::GetRequiresForBuildSdist => "get_requires_for_build_sdist",
            Self::PrepareMetadataForBuildWheel => "prepare_metadata_for_build_wheel",
            Self::BuildWheel => "build_wheel",
            Self::BuildEditable => "build_editable",
            Self::BuildSdist => "build_sdist",
        }
    }
}

impl Product {
    pub(super) fn requirements_hook(self) -> Hook {
        match self {
            Self::Wheel => Hook::GetRequiresForBuildWheel,
            Self::Editable => Hook::GetRequiresForBuildEditable,
            Self::Sdist => Hook::GetRequiresForBuildSdist,
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
