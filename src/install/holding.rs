//! What an installed distribution holds: the files that its RECORD lists, or what stands in for one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::Error;
use super::egg;
use super::listing::{self, Line};
use crate::environment::Layout;
use crate::installed::{DROPPED, InstalledDistribution, JOURNAL};
use crate::name::PackageName;

/// The folder of an environment, and the places inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    /// Absolute.
    pub(super) folder: &'a Path,
    pub(super) layout: &'a Layout,
}

/// The files of one installed distribution.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) name: PackageName,
    /// How warnings name it.
    pub(super) label: String,
    /// The `.dist-info` folder (or `.egg-info`), absolute.
    pub(super) dist_info: PathBuf,
    /// The folder that holds it, relative to the environment.
    pub(super) library: String,
    /// Each file, relative to the environment, with its line of RECORD. What leads outside is left out.
    pub(super) lines: BTreeMap<String, Line>,
}

impl Holding {
    /// Reads the list of `distribution`, also when a change of it was interrupted.
    pub(super) fn read(
        distribution: &InstalledDistribution,
        ground: Ground<'_>,
    ) -> Result<Self, Error> {
        let holding = Self::empty(distribution, ground)?;
        let is_egg = holding.is_egg();
        let lines = match holding.read_list()? {
            Some(text) => listing::parse(&text).map_err(|fault| Error::BadRecord {
                name: distribution.name.clone(),
                fault,
            })?,
            None if is_egg => egg::lines(&holding, ground)?,
            None => return Err(holding.no_record()),
        };
        Ok(holding.with(lines, ground))
    }

    /// Finds the files of the `.dist-info` alone, of a distribution that has no list.
    pub(super) fn of_dist_info(
        distribution: &InstalledDistribution,
        ground: Ground<'_>,
    ) -> Result<Self, Error> {
        let holding = Self::empty(distribution, ground)?;
        let lines = egg::files_below(&holding.dist_info)?;
        Ok(holding.with(lines, ground))
    }

    fn empty(distribution: &InstalledDistribution, ground: Ground<'_>) -> Result<Self, Error> {
        let dist_info = &distribution.dist_info;
        let mut holding = Self {
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
            return Err(holding.no_record());
        };
        library.clone_into(&mut holding.library);
        Ok(holding)
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
    pub(super) fn dropped(&self, ground: Ground<'_>) -> Result<BTreeMap<String, Line>, Error> {
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
    pub(super) fn is_egg(&self) -> bool {
        let extension = self.dist_info.extension();
        !extension.is_some_and(|extension| extension.eq_ignore_ascii_case("dist-info"))
    }

    /// The name of its `.dist-info` folder, relative to the environment.
    pub(super) fn own_folder(&self) -> String {
        let name = self.dist_info.file_name().unwrap_or_default();
        super::contents::join(&self.library, &name.to_string_lossy())
    }

    pub(super) fn no_record(&self) -> Error {
        Error::NoRecord {
            name: self.name.clone(),
            dist_info: self.dist_info.clone(),
        }
    }
}

/// Tells whether `path` lies in `root` when links are followed: what a link leads to is not the environment's.
fn is_really_inside(path: &Path, root: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let both = real(path).zip(real(root));
    both.is_some_and(|(path, root)| path.starts_with(root))
}

pub(super) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if is_absent(&cause) => Ok(None),
        Err(cause) => Err(Error::io("read", path, cause)),
    }
}

/// A file where a folder was looked for is absent, too.
pub(super) fn is_absent(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Resolves a line of RECORD without looking at the disk; `None` when it leads outside.
pub(super) fn normal(root: &Path, library: &Path, line: &str) -> Option<String> {
    let joined = match Path::new(line).strip_prefix(root) {
        Ok(inside) => inside.to_owned(),
        Err(_) if Path::new(line).is_absolute() => return None,
        Err(_) => library.join(line),
    };
    let mut parts: Vec<&str> = Vec::new();
    for component in joined.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
