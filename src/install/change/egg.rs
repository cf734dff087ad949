//! The files of distributions that were installed before there were wheels, as pip finds them.
//!
//! A `.egg-info` folder has `installed-files.txt` (pip), or tells its top level packages (setuptools). What distutils
//! installed is a file and tells nothing: pip refuses to remove it, and so do we. A `.egg-link` is a link to a project
//! (`setup.py develop`), and an egg that `easy-install.pth` names is all there is of it (`setup.py install`).

use std::path::Path;

use fs_err as fs;

use super::easy_install;
use super::ground::{Ground, normal, read_optional};
use super::listing::Line;
use crate::environment::{self, Layout};
use crate::install::Error;
use crate::install::place::paths::{join, relative_to, text};
use crate::wheel::parse_entry_points;

/// Lists what belongs to `info`, which is in the folder `library` of the environment; `None` when nothing says that.
pub(crate) fn lines(
    info: &Path,
    library: &str,
    ground: Ground<'_>,
) -> Result<Option<Vec<Line>>, Error> {
    match info.extension().and_then(|extension| extension.to_str()) {
        Some("egg-info") if info.is_dir() => lines_of_info(info, library, ground),
        Some("egg-link") => {
            let project = environment::linked_metadata(info);
            let scripts = match project {
                Some(metadata) => scripts_of(&metadata, library, ground.layout)?,
                None => Vec::new(),
            };
            Ok(Some(with_itself(info, scripts)))
        }
        Some("egg") if easy_install::has(info)? => {
            if !info.is_dir() {
                return Ok(Some(with_itself(info, Vec::new())));
            }
            let mut lines = files_below(info)?;
            lines.extend(scripts_of(&info.join("EGG-INFO"), library, ground.layout)?);
            Ok(Some(lines))
        }
        _ => Ok(None),
    }
}

fn with_itself(info: &Path, mut lines: Vec<Line>) -> Vec<Line> {
    let own = info.file_name().unwrap_or_default();
    lines.push(line(&own.to_string_lossy()));
    lines
}

fn lines_of_info(
    info: &Path,
    library: &str,
    ground: Ground<'_>,
) -> Result<Option<Vec<Line>>, Error> {
    let mut lines = files_below(info)?;
    if let Some(listed) = document(info, "installed-files.txt")? {
        let own = Path::new(library).join(info.file_name().unwrap_or_default());
        let listed = listed.lines().map(str::trim_end);
        let paths = listed.filter_map(|line| normal(ground.folder, &own, line));
        lines.extend(paths.map(|path| line(&relative_to(library, &path))));
    } else if let Some(packages) = document(info, "top_level.txt")? {
        lines.extend(packages_of(info, &ground.folder.join(library), &packages)?);
        lines.extend(scripts_of(info, library, ground.layout)?);
    } else {
        return Ok(None);
    }
    Ok(Some(lines))
}

/// Lists every file below `folder`, relative to the folder that holds it.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let base = folder.parent().unwrap_or(folder);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |cause| Error::io("read", &folder, cause);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if let Some(path) = path.strip_prefix(base).ok().and_then(Path::to_str) {
                lines.push(line(path));
            }
        }
    }
    Ok(lines)
}

/// Setuptools puts one package or module for each line of `top_level.txt`; namespaces belong to several.
fn packages_of(info: &Path, library: &Path, packages: &str) -> Result<Vec<Line>, Error> {
    let namespaces = document(info, "namespace_packages.txt")?.unwrap_or_default();
    let is_shared = |name: &str| namespaces.lines().any(|line| line.trim() == name);
    let mut lines = Vec::new();
    for name in packages.lines().map(str::trim) {
        let is_name = !name.is_empty() && !name.contains(['/', '.']);
        if !is_name || is_shared(name) {
            continue;
        }
        lines.push(line(&format!("{name}.py")));
        let folder = library.join(name);
        if fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir()) {
            lines.extend(files_below(&folder)?);
        }
    }
    Ok(lines)
}

fn scripts_of(info: &Path, library: &str, layout: &Layout) -> Result<Vec<Line>, Error> {
    let points = document(info, "entry_points.txt")?.unwrap_or_default();
    let scripts = text(&layout.scripts);
    let points = parse_entry_points(&points).unwrap_or_default();
    let paths = points.iter().map(|point| join(&scripts, &point.name));
    Ok(paths
        .map(|path| line(&relative_to(library, &path)))
        .collect())
}

fn document(info: &Path, name: &str) -> Result<Option<String>, Error> {
    let bytes = read_optional(&info.join(name))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn line(path: &str) -> Line {
    Line {
        path: path.to_owned(),
        digest: String::new(),
        n_bytes: String::new(),
    }
}
