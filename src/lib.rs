//! From a Poetry lock to a requirements file or a filled virtual environment.
//!
//! The crate is a pipeline of values. Everything up to [`plan`] is a pure function of its arguments;
//! everything after it carries the plan out and makes no choices. `ARCHITECTURE.md` draws the picture.
//!
//! ```
//! # use std::path::Path;
//! use lock2venv::export::{Extent, ExportOptions, export};
//! use lock2venv::lock::LockDocument;
//! use lock2venv::project_files::{Disk, ProjectFiles};
//! use lock2venv::select::{Choice, DefaultGroups, Request, select};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/annapurna");
//! let files = ProjectFiles::read(&folder)?;
//! let project = files.project()?;
//! let text = files.lock.clone().unwrap_or_default();
//! let document = LockDocument::parse(&text)?;
//! document.check_freshness(&project)?;
//! let lock = document.read(&project.root, &Disk)?;
//! let choice = Choice::new(&project, &Request::default(), DefaultGroups::Main)?;
//! let selection = select(&project, &lock, &choice)?;
//!
//! let requirements = export(&project, &selection, Extent::Requirements, &ExportOptions::default())?;
//! assert!(requirements.text.starts_with("annotated-doc==0.0.5 ; "));
//! # Ok(())
//! # }
//! ```
//!
//! A [`session`] fills an environment; here with the project alone, which needs no index:
//!
//! ```
//! # use std::path::Path;
//! # use lock2venv::lock::LockDocument;
//! # use lock2venv::project_files::{Disk, ProjectFiles};
//! # use lock2venv::select::{Choice, DefaultGroups, Request};
//! use lock2venv::configuration::Configuration;
//! use lock2venv::event::Silent;
//! use lock2venv::session::{Goal, Part, Session, SessionSettings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/annapurna");
//! # let place = tempfile::tempdir()?;
//! # let root = place.path().canonicalize()?.join(".venv");
//! # let files = ProjectFiles::read(&folder)?;
//! # let project = files.project()?;
//! # let text = files.lock.clone().unwrap_or_default();
//! # let lock = LockDocument::parse(&text)?.read(&project.root, &Disk)?;
//! # let choice = Choice::new(&project, &Request::default(), DefaultGroups::NonOptional)?;
//! let mut settings = SessionSettings::new(Configuration::read(&project.root, std::env::vars())?);
//! settings.lookup.path = std::env::var_os("PATH");
//! let session = Session::new(settings);
//! let mut goal = Goal::new(&project, &lock, &choice);
//! goal.part = Part::Project;
//!
//! let environment = session.environment(&root, &project, &Silent)?;
//! let plan = session.plan(&goal, &environment, &Silent)?;
//! let report = session.run(plan, environment, &Silent)?;
//! assert_eq!(report.plan.distributions().count(), 1);
//! assert!(root.join("bin/python").exists());
//! # Ok(())
//! # }
//! ```

// Words: the vocabulary of the standards.
pub mod digest;
pub mod filename;
pub mod marker;
pub mod name;
pub mod requirement;
pub mod secret;
pub mod source;
pub mod tag;
pub mod toml_document;
pub mod url;
pub mod version;

// Documents: text to value.
pub mod attestation;
pub mod installed;
pub mod lock;
pub mod pyproject;

// Decisions: pure.
pub mod event;
pub mod export;
pub mod plan;
pub mod resolve;
pub mod select;
pub mod target;

// Effects: these touch the world.
pub mod archive;
pub mod audit;
pub mod build;
pub mod builder;
pub mod bytecode;
pub mod configuration;
pub mod environment;
pub mod git;
pub mod http;
pub mod index;
pub mod install;
pub mod interpreter;
pub mod platform;
pub mod prepare;
pub mod process;
pub mod project_files;
pub mod project_wheel;
pub mod sdist;
pub mod session;
pub mod store;
pub mod wheel;
pub mod wheelhouse;

#[doc(hidden)]
pub mod fuzz;
