//! Modules and their bytecode, by their paths.

use super::placed::Placed;

/// Tells whether `path` is that of bytecode, which follows its source.
pub(crate) fn is_bytecode(path: &str) -> bool {
    source_of(path).is_some()
}

/// Finds the source of `folder/__pycache__/stem.tag.pyc`.
pub(crate) fn source_of(path: &str) -> Option<String> {
    let (folder, name) = path.strip_suffix(".pyc")?.rsplit_once('/')?;
    let (stem, _) = name.split_once('.')?;
    let folder = folder.strip_suffix("__pycache__")?;
    Some(format!("{folder}{stem}.py"))
}

/// Tells whether `path` is that of bytecode of the module `source`.
pub(crate) fn is_made_of(path: &str, source: &str) -> bool {
    source_of(path).as_deref() == Some(source)
}

/// Finds the modules among the files of a wheel: pip compiles what lies in the library folder.
pub(crate) fn modules(library: &str, placed: &[Placed]) -> Vec<String> {
    let modules = placed.iter().filter(|placed| {
        let below = placed.path.strip_prefix(library);
        placed.path.ends_with(".py") && below.is_some_and(|below| below.starts_with('/'))
    });
    modules.map(|placed| placed.path.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytecode_follows_its_source() {
        let source = source_of("lib/a/__pycache__/b.cpython-311.opt-1.pyc");
        assert_eq!(source.as_deref(), Some("lib/a/b.py"));
        for path in [
            "lib/a/b.pyc",
            "lib/a/__pycache__/b.pyc.txt",
            "b.pyc",
            "a/x__pycache__/b.pyc",
        ] {
            assert_ne!(source_of(path).as_deref(), Some("lib/a/b.py"), "{path}");
        }
    }
}
