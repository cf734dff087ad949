//! File names of wheels ([binary distribution format], PEP 427) and of source distributions ([source distribution
//! format], PEP 625).
//!
//! Both parse as strictly as `packaging.utils` does where that keeps no file of a real lock out: a wheel needs every part
//! to be well formed, a source distribution also may have one of the endings that indexes took before PEP 527.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
//! [source distribution format]: https://packaging.python.org/en/latest/specifications/source-distribution-format/#source-distribution-file-name

use std::fmt;

use crate::name::PackageName;
use crate::tag::TagSet;
use crate::version::Version;

/// Endings of source distributions, the longer before what they end in.
const SDIST_ENDINGS: [&str; 6] = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.Z", ".zip"];

/// Endings of files that indexes once took and no installer of today reads.
const OBSOLETE_ENDINGS: [&str; 7] = [".egg", ".exe", ".msi", ".rpm", ".srpm", ".deb", ".dmg"];

/// What is wrong with a file name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It does not end as a wheel or source distribution does.
    #[error("`{0}` is neither a wheel nor a source distribution")]
    Ending(String),
    /// It is an egg, an installer or a package of some system.
    #[error("`{0}` is an obsolete distribution format")]
    Obsolete(String),
    /// It has too few or too many parts between its dashes.
    #[error("`{0}` does not have the parts of a distribution file name")]
    Parts(String),
    /// The name is not one of a package.
    #[error("`{file}` has an invalid name: `{name}`")]
    Name {
        /// The file name.
        file: String,
        /// The part of it.
        name: String,
    },
    /// The version is not one.
    #[error("`{file}` has an invalid version: `{version}`")]
    Version {
        /// The file name.
        file: String,
        /// The part of it.
        version: String,
    },
    /// The build tag does not begin with a digit.
    #[error("`{file}` has an invalid build tag: `{build}`")]
    Build {
        /// The file name.
        file: String,
        /// The part of it.
        build: String,
    },
    /// The tags are not three lists.
    #[error("`{file}` has invalid tags: `{tags}`")]
    Tags {
        /// The file name.
        file: String,
        /// The part of it.
        tags: String,
    },
}

/// The file name of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistributionFilename {
    /// A wheel.
    Wheel(WheelFilename),
    /// A source distribution.
    Sdist(SdistFilename),
}

impl DistributionFilename {
    /// Parses the name of a wheel or source distribution.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(file: &str) -> Result<Self, Error> {
        if is_wheel(file) {
            return WheelFilename::parse(file).map(Self::Wheel);
        }
        SdistFilename::parse(file).map(Self::Sdist)
    }

    /// Returns the whole name, as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Wheel(wheel) => wheel.as_str(),
            Self::Sdist(sdist) => sdist.as_str(),
        }
    }

    /// Returns the name of the package.
    pub fn name(&self) -> &PackageName {
        match self {
            Self::Wheel(wheel) => wheel.name(),
            Self::Sdist(sdist) => sdist.name(),
        }
    }

    /// Returns the version.
    pub fn version(&self) -> &Version {
        match self {
            Self::Wheel(wheel) => wheel.version(),
            Self::Sdist(sdist) => sdist.version(),
        }
    }
}

/// The file name of a wheel, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelFilename {
    file: String,
    name: PackageName,
    version: Version,
    build: Option<BuildTag>,
    tags: TagSet,
}

/// The build tag of a wheel, by which an index can hold a wheel twice: first by number, then by the rest as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildTag {
    number: Number,
    rest: String,
}

/// A whole number of any length: digits without leading zeros, ordered by how many there are, then by what they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    n_digits: usize,
    digits: String,
}

