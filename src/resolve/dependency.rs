//! Dependency specifiers exactly as the [standard] has them (PEP 508): what build requirements and METADATA are written in.
//!
//! Unlike [`crate::requirement`], which is poetry-core's grammar, versions are [`Specifiers`], with `===`. Markers are read
//! by [`crate::marker`].
//!
//! [standard]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/

use std::fmt;

use super::specifier::{InvalidSpecifier, Specifiers};
use crate::marker::{self, Marker, MarkerEnvironment};
use crate::name::{ExtraName, PackageName};
use crate::url::{self, Url};

/// One requirement on a package, such as `setuptools-scm[toml]>=6.2; python_version < "3.12"`.
#[derive(Clone, Debug)]
pub struct DependencySpecifier {
    /// The package.
    pub name: PackageName,
    /// The extras asked for, in that order.
    pub extras: Vec<ExtraName>,
    /// The versions that satisfy it; all of them beside a URL.
    pub specifiers: Specifiers,
    /// The one file that satisfies it, after `@`.
    pub url: Option<Url>,
    /// When it applies.
    pub marker: Marker,
}

/// Why a dependency specifier could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDependency {
    /// The text does not follow the grammar.
    #[error("`{text}` is not a requirement: unexpected text at column {column}")]
    Syntax {
        /// What was read.
        text: String,
        /// Where it went wrong, in characters, from 1.
        column: usize,
    },
    /// The versions could not be read.
    #[error("requirement `{text}` has an invalid version constraint")]
    Specifier {
        /// What was read.
        text: String,
        /// Why.
        source: InvalidSpecifier,
    },
    /// What follows `@` is not a URL.
    #[error("the requirement on `{name}` has an invalid URL")]
    Url {
        /// The package.
        name: PackageName,
        /// Why.
        source: url::Error,
    },
    /// The marker could not be read.
    #[error("requirement `{text}` has an invalid marker")]
    Marker {
        /// What was read.
        text: String,
        /// Why.
        source: marker::Error,
    },
}

impl DependencySpecifier {
    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// Any [`InvalidDependency`].
    pub fn parse(text: &str) -> Result<Self, InvalidDependency> {
        let mut cursor = Cursor { text, at: 0 };
        let name = PackageName::new(cursor.name()?);
        let extras = cursor.extras()?;
        let url = cursor.url(&name)?;
        let specifiers = match url {
            None => cursor.specifiers()?,
            Some(_) => Specifiers::default(),
        };
        let marker = cursor.marker()?;
        Ok(Self {
            name,
            extras,
            specifiers,
            url,
            marker,
        })
    }

    /// Tells whether it applies in `environment` to a package of which `extra`, if any, was asked for.
    pub(super) fn applies(
        &self,
        environment: &MarkerEnvironment,
        extra: Option<&ExtraName>,
    ) -> bool {
        let extra = extra.map(std::slice::from_ref).unwrap_or_default();
        self.marker.evaluate(environment, extra)
    }
}

