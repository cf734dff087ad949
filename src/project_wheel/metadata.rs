//! METADATA of a project ([core metadata], version 2.4), as poetry-core 2.5.0 writes it.
//!
//! `[project]` goes before `[tool.poetry]`, field by field: an empty value there counts as none. Texts are written as they stand; of
//! authors and maintainers only the first is named, as in poetry-core.
//!
//! [core metadata]: https://packaging.python.org/en/latest/specifications/core-metadata/

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;
use icu_normalizer::ComposingNormalizerBorrowed;

use super::document::{self, Document, Ordered, Readme};
use super::glob::glob;
use super::license::{self, License};
use super::outside::Outside;
use super::requirements::Requirements;
use super::{Error, Identity};

const PYTHON_CLASSIFIER: &str = "Programming Language :: Python";

/// What METADATA says, and the licence files that go along with it.
#[derive(Debug)]
pub(super) struct Metadata {
    /// The text of METADATA.
    pub(super) text: String,
    /// Relative to the project's folder, in the order of the `License-File` fields.
    pub(super) license_files: Vec<String>,
}

impl Metadata {
    /// Composes METADATA of the project in `root`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::NotUtf8`] for a readme or licence that cannot be read; [`Error::Person`]
    /// and [`Error::LicenseFiles`] for fields that Poetry refuses too.
    pub(super) fn compose(
        root: &Path,
        document: &Document,
        identity: &Identity,
        requirements: &Requirements,
        outside: &Outside,
    ) -> Result<Self, Error> {
        let licensing = Licensing::read(root, document, outside)?;
        let description = Description::read(root, document)?;
        let mut fields = Fields::default();
        fields.identity(identity, document);
        fields.licensing(&licensing);
        fields.people(document)?;
        let license = licensing.license.as_ref();
        fields.classification(document, license, requirements);
        fields.urls(document);
        Ok(Self {
            text: fields.finish(&description),
            license_files: licensing.files,
        })
    }
}

/// The lines of METADATA so far.
#[derive(Debug, Default)]
struct Fields {
    text: String,
}

impl Fields {
    fn add(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, "\n"] {
            self.text.push_str(part);
        }
    }

    fn add_present(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.add(name, value);
        }
    }

    fn identity(&mut self, identity: &Identity, document: &Document) {
        let (standard, poetry) = (&document.project, &document.tool.poetry);
        let summary =
            present(standard.description.as_ref()).or(present(poetry.description.as_ref()));
        self.add("Metadata-Version", "2.4");
        self.add("Name", &identity.name);
        self.add("Version", &identity.version);
        self.add("Summary", summary.unwrap_or_default());
    }

    fn licensing(&mut self, licensing: &Licensing) {
        if let Some(license) = &licensing.license {
            self.add("License", &indented(&license.id));
        } else if let Some(expression) = &licensing.expression {
            self.add("License-Expression", expression);
        }
        for file in &licensing.files {
            self.add("License-File", file);
        }
    }

    fn people(&mut self, document: &Document) -> Result<(), Error> {
        let (standard, poetry) = (&document.project, &document.tool.poetry);
        let keywords = chosen(&standard.keywords, &poetry.keywords).join(",");
        self.add_present("Keywords", &keywords);
        let author = first_person(&standard.authors, &poetry.authors)?;
        self.add_present("Author", &author.name);
        self.add_present("Author-email", &author.email);
        let maintainer = first_person(&standard.maintainers, &poetry.maintainers)?;
        self.add_present("Maintainer", &maintainer.name);
        self.add_present("Maintainer-email", &maintainer.email);
        Ok(())
    }

    fn classification(
        &mut self,
        document: &Document,
        license: Option<&License>,
        requirements: &Requirements,
    ) {
        let requires_python = requirements.requires_python.as_deref();
        self.add_present("Requires-Python", requires_python.unwrap_or_default());
        for classifier in classifiers(document, license, &requirements.pythons) {
            self.add("Classifier", &classifier);
        }
        for extra in &requirements.extras {
            self.add("Provides-Extra", extra);
        }
        for requirement in &requirements.requires_dist {
            self.add("Requires-Dist", requirement);
        }
    }

    fn urls(&mut self, document: &Document) {
        let mut urls: Vec<String> = urls(document)
            .iter()
            .map(|(label, url)| format!("{label}, {url}"))
            .collect();
        // poetry-core means to sort by label, and sorts by its first character.
        urls.sort_by_key(|url| url.chars().next());
        for url in urls {
            self.add("Project-URL", &url);
        }
    }

    fn finish(mut self, description: &Description) -> String {
        self.add_present("Description-Content-Type", &description.content_type);
        if let Some(text) = &description.text {
            for part in ["\n", text, "\n"] {
                self.text.push_str(part);
            }
        }
        self.text
    }
}