impl WheelFilename {
    /// Parses `{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(file: &str) -> Result<Self, Error> {
        let stem = file.strip_suffix(".whl");
        let stem = stem.ok_or_else(|| Error::Ending(file.to_owned()))?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts.as_slice() {
            [name, version, tags @ ..] if tags.len() == 3 => (name, version, None, tags),
            [name, version, build, tags @ ..] if tags.len() == 3 => {
                (name, version, Some(*build), tags)
            }
            _ => return Err(Error::Parts(file.to_owned())),
        };
        Ok(Self {
            file: file.to_owned(),
            name: wheel_name(name, file)?,
            version: parse_version(version, file)?,
            build: build
                .map(|build| BuildTag::parse(build, file))
                .transpose()?,
            tags: parse_tags(&tags.join("-"), file)?,
        })
    }

    /// Returns the whole name, as it was written.
    pub fn as_str(&self) -> &str {
        &self.file
    }

    /// Returns the name of the package.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Returns the version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns the build tag, where there is one.
    pub fn build(&self) -> Option<&BuildTag> {
        self.build.as_ref()
    }

    /// Returns what the wheel was built for.
    pub fn tags(&self) -> &TagSet {
        &self.tags
    }
}

impl fmt::Display for WheelFilename {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)
    }
}

impl BuildTag {
    fn parse(text: &str, file: &str) -> Result<Self, Error> {
        let is_digit = |character: char| character.is_ascii_digit();
        let rest = text.trim_start_matches(is_digit);
        let digits = &text[..text.len() - rest.len()];
        if digits.is_empty() {
            return Err(Error::Build {
                file: file.to_owned(),
                build: text.to_owned(),
            });
        }
        let digits = digits.trim_start_matches('0').to_owned();
        let n_digits = digits.len();
        Ok(Self {
            number: Number { n_digits, digits },
            rest: rest.to_owned(),
        })
    }
}

/// The file name of a source distribution, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdistFilename {
    file: String,
    name: PackageName,
    version: Version,
}

impl SdistFilename {
    /// Parses `{name}-{version}{ending}`; the last `-` ends the name, since older names may hold some.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(file: &str) -> Result<Self, Error> {
        if OBSOLETE_ENDINGS.iter().any(|ending| file.ends_with(ending)) {
            return Err(Error::Obsolete(file.to_owned()));
        }
        let mut stems = SDIST_ENDINGS
            .iter()
            .filter_map(|ending| file.strip_suffix(ending));
        let stem = stems.next().ok_or_else(|| Error::Ending(file.to_owned()))?;
        let parts = stem.rsplit_once('-');
        let (name, version) = parts.ok_or_else(|| Error::Parts(file.to_owned()))?;
        if !is_name(name) {
            return Err(invalid_name(name, file));
        }
        Ok(Self {
            file: file.to_owned(),
            name: PackageName::new(name),
            version: parse_version(version, file)?,
        })
    }

    /// Returns the whole name, as it was written.
    pub fn as_str(&self) -> &str {
        &self.file
    }

    /// Returns the name of the package.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Returns the version.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl fmt::Display for SdistFilename {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)
    }
}

/// Tells whether `file` is named as a wheel, well formed or not.
pub fn is_wheel(file: &str) -> bool {
    file.strip_suffix(".whl").is_some()
}

/// A dash would be a separator, and two underscores in a row are not what escaping makes.
fn wheel_name(name: &str, file: &str) -> Result<PackageName, Error> {
    if !is_name(name) || name.contains("__") {
        return Err(invalid_name(name, file));
    }
    Ok(PackageName::new(name))
}

/// Letters of any script are taken, as `packaging` does, though no index takes them.
fn is_name(name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "_.-".contains(character);
    !name.is_empty() && name.chars().all(is_part)
}

fn invalid_name(name: &str, file: &str) -> Error {
    Error::Name {
        file: file.to_owned(),
        name: name.to_owned(),
    }
}

fn parse_version(text: &str, file: &str) -> Result<Version, Error> {
    Version::parse(text).map_err(|_| Error::Version {
        file: file.to_owned(),
        version: text.to_owned(),
    })
}

