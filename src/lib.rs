//! From a Poetry lock to a requirements file or a filled virtual environment.
//!
//! The crate is a pipeline of values. Everything up to [`plan`] is a pure function of its arguments;
//! everything after it carries the plan out and makes no choices. `ARCHITECTURE.md` draws the picture.
//!
//! ```
//! # use std::path::Path;
//! use lock2venv::export::{Extent, Options, export};
//! use lock2venv::lock::Document;
//! use lock2venv::project_files::{Disk, ProjectFiles};
//! use lock2venv::select::{Choice, DefaultGroups, Request, select};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/annapurna");
//! let files = ProjectFiles::read(&folder)?;
//! let project = files.project()?;
//! let text = files.lock.clone().unwrap_or_default();
//! let document = Document::parse(&text)?;
//! document.check_freshness(&project)?;
//! let lock = document.read(&project.root, &Disk)?;
//! let choice = Choice::new(&project, &Request::default(), DefaultGroups::Main)?;
//! let selection = select(&project, &lock, &choice)?;
//!
//! let requirements = export(&project, &selection, Extent::Requirements, &Options::default())?;
//! assert!(requirements.text.starts_with("annotated-doc==0.0.5 ; "));
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
pub mod build;
pub mod bytecode;
pub mod configuration;
pub mod environment;
pub mod http;
pub mod index;
pub mod install;
pub mod interpreter;
pub mod platform;
pub mod prepare;
pub mod project_files;
pub mod project_wheel;
pub mod sdist;
pub mod session;
pub mod store;
pub mod wheel;
