//! Environment markers ([dependency specifiers], PEP 508), with Poetry's algebra and normal form.
//!
//! [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers

mod environment;

pub use environment::MarkerEnvironment;

use crate::name::ExtraName;

/// A marker in Poetry's normal form. (Contract; the algebra branch fills it.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker(String);

impl Marker {
    /// Parses `text`.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    /// The marker that every environment satisfies.
    pub fn any() -> Self {
        Self(String::new())
    }

    /// Tells whether `environment`, with `extras` asked for, satisfies the marker.
    pub fn evaluate(&self, environment: &MarkerEnvironment, extras: &[ExtraName]) -> bool {
        let _ = (environment, extras, &self.0);
        true
    }
}
