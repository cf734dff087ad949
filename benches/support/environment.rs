//! Environments to fill, each in a folder of its own below one that is removed at the end.

use std::path::{Path, PathBuf};

use lock2venv::archive::SizeLimits;
use lock2venv::environment::Layout;
use lock2venv::event::Silent;
use lock2venv::install::{
    CompileChoice, Destination, DestinationKind, Error, FilePool, InstallOptions, Installation,
    KeptForm, LinkMode, PreparedWheel, install,
};
use lock2venv::plan::{Action, Plan};
use lock2venv::store::PrivateCache;
use lock2venv::wheel::Leniency;
use tempfile::TempDir;

use crate::wheel_builder::WheelBuilder;

pub(crate) struct Bench {
    folder: TempDir,
    wheel: WheelBuilder,
    plan: Plan,
}

/// 2,000 modules of 1 KB in 50 folders.
pub(crate) fn small_modules() -> WheelBuilder {
    let text = "def function(argument):\n    return argument + 1\n".repeat(20);
    (0..2_000).fold(WheelBuilder::new("small", "1.0"), |wheel, number| {
        let path = format!("small/{}/{number}.py", number % 50);
        wheel.file(&path, format!("number = {number}\n{text}"))
    })
}

/// Eight files of 8 MB, as compressible as machine code.
pub(crate) fn large_files() -> WheelBuilder {
    let mut random = fastrand::Rng::with_seed(7);
    let data: Vec<u8> = (0..8 << 20)
        .map(|_| random.u8(..) & random.u8(..) & random.u8(..))
        .collect();
    (0..8).fold(WheelBuilder::new("large", "1.0"), |wheel, number| {
        wheel.file(&format!("large/{number}.so"), &data)
    })
}

impl Bench {
    pub(crate) fn new(wheel: WheelBuilder) -> Self {
        let plan = Plan::new(vec![Action::Install(wheel.distribution())]);
        Self {
            folder: tempfile::tempdir().unwrap(),
            wheel,
            plan,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an empty environment, and the wheel that arrives.
    pub(crate) fn prepare(&self) -> (PathBuf, PreparedWheel) {
        let root = tempfile::tempdir_in(self.folder()).unwrap().keep();
        (root, self.wheel.arrival())
    }

    pub(crate) fn install(
        &self,
        (root, arrival): (PathBuf, PreparedWheel),
        jobs: usize,
        cache: Option<&Path>,
    ) {
        let destination = Destination {
            folder: root.clone(),
            root,
            interpreter: "/usr/bin/python3.11".into(),
            layout: layout(),
            kind: DestinationKind::Fresh,
        };
        let options = InstallOptions {
            strict: true,
            refuses_startup: false,
            leniency: Leniency::default(),
            limits: SizeLimits::default(),
            compile: None,
            compiled: CompileChoice::All,
            link_mode: LinkMode::Hardlink,
            kept_form: KeptForm::Unpacked,
            cache: cache.and_then(PrivateCache::at),
            installer_name: "bench".to_owned(),
            date: 0,
        };
        let arrivals = [Ok::<_, Error>(arrival)];
        let pool = FilePool::start(jobs).unwrap();
        let kept = lock2venv::install::unpacked(&[], &destination, &options, &pool).finder;
        let installation = Installation {
            plan: &self.plan,
            destination: &destination,
            options: &options,
            kept: kept.as_ref(),
            pool: &pool,
            reporter: &Silent,
            on_failure: &|| (),
        };
        install(installation, arrivals).unwrap();
    }
}

fn layout() -> Layout {
    let library = "lib/python3.11/site-packages";
    Layout {
        purelib: library.into(),
        platlib: library.into(),
        scripts: "bin".into(),
        data: PathBuf::new(),
        headers: "include/site/python3.11".into(),
        python_name: "python".to_owned(),
        python_version: (3, 11),
    }
}
