//! Builds the wheel of a pure Python project whose backend is poetry-core, without Python.
//!
//! [`build`] answers with the same file name, files, METADATA, WHEEL and entry points as `poetry build -f wheel` of
//! poetry-core 2.5.0 does ([binary distribution format]). A [`BuiltWheel`] is a list of files, not an archive: installing
//! needs none, and [`BuiltWheel::write`] makes one where it is wanted. [`build_editable`] makes the wheel that [PEP 660]
//! asks of a backend: a `.pth` file and the metadata.
//!
//! There is one difference: poetry-core, where no repository ignores them, packs environments, caches and built wheels that a
//! pattern reaches. Here none of them is part of a project (`outside` says what counts as one), so that the second install has
//! the same wheel as the first. A clean checkout holds none.
//!
//! Whatever would run code of the project (build scripts, other backends) is refused with [`Error::Unsupported`]. Nothing
//! is executed, not even git: which files it ignores is read from the repository itself. The version of poetry-core that
//! `[build-system]` asks for is not looked at. Where poetry-core would give one path to two files the project is refused, and
//! a file that it would write twice is written once.
//!
//! [binary distribution format]: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
//! [PEP 660]: https://packaging.python.org/en/latest/specifications/pyproject-toml/

mod archive;
mod document;
mod entry_points;
mod files;
mod git;
mod glob;
mod license;
mod metadata;
mod outside;
mod requirements;
mod surroundings;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use thiserror::Error;

use crate::digest::{Algorithm, Digest};
use crate::filename::{self, WheelFilename};
use crate::name::PackageName;
use crate::platform::publish::DraftFile;
use crate::project_files::Disk;
use crate::pyproject;
use document::Document;
use files::Layout;
use git::Repository;
use metadata::Metadata;
use outside::Outside;
use requirements::Requirements;

