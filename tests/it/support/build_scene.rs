//! An index with a build backend, and builders that use it.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lock2venv::build::{Expected, Stop};
use lock2venv::builder::{
    Builder, BuiltFile, Error, Settings, SourceArchive, SourceTree, Tools, TreeProduct,
};
use lock2venv::configuration::Configuration;
use lock2venv::event::Silent;
use lock2venv::http::Limits;
use lock2venv::index::{self, Client};
use lock2venv::install::FilePool;
use lock2venv::interpreter::Interpreter;
use lock2venv::plan::IndexSource;
use lock2venv::store::VerifiedFile;
use lock2venv::url::Url;
use serde_json::Value;

use super::local_index::LocalIndex;
use super::locked_wheels::python;
use super::source_tree::expected;
use super::tar_builder::{TarEntry, gzip, tar};
use super::wheel_builder::{WheelBuilder, verified};

/// A backend that writes what it was built with into the wheel.
pub(crate) const MAKER: &str = include_str!("maker.py");

/// A package that `maker` builds.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    requires: Vec<String>,
    pyproject: Option<String>,
    files: Vec<(String, String)>,
}

impl Source {
    /// Version 1 of a package that requires `maker`.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requires: vec!["maker".to_owned()],
            pyproject: None,
            files: vec![("spec".to_owned(), format!("{name} 1.0"))],
        }
    }

    /// Adds one of its `build-system.requires`.
    #[must_use]
    pub(crate) fn requiring(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.to_owned());
        self
    }

    /// Replaces pyproject.toml.
    #[must_use]
    pub(crate) fn pyproject(mut self, text: &str) -> Self {
        self.pyproject = Some(text.to_owned());
        self
    }

    /// Adds a file, or replaces it.
    #[must_use]
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.retain(|(name, _)| name != path);
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}-1.0.tar.gz", self.name)
    }

    fn documents(&self) -> Vec<(String, String)> {
        let requires = serde_json::to_string(&self.requires).unwrap();
        let pyproject =
            format!("[build-system]\nrequires = {requires}\nbuild-backend = \"maker\"\n");
        let pyproject = self.pyproject.clone().unwrap_or(pyproject);
        let mut files = self.files.clone();
        files.push(("pyproject.toml".to_owned(), pyproject));
        files
    }

    /// Its source distribution, whose project is in the folder `below`.
    pub(crate) fn archive_below(&self, below: &str) -> Vec<u8> {
        let folder = format!("{}-1.0{below}", self.name);
        let entries = self.documents().into_iter();
        let entries =
            entries.map(|(path, text)| TarEntry::file(format!("{folder}/{path}"), text.as_bytes()));
        gzip(&tar(&entries.collect::<Vec<_>>()))
    }

    pub(crate) fn archive(&self) -> Vec<u8> {
        self.archive_below("")
    }

    pub(crate) fn write_to(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (path, text) in self.documents() {
            fs::write(folder.join(path), text).unwrap();
        }
    }
}

/// An index with `maker`, and the settings of builders.
pub(crate) struct BuildScene {
    folder: tempfile::TempDir,
    pub(crate) index: LocalIndex,
    pub(crate) settings: Settings,
    pub(crate) stop: Stop,
}

impl BuildScene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["scratch", "logs"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let root = folder.path().canonicalize().unwrap();
        let mut settings = Settings::new(root.join("scratch"));
        settings.logs = root.join("logs");
        settings.cache_folder = Some(root.join("cache"));
        settings.variables = std::env::vars_os().collect();
        let scene = Self {
            folder,
            index: LocalIndex::start(),
            settings,
            stop: Stop::default(),
        };
        scene.add_wheel(&WheelBuilder::new("maker", "1.0").file("maker.py", MAKER));
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn add_wheel(&self, wheel: &WheelBuilder) {
        let name = wheel.distribution().name.to_string();
        self.index.add(&name, &wheel.file_name(), &wheel.build());
    }

    pub(crate) fn add_sdist(&self, source: &Source) {
        let file = source.file_name();
        self.index.add(&source.name, &file, &source.archive());
    }

    /// Does something with a new builder.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&Builder<'_>) -> T) -> T {
        self.with_sources(&[], act)
    }

    /// As [`BuildScene::with`], whose client knows sources.
    pub(crate) fn with_sources<T>(
        &self,
        sources: &[IndexSource],
        act: impl FnOnce(&Builder<'_>) -> T,
    ) -> T {
        let client = Client::new(index::IndexSettings {
            index_url: Some(Url::parse(&self.index.url()).unwrap()),
            sources: sources.to_vec(),
            configuration: Configuration::default(),
            base_delay: std::time::Duration::ZERO,
            limits: Limits::default(),
        });
        let client = client.unwrap();
        let pool = FilePool::start(2).unwrap();
        act(&Builder::new(
            self.settings.clone(),
            Tools {
                interpreter: interpreter(),
                client: &client,
                pool: &pool,
                stop: &self.stop,
                reporter: &Silent,
            },
        ))
    }

    /// Builds with a new builder.
    pub(crate) fn build(&self, source: &Source) -> Result<BuiltFile, Error> {
        self.with(|builder| build(builder, source))
    }

    pub(crate) fn build_tree(&self, source: &Source, product: TreeProduct) -> BuiltFile {
        let folder = self.path("tree");
        source.write_to(&folder);
        let tree = SourceTree {
            folder: &folder,
            expected: &expected(&source.name, None),
            product,
            identity: None,
        };
        self.with(|builder| builder.wheel_of_tree(&tree)).unwrap()
    }

    /// Lists what is left of work.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let names = |folder: PathBuf| {
            let entries = fs::read_dir(folder).into_iter().flatten();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
        };
        let drafts = names(self.path("cache/v1/tmp"));
        drafts.chain(names(self.path("scratch"))).collect()
    }
}

pub(crate) fn build(builder: &Builder<'_>, source: &Source) -> Result<BuiltFile, Error> {
    build_file(builder, &verified(&source.archive()), source)
}

fn build_file(
    builder: &Builder<'_>,
    file: &VerifiedFile,
    source: &Source,
) -> Result<BuiltFile, Error> {
    builder.wheel_of_archive(&SourceArchive {
        file,
        file_name: &source.file_name(),
        subdirectory: None,
        expected: &of(source),
    })
}

pub(crate) fn of(source: &Source) -> Expected {
    expected(&source.name, Some("1.0"))
}

/// What the backend wrote about itself.
pub(crate) fn made(built: &BuiltFile) -> Value {
    serde_json::from_str(&module(built)).unwrap()
}

/// The module of a wheel that `maker` built.
pub(crate) fn module(built: &BuiltFile) -> String {
    let n_bytes = usize::try_from(built.file.n_bytes()).unwrap();
    let mut bytes = vec![0; n_bytes];
    built.file.source().read_exact_at(&mut bytes, 0).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let name = format!("{}.py", built.file_name.name());
    let mut text = String::new();
    archive
        .by_name(&name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn interpreter() -> &'static Interpreter {
    static INTERPRETER: OnceLock<Interpreter> = OnceLock::new();
    INTERPRETER.get_or_init(|| Interpreter::query(python().as_ref()).unwrap())
}
