//! `build-details.json`: what a Python says of itself without being run ([PEP 739]).
//!
//! [PEP 739]: https://peps.python.org/pep-0739/

use std::path::Path;

use fs_err as fs;
use serde_json::Value;

use super::image::Image;

/// What matters here of the document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Details {
    /// `language.version`, such as `3.14`.
    pub(super) version: String,
    /// `implementation.name`, such as `cpython`.
    pub(super) implementation: String,
    /// Whether `t` is among `abi.flags`.
    pub(super) is_free_threaded: bool,
}

impl Details {
    /// Reads the document of the program at `place`, which is in the folder of its standard library. Where several Pythons share
    /// one prefix, that of the program's own version.
    pub(super) fn of(image: &Image<'_>, place: &Path) -> Option<Self> {
        let name = place.file_name()?.to_str()?;
        let lib = place.parent()?.parent()?.join("lib");
        let entries = fs::read_dir(image.on_disk(&lib)).ok()?;
        let libraries = entries.flatten().map(|entry| entry.file_name());
        // Of a program without a version in its name it is that of any library.
        let own = name.starts_with("python3.").then_some(name);
        let is_its =
            |library: &str| own.map_or(library.starts_with("python3"), |own| library == own);
        let mut libraries: Vec<_> = libraries
            .filter(|library| library.to_str().is_some_and(is_its))
            .collect();
        libraries.sort_unstable();
        let mut found = libraries.iter().filter_map(|library| {
            let path = lib.join(library).join("build-details.json");
            let path = image.on_disk(&image.find(&path)?);
            Self::parse(&fs::read(path).ok()?)
        });
        found.next()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(text).ok()?;
        let text = |pointer: &str| Some(document.pointer(pointer)?.as_str()?.to_owned());
        let flags = document.pointer("/abi/flags").and_then(Value::as_array);
        let mut flags = flags.into_iter().flatten();
        Some(Self {
            version: text("/language/version")?,
            implementation: text("/implementation/name")?,
            is_free_threaded: flags.any(|flag| flag == "t"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_of_the_standard_is_read() {
        let text = br#"{"schema_version": "1.0", "base_prefix": "/usr", "language": {"version": "3.14", "version_info": {"major": 3}},
            "implementation": {"name": "cpython", "hexversion": 1}, "abi": {"flags": ["t", "d"], "extension_suffix": ".so"}}"#;
        let expected = Details {
            version: "3.14".to_owned(),
            implementation: "cpython".to_owned(),
            is_free_threaded: true,
        };
        assert_eq!(Details::parse(text), Some(expected));
        assert_eq!(Details::parse(b"{}"), None);
    }
}
