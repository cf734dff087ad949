//! The shape of `[project]`.

use super::poetry_tables::PERSON;

use super::{Others, PROJECT_NAME, PROJECT_VERSION, Rule, STRINGS, Shape, closed, map};

static README_FILE: Shape = closed(
    &["content-type", "file"],
    &[("content-type", Rule::String), ("file", Rule::String)],
);

static README_TEXT: Shape = closed(
    &["content-type", "text"],
    &[("content-type", Rule::String), ("text", Rule::String)],
);

static ENTRY_POINTS: Shape = map(Others::Each(&Rule::Table(&map(Others::Each(
    &Rule::String,
)))));

const DYNAMIC: &[&str] = &[
    "version",
    "description",
    "readme",
    "requires-python",
    "license",
    "license-files",
    "authors",
    "maintainers",
    "keywords",
    "classifiers",
    "urls",
    "scripts",
    "gui-scripts",
    "entry-points",
    "dependencies",
    "optional-dependencies",
];

/// `[project]` ([pyproject.toml specification](https://packaging.python.org/en/latest/specifications/pyproject-toml/)).
pub(super) static PROJECT: Shape = Shape {
    required: &["name"],
    any_of: &[],
    keys: &[
        ("name", Rule::Matching(PROJECT_NAME)),
        ("version", Rule::Matching(PROJECT_VERSION)),
        ("description", Rule::String),
        (
            "readme",
            Rule::OneOf(&[
                Rule::String,
                Rule::Table(&README_FILE),
                Rule::Table(&README_TEXT),
            ]),
        ),
        ("requires-python", Rule::String),
        (
            "license",
            Rule::OneOf(&[
                Rule::Table(&closed(&["file"], &[("file", Rule::String)])),
                Rule::Table(&closed(&["text"], &[("text", Rule::String)])),
                Rule::String,
            ]),
        ),
        ("license-files", Rule::List(&Rule::String)),
        ("authors", Rule::List(&Rule::Table(&PERSON))),
        ("maintainers", Rule::List(&Rule::Table(&PERSON))),
        ("keywords", Rule::List(&Rule::String)),
        ("classifiers", Rule::List(&Rule::String)),
        ("urls", Rule::Table(&map(Others::Each(&Rule::Uri)))),
        ("scripts", Rule::Table(&map(Others::Each(&Rule::String)))),
        (
            "gui-scripts",
            Rule::Table(&map(Others::Each(&Rule::String))),
        ),
        ("entry-points", Rule::Table(&ENTRY_POINTS)),
        ("dependencies", Rule::List(&Rule::String)),
        (
            "optional-dependencies",
            Rule::Table(&map(Others::Each(&STRINGS))),
        ),
        ("dynamic", Rule::List(&Rule::Word(DYNAMIC))),
    ],
    others: Others::Allowed,
};
