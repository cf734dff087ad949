//! What an installed distribution holds: the files that its RECORD lists, or what stands in for one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use memchr::memmem;

use super::egg;
use super::ground::{Ground, is_really_inside, normal, read_optional};
use super::listing::{self, Line};
use crate::install::Error;
use crate::install::place::paths::join;
use crate::installed::{DROPPED, InstalledDistribution, JOURNAL};
use crate::name::PackageName;

/// The files of one installed distribution.
#[derive(Debug)]
pub(crate) struct InstalledFiles {
    pub(crate) name: PackageName,
    /// How warnings name it.
    pub(crate) label: String,
    /// The `.dist-info` folder (or `.egg-info`), absolute.
    pub(crate) dist_info: PathBuf,
    /// The folder that holds it, relative to the environment.
    pub(crate) library: String,
    /// Each file, relative to the environment, with its line of RECORD. What leads outside is left out.
    pub(crate) lines: BTreeMap<String, Line>,
}

impl InstalledFiles {
    /// Reads the list of `distribution`, also when a change of it was interrupted.
    pub(crate) fn read(
        distribution: &InstalledDistribution,
        ground: Ground<'_>,
    ) -> Result<Self, Error> {
        let files = Self::empty(distribution, ground)?;
        let is_egg = files.is_egg();
        let lines = match files.read_list()? {
            Some(text) => listing::parse(&text).map_err(|fault| Error::BadRecord {
                name: distribution.name.clone(),
                fault,
            })?,
            None if is_egg => {
                let lines = egg::lines(&files.dist_info, &files.library, ground)?;
                lines.ok_or_else(|| files.no_record())?
            }
            None => return Err(files.no_record()),
        };
        Ok(files.with(lines, ground))
    }

    /// As [`InstalledFiles::read`]; `None` for what has no list that can be read, which claims nothing.
    pub(crate) fn read_if_listed(
        distribution: &InstalledDistribution,
        ground: Ground<'_>,
    ) -> Result<Option<Self>, Error> {
        match Self::read(distribution, ground) {
            Ok(files) => Ok(Some(files)),
            Err(Error::NoRecord { .. } | Error::BadRecord { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells whether `distribution` may list a file with one of these names. Most do not, and that is known without reading their
    /// lists line by line.
    pub(crate) fn may_list(
        distribution: &InstalledDistribution,
        names: &[&str],
    ) -> Result<bool, Error> {
        let list = read_optional(&distribution.dist_info.join("RECORD"))?;
        let Some(list) = list.filter(|_| !is_egg(&distribution.dist_info)) else {
            return Ok(true);
        };
        // A quotation mark is written as two.
        let mut names = names.iter();
        Ok(names.any(|name| name.contains('"') || memmem::find(&list, name.as_bytes()).is_some()))
    }

    /// Finds the files of the `.dist-info` alone, of a distribution that has no list.
    pub(crate) fn of_dist_info(
        distribution: &InstalledDistribution,
        ground: Ground<'_>,
    ) -> Result<Self, Error> {
        let files = Self::empty(distribution, ground)?;
        let lines = egg::files_below(&files.dist_info)?;
        Ok(files.with(lines, ground))
    }

    fn empty(distribution: &InstalledDistribution, ground: Ground<'_>) -> Result<Self, Error> {
        let dist_info = &distribution.dist_info;
        let mut files = Self {
            name: distribution.name.clone(),
            label: format!("{} {}", distribution.name, distribution.version),
            dist_info: dist_info.clone(),
            library: String::new(),
            lines: BTreeMap::new(),
        };
        let library = dist_info.strip_prefix(ground.folder).ok();
        let library = library.and_then(Path::parent).and_then(Path::to_str);
        let is_inside = is_really_inside(dist_info, ground.folder);
        let Some(library) = library.filter(|_| is_inside) else {
            return Err(files.no_record());
        };
        library.clone_into(&mut files.library);
        Ok(files)
    }

    fn with(mut self, lines: Vec<Line>, ground: Ground<'_>) -> Self {
        let library = Path::new(&self.library);
        let lines = lines.into_iter().filter_map(|line| {
            let path = normal(ground.folder, library, &line.path)?;
            Some((path, line))
        });
        self.lines = lines.collect();
        self
    }

    fn read_list(&self) -> Result<Option<Vec<u8>>, Error> {
        let record = read_optional(&self.dist_info.join("RECORD"))?;
        match record.filter(|_| !self.is_egg()) {
            Some(record) => Ok(Some(record)),
            None => read_optional(&self.dist_info.join(JOURNAL)),
        }
    }

    /// Reads which files gave way to those of others: each path relative to the environment.
    pub(crate) fn dropped(&self, ground: Ground<'_>) -> Result<BTreeMap<String, Line>, Error> {
        let text = read_optional(&self.dist_info.join(DROPPED))?;
        let lines = text.map(|text| listing::parse(&text)).transpose();
        let lines = lines.map_err(|fault| Error::BadRecord {
            name: self.name.clone(),
            fault,
        })?;
        let library = Path::new(&self.library);
        let lines = lines.unwrap_or_default().into_iter().filter_map(|line| {
            let path = normal(ground.folder, library, &line.path)?;
            Some((path, line))
        });
        Ok(lines.collect())
    }

    /// Tells whether it is of an installer that knew no RECORD.
    pub(crate) fn is_egg(&self) -> bool {
        is_egg(&self.dist_info)
    }

    /// Tells whether it is but a file: a link to a project, or a packed egg.
    pub(crate) fn is_file(&self) -> bool {
        let found = fs::symlink_metadata(&self.dist_info);
        self.is_egg() && found.is_ok_and(|found| found.is_file())
    }

    /// What is removed last, relative to the environment: the list of its files, or the file that it is.
    pub(crate) fn list(&self) -> String {
        if self.is_file() {
            self.own_folder()
        } else {
            join(&self.own_folder(), JOURNAL)
        }
    }

    /// The name of its `.dist-info` folder, relative to the environment.
    pub(crate) fn own_folder(&self) -> String {
        let name = self.dist_info.file_name().unwrap_or_default();
        join(&self.library, &name.to_string_lossy())
    }

    fn no_record(&self) -> Error {
        Error::NoRecord {
            name: self.name.clone(),
            dist_info: self.dist_info.clone(),
        }
    }
}
fn is_egg(dist_info: &Path) -> bool {
    let extension = dist_info.extension();
    !extension.is_some_and(|extension| extension.eq_ignore_ascii_case("dist-info"))
}