fn parse_tags(text: &str, file: &str) -> Result<TagSet, Error> {
    TagSet::parse(text).ok_or_else(|| Error::Tags {
        file: file.to_owned(),
        tags: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn wheel(file: &str) -> WheelFilename {
        WheelFilename::parse(file).unwrap()
    }

    #[track_caller]
    fn refuses(file: &str, message: &str) {
        let error = DistributionFilename::parse(file).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[track_caller]
    fn sdist(file: &str, name: &str, version: &str) {
        let sdist = SdistFilename::parse(file).unwrap();
        assert_eq!(
            (sdist.name().as_str(), sdist.version().text()),
            (name, version)
        );
    }

    #[test]
    fn wheel_names_come_apart() {
        let file = wheel(
            "Ruamel.Yaml_clib-0.2.12-1abc-cp39.cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        );
        assert_eq!(file.name().as_str(), "ruamel-yaml-clib");
        assert_eq!(file.version().text(), "0.2.12");
        assert_eq!(file.tags().interpreters(), ["cp39", "cp310"]);
        assert_eq!(file.tags().abis(), ["abi3"]);
        assert_eq!(file.tags().platforms().len(), 2);
        assert!(file.build().is_some());
        assert!(wheel("a-1.0+cu118-py3-none-any.whl").build().is_none());
    }

    #[test]
    fn build_tags_compare_as_numbers_first() {
        let build = |build: &str| BuildTag::parse(build, "file").unwrap();
        assert!(build("10") > build("9"));
        assert!(build("1b") > build("1a"));
        assert!(build("1a") > build("1"));
        assert_eq!(build("007"), build("7"));
        assert!(build("99999999999999999999999") > build("1"));
        assert!(build("0") < build("1"));
    }

    #[test]
    fn broken_wheel_names_are_refused() {
        refuses(
            "a-1.0-py3-none.whl",
            "`a-1.0-py3-none.whl` does not have the parts of a distribution file name",
        );
        refuses(
            "a-1.0-1-2-py3-none-any.whl",
            "`a-1.0-1-2-py3-none-any.whl` does not have the parts of a distribution file name",
        );
        refuses(
            "-1.0-py3-none-any.whl",
            "`-1.0-py3-none-any.whl` has an invalid name: ``",
        );
        refuses(
            "a__b-1.0-py3-none-any.whl",
            "`a__b-1.0-py3-none-any.whl` has an invalid name: `a__b`",
        );
        refuses(
            "../a-1.0-py3-none-any.whl",
            "`../a-1.0-py3-none-any.whl` has an invalid name: `../a`",
        );
        refuses(
            "a-x-py3-none-any.whl",
            "`a-x-py3-none-any.whl` has an invalid version: `x`",
        );
        refuses(
            "a-1.0-b1-py3-none-any.whl",
            "`a-1.0-b1-py3-none-any.whl` has an invalid build tag: `b1`",
        );
        refuses(
            "a-1.0-py3..py2-none-any.whl",
            "`a-1.0-py3..py2-none-any.whl` has invalid tags: `py3..py2-none-any`",
        );
    }

    #[test]
    fn sdist_names_come_apart() {
        sdist("Some-Old-Name-1.0.tar.gz", "some-old-name", "1.0");
        sdist("a-2.0b1.zip", "a", "2.0b1");
        sdist("a-1.tar.bz2", "a", "1");
    }

    #[test]
    fn other_files_are_refused() {
        refuses(
            "a-1.0-py3.6.egg",
            "`a-1.0-py3.6.egg` is an obsolete distribution format",
        );
        refuses(
            "a-1.0.win32.exe",
            "`a-1.0.win32.exe` is an obsolete distribution format",
        );
        refuses(
            "a-1.0.tar.zst",
            "`a-1.0.tar.zst` is neither a wheel nor a source distribution",
        );
        refuses(
            "a.tar.gz",
            "`a.tar.gz` does not have the parts of a distribution file name",
        );
        refuses("a-x.tar.gz", "`a-x.tar.gz` has an invalid version: `x`");
    }
}
