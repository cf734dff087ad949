//! Which files of a project go into its wheel, and under which paths, by the rules of `packages`, `include` and `exclude`.
//!
//! Symbolic links are followed to the file itself, as poetry-core does: the file's own place in the project decides on its path in
//! the wheel, and a file that two patterns reach is taken once, as the first of them has it.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::document::{Include, OneOrMany, Poetry};
use super::git::Repository;
use super::glob::{everything_below, glob};
use super::outside::Outside;
use super::{Content, Error, WheelFile};
use crate::name::PackageName;
use crate::project_files::Disk;
use crate::pyproject::FileSystem as _;

/// The packages and other files that a project's wheel is made of.
#[derive(Debug)]
pub(super) struct Layout {
    /// The project's folder, without symbolic links.
    root: PathBuf,
    packages: Vec<Package>,
    includes: Vec<PathBuf>,
    exclude: Vec<String>,
    outside: Outside,
}

/// One of the packages or modules.
#[derive(Debug)]
struct Package {
    /// What its path in the wheel counts from, absolute.
    base: PathBuf,
    /// The folder in the wheel that it is put under.
    target: Option<String>,
    elements: Vec<PathBuf>,
}

impl Layout {
    /// Finds the packages of the project in `root` (absolute, without symbolic links), and what else its wheel includes.
    ///
    /// # Errors
    ///
    /// [`Error::NoModule`], [`Error::TwoModules`], [`Error::NothingFound`] and [`Error::NotAPackage`], where Poetry
    /// refuses a project too.
    pub(super) fn find(
        root: &Path,
        poetry: &Poetry,
        name: &PackageName,
        outside: Outside,
    ) -> Result<Self, Error> {
        let finder = Finder {
            root,
            outside: &outside,
        };
        let is_for_wheel = |format: &Option<OneOrMany>, default: bool| match format {
            Some(formats) => formats.as_slice().iter().any(|format| format == "wheel"),
            None => default,
        };
        let listed = poetry.packages.iter();
        let listed = listed.filter(|package| is_for_wheel(&package.format, true));
        let mut packages = listed
            .map(|package| {
                let source = package.from.as_deref();
                finder.find(&package.include, source, package.to.clone())
            })
            .collect::<Result<Vec<_>, _>>()?;
        if packages.is_empty() {
            packages.push(finder.detect(name)?);
        }
        let mut includes = Vec::new();
        for include in &poetry.include {
            if let Include::Table { path, format } = include
                && is_for_wheel(format, false)
            {
                includes.extend(search(root, path, &outside)?);
            }
        }
        let exclude = poetry.exclude.iter().filter_map(toml::Value::as_str);
        let exclude = exclude.map(str::to_owned).collect();
        Ok(Self {
            root: root.to_owned(),
            packages,
            includes,
            exclude,
            outside,
        })
    }

    /// Returns the folders that make the packages importable from where they are, each once.
    pub(super) fn import_folders(&self) -> Result<Vec<PathBuf>, Error> {
        let bases = self.packages.iter().map(|package| &package.base);
        let mut folders = bases
            .map(|base| Ok(fs::canonicalize(base)?))
            .collect::<Result<Vec<_>, Error>>()?;
        folders.sort_unstable();
        folders.dedup();
        Ok(folders)
    }

    /// Collects the files in the order that they have in the archive: by their places on disk.
    pub(super) fn collect(&self, repository: Option<Repository>) -> Result<Vec<WheelFile>, Error> {
        let mut collection = Collection {
            root: &self.root,
            outside: &self.outside,
            exclusion: self.exclusion(repository)?,
            files: BTreeMap::new(),
        };
        for package in &self.packages {
            let base = fs::canonicalize(&package.base)?;
            let place = Place {
                base: &base,
                target: package.target.as_deref(),
            };
            for element in &package.elements {
                collection.add(element, place, Includes::Package)?;
            }
        }
        let place = Place {
            base: &self.root,
            target: None,
        };
        for element in &self.includes {
            collection.add(element, place, Includes::Explicit)?;
        }
        Ok(collection.files.into_values().collect())
    }

