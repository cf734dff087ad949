//! A project whose wheel can be built, and what goes into it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::built::{BuiltWheel, Content, WheelFile};
use super::document;
use super::document::Document;
use super::entry_points;
use super::error::{Error, Unsupported};
use super::files;
use super::files::Layout;
use super::identity::Identity;
use super::metadata::Metadata;
use super::outside::Outside;
use super::requirements::Requirements;
use super::{Backend, BuildOptions, POETRY_CORE_VERSION};
use crate::filename::WheelFilename;
use crate::project_files::Disk;
use crate::pyproject;

/// A project whose wheel can be built.
#[derive(Debug)]
pub(super) struct Project {
    /// Its folder, without symbolic links.
    pub(super) root: PathBuf,
    pub(super) document: Document,
    pub(super) identity: Identity,
    pub(super) requirements: Requirements,
    pub(super) outside: Outside,
}

/// How scripts that are files are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptNames {
    /// As the files, which is what poetry-core does.
    OfFiles,
    /// By their keys, which is what Poetry does with the project.
    OfKeys,
}

impl Project {
    pub(super) fn read(folder: &Path, options: &BuildOptions) -> Result<Self, Error> {
        let root = or_absent(fs::canonicalize(folder), || {
            Error::NoFolder(folder.to_owned())
        })?;
        let text = or_absent(fs::read_to_string(root.join("pyproject.toml")), || {
            Error::NoProject(root.clone())
        })?;
        let document = Document::parse(&text)?;
        check(&document)?;
        let mut project = pyproject::Project::parse(&text, &root, &Disk)?;
        if let Some(local) = &options.local_version {
            project.version = project
                .version
                .with_local(local)
                .ok_or_else(|| Error::LocalVersion(local.clone()))?;
        }
        Ok(Self {
            identity: Identity::of(&document, &project),
            requirements: Requirements::of(&project)?,
            outside: Outside::new(&root, &options.outside),
            root,
            document,
        })
    }

    pub(super) fn layout(&self) -> Result<Layout, Error> {
        let poetry = &self.document.tool.poetry;
        let name = &self.identity.normal_name;
        Layout::find(&self.root, poetry, name, self.outside.clone())
    }

    /// Adds scripts and metadata to the modules.
    pub(super) fn wheel(
        &self,
        modules: Vec<WheelFile>,
        script_names: ScriptNames,
        options: &BuildOptions,
    ) -> Result<BuiltWheel, Error> {
        let stem = self.identity.stem();
        let dist_info = format!("{stem}.dist-info");
        let mut files = modules;
        files.extend(self.scripts(&stem, script_names)?);
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

    fn scripts(&self, stem: &str, names: ScriptNames) -> Result<Vec<WheelFile>, Error> {
        let files = entry_points::script_files(&self.root, &self.document.tool.poetry)?;
        let files = files.into_iter().map(|(key, source)| {
            let name = match names {
                ScriptNames::OfFiles => source.file_name().unwrap_or_default(),
                ScriptNames::OfKeys => OsStr::new(key),
            };
            let path = Path::new(&format!("{stem}.data/scripts")).join(name);
            let path = files::archive_path(&path)?;
            files::wheel_file(source, path)
        });
        files.collect()
    }

    /// Makes the files of the metadata folder, in the order of their paths.
    pub(super) fn metadata(&self, dist_info: &str) -> Result<Vec<WheelFile>, Error> {
        let (root, document) = (&self.root, &self.document);
        let metadata = Metadata::compose(
            root,
            document,
            &self.identity,
            &self.requirements,
            &self.outside,
        )?;
        let wheel = format!(
            "Wheel-Version: 1.0\nGenerator: poetry-core {POETRY_CORE_VERSION}\nRoot-Is-Purelib: true\nTag: {}\n",
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
        files.sort_unstable_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
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

pub(super) fn backend_of(document: &Document) -> Backend {
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

pub(super) fn text_file(path: String, text: String) -> WheelFile {
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
