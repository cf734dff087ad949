//! `requirements.txt` and `constraints.txt`.

mod header;
mod marker_text;

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::path::Path;

use super::locked::{hashes, index_url};
use super::warning::{ExportWarning, names, unhashed, unknown_indexes};
use super::{Error, Export, ExportOptions, path};
use crate::digest::Digest;
use crate::name::ExtraName;
use crate::pyproject::{Project, path_to_url};
use crate::select::{Selected, Selection};
use crate::source::{Location, Source};
use crate::url::WrittenUrl;
use header::Header;
use marker_text::{MarkerText, MarkerTexts};

/// What stands before each hash.
const HASH: &str = " \\\n    --hash=";

/// How much a line may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Extras and editable packages, as `requirements.txt` may.
    Requirements,
    /// Neither, as in `constraints.txt`.
    Constraints,
}

/// Prints `selection` as a requirements or constraints file.
///
/// One line for each package, sorted, each with its marker and, on lines of their own, its hashes; first the indexes that the
/// packages come from. A selection without packages gives one empty line.
///
/// # Errors
///
/// [`Error::Hash`].
pub fn export(
    project: &Project,
    selection: &Selection<'_>,
    extent: Extent,
    options: &ExportOptions<'_>,
) -> Result<Export, Error> {
    let mut warnings = Vec::new();
    let written = Lines::of(project, selection, extent, options, &mut warnings)?;
    let has_header = !written.indexes.is_empty() && !options.without_urls;
    let header = has_header.then(|| Header::new(project, &written.indexes, options));
    let text = written.text(header.as_ref());
    if extent == Extent::Requirements {
        let never = written.never;
        warnings.extend((!never.is_empty()).then(|| ExportWarning::Never(names(never))));
        warnings.extend(unhashed(selection, options));
    }
    warnings.extend(unknown_indexes(project, selection, options));
    let header = header.unwrap_or_default();
    if options.credentials.is_some() && !header.has_credentials {
        warnings.push(ExportWarning::NoCredentials(header.names));
    }
    if !header.twice.is_empty() {
        warnings.push(ExportWarning::CredentialsTwice(header.twice));
    }
    Ok(Export { text, warnings })
}

/// The lines of the packages, sorted.
struct Lines<'s, 'a> {
    sorted: Vec<Line<'a>>,
    /// The packages whose markers are false everywhere.
    never: Vec<&'s Selected<'a>>,
    /// The URLs of the indexes that packages come from.
    indexes: Vec<&'a str>,
}

impl<'s, 'a> Lines<'s, 'a> {
    fn of(
        project: &Project,
        selection: &'s Selection<'a>,
        extent: Extent,
        options: &ExportOptions<'_>,
        warnings: &mut Vec<ExportWarning>,
    ) -> Result<Self, Error> {
        let mut markers = MarkerTexts::new(project, selection);
        let mut lines = Self {
            sorted: Vec::with_capacity(selection.packages.len()),
            never: Vec::new(),
            indexes: Vec::new(),
        };
        for selected in &selection.packages {
            if selected.package.is_develop && extent == Extent::Constraints {
                warnings.push(ExportWarning::Editable(
                    selected.package.written_name.clone(),
                ));
                continue;
            }
            let requirement = requirement(selected, extent, options);
            lines.add(selected, requirement, markers.text(selected), options)?;
        }
        lines.sorted.sort_unstable_by(Line::order);
        lines.sorted.dedup_by(|one, other| one.order(other).is_eq());
        Ok(lines)
    }

    fn add(
        &mut self,
        selected: &'s Selected<'a>,
        mut requirement: String,
        marker: &MarkerText,
        options: &ExportOptions<'_>,
    ) -> Result<(), Error> {
        match marker {
            MarkerText::Always => {}
            MarkerText::Never => self.never.push(selected),
            MarkerText::Where(marker) => requirement.extend([" ; ", marker]),
        }
        let mut line = Line {
            requirement,
            hashes: Vec::new(),
        };
        if !options.without_hashes {
            line.hashes = hashes(selected)?;
        }
        self.sorted.push(line);
        self.indexes.extend(index_url(selected));
        Ok(())
    }

    fn text(&self, header: Option<&Header>) -> String {
        let n_bytes = self.sorted.iter().map(|line| line.len() + 1).sum();
        let mut text = String::with_capacity(n_bytes);
        if let Some(header) = header {
            text.push_str(&header.text);
            text.push('\n');
        }
        for line in &self.sorted {
            line.write(&mut text);
            text.push('\n');
        }
        if self.sorted.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// A line of the text, with its hashes on lines of their own. Those are most of the text, so they are put together only once.
struct Line<'a> {
    requirement: String,
    /// Algorithms and digests.
    hashes: Vec<(&'a str, &'a str)>,
}

impl Line<'_> {
    fn parts(&self) -> impl Iterator<Item = &str> {
        let hashes = self.hashes.iter();
        let hashes = hashes.flat_map(|(algorithm, digest)| [HASH, algorithm, ":", digest]);
        std::iter::once(self.requirement.as_str()).chain(hashes)
    }

