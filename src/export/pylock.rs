//! `pylock.toml` ([PEP 751]), in the layout that the export plugin's TOML writer gives it.
//!
//! A lock knows names and digests of files. Their addresses, which the format wants, come from the index, and so do sizes and
//! upload times where the index tells them; whoever calls has asked it before.
//!
//! [PEP 751]: https://packaging.python.org/en/latest/specifications/pylock-toml/

use std::fmt::Write as _;
use std::path::Path;

use super::Error;
use crate::lock::{File, Package};
use crate::marker::Marker;
use crate::name::{ExtraName, GroupName};
use crate::pyproject::{MAIN, Project};
use crate::select::{Choice, Selection};
use crate::source::{Location, Source};
use crate::url::WrittenUrl;

/// What an index knows of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its URL.
    pub url: WrittenUrl,
    /// Its size in bytes.
    pub n_bytes: Option<u64>,
    /// When it was uploaded, as the index writes it (PEP 700).
    pub upload_time: Option<String>,
}

/// Returns the files of `package` that a `pylock.toml` names with what the index knows of them; none for packages that come
/// from elsewhere.
///
/// Of source distributions, and of wheels that do not stand together in the lock, the plugin keeps the last.
pub fn indexed_files(package: &Package) -> Vec<&File> {
    let (sdist, wheels) = artifacts(package);
    sdist.into_iter().chain(wheels).collect()
}

/// Prints `selection`, which has to come from a lock of version 2.1, as `pylock.toml`.
///
/// `folder` is that of the file, absolute; paths below it are relative. `info` tells what the index knows of a file.
///
/// # Errors
///
/// [`Error::OldLock`], [`Error::Hash`], [`Error::NotListed`], [`Error::NoRevision`] and [`Error::NotOneFile`].
pub fn pylock(
    project: &Project,
    selection: &Selection<'_>,
    choice: &Choice,
    folder: &Path,
    info: &dyn Fn(&Package, &File) -> Option<FileInfo>,
) -> Result<String, Error> {
    if selection.has_python_markers {
        return Err(Error::OldLock);
    }
    let mut text = String::from("lock-version = \"1.0\"\n");
    if project.python_versions != "*" {
        let python = Marker::from_python_constraint(&project.python_constraint);
        let _ = writeln!(text, "environments = [{}]", quoted(&python.to_string()));
        push_requires_python(&mut text, &project.python_constraint.to_string());
    }
    text.push_str("created-by = \"poetry-plugin-export\"\n");
    if selection.packages.is_empty() {
        text.push_str("packages = []\n");
    }
    for selected in &selection.packages {
        let package = selected.package;
        let _ = write!(
            text,
            "\n[[packages]]\nname = {}\n",
            quoted(package.name.as_str())
        );
        if !is_directory(package) {
            let _ = writeln!(text, "version = {}", quoted(package.version.normal()));
        }
        if !selected.marker.is_any() {
            let _ = writeln!(text, "marker = {}", quoted(&selected.marker.to_string()));
        }
        if !package.python_constraint.is_any() {
            push_requires_python(&mut text, &package.python_constraint.to_string());
        }
        push_place(&mut text, package, folder, info)?;
    }
    text.push_str("\n[tool.poetry-plugin-export]\n");
    let _ = writeln!(text, "groups = {}", quoted_list(&sorted_groups(choice)));
    let extras: Vec<&str> = choice.extras.iter().map(ExtraName::as_str).collect();
    let _ = writeln!(text, "extras = {}", quoted_list(&extras));
    Ok(text)
}

/// Writes `requires-python`, as a comment when it holds `||`, which Poetry alone understands.
fn push_requires_python(text: &mut String, constraint: &str) {
    let comment = if constraint.contains("||") { "# " } else { "" };
    let _ = writeln!(text, "{comment}requires-python = {}", quoted(constraint));
}

fn is_directory(package: &Package) -> bool {
    let source = package.source.as_ref();
    source.is_some_and(|source| matches!(source.location, Location::Directory(_)))
}

fn sorted_groups(choice: &Choice) -> Vec<&str> {
    let mut groups: Vec<&str> = choice.groups.iter().map(GroupName::as_str).collect();
    groups.sort_by_key(|group| (*group != MAIN, *group));
    groups
}

