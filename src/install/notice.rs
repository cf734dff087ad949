//! Notices that wheels put side by side: LICENSE, README, CHANGELOG and the like at the top of the library folder.
//!
//! Many build tools take them there from the top of a project by accident. Nothing imports them, so when two wheels hold
//! different ones under one path there is nothing to report.

use super::place::paths::text;
use crate::environment::Layout;
use crate::event::Warning;

/// How the names of notices begin, in lower case.
const STEMS: &[&str] = &[
    "authors",
    "changelog",
    "changes",
    "code_of_conduct",
    "contributing",
    "contributors",
    "copying",
    "copyright",
    "history",
    "licence",
    "license",
    "news",
    "notice",
    "readme",
    "release_notes",
    "security",
    "thanks",
    "third_party_notices",
];

/// The extensions of notices, in lower case.
const EXTENSIONS: &[&str] = &["md", "rst", "txt", "markdown", "adoc", "html", "pdf"];

/// Tells whether `warning` is about different notices under one path.
pub(super) fn is_about_notice(warning: &Warning, layout: &Layout) -> bool {
    let Warning::Conflict { path, .. } = warning else {
        return false;
    };
    let libraries = [&layout.purelib, &layout.platlib];
    libraries
        .iter()
        .any(|library| is_notice(path, &text(library)))
}

/// Tells whether `path` is that of a notice at the top of the folder `library`.
fn is_notice(path: &str, library: &str) -> bool {
    let below = path.strip_prefix(library);
    let name = below.and_then(|below| below.strip_prefix('/'));
    name.is_some_and(|name| !name.contains('/') && is_notice_name(name))
}

fn is_notice_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_stem = |stem: &&str| {
        let rest = lower.strip_prefix(*stem);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    };
    if !STEMS.iter().any(is_stem) {
        return false;
    }
    match lower.rsplit_once('.') {
        Some((_, extension)) => {
            EXTENSIONS.contains(&extension) || is_version_or_name(name, extension)
        }
        None => true,
    }
}

/// Tells an ending that is none of code: `LICENSE.MIT`, `LICENSE-2.0`.
fn is_version_or_name(name: &str, extension: &str) -> bool {
    let is_number = extension.bytes().all(|byte| byte.is_ascii_digit());
    is_number || name.ends_with(&extension.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_told_from_modules() {
        for name in [
            "LICENSE",
            "LICENSE.txt",
            "license.md",
            "LICENSE-MIT",
            "LICENSE.APACHE",
            "LICENSE-2.0",
            "LICENCE.rst",
            "COPYING",
            "README.md",
            "README",
            "readme.rst",
            "CHANGELOG.md",
            "CHANGES.rst",
            "NOTICE",
            "AUTHORS.md",
            "HISTORY.rst",
        ] {
            assert!(is_notice(&format!("lib/{name}"), "lib"), "{name}");
            assert!(!is_notice(&format!("lib/acme/{name}"), "lib"), "{name}");
        }
        for name in [
            "license.py",
            "LICENSE.py",
            "changes.pyi",
            "history.so",
            "news.pth",
            "readme_renderer.py",
            "licensing.txt",
            "acme.txt",
        ] {
            assert!(!is_notice(&format!("lib/{name}"), "lib"), "{name}");
        }
    }
}