    fn exclusion(&self, repository: Option<Repository>) -> Result<Exclusion, Error> {
        let mut excluded = HashSet::new();
        for pattern in &self.exclude {
            for path in search(&self.root, pattern, &self.outside)? {
                excluded.extend(files_at(&path, &self.outside)?);
            }
        }
        let mut included = HashSet::new();
        for path in &self.includes {
            included.extend(files_at(path, &self.outside)?);
        }
        Ok(Exclusion {
            excluded,
            included,
            repository,
        })
    }
}

/// Finds packages in a project's folder.
#[derive(Clone, Copy)]
struct Finder<'a> {
    root: &'a Path,
    outside: &'a Outside,
}

impl Finder<'_> {
    fn find(
        self,
        include: &str,
        source: Option<&str>,
        target: Option<String>,
    ) -> Result<Package, Error> {
        let Self { root, outside } = self;
        let base = source.map_or_else(|| root.to_owned(), |source| root.join(source));
        let found = search(&base, include, outside)?;
        let elements = match found.as_slice() {
            [] => return Err(Error::NothingFound(include.to_owned())),
            [single] if single.is_dir() => checked(single, everything_below(single, outside)?)?,
            [_] => found,
            [first, ..] => {
                let parent = first.parent().unwrap_or(&base).to_owned();
                checked(&parent, found)?
            }
        };
        let base = match source {
            Some("") | None => root.to_owned(),
            Some(_) => base,
        };
        Ok(Package {
            base,
            target: target.filter(|target| !target.is_empty()),
            elements,
        })
    }

    /// Finds the module or package that is named as the project, in its folder or in `src`.
    fn detect(self, name: &PackageName) -> Result<Package, Error> {
        let (root, module) = (self.root, name.to_file_name());
        for source in [None, Some("src")] {
            let folder = source.map_or_else(|| root.to_owned(), |source| root.join(source));
            let file = format!("{module}.py");
            let is_package = folder.join(&module).is_dir();
            let is_module = folder.join(&file).is_file();
            match (is_package, is_module) {
                (true, true) => return Err(Error::TwoModules(module)),
                (true, false) => return self.find(&module, source, None),
                (false, true) => return self.find(&file, source, None),
                (false, false) => {}
            }
        }
        Err(Error::NoModule(module))
    }
}

/// Checks that a package holds Python: a `.py` file, or nothing but stubs where its name says so (PEP 561).
fn checked(package: &Path, elements: Vec<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let has_suffix = |path: &Path, suffix: &str| path.extension().is_some_and(|own| own == suffix);
    let is_stub = |path: &Path| has_suffix(path, "pyi") || path.ends_with("py.typed");
    let mut files = elements.iter().filter(|path| path.is_file());
    let is_stub_only = name.ends_with("-stubs") && files.all(|path| is_stub(path));
    if is_stub_only || elements.iter().any(|path| has_suffix(path, "py")) {
        Ok(elements)
    } else {
        Err(Error::NotAPackage(name.into_owned()))
    }
}

fn search(folder: &Path, pattern: &str, outside: &Outside) -> Result<Vec<PathBuf>, Error> {
    glob(folder, pattern, outside).map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidInput {
            Error::Pattern(pattern.to_owned())
        } else {
            Error::Io(error)
        }
    })
}

/// Lists the files that `path` stands for: all below a folder, or itself.
fn files_at(path: &Path, outside: &Outside) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = everything_below(path, outside)?;
    files.retain(|path| path.is_file());
    Ok(files)
}

/// What is left out of a wheel.
#[derive(Debug)]
struct Exclusion {
    excluded: HashSet<PathBuf>,
    included: HashSet<PathBuf>,
    repository: Option<Repository>,
}