fn present(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn chosen<'a, T>(standard: &'a [T], poetry: &'a [T]) -> &'a [T] {
    if standard.is_empty() {
        poetry
    } else {
        standard
    }
}

/// Indents all lines but the first below `License: `, so that a text of many lines stays one field.
fn indented(text: &str) -> String {
    let mut indented = String::new();
    for line in lines(text) {
        indented.push_str("         ");
        indented.push_str(line);
    }
    let is_space = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    indented.trim_matches(is_space).to_owned()
}

/// Splits after each line end that Python's `str.splitlines` knows.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        ) || ('\u{1c}'..='\u{1e}').contains(&c)
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = match rest.find(is_end) {
            Some(at) if rest[at..].starts_with("\r\n") => at + 2,
            Some(at) => at + rest[at..].chars().next().map_or(0, char::len_utf8),
            None => rest.len(),
        };
        let (line, after) = rest.split_at(length);
        rest = after;
        Some(line)
    })
}

/// A person's name and address; either may be empty.
#[derive(Debug, Default, PartialEq, Eq)]
struct Contact {
    name: String,
    email: String,
}

fn first_person(standard: &[document::Person], poetry: &[String]) -> Result<Contact, Error> {
    let text = match standard.first() {
        Some(person) => match (
            present(person.name.as_ref()),
            present(person.email.as_ref()),
        ) {
            (Some(name), Some(email)) => format!("{name} <{email}>"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => return Err(Error::Person(String::new())),
        },
        None => match poetry.first() {
            Some(text) => text.clone(),
            None => return Ok(Contact::default()),
        },
    };
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(&text);
    contact(&text).ok_or_else(|| Error::Person(text.into_owned()))
}

/// Reads `Name` or `Name <address>`.
fn contact(text: &str) -> Option<Contact> {
    let Some(bracket) = text.find(['<', '>']) else {
        return (!text.is_empty()).then(|| Contact {
            name: text.to_owned(),
            email: String::new(),
        });
    };
    let (name, rest) = text.split_at(bracket);
    let name = name.strip_suffix(' ')?;
    let rest = rest.strip_prefix('<')?;
    let rest = rest.strip_suffix('\n').unwrap_or(rest);
    let email = rest.strip_suffix('>')?;
    let is_valid = !name.is_empty() && !email.is_empty() && !email.contains('\n');
    is_valid.then(|| Contact {
        name: name.to_owned(),
        email: email.to_owned(),
    })
}

/// Lists the classifiers: those of `[project]` as they stand, else the others sorted, with those of the licence and of the Python
/// versions that the project supports.
fn classifiers(document: &Document, license: Option<&License>, pythons: &[&str]) -> Vec<String> {
    let standard = &document.project.classifiers;
    if !standard.is_empty() {
        return standard.clone();
    }
    let automatic: Vec<String> = pythons
        .iter()
        .map(|version| format!("{PYTHON_CLASSIFIER} :: {version}"))
        .collect();
    let mut own: BTreeSet<&str> = BTreeSet::new();
    own.extend(document.tool.poetry.classifiers.iter().map(String::as_str));
    own.extend(license.map(|license| license.classifier.as_str()));
    let own = own.into_iter().map(str::to_owned);
    let mut classifiers: Vec<String> = own.filter(|own| !automatic.contains(own)).collect();
    let at = classifiers.partition_point(|own| own.as_str() <= PYTHON_CLASSIFIER);
    classifiers.splice(at..at, automatic);
    classifiers
}

/// Lists labels and addresses: the well-known three first, under labels of their own.
fn urls(document: &Document) -> Vec<(String, String)> {
    let (standard, poetry) = (&document.project.urls, &document.tool.poetry);
    let mut known: [(&str, &str); 3] =
        [("Homepage", ""), ("Repository", ""), ("Documentation", "")];
    let mut others: Vec<(&str, &str)> = Vec::new();
    if standard.is_empty() {
        let fields = [&poetry.homepage, &poetry.repository, &poetry.documentation];
        for (known, field) in known.iter_mut().zip(fields) {
            known.1 = present(field.as_ref()).unwrap_or_default();
        }
        others.extend(pairs(&poetry.urls));
    } else {
        for (label, url) in pairs(standard) {
            let mut of_label = known.iter_mut();
            match of_label.find(|(known, _)| *known.to_lowercase() == label.to_lowercase()) {
                Some(known) => known.1 = url,
                None => others.push((label, url)),
            }
        }
    }
    let known = known.into_iter().filter(|(_, url)| !url.is_empty());
    let mut urls: Vec<(String, String)> = Vec::new();
    for (label, url) in known.chain(others) {
        match urls.iter_mut().find(|(own, _)| own == label) {
            Some(earlier) => url.clone_into(&mut earlier.1),
            None => urls.push((label.to_owned(), url.to_owned())),
        }
    }
    urls
}

fn pairs(table: &Ordered<String>) -> impl Iterator<Item = (&str, &str)> {
    table.iter().map(|(key, value)| (key, value.as_str()))
}

/// The long description and what it is written in.
#[derive(Debug, Default)]
struct Description {
    text: Option<String>,
    content_type: String,
}

impl Description {
    fn read(root: &Path, document: &Document) -> Result<Self, Error> {
        let standard = match &document.project.readme {
            Some(Readme::Path(path)) if path.is_empty() => None,
            readme => readme.as_ref(),
        };
        let (files, content_type) = match standard {
            Some(Readme::Path(path)) => (std::slice::from_ref(path), ""),
            Some(Readme::Table(table)) => match (&table.file, &table.text) {
                (Some(file), _) => (std::slice::from_ref(file), table.content_type.as_str()),
                (None, text) => {
                    return Ok(Self {
                        text: present(text.as_ref()).map(str::to_owned),
                        content_type: table.content_type.clone(),
                    });
                }
            },
            None => (document.tool.poetry.readme.as_slice(), ""),
        };
        let files: Vec<&String> = files.iter().filter(|file| !file.is_empty()).collect();
        let Some(first) = files.first() else {
            return Ok(Self {
                text: None,
                content_type: content_type.to_owned(),
            });
        };
        let content_type = match content_type {
            "" => content_type_of(first),
            content_type => content_type,
        };
        let texts: Result<Vec<_>, Error> = files
            .iter()
            .map(|file| {
                let path = root.join(file);
                if !path.exists() {
                    return Err(Error::NoReadme((*file).clone()));
                }
                read_text(&path)
            })
            .collect();
        Ok(Self {
            text: Some(texts?.join("\n")),
            content_type: content_type.to_owned(),
        })
    }
}

fn content_type_of(file: &str) -> &'static str {
    let suffix = Path::new(file)
        .extension()
        .and_then(|suffix| suffix.to_str());
    match suffix {
        Some("rst") => "text/x-rst",
        Some("md" | "markdown") => "text/markdown",
        _ => "text/plain",
    }
}

