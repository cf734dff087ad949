//! Paths in an environment as text, relative to it, as wheels and RECORD write them.

use std::path::Path;

use crate::wheel::check_script_name;

/// Returns the part of `path` that lies below `folder`.
pub(crate) fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

pub(crate) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    }
}

/// Layouts come from an interpreter that prints them as text.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().trim_end_matches('/').to_owned()
}

/// Tells whether `path` is one of the files that make a folder an environment.
pub(crate) fn is_reserved(path: &str, scripts: &str) -> bool {
    let own = ["pyvenv.cfg", ".gitignore", "CACHEDIR.TAG", "lib64"];
    let is_own = own.iter().any(|own| own.eq_ignore_ascii_case(path));
    let in_scripts = path.strip_prefix(scripts);
    is_own || in_scripts.is_some_and(|name| !name.contains('/') && check_script_name(name).is_err())
}

/// Returns `path` as RECORD has it, relative to the folder `library`.
pub(crate) fn relative_to(library: &str, path: &str) -> String {
    if let Some(below) = below(path, library) {
        return below.to_owned();
    }
    let shared = library
        .split('/')
        .zip(path.split('/'))
        .take_while(|(left, right)| left == right)
        .count();
    let ups = library.split('/').skip(shared).map(|_| "..");
    let downs = path.split('/').skip(shared);
    ups.chain(downs).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn relative(path: &str, expected: &str) {
        assert_eq!(relative_to("lib/python3.11/site-packages", path), expected);
    }

    #[test]
    fn record_paths_are_relative_to_the_library() {
        relative("lib/python3.11/site-packages/a/b.py", "a/b.py");
        relative("bin/acme", "../../../bin/acme");
        relative("lib/other", "../../other");
        relative("lib/python3.11/site-packages2/x", "../site-packages2/x");
        relative("share/a", "../../../share/a");
    }

    #[test]
    fn the_environments_own_files_are_reserved() {
        for path in [
            "pyvenv.cfg",
            "PyVenv.cfg",
            "bin/python3",
            "bin/activate.csh",
            "lib64",
        ] {
            assert!(is_reserved(path, "bin/"), "{path}");
        }
        for path in ["bin/acme", "share/pyvenv.cfg", "bin/x/python", "etc/python"] {
            assert!(!is_reserved(path, "bin/"), "{path}");
        }
    }
}
