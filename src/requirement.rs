//! Requirements: a name, extras, versions or a URL, and a marker ([dependency specifiers], PEP 508).
//!
//! The grammar is that of poetry-core: versions may stand in parentheses, a URL ends at a space, and there is no `===`
//! that it would understand. Names are kept as written.
//!
//! [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/

use crate::marker::{self, Marker};
use crate::url::{WrittenUrl, shown};
use crate::version::{self, VersionConstraint};

/// One requirement, such as `sqlalchemy[asyncio]>=2; python_version < "3.12"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The name, as written.
    pub name: String,
    /// The extras asked for, as written and in that order.
    pub extras: Vec<String>,
    /// The versions allowed; all of them if none are named or a URL is.
    pub constraint: VersionConstraint,
    /// The constraint as it was written, parts joined by commas; `*` if there is none.
    pub constraint_text: String,
    /// The address of the distribution, after `@`.
    pub url: Option<WrittenUrl>,
    /// When the requirement applies.
    pub marker: Marker,
}

/// Why a requirement could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text does not follow the grammar of requirements.
    #[error("`{text}` is not a requirement: unexpected text at column {column}")]
    Syntax {
        /// What was read.
        text: String,
        /// Where it went wrong, in characters, from 1.
        column: usize,
    },
    /// The versions could not be read.
    #[error("requirement `{text}` has an invalid version constraint")]
    Version {
        /// What was read.
        text: String,
        /// Why.
        source: version::Error,
    },
    /// No version can satisfy the requirement.
    #[error("no version satisfies requirement `{text}`")]
    Unsatisfiable {
        /// What was read.
        text: String,
    },
    /// The marker could not be read.
    #[error("requirement `{text}` has an invalid marker")]
    Marker {
        /// What was read.
        text: String,
        /// Why.
        source: marker::Error,
    },
    /// What follows `@` is no URL.
    #[error("`{url}` is not a URL")]
    InvalidUrl {
        /// What was read.
        url: WrittenUrl,
    },
}

impl Requirement {
    /// Parses `text` as poetry-core's `Requirement` does. Comments are part of no requirement; [`without_comment`] takes
    /// them off.
    ///
    /// # Errors
    ///
    /// Any [`Error`], where Poetry fails too.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut cursor = Cursor { text, at: 0 };
        let name = cursor.name()?.to_owned();
        let extras = cursor.extras()?;
        let url = cursor.url()?;
        let conditions = match url {
            None => cursor.conditions()?,
            Some(_) => Vec::new(),
        };
        let marker = cursor.marker()?;
        let constraint_text = if conditions.is_empty() {
            "*".to_owned()
        } else {
            conditions.join(",")
        };
        let constraint =
            VersionConstraint::parse(&constraint_text).map_err(|source| Error::Version {
                text: shown(text),
                source,
            })?;
        if constraint.is_empty() {
            let text = shown(text);
            return Err(Error::Unsatisfiable { text });
        }
        Ok(Self {
            name,
            extras,
            constraint,
            constraint_text,
            url,
            marker,
        })
    }
}

/// Takes the comment off a line: ` #` and what follows, up to a marker after ` ;`.
pub fn without_comment(line: &str) -> String {
    let Some((requirement, comment)) = line.split_once(" #") else {
        return line.trim().to_owned();
    };
    let requirement = requirement.trim();
    match comment.split_once(" ;") {
        Some((_, marker)) => format!("{requirement} ;{marker}"),
        None => requirement.to_owned(),
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
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes the characters that fit; at least one has to.
    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> Result<&'a str, Error> {
        let rest = self.rest();
        let length = rest
            .find(|character| !fits(character))
            .unwrap_or(rest.len());
        if length == 0 {
            return Err(self.unexpected());
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn name(&mut self) -> Result<&'a str, Error> {
        self.skip_spaces();
        if !self
            .rest()
            .starts_with(|first: char| first.is_ascii_alphanumeric())
        {
            return Err(self.unexpected());
        }
        self.take_while(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
        })
    }

    fn extras(&mut self) -> Result<Vec<String>, Error> {
        let mut extras = Vec::new();
        if !self.take("[") || self.take("]") {
            return Ok(extras);
        }
        loop {
            extras.push(self.name()?.to_owned());
            if self.take("]") {
                return Ok(extras);
            }
            if !self.take(",") {
                return Err(self.unexpected());
            }
        }
    }

    fn url(&mut self) -> Result<Option<WrittenUrl>, Error> {
        if !self.take("@") {
            return Ok(None);
        }
        self.skip_spaces();
        let url = self.take_while(|character| character != ' ')?;
        if !is_url(url) {
            let url = WrittenUrl::new(url);
            return Err(Error::InvalidUrl { url });
        }
        Ok(Some(WrittenUrl::new(url)))
    }

    fn conditions(&mut self) -> Result<Vec<&'a str>, Error> {
        let is_enclosed = self.take("(");
        let mut conditions = Vec::new();
        self.skip_spaces();
        if !is_enclosed && (self.rest().is_empty() || self.rest().starts_with(';')) {
            return Ok(conditions);
        }
        loop {
            conditions.push(self.condition()?);
            if !self.take(",") {
                break;
            }
        }
        if is_enclosed && !self.take(")") {
            return Err(self.unexpected());
        }
        Ok(conditions)
    }

    /// Matches `(~=|==|!=|<=|>=|<|>)\s*[^,;\s)]*`.
    fn condition(&mut self) -> Result<&'a str, Error> {
        self.skip_spaces();
        let operators = ["~=", "==", "!=", "<=", ">=", "<", ">"];
        let rest = self.rest();
        let operator = operators
            .into_iter()
            .find(|operator| rest.starts_with(operator));
        let length = operator.ok_or_else(|| self.unexpected())?.len();
        let version = rest[length..].trim_start_matches(version::is_space);
        let is_end =
            |character: char| matches!(character, ',' | ';' | ')') || version::is_space(character);
        let after = &version[version.find(is_end).unwrap_or(version.len())..];
        let condition = &rest[..rest.len() - after.len()];
        self.at += condition.len();
        Ok(condition)
    }

    fn marker(&mut self) -> Result<Marker, Error> {
        if self.take(";") {
            return marker::parse_requirement_marker(self.rest()).map_err(|source| Error::Marker {
                text: shown(self.text),
                source,
            });
        }
        self.skip_spaces();
        if self.rest().is_empty() {
            return Ok(Marker::any());
        }
        Err(self.unexpected())
    }

    fn unexpected(&self) -> Error {
        Error::Syntax {
            text: shown(self.text),
            column: self.text[..self.at].chars().count() + 1,
        }
    }
}

/// A `file` URL may be short; any other needs a scheme and a host, or a path.
fn is_url(url: &str) -> bool {
    let after_scheme = url.split_once(':').map_or(url, |(_, rest)| rest);
    let end = after_scheme.find(['?', '#']).unwrap_or(after_scheme.len());
    let place = &after_scheme[..end];
    !place.trim_start_matches('/').is_empty() || place == "/"
}