/// Reads a text with Python's universal newlines.
fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| Error::NotUtf8(path.to_owned()))?;
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What the project says about its licence.
#[derive(Debug, Default)]
struct Licensing {
    license: Option<License>,
    expression: Option<String>,
    files: Vec<String>,
}

impl Licensing {
    fn read(root: &Path, document: &Document, outside: &Outside) -> Result<Self, Error> {
        let mut licensing = Self::default();
        let patterns = document.project.license_files.as_deref();
        let mut named_file = None;
        match &document.project.license {
            Some(document::License::Expression(text)) if !text.is_empty() => {
                licensing.expression = license::normalize_expression(text);
                if licensing.expression.is_none() {
                    licensing.license = Some(License::find(text));
                }
            }
            Some(document::License::Table { text, file }) => {
                let text = match (present(text.as_ref()), present(file.as_ref())) {
                    (None, Some(file)) => {
                        named_file = Some(file);
                        read_text(&root.join(file))?
                    }
                    (text, _) => text.unwrap_or_default().to_owned(),
                };
                licensing.license = (!text.is_empty()).then(|| License::find(&text));
            }
            Some(document::License::Expression(_)) | None => {
                let poetry = present(document.tool.poetry.license.as_ref());
                licensing.license = poetry.map(License::find);
            }
        }
        let files = match patterns {
            Some(patterns) => files_of(root, patterns, outside)?,
            None => usual_files(root, named_file, outside)?,
        };
        licensing.files = files
            .iter()
            .map(|file| relative(root, file))
            .collect::<Result<_, _>>()?;
        licensing.files.sort();
        licensing.files.dedup();
        Ok(licensing)
    }
}

