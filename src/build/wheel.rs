//! A wheel that was built here.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::filename::{self, WheelFilename};
use crate::name::PackageName;
use crate::version::Version;

/// A wheel that was built on this machine from a source, with the name and version that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltWheel {
    path: PathBuf,
    file_name: WheelFilename,
    built_by: BuiltBy,
}

/// What built a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuiltBy {
    /// The backend of this name, in an interpreter.
    Backend(String),
}

/// What a wheel has to be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The name of the package.
    pub name: PackageName,
    /// Its version, where it is known before the build.
    pub version: Option<Version>,
}

/// Why a file is not the wheel that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WheelFault {
    /// It is not named as a wheel is, or has a path.
    #[error("its name is not that of a wheel")]
    FileName(#[from] filename::Error),
    /// It is not in the folder.
    #[error("it is not in the output folder")]
    Absent,
    /// It is a link or a folder.
    #[error("it is not a regular file")]
    NotAFile,
    /// It is another package's.
    #[error("its name is `{found}` instead of `{expected}`")]
    OtherName {
        /// The name asked for.
        expected: PackageName,
        /// The name that it has.
        found: PackageName,
    },
    /// It has another version.
    #[error("its version is {} instead of {}", found.text(), expected.text())]
    OtherVersion {
        /// The version asked for.
        expected: Version,
        /// The version that it has.
        found: Version,
    },
}

impl BuiltWheel {
    /// Takes the file that a backend says it built in `folder`.
    pub(super) fn take(
        folder: &Path,
        file: &str,
        expected: &Expected,
        built_by: BuiltBy,
    ) -> Result<Self, WheelFault> {
        // A name that parses has no slash: it is a file of the folder and of no other.
        let file_name = WheelFilename::parse(file)?;
        let path = folder.join(file);
        let metadata = fs::symlink_metadata(&path).map_err(|_| WheelFault::Absent)?;
        if !metadata.is_file() {
            return Err(WheelFault::NotAFile);
        }
        expected.check(&file_name)?;
        Ok(Self {
            path,
            file_name,
            built_by,
        })
    }

    /// Returns where the wheel is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its file name.
    pub fn file_name(&self) -> &WheelFilename {
        &self.file_name
    }

    /// Returns what built it.
    pub fn built_by(&self) -> &BuiltBy {
        &self.built_by
    }
}

impl Expected {
    /// Checks that a wheel of this name is the one.
    pub(crate) fn check(&self, file: &WheelFilename) -> Result<(), WheelFault> {
        if *file.name() != self.name {
            return Err(WheelFault::OtherName {
                expected: self.name.clone(),
                found: file.name().clone(),
            });
        }
        match &self.version {
            Some(expected) if expected != file.version() => Err(WheelFault::OtherVersion {
                expected: expected.clone(),
                found: file.version().clone(),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(file: &str, version: Option<&str>) -> Result<BuiltWheel, WheelFault> {
        let folder = tempfile::tempdir().unwrap();
        let present = folder.path().join("demo_x-1.0-py3-none-any.whl");
        fs::write(present, "").unwrap();
        fs::create_dir(folder.path().join("demo_x-2.0-py3-none-any.whl")).unwrap();
        let expected = Expected {
            name: PackageName::new("demo-x"),
            version: version.map(|version| Version::parse(version).unwrap()),
        };
        let built_by = BuiltBy::Backend("backend".to_owned());
        BuiltWheel::take(folder.path(), file, &expected, built_by)
    }

    #[test]
    fn the_wheel_asked_for_is_taken() {
        let file = "demo_x-1.0-py3-none-any.whl";
        assert!(take(file, None).is_ok());
        assert!(take(file, Some("1.0.0")).is_ok());
    }

    #[test]
    fn other_files_are_refused() {
        let refused = |file, version| take(file, version).unwrap_err();
        assert_eq!(
            refused("demo_x-3.0-py3-none-any.whl", None),
            WheelFault::Absent
        );
        assert_eq!(
            refused("demo_x-2.0-py3-none-any.whl", None),
            WheelFault::NotAFile
        );
        for file in [
            "../demo_x-1.0-py3-none-any.whl",
            "demo_x-1.0.tar.gz",
            "",
            "/x.whl",
        ] {
            assert!(
                matches!(refused(file, None), WheelFault::FileName(_)),
                "{file}"
            );
        }
        let other = refused("demo_x-1.0-py3-none-any.whl", Some("1.1"));
        assert_eq!(other.to_string(), "its version is 1.0 instead of 1.1");
        let name = PackageName::new("other");
        let expected = Expected {
            name,
            version: None,
        };
        let file = WheelFilename::parse("demo_x-1.0-py3-none-any.whl").unwrap();
        let other = expected.check(&file).unwrap_err();
        assert_eq!(other.to_string(), "its name is `demo-x` instead of `other`");
    }
}