/// Why the wheel of a project could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written; the cause names it.
    #[error("a file of the project could not be read or written")]
    Io(#[from] io::Error),
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Archive(#[from] zip::result::ZipError),
    /// There is no such folder.
    #[error("there is no folder `{}`", .0.display())]
    NoFolder(PathBuf),
    /// The folder is no project.
    #[error("the folder `{}` holds no pyproject.toml", .0.display())]
    NoProject(PathBuf),
    /// pyproject.toml is not TOML, or a key has a value of the wrong kind; the cause says where.
    #[error("pyproject.toml could not be read")]
    Document(#[from] toml::de::Error),
    /// pyproject.toml says what Poetry refuses: see the cause.
    #[error("the project is invalid")]
    Project(#[from] pyproject::Error),
    /// Name and version of the project do not make the file name of a wheel.
    #[error(transparent)]
    FileName(#[from] filename::Error),
    /// The constraint on Python cannot be written in standard form.
    #[error("`{0}` is not a constraint on Python that METADATA can state")]
    Python(String),
    /// Building needs something that only a Python backend can do.
    #[error("the wheel of this project cannot be built without Python: {0}")]
    Unsupported(#[from] Unsupported),
    /// The project says `package-mode = false`: there is nothing to build.
    #[error("the project is not a package: `package-mode` is false")]
    PackageModeOff,
    /// An author or maintainer is not of the form `Name` or `Name <address>`.
    #[error("`{0}` is not of the form `Name <address>`")]
    Person(String),
    /// A pattern of `license-files` finds no file, or is not a plain relative one with `/` between its parts.
    #[error("the pattern `{0}` of `license-files` finds no file")]
    LicenseFiles(String),
    /// The file of a script is not there, or its path is absolute.
    #[error("the script `{0}` does not name a file of the project")]
    ScriptFile(String),
    /// The project has no `packages`, and neither a module nor a package has its name.
    #[error("there is no module or package `{0}`, and the project lists no `packages`")]
    NoModule(String),
    /// A module and a package both have the project's name.
    #[error("`{0}.py` and the folder `{0}` both exist")]
    TwoModules(String),
    /// One of `packages` finds nothing.
    #[error("the package `{0}` does not exist")]
    NothingFound(String),
    /// One of `packages` holds no Python.
    #[error("the folder `{0}` is not a package: it holds no `.py` file")]
    NotAPackage(String),
    /// A pattern is empty or absolute.
    #[error("`{0}` is not a relative pattern")]
    Pattern(String),
    /// A file that belongs to the wheel lies outside the project, or of the folder that its package is searched `from`.
    #[error("`{}` lies outside the project", .0.display())]
    OutsideProject(PathBuf),
    /// A path cannot stand in a wheel: it would leave it, or is not UTF-8.
    #[error("`{}` cannot be a path inside a wheel", .0.display())]
    ArchivePath(PathBuf),
    /// Something that belongs to the wheel is neither a file nor a folder.
    #[error("`{}` is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// A readme does not exist.
    #[error("the readme `{0}` does not exist")]
    NoReadme(String),
    /// A readme or licence is not UTF-8.
    #[error("`{}` is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// Two files have one path in the wheel.
    #[error("two files have the path `{0}` in the wheel")]
    Repeated(String),
}

/// What keeps a project from being built without Python.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// `[build-system]` names a backend that is not poetry-core.
    #[error("its build backend is `{0}`")]
    Backend(String),
    /// `[tool.poetry.build]` names a script to run.
    #[error("it runs the build script `{0}`")]
    BuildScript(String),
}

/// What builds a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// poetry-core, under its own name or one of its older ones.
    PoetryCore,
    /// No backend is named. Poetry itself builds such a project with poetry-core when it is the root; every other tool
    /// uses setuptools.
    Unnamed,
    /// Another backend, named as `build-backend` has it.
    Other(String),
}

/// What the outcome of a build depends on besides the project's own folder.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seconds since 1970 that the archive's entries are dated (`SOURCE_DATE_EPOCH`). Without it, and before 1980, they are
    /// dated 2016-01-01 00:00:00, as Poetry dates them.
    pub source_date_epoch: Option<i64>,
    /// The user's own file of patterns that git ignores (`core.excludesFile`, usually `~/.config/git/ignore`), absolute.
    pub git_excludes: Option<PathBuf>,
    /// Folders that are never part of the project although they may lie in its folder, absolute: the environment that the
    /// wheel is for, and the cache. Other environments and built distributions are recognized.
    pub outside: Vec<PathBuf>,
}

/// Where the bytes of a file in a wheel come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file on disk, by its absolute path.
    File(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// One file of a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelFile {
    /// The path inside the wheel, with `/` between its parts.
    pub path: String,
    /// Where the bytes come from.
    pub content: Content,
    /// Whether the file is to be executable (mode 755 instead of 644).
    pub is_executable: bool,
}

/// The wheel of a project: its name and its files, RECORD excepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltWheel {
    file: WheelFilename,
    dist_info: String,
    files: Vec<WheelFile>,
    source_date_epoch: Option<i64>,
}

impl BuiltWheel {
    /// Returns the wheel's file name, such as `demo-1.0-py3-none-any.whl`.
    pub fn file_name(&self) -> &str {
        self.file.as_str()
    }

    /// Returns the parsed file name.
    pub fn file(&self) -> &WheelFilename {
        &self.file
    }

    /// Returns the name of the metadata folder inside the wheel, such as `demo-1.0.dist-info`.
    pub fn dist_info(&self) -> &str {
        &self.dist_info
    }

    /// Returns all files in the order that they have in the archive. RECORD, which comes last there, is not among them: who
    /// writes the files computes it.
    pub fn files(&self) -> &[WheelFile] {
        &self.files
    }

    /// Writes the wheel as an archive to `output`. The same files, modes and date give the same bytes.
    pub fn write(&self, output: impl io::Write + io::Seek) -> Result<(), Error> {
        archive::write(self, output)
    }

    /// Returns the SHA-256 of the archive that [`BuiltWheel::save`] writes, and writes nothing.
    pub fn digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(Algorithm::Sha256, &self.archive()?))
    }

    fn archive(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = io::Cursor::new(Vec::new());
        self.write(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    /// Writes the wheel as an archive into `folder`, which is created where it is missing, in place of an older one of the
    /// same name. Returns the SHA-256 of the archive.
    pub fn save(&self, folder: &Path) -> Result<Digest, Error> {
        let bytes = self.archive()?;
        fs::create_dir_all(folder)?;
        let path = folder.join(self.file_name());
        let mut draft = DraftFile::create_for_all_in(folder)?;
        draft.write_all(&bytes)?;
        let published = draft.publish(&path);
        published.map_err(|unpublished| unpublished.cause)?;
        Ok(Digest::of(Algorithm::Sha256, &bytes))
    }
}

/// Tells which backend builds the project of this pyproject.toml.
///
/// # Errors
///
/// [`Error::Document`] when the text cannot be read.
pub fn backend(pyproject: &str) -> Result<Backend, Error> {
    Ok(backend_of(&Document::parse(pyproject)?))
}

/// Builds the wheel of the project in `folder` (absolute).
///
/// A project that names no backend is built as Poetry builds the root: with poetry-core.
///
/// # Errors
///
/// [`Error::Unsupported`] when only Python can build it, [`Error::PackageModeOff`] when there is nothing to build, and the
/// others for projects that Poetry cannot build either.
pub fn build(folder: &Path, options: &Options) -> Result<BuiltWheel, Error> {
    let project = Project::read(folder, options)?;
    let layout = project.layout()?;
    let repository = Repository::find(&project.root, options.git_excludes.as_deref())?;
    project.wheel(layout.collect(repository)?, options)
}

/// Builds the wheel that makes the project in `folder` (absolute) importable from where it is: a `.pth` file and the metadata.
///
/// The `direct_url.json` that records the folder is left to the installer, as [PEP 660] has it.
///
/// # Errors
///
/// Those of [`build`].
///
/// [PEP 660]: https://peps.python.org/pep-0660/
pub fn build_editable(folder: &Path, options: &Options) -> Result<BuiltWheel, Error> {
    let project = Project::read(folder, options)?;
    let mut lines = String::new();
    for folder in project.layout()?.import_folders()? {
        let Some(line) = folder.to_str() else {
            return Err(Error::ArchivePath(folder));
        };
        lines.push_str(line);
        lines.push('\n');
    }
    let path = format!("{}.pth", project.identity.normal_name.to_file_name());
    project.wheel(vec![text_file(path, lines)], options)
}

/// The project's name and version.
#[derive(Debug)]
struct Identity {
    /// The name as it was written.
    name: String,
    normal_name: PackageName,
    /// The version in normal form.
    version: String,
}

impl Identity {
    fn of(document: &Document, project: &pyproject::Project) -> Self {
        let written = [&document.project.name, &document.tool.poetry.name];
        let mut written = written.into_iter().flatten();
        let name = written.find(|name| !name.is_empty());
        Self {
            name: name.cloned().unwrap_or_default(),
            normal_name: project.name.clone(),
            version: project.version.normal().to_owned(),
        }
    }

    /// Returns what the names of the wheel and of its metadata begin with.
    fn stem(&self) -> String {
        format!("{}-{}", self.normal_name.to_file_name(), self.version)
    }
}

/// A project whose wheel can be built.
#[derive(Debug)]
struct Project {
    /// Its folder, without symbolic links.
    root: PathBuf,
    document: Document,
    identity: Identity,
    requirements: Requirements,
    outside: Outside,
}

impl Project {
    fn read(folder: &Path, options: &Options) -> Result<Self, Error> {
        let root = or_absent(fs::canonicalize(folder), || {
            Error::NoFolder(folder.to_owned())
        })?;
        let text = or_absent(fs::read_to_string(root.join("pyproject.toml")), || {
            Error::NoProject(root.clone())
        })?;
        let document = Document::parse(&text)?;
        check(&document)?;
        let project = pyproject::Project::parse(&text, &root, &Disk)?;
        Ok(Self {
            identity: Identity::of(&document, &project),
            requirements: Requirements::of(&project)?,
            outside: Outside::new(&root, &options.outside),
            root,
            document,
        })
    }

    fn layout(&self) -> Result<Layout, Error> {
        let poetry = &self.document.tool.poetry;
        let name = &self.identity.normal_name;
        Layout::find(&self.root, poetry, name, self.outside.clone())
    }

    /// Adds scripts and metadata to the modules.
    fn wheel(&self, modules: Vec<WheelFile>, options: &Options) -> Result<BuiltWheel, Error> {
        let stem = self.identity.stem();
        let dist_info = format!("{stem}.dist-info");
        let mut files = modules;
        files.extend(self.scripts(&stem)?);
        files.extend(self.metadata(&dist_info)?);
        Ok(BuiltWheel {
            file: WheelFilename::parse(&format!("{stem}-{}.whl", self.tag()))?,
            dist_info,
            files: without_repetition(files)?,
            source_date_epoch: options.source_date_epoch,
        })
    }

    fn tag(&self) -> &'static str {
        if self.requirements.supports_python_2 {
            "py2.py3-none-any"
        } else {
            "py3-none-any"
        }
    }

    fn scripts(&self, stem: &str) -> Result<Vec<WheelFile>, Error> {
        let files = entry_points::script_files(&self.root, &self.document.tool.poetry)?;
        let files = files.into_iter().map(|source| {
            let name = source.file_name().unwrap_or_default();
            let path = Path::new(&format!("{stem}.data/scripts")).join(name);
            let path = files::archive_path(&path)?;
            files::wheel_file(source, path)
        });
        files.collect()
    }

    /// Makes the files of the metadata folder, in the order of their paths.
    fn metadata(&self, dist_info: &str) -> Result<Vec<WheelFile>, Error> {
        let (root, document) = (&self.root, &self.document);
        let metadata = Metadata::compose(
            root,
            document,
            &self.identity,
            &self.requirements,
            &self.outside,
        )?;
        let wheel = format!(
            "Wheel-Version: 1.0\nGenerator: poetry-core 2.5.0\nRoot-Is-Purelib: true\nTag: {}\n",
            self.tag()
        );
        let mut files = vec![
            text_file(format!("{dist_info}/METADATA"), metadata.text),
            text_file(format!("{dist_info}/WHEEL"), wheel),
        ];
        let entry_points = entry_points::render(document);
        let path = format!("{dist_info}/entry_points.txt");
        files.extend(entry_points.map(|text| text_file(path, text)));
        for file in &metadata.license_files {
            if let Some(path) = license_path(file) {
                let path = format!("{dist_info}/{path}");
                files.push(files::wheel_file(root.join(file), path)?);
            }
        }
        files.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
        Ok(files)
    }
}