    fn len(&self) -> usize {
        self.parts().map(str::len).sum()
    }

    fn write(&self, text: &mut String) {
        self.parts().for_each(|part| text.push_str(part));
    }

    /// Compares as the whole texts do.
    fn order(&self, other: &Self) -> Ordering {
        let bytes = self.parts().flat_map(str::bytes);
        bytes.cmp(other.parts().flat_map(str::bytes))
    }
}

/// What stands for the project itself at the end of a requirements file.
#[derive(Clone, Copy, Debug)]
pub enum Appended<'a> {
    /// The project's folder (absolute).
    Folder(&'a Path),
    /// A wheel of the project (absolute), and its digest.
    Wheel(&'a Path, &'a Digest),
}

/// Appends a line for the project itself to `text`, as seen from `base` (absolute), the folder where pip will be started.
///
/// A wheel is written with its digest where that is wanted: pip refuses a file in which only some lines have a hash, so the
/// digest is left out where other lines have none.
pub fn append(text: &mut String, appended: Appended<'_>, base: &Path, options: &ExportOptions<'_>) {
    if text == "\n" {
        text.clear();
    }
    let is_alone = text.is_empty();
    let has_hashes = !options.without_hashes && (is_alone || text.contains(HASH));
    let (target, digest) = match appended {
        Appended::Folder(folder) => (folder, None),
        Appended::Wheel(wheel, digest) => (wheel, Some(digest).filter(|_| has_hashes)),
    };
    let mut line = path::plain(target, base).unwrap_or_else(|| path_to_url(target));
    if matches!(appended, Appended::Folder(_)) && !line.ends_with('/') {
        line.push('/');
    }
    text.push_str(&line);
    if let Some(digest) = digest {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{HASH}{digest}");
    }
    text.push('\n');
}

/// Tells whether any line of an export has a hash.
pub fn has_hashes(text: &str) -> bool {
    text.contains(HASH)
}

/// Prints a requirement without its marker.
fn requirement(selected: &Selected<'_>, extent: Extent, options: &ExportOptions<'_>) -> String {
    let package = selected.package;
    let mut name = package.name.as_str().to_owned();
    let is_remote = package
        .source
        .as_ref()
        .is_some_and(|source| matches!(source.location, Location::Git(_) | Location::Url(_)));
    // Poetry keeps the extras of remote packages even in constraints.
    let mut extras = String::new();
    if !selected.extras.is_empty() && (extent == Extent::Requirements || is_remote) {
        let names: Vec<&str> = selected.extras.iter().map(ExtraName::as_str).collect();
        extras = format!("[{}]", names.join(","));
        name.push_str(&extras);
    }
    let Some(source) = &package.resolved_source else {
        return format!("{name}=={}", package.version.normal());
    };
    match &source.location {
        Location::Index(_) => format!("{name}=={}", package.version.normal()),
        Location::Git(url) => format!("{name} @ {}", git_address(url, source)),
        Location::Url(url) => format!("{name} @ {}{}", url.as_written(), fragment(source)),
        Location::File(path) | Location::Directory(path) => {
            let base = options.paths_relative_to.as_deref();
            if package.is_develop {
                let relative = base.and_then(|base| path::quoted(path, base));
                format!("-e {}", relative.unwrap_or_else(|| path_to_url(path)))
            } else if let Some(relative) = base.and_then(|base| path::plain(path, base)) {
                format!("{relative}{extras}")
            } else {
                format!("{name} @ {}", path_to_url(path))
            }
        }
    }
}

fn git_address(url: &WrittenUrl, source: &Source) -> String {
    let filled = |text: &&String| !text.is_empty();
    let locked = source.resolved_reference.as_ref().filter(filled);
    let asked = source.reference.as_ref().filter(filled);
    let address = format!("git+{}", url.as_written());
    let fragment = fragment(source);
    match locked.or(asked) {
        Some(revision) => format!("{address}@{revision}{fragment}"),
        None => format!("{address}{fragment}"),
    }
}

fn fragment(source: &Source) -> String {
    let subdirectory = source.subdirectory.as_ref();
    match subdirectory.filter(|folder| !folder.is_empty()) {
        Some(folder) => format!("#subdirectory={folder}"),
        None => String::new(),
    }
}