impl Exclusion {
    fn covers(&mut self, root: &Path, path: &Path) -> Result<bool, Error> {
        let within = path.strip_prefix(root).unwrap_or(path);
        if is_bytecode(within) {
            return Ok(true);
        }
        if self.included.contains(path) {
            return Ok(false);
        }
        let is_ignored = match &mut self.repository {
            Some(repository) if git_prints(path, within) => repository.ignores(path)?,
            Some(_) | None => false,
        };
        Ok(is_ignored || self.excluded.contains(path))
    }
}

/// Tells whether git would name the file so that poetry-core knows it again: not what a broken link leads to, and no name that it
/// prints in quotes.
fn git_prints(path: &Path, within: &Path) -> bool {
    let mut bytes = within.as_os_str().as_encoded_bytes().iter();
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    bytes.all(is_plain) && path.exists()
}

fn is_bytecode(path: &Path) -> bool {
    let in_cache = path.iter().any(|part| part == "__pycache__");
    in_cache || path.extension().is_some_and(|suffix| suffix == "pyc")
}

/// Where in the wheel files are put.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    base: &'a Path,
    target: Option<&'a str>,
}

/// Why a path is included: a file that `include` names is taken although it is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Includes {
    Package,
    Explicit,
}

struct Collection<'a> {
    root: &'a Path,
    outside: &'a Outside,
    exclusion: Exclusion,
    /// By their own places on disk.
    files: BTreeMap<PathBuf, WheelFile>,
}

impl Collection<'_> {
    fn add(&mut self, element: &Path, place: Place<'_>, reason: Includes) -> Result<(), Error> {
        if element.iter().any(|part| part == "__pycache__") {
            return Ok(());
        }
        if !element.is_dir() {
            return self.add_file(element, place, reason);
        }
        for path in everything_below(element, self.outside)? {
            if !path.is_dir() {
                self.add_file(&path, place, Includes::Package)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, place: Place<'_>, reason: Includes) -> Result<(), Error> {
        let found = path;
        let path = resolved(found);
        // The search has seen to what no link leads to.
        if path != found && self.outside.covers(&path) {
            return Ok(());
        }
        if !path.starts_with(self.root) {
            return Err(Error::OutsideProject(path));
        }
        let is_excluded = self.exclusion.covers(self.root, &path)?;
        if is_excluded && reason == Includes::Package || self.files.contains_key(&path) {
            return Ok(());
        }
        let Ok(within) = path.strip_prefix(place.base) else {
            return Err(Error::OutsideProject(path));
        };
        let within = Path::new(place.target.unwrap_or_default()).join(within);
        let file = wheel_file(path.clone(), archive_path(&within)?)?;
        self.files.insert(path, file);
        Ok(())
    }
}

/// Follows symbolic links; one that leads nowhere stands for what it names, which may be excluded.
fn resolved(path: &Path) -> PathBuf {
    let target = match fs::read_link(path) {
        Ok(target) if !path.exists() => path.parent().unwrap_or(path).join(target),
        Ok(_) | Err(_) => path.to_owned(),
    };
    Disk.resolve(&target)
}

/// Writes a path as archives have it.
///
/// # Errors
///
/// [`Error::ArchivePath`] when it would leave the wheel or is not UTF-8.
pub(super) fn archive_path(path: &Path) -> Result<String, Error> {
    let refuse = || Error::ArchivePath(path.to_owned());
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str().ok_or_else(refuse)?),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => {
                return Err(refuse());
            }
        }
    }
    Ok(parts.join("/"))
}

/// Takes a regular file of the disk into the wheel.
pub(super) fn wheel_file(source: PathBuf, path: String) -> Result<WheelFile, Error> {
    let metadata = fs::metadata(&source)?;
    if !metadata.is_file() {
        return Err(Error::NotAFile(source));
    }
    Ok(WheelFile {
        path,
        is_executable: is_executable(&metadata),
        content: Content::File(source),
    })
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    false
}