/// Gives the error of what is not there a name.
fn or_absent<T>(read: io::Result<T>, absent: impl Fn() -> Error) -> Result<T, Error> {
    let absence = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    read.map_err(|error| {
        if absence.contains(&error.kind()) {
            absent()
        } else {
            error.into()
        }
    })
}

fn backend_of(document: &Document) -> Backend {
    let Some(build_system) = &document.build_system else {
        return Backend::Unnamed;
    };
    match build_system.build_backend.as_deref() {
        None => Backend::Unnamed,
        Some("poetry.core.masonry.api" | "poetry.masonry.api")
            if build_system.backend_path.is_none() =>
        {
            Backend::PoetryCore
        }
        Some(other) => Backend::Other(other.to_owned()),
    }
}

fn check(document: &Document) -> Result<(), Error> {
    let poetry = &document.tool.poetry;
    if poetry.package_mode == Some(false) {
        return Err(Error::PackageModeOff);
    }
    if let Backend::Other(backend) = backend_of(document) {
        return Err(Unsupported::Backend(backend).into());
    }
    let script = poetry.build.as_ref().and_then(document::Build::script);
    match script {
        None | Some("") => Ok(()),
        Some(script) => Err(Unsupported::BuildScript(script.to_owned()).into()),
    }
}

fn text_file(path: String, text: String) -> WheelFile {
    WheelFile {
        path,
        content: Content::Bytes(text.into_bytes()),
        is_executable: false,
    }
}

/// Finds the place of a licence file inside the metadata folder: below `licenses`, or beside it for one in the folder above the
/// project, as in poetry-core. One from further above has none.
fn license_path(file: &str) -> Option<String> {
    let mut parts = vec!["licenses"];
    for component in Path::new(file).components() {
        match component {
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(parts.join("/"))
}

/// Drops files that are there twice, such as a script with two names.
fn without_repetition(files: Vec<WheelFile>) -> Result<Vec<WheelFile>, Error> {
    let mut contents = BTreeMap::new();
    let mut unique = Vec::with_capacity(files.len());
    for file in files {
        match contents.get(&file.path) {
            Some(content) if *content == file.content => {}
            Some(_) => return Err(Error::Repeated(file.path)),
            None => {
                contents.insert(file.path.clone(), file.content.clone());
                unique.push(file);
            }
        }
    }
    Ok(unique)
}