/// The text without the marker and in normal form; credentials of a URL do not show.
impl fmt::Display for DependencySpecifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.name)?;
        for (place, extra) in self.extras.iter().enumerate() {
            let before = if place == 0 { "[" } else { "," };
            write!(formatter, "{before}{extra}")?;
        }
        if !self.extras.is_empty() {
            formatter.write_str("]")?;
        }
        match &self.url {
            Some(url) => write!(formatter, " @ {url}"),
            None => write!(formatter, "{}", self.specifiers),
        }
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len_utf8();
        }
        found
    }

    fn name(&mut self) -> Result<&'a str, InvalidDependency> {
        self.skip_spaces();
        let rest = self.rest();
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let end = rest.find(|character| !is_part(character));
        let name = &rest[..end.unwrap_or(rest.len())];
        let is_edge = |character: char| character.is_ascii_alphanumeric();
        if !name.starts_with(is_edge) || !name.ends_with(is_edge) {
            return Err(self.unexpected());
        }
        self.at += name.len();
        Ok(name)
    }

    fn extras(&mut self) -> Result<Vec<ExtraName>, InvalidDependency> {
        let mut extras = Vec::new();
        if !self.take('[') || self.take(']') {
            return Ok(extras);
        }
        loop {
            extras.push(ExtraName::new(self.name()?));
            if self.take(']') {
                return Ok(extras);
            }
            if !self.take(',') {
                return Err(self.unexpected());
            }
        }
    }

    /// A URL ends at white space; what follows is a marker.
    fn url(&mut self, name: &PackageName) -> Result<Option<Url>, InvalidDependency> {
        if !self.take('@') {
            return Ok(None);
        }
        self.skip_spaces();
        let rest = self.rest();
        let text = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let url = Url::parse(text).map_err(|source| InvalidDependency::Url {
            name: name.clone(),
            source,
        })?;
        self.at += text.len();
        Ok(Some(url))
    }

    fn specifiers(&mut self) -> Result<Specifiers, InvalidDependency> {
        let is_enclosed = self.take('(');
        self.skip_spaces();
        let rest = self.rest();
        let end = if is_enclosed { ')' } else { ';' };
        let written = &rest[..rest.find(end).unwrap_or(rest.len())];
        if !is_enclosed && !written.is_empty() && !written.starts_with(['~', '=', '!', '<', '>']) {
            return Err(self.unexpected());
        }
        let specifiers = Specifiers::parse(written);
        let specifiers = specifiers.map_err(|source| InvalidDependency::Specifier {
            text: self.text.to_owned(),
            source,
        })?;
        self.at += written.len();
        if is_enclosed && !self.take(')') {
            return Err(self.unexpected());
        }
        Ok(specifiers)
    }

    fn marker(&mut self) -> Result<Marker, InvalidDependency> {
        if self.take(';') {
            let parsed = marker::parse_standard_marker(self.rest());
            return parsed.map_err(|source| InvalidDependency::Marker {
                text: self.shown(),
                source,
            });
        }
        self.skip_spaces();
        if self.rest().is_empty() {
            return Ok(Marker::any());
        }
        Err(self.unexpected())
    }

    fn unexpected(&self) -> InvalidDependency {
        InvalidDependency::Syntax {
            text: self.shown(),
            column: self.text[..self.at].chars().count() + 1,
        }
    }

    /// The text as errors may show it: a URL may hold a password, so nothing is kept from it on.
    fn shown(&self) -> String {
        match self.text.split_once('@') {
            Some((before, _)) => format!("{before}@ …"),
            None => self.text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn prints(text: &str, expected: &str, marker: &str) {
        let parsed = DependencySpecifier::parse(text).unwrap();
        assert_eq!(
            (
                parsed.to_string().as_str(),
                parsed.marker.to_string().as_str()
            ),
            (expected, marker)
        );
    }

    #[track_caller]
    fn refuses(text: &str, message: &str) {
        let error = DependencySpecifier::parse(text).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn build_requirements_are_read() {
        prints("setuptools", "setuptools", "");
        prints("setuptools>=61, != 65.0", "setuptools>=61,!=65.0", "");
        prints(
            "setuptools>=61,!=65.0; python_version<\"3.12\"",
            "setuptools>=61,!=65.0",
            "python_version < \"3.12\"",
        );
        prints("Setuptools_SCM[toml]>=6.2", "setuptools-scm[toml]>=6.2", "");
        prints(
            "a [ b , C_d ] (>=1,<2) ; os_name=='nt'",
            "a[b,c-d]>=1,<2",
            "os_name == \"nt\"",
        );
        prints("numpy===1.0+Local", "numpy===1.0+Local", "");
        prints(
            "oldest-supported-numpy ~= 2023.1",
            "oldest-supported-numpy~=2023.1",
            "",
        );
        prints("a==1.*,>=1!0.5", "a==1.*,>=1!0.5", "");
        prints("a[]", "a", "");
        prints("a ()", "a", "");
        prints("wheel >= 0.29,", "wheel>=0.29", "");
    }

    #[test]
    fn direct_references_name_a_file() {
        prints(
            "foo @ https://example.com/foo-1.0.zip",
            "foo @ https://example.com/foo-1.0.zip",
            "",
        );
        prints(
            "foo[a]@https://u:secret@example.com/f;x.whl ; os_name == 'nt'",
            "foo[a] @ https://example.com/f;x.whl",
            "os_name == \"nt\"",
        );
    }

    #[test]
    fn markers_follow_the_standard() {
        for (marker, expected) in [
            ("'3.8' <= python_version", "python_version >= \"3.8\""),
            ("'3.8' > python_version", "python_version < \"3.8\""),
            ("'linux' == sys_platform", "sys_platform == \"linux\""),
            ("'win32' != sys_platform", "sys_platform != \"win32\""),
            (
                "os_name not \t in 'nt, java'",
                "os_name not in \"nt, java\"",
            ),
            (
                "'tegra' not  in platform_release",
                "\"tegra\" not in platform_release",
            ),
        ] {
            prints(&format!("a; {marker}"), "a", expected);
        }
        for marker in [
            "'3.8' ~= python_version",
            "os_name == sys_platform",
            "os_name notin 'nt'",
        ] {
            assert!(
                DependencySpecifier::parse(&format!("a; {marker}")).is_err(),
                "{marker}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        refuses("", "`` is not a requirement: unexpected text at column 1");
        refuses(
            "a-",
            "`a-` is not a requirement: unexpected text at column 1",
        );
        refuses(
            "a 1.0",
            "`a 1.0` is not a requirement: unexpected text at column 3",
        );
        refuses(
            "a[b",
            "`a[b` is not a requirement: unexpected text at column 4",
        );
        refuses(
            "a (>=1",
            "`a (>=1` is not a requirement: unexpected text at column 7",
        );
        refuses(
            "a>=1 x",
            "requirement `a>=1 x` has an invalid version constraint",
        );
        refuses(
            "a>=1; x == 'y'",
            "requirement `a>=1; x == 'y'` has an invalid marker",
        );
        refuses(
            "a @ https://u:secret@x.y/z ; q",
            "requirement `a @ …` has an invalid marker",
        );
        refuses("a @ nowhere", "the requirement on `a` has an invalid URL");
    }
}