fn push_place(
    text: &mut String,
    package: &Package,
    folder: &Path,
    info: &dyn Fn(&Package, &File) -> Option<FileInfo>,
) -> Result<(), Error> {
    let Some(source) = &package.resolved_source else {
        return push_indexed(text, package, "https://pypi.org/simple", info);
    };
    match &source.location {
        Location::Index(url) => push_indexed(text, package, url.as_written(), info),
        Location::Git(url) => push_git(text, package, source, url),
        Location::Directory(path) => {
            let path = path_of(package, path, folder)?;
            let _ = write!(text, "\n[packages.directory]\npath = {}\n", quoted(path));
            if package.is_develop {
                text.push_str("editable = true\n");
            }
            Ok(())
        }
        Location::File(path) => {
            push_archive(text, package, "path", path_of(package, path, folder)?)
        }
        Location::Url(url) => push_archive(text, package, "url", url.as_written()),
    }
}

fn push_git(
    text: &mut String,
    package: &Package,
    source: &Source,
    url: &WrittenUrl,
) -> Result<(), Error> {
    let revision = source.resolved_reference.as_deref().unwrap_or_default();
    if revision.is_empty() {
        return Err(Error::NoRevision(package.name.clone()));
    }
    let asked = source.reference.as_deref().unwrap_or_default();
    text.push_str("\n[packages.vcs]\ntype = \"git\"\n");
    let _ = writeln!(text, "url = {}", quoted(url.as_written()));
    let _ = writeln!(text, "requested-revision = {}", quoted(asked));
    let _ = writeln!(text, "commit-id = {}", quoted(revision));
    if let Some(folder) = filled(source.subdirectory.as_deref()) {
        let _ = writeln!(text, "subdirectory = {}", quoted(folder));
    }
    Ok(())
}

fn push_archive(text: &mut String, package: &Package, key: &str, place: &str) -> Result<(), Error> {
    let [file] = package.files.as_slice() else {
        return Err(Error::NotOneFile(package.name.clone()));
    };
    let hashes = hashes(package, file)?;
    let _ = write!(text, "archive = {{{key} = {}, {hashes}", quoted(place));
    let source = package.source.as_ref();
    if let Some(folder) = filled(source.and_then(|source| source.subdirectory.as_deref())) {
        let _ = write!(text, ", subdirectory = {}", quoted(folder));
    }
    text.push_str("}\n");
    Ok(())
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn push_indexed(
    text: &mut String,
    package: &Package,
    index: &str,
    info: &dyn Fn(&Package, &File) -> Option<FileInfo>,
) -> Result<(), Error> {
    let _ = writeln!(text, "index = {}", quoted(index));
    let (sdist, wheels) = artifacts(package);
    if let Some(file) = sdist {
        let _ = writeln!(text, "sdist = {}", indexed_file(package, file, info)?);
    }
    if wheels.is_empty() {
        return Ok(());
    }
    text.push_str("wheels = [\n");
    for file in wheels {
        let _ = writeln!(text, "    {},", indexed_file(package, file, info)?);
    }
    text.push_str("]\n");
    Ok(())
}

/// Splits the files into source distribution and wheels, as the plugin does: the last of each run of their kind.
fn artifacts(package: &Package) -> (Option<&File>, &[File]) {
    // The plugin, too, knows wheels by this ending in lower case alone.
    let is_wheel = |file: &File| file.name.strip_suffix(".whl").is_some();
    let mut sdist = None;
    let mut wheels: &[File] = &[];
    for run in package
        .files
        .chunk_by(|one, other| is_wheel(one) == is_wheel(other))
    {
        if is_wheel(&run[0]) {
            wheels = run;
        } else {
            sdist = run.last();
        }
    }
    (sdist, wheels)
}

fn indexed_file(
    package: &Package,
    file: &File,
    info: &dyn Fn(&Package, &File) -> Option<FileInfo>,
) -> Result<String, Error> {
    let info = info(package, file).ok_or_else(|| Error::NotListed {
        package: package.name.clone(),
        file: file.name.to_string(),
    })?;
    let mut text = format!(
        "{{name = {}, url = {}",
        quoted(&file.name),
        quoted(info.url.as_written())
    );
    if let Some(time) = info.upload_time.as_deref().and_then(python_time) {
        let _ = write!(text, ", upload-time = {time}");
    }
    if let Some(n_bytes) = info.n_bytes.filter(|n_bytes| *n_bytes > 0) {
        let _ = write!(text, ", size = {n_bytes}");
    }
    let _ = write!(text, ", {}}}", hashes(package, file)?);
    Ok(text)
}

fn hashes(package: &Package, file: &File) -> Result<String, Error> {
    let (algorithm, hash) = file.hash.split_once(':').ok_or_else(|| Error::Hash {
        package: package.name.clone(),
        hash: file.hash.to_string(),
    })?;
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let key = if !algorithm.is_empty() && algorithm.bytes().all(is_bare) {
        algorithm.to_owned()
    } else {
        quoted(algorithm)
    };
    Ok(format!("hashes = {{{key} = {}}}", quoted(hash)))
}

fn path_of<'a>(package: &Package, path: &'a Path, folder: &Path) -> Result<&'a str, Error> {
    let path = relative_below(path, folder).to_str();
    path.ok_or_else(|| Error::Path(package.name.clone()))
}

