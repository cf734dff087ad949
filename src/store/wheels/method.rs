//! How files are shared between the cache and an environment.

use crate::platform::owner::NewFiles;

/// How a file of a cached wheel becomes a file of the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkMode {
    /// A reflink where the file system has them, else a hard link, else a copy.
    #[default]
    Auto,
    /// A reflink, else a copy.
    Reflink,
    /// A hard link, else a copy.
    Hardlink,
    /// Always a copy.
    Copy,
}

/// Whether files may have a second name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// They may be hard links.
    Shared,
    /// They are copied where they cannot be cloned.
    Unshared,
}

/// How a file gets into an environment, or out of it into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Clone,
    HardLink(NewFiles),
    /// Into the cache only what cannot be linked for its own sake ([`Sharing::Unshared`]): it would be every byte twice.
    Copy,
}
