//! `easy-install.pth`, by which eggs and links to projects (`setup.py develop`) are on the path: a line for each.

use std::path::Path;

use fs_err as fs;

use super::draft::replace;
use super::ground::read_optional;
use super::uninstall::remove_if_there;
use crate::environment;
use crate::install::Error;

const NAME: &str = "easy-install.pth";

/// Tells whether `easy-install.pth` has a line for the egg or link at `info`.
pub(crate) fn has(info: &Path) -> Result<bool, Error> {
    let text = read(info)?.unwrap_or_default();
    Ok(text.lines().any(|line| is_of(line, info)))
}

/// Takes the line of the egg or link at `info` out, by way of `draft`; the file goes with the last line.
pub(crate) fn forget(info: &Path, draft: &Path) -> Result<(), Error> {
    let is_listed = info
        .extension()
        .is_some_and(|extension| extension == "egg-link" || extension == "egg");
    let Some(text) = read(info)?.filter(|_| is_listed) else {
        return Ok(());
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_of(line, info)).collect();
    if lines.len() == text.lines().count() {
        return Ok(());
    }
    let path = info.with_file_name(NAME);
    // Older setuptools put lines of code around the paths.
    let is_path = |line: &&str| !line.trim().is_empty() && !line.starts_with("import ");
    if !lines.iter().any(is_path) {
        return remove_if_there(&path);
    }
    replace(draft, &path, format!("{}\n", lines.join("\n")).as_bytes())
}

/// Reads the file, unless it is a link to elsewhere.
fn read(info: &Path) -> Result<Option<String>, Error> {
    let path = info.with_file_name(NAME);
    if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let bytes = read_optional(&path)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn is_of(line: &str, info: &Path) -> bool {
    let line = line.trim();
    let name = info.file_name().unwrap_or_default();
    if environment::linked_project(info).is_some_and(|project| project == Path::new(line)) {
        return true;
    }
    let egg = line.strip_prefix("./").unwrap_or(line);
    Path::new(egg) == Path::new(name) || Path::new(line) == info
}