/// Returns `path` as seen from `folder` when it lies below it, else unchanged.
fn relative_below<'a>(path: &'a Path, folder: &Path) -> &'a Path {
    match path.strip_prefix(folder) {
        Ok(below) if below.as_os_str().is_empty() => Path::new("."),
        Ok(below) => below,
        Err(_) => path,
    }
}

/// Prints a time of an index as TOML has it and Python prints it: microseconds in six digits or not at all, `Z` for UTC.
/// `None` for what is no time.
fn python_time(text: &str) -> Option<String> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    if !matches_shape(date, "dddd-dd-dd") {
        return None;
    }
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00"));
    }
    let rest = rest.get(1..)?;
    let zone_start = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_start);
    let zone = match zone {
        "Z" | "+00:00" | "-00:00" => "Z",
        zone if zone.is_empty() || matches_shape(&zone[1..], "dd:dd") => zone,
        _ => return None,
    };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let clock = match clock.len() {
        5 if matches_shape(clock, "dd:dd") => format!("{clock}:00"),
        8 if matches_shape(clock, "dd:dd:dd") => clock.to_owned(),
        _ => return None,
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let microseconds = format!("{fraction:0<6.6}");
    let fraction = match microseconds.as_str() {
        "000000" => String::new(),
        digits => format!(".{digits}"),
    };
    Some(format!("{date}T{clock}{fraction}{zone}"))
}

/// Tells whether `text` has the form `shape`, in which `d` is any digit.
fn matches_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, form): (u8, u8)| match form {
        b'd' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

fn quoted_list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// Writes a TOML string with the escapes that tomlkit uses.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_python_prints_them() {
        for (text, expected) in [
            ("2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05.123456Z"),
            ("2024-01-02T03:04:05.1Z", "2024-01-02T03:04:05.100000Z"),
            (
                "2024-01-02T03:04:05.123456789Z",
                "2024-01-02T03:04:05.123456Z",
            ),
            ("2024-01-02T03:04:05.000Z", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05+02:00"),
            ("2024-01-02 03:04", "2024-01-02T03:04:00"),
            ("2024-01-02", "2024-01-02T00:00:00"),
        ] {
            assert_eq!(python_time(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2024-01-02T",
            "2024-01-02T03:04:05 GMT",
            "2024-01-02T03:04:05.xZ",
        ] {
            assert_eq!(python_time(text), None, "{text}");
        }
    }

    #[test]
    fn strings_are_escaped_as_tomlkit_does() {
        assert_eq!(quoted("a\"\\\t\u{1}é"), r#""a\"\\\t\u0001é""#);
    }

    #[test]
    fn paths_are_relative_only_below_the_folder() {
        let below_a = |path| relative_below(path, Path::new("/a"));
        assert_eq!(below_a(Path::new("/a/b/c")), Path::new("b/c"));
        assert_eq!(below_a(Path::new("/a")), Path::new("."));
        assert_eq!(below_a(Path::new("/b/c")), Path::new("/b/c"));
    }
}
