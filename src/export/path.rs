//! Paths in a requirements file, relative to the folder where pip is started.
//!
//! pip and uv take relative paths as seen from their working directory, and both split lines: an option line (`-e …`) as a
//! shell does, any other at `#`, `;` and words that begin with `-`. A path that would not come through whole is written as a
//! `file://` address instead, which holds nothing but letters, digits and `/._-~%`.

use std::path::{Component, Path, PathBuf};

/// Returns `path` as seen from `base` (both absolute, without `..`), as a requirement of its own; `None` where no such line
/// can hold it.
pub(super) fn plain(path: &Path, base: &Path) -> Option<String> {
    let relative = relative(path, base)?;
    let is_split = |text: &str| text.contains([';', '#', '[', ']', '$', '\\', '"', '\'']);
    let is_option = relative.contains(" -");
    let is_whole = !is_split(&relative) && !is_option && is_printable(&relative);
    is_whole.then_some(relative)
}

/// Returns `path` as seen from `base`, as the value of `-e`, in quotes where a shell needs them; `None` where even those do
/// not help.
pub(super) fn quoted(path: &Path, base: &Path) -> Option<String> {
    let relative = relative(path, base)?;
    let is_plain =
        |character: char| character.is_alphanumeric() || "/._-+~,=@%:".contains(character);
    if relative.chars().all(is_plain) {
        return Some(relative);
    }
    let is_whole =
        !relative.contains([';', '#', '[', ']', '$', '\\', '"']) && is_printable(&relative);
    is_whole.then(|| format!("\"{relative}\""))
}

/// Tells whether a line that ends with `text` keeps all of it.
fn is_printable(text: &str) -> bool {
    text.trim_end() == text && !text.contains(char::is_control)
}

/// Returns `path` as seen from `base`, always with `./` or `../` in front, so that pip takes it for a path; `None` when it is
/// not UTF-8.
fn relative(path: &Path, base: &Path) -> Option<String> {
    let mut path_parts = path.components().peekable();
    let mut base_parts = base.components().peekable();
    while let (Some(one), Some(other)) = (path_parts.peek(), base_parts.peek())
        && one == other
    {
        path_parts.next();
        base_parts.next();
    }
    let ups: PathBuf = base_parts.map(|_| Component::ParentDir).collect();
    let rest: PathBuf = path_parts.collect();
    let relative = ups.join(rest).into_os_string().into_string().ok()?;
    let is_above = relative == ".." || relative.starts_with("../");
    Some(if is_above {
        relative
    } else {
        format!("./{relative}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn writes(path: &str, plainly: Option<&str>, quoted_as: Option<&str>) {
        let (path, base) = (Path::new(path), Path::new("/work/app"));
        assert_eq!(plain(path, base).as_deref(), plainly);
        assert_eq!(quoted(path, base).as_deref(), quoted_as);
    }

    #[test]
    fn a_path_is_seen_from_the_base() {
        writes("/work/app/libs/one", Some("./libs/one"), Some("./libs/one"));
        writes("/work/one", Some("../one"), Some("../one"));
        writes("/work/app", Some("./"), Some("./"));
        writes("/work", Some("../"), Some("../"));
        writes("/work/app/..one", Some("./..one"), Some("./..one"));
        writes("/work/app/é", Some("./é"), Some("./é"));
    }

    #[test]
    fn a_path_with_spaces_is_quoted_where_the_line_is_split() {
        writes(
            "/work/app/my libs/one",
            Some("./my libs/one"),
            Some("\"./my libs/one\""),
        );
        writes("/work/app/it's", None, Some("\"./it's\""));
        writes("/work/app/a -b", None, Some("\"./a -b\""));
    }

    #[test]
    fn a_path_that_no_line_can_hold_is_refused() {
        for path in ["a;b", "a #b", "a[b]", "$A", "a\\b", "a\"b", "a\nb", "a "] {
            writes(&format!("/work/app/{path}"), None, None);
        }
    }
}
