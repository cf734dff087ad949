//! METADATA of a project ([core metadata], version 2.4), as poetry-core 2.5.0 writes it.
//!
//! `[project]` goes before `[tool.poetry]`, field by field: an empty value there counts as none. Texts are written as they stand; of
//! authors and maintainers only the first is named, as in poetry-core.
//!
//! [core metadata]: https://packaging.python.org/en/latest/specifications/core-metadata/

mod contact;
mod description;
mod licensing;

use std::collections::BTreeSet;
use std::path::Path;

use super::Error;
use super::document::{Document, Ordered};
use super::identity::Identity;
use super::license::License;
use super::outside::Outside;
use super::requirements::Requirements;
use contact::first_person;
use description::Description;
use licensing::Licensing;

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

#[cfg(test)]
mod tests {
    use super::*;
    use contact::Contact;
    use contact::contact;

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