/// Finds the files of `license-files`; each pattern has to find one (PEP 639).
fn files_of(root: &Path, patterns: &[String], outside: &Outside) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for pattern in patterns {
        let refuse = || Error::LicenseFiles(pattern.clone());
        if pattern.contains('\\') || pattern.split('/').any(|part| part == "..") {
            return Err(refuse());
        }
        let mut found = glob(root, pattern, outside).map_err(|_| refuse())?;
        found.retain(|path| path.is_file());
        if found.is_empty() {
            return Err(refuse());
        }
        files.extend(found);
    }
    Ok(files)
}

fn usual_files(root: &Path, named: Option<&str>, outside: &Outside) -> Result<Vec<PathBuf>, Error> {
    let mut files: Vec<PathBuf> = named.map(|named| root.join(named)).into_iter().collect();
    for pattern in [
        "COPYING*",
        "LICEN[SC]E*",
        "AUTHORS*",
        "NOTICE*",
        "LICENSES/**/*",
    ] {
        files.extend(glob(root, pattern, outside)?);
    }
    files.retain(|path| path.is_file());
    Ok(files)
}

/// Writes the path of a licence file as METADATA has it: relative to the project, `..` included.
fn relative(root: &Path, file: &Path) -> Result<String, Error> {
    let refuse = || Error::ArchivePath(file.to_owned());
    let within = file.strip_prefix(root).map_err(|_| refuse())?;
    let parts: Option<Vec<&str>> = within.iter().map(|part| part.to_str()).collect();
    Ok(parts.ok_or_else(refuse)?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn person(text: &str, name: &str, email: &str) {
        let expected = Contact {
            name: name.to_owned(),
            email: email.to_owned(),
        };
        assert_eq!(contact(text), Some(expected));
    }

    #[test]
    fn people_have_a_name_and_perhaps_an_address() {
        person("Ann", "Ann", "");
        person("Ann B. <a@b.c>", "Ann B.", "a@b.c");
        person("Ann  <a@b.c>", "Ann ", "a@b.c");
        person("Ann <a>b>", "Ann", "a>b");
        person("a@b.c", "a@b.c", "");
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for text in [
            "",
            "<a@b.c>",
            " <a@b.c>",
            "Ann<a@b.c>",
            "Ann <a@b.c> x",
            "Ann <>",
            "A>",
        ] {
            assert_eq!(contact(text), None, "{text}");
        }
    }

    #[test]
    fn a_licence_text_stays_one_field() {
        assert_eq!(indented("MIT"), "MIT");
        assert_eq!(
            indented("\n a\n\nb\x0cc\r\n"),
            "a\n         \n         b\x0c         c"
        );
    }
}
