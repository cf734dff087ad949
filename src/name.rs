//! Names of packages, extras and groups, in normal form.
//!
//! The [name normalization] of the packaging specifications (PEP 503, taken over by PEP 685 for extras and PEP 735 for
//! groups): runs of `-`, `_` and `.` become one `-`, letters become lower case.
//!
//! [name normalization]: https://packaging.python.org/en/latest/specifications/name-normalization/

use std::borrow::Borrow;
use std::fmt;

macro_rules! normalized_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Normalizes `text`. Never fails: what may stand in a name is the business of the document it came from.
            pub fn new(text: &str) -> Self {
                Self(normalize(text))
            }

            /// Returns the normal form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

normalized_name!(
    /// The name of a package or project, such as `ruamel-yaml`.
    PackageName
);
normalized_name!(
    /// The name of an extra, such as `asyncio` in `sqlalchemy[asyncio]`.
    ExtraName
);
normalized_name!(
    /// The name of a dependency group, such as `main` or `dev`.
    GroupName
);

impl PackageName {
    /// Returns the name as file names spell it: `-` becomes `_` ([binary distribution format]).
    ///
    /// [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/#escaping-and-unicode
    pub fn to_file_name(&self) -> String {
        self.0.replace('-', "_")
    }
}

/// Tells whether `text` is in normal form already, as most names in locks are.
fn is_normal(text: &str) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut words = text.as_bytes().split(|byte| *byte == b'-');
    words.all(|word| !word.is_empty() && word.iter().all(is_plain))
}

fn normalize(text: &str) -> String {
    if is_normal(text) {
        return text.to_owned();
    }
    let mut normal = String::with_capacity(text.len());
    let mut after_separator = false;
    for character in text.chars() {
        let is_separator = matches!(character, '-' | '_' | '.');
        if is_separator && !after_separator {
            normal.push('-');
        } else if !is_separator {
            normal.extend(character.to_lowercase());
        }
        after_separator = is_separator;
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn normal(text: &str, expected: &str) {
        assert_eq!(PackageName::new(text).as_str(), expected);
    }

    #[test]
    fn names_are_normalized() {
        normal("Friendly-Bard", "friendly-bard");
        normal("FRIENDLY.BARD", "friendly-bard");
        normal("friendly_.-bard", "friendly-bard");
        normal("_private", "-private");
    }

    #[test]
    fn file_names_use_underscores() {
        assert_eq!(
            PackageName::new("ruamel.yaml").to_file_name(),
            "ruamel_yaml"
        );
    }
}
