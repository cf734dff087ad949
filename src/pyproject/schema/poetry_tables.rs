//! The shape of `[tool.poetry]`.

use super::dependency_tables::DEPENDENCIES;

use super::dependency_tables::GROUPS;
use super::{NAMES, ONE_LINE, Others, Rule, Shape, closed, map, open};

const FORMAT: &[&str] = &["sdist", "wheel"];

const FORMATS: Rule = Rule::OneOf(&[Rule::Word(FORMAT), Rule::List(&Rule::Word(FORMAT))]);

static PACKAGES: Shape = closed(
    &["include"],
    &[
        ("include", Rule::String),
        ("from", Rule::String),
        ("format", FORMATS),
        ("to", Rule::String),
    ],
);

static INCLUDE: Shape = closed(&["path"], &[("path", Rule::String), ("format", FORMATS)]);

static SCRIPT_OF_TYPE: Shape = closed(
    &["reference", "type"],
    &[
        ("reference", Rule::String),
        ("type", Rule::Word(&["file", "console"])),
        ("extras", Rule::List(&Rule::String)),
    ],
);

static SCRIPT_WITH_EXTRAS: Shape = closed(
    &[],
    &[
        ("callable", Rule::String),
        ("extras", Rule::List(&Rule::String)),
    ],
);

static SCRIPT: Rule = Rule::OneOf(&[
    Rule::String,
    Rule::Table(&SCRIPT_WITH_EXTRAS),
    Rule::Table(&SCRIPT_OF_TYPE),
]);
static BUILD: Shape = closed(
    &[],
    &[
        ("generate-setup-file", Rule::Boolean),
        ("script", Rule::String),
    ],
);

/// `[tool.poetry]` as poetry-core checks it.
pub(super) static CORE: Shape = open(&[
    ("package-mode", Rule::Boolean),
    ("name", Rule::String),
    ("version", Rule::String),
    ("description", Rule::Matching(ONE_LINE)),
    ("keywords", Rule::List(&Rule::String)),
    ("homepage", Rule::Uri),
    ("repository", Rule::Uri),
    ("documentation", Rule::Uri),
    ("license", Rule::String),
    ("authors", Rule::List(&Rule::String)),
    ("maintainers", Rule::List(&Rule::String)),
    (
        "readme",
        Rule::AnyOf(&[Rule::String, Rule::List(&Rule::String)]),
    ),
    ("classifiers", Rule::List(&Rule::Anything)),
    ("packages", Rule::List(&Rule::Table(&PACKAGES))),
    (
        "include",
        Rule::List(&Rule::AnyOf(&[Rule::String, Rule::Table(&INCLUDE)])),
    ),
    ("exclude", Rule::List(&Rule::Anything)),
    ("dependencies", Rule::Table(&DEPENDENCIES)),
    ("dev-dependencies", Rule::Table(&DEPENDENCIES)),
    ("extras", Rule::Table(&map(Others::Named(&NAMES)))),
    ("group", Rule::Table(&GROUPS)),
    ("build", Rule::OneOf(&[Rule::String, Rule::Table(&BUILD)])),
    ("scripts", Rule::Table(&map(Others::Named(&SCRIPT)))),
    (
        "plugins",
        Rule::Table(&map(Others::Named(&Rule::Table(&map(Others::Named(
            &Rule::String,
        )))))),
    ),
    ("urls", Rule::Table(&map(Others::Each(&Rule::String)))),
]);

static SOURCE: Shape = closed(
    &["name"],
    &[
        ("name", Rule::String),
        ("url", Rule::Uri),
        (
            "priority",
            Rule::Word(&["primary", "supplemental", "explicit"]),
        ),
        ("links", Rule::Boolean),
        ("indexed", Rule::Boolean),
    ],
);

/// `[tool.poetry]` as Poetry itself checks it, on top of [`CORE`].
pub(super) static POETRY: Shape = open(&[
    ("requires-poetry", Rule::String),
    ("requires-plugins", Rule::Table(&DEPENDENCIES)),
    ("source", Rule::List(&Rule::Table(&SOURCE))),
    (
        "build-constraints",
        Rule::Table(&map(Others::Named(&Rule::Table(&DEPENDENCIES)))),
    ),
]);

static GROUP_INCLUDE: Shape = closed(&["include-group"], &[("include-group", Rule::String)]);
pub(super) static DEPENDENCY_GROUPS: Shape = map(Others::Each(&Rule::List(&Rule::OneOf(&[
    Rule::String,
    Rule::Table(&GROUP_INCLUDE),
]))));

pub(super) static PERSON: Shape = Shape {
    required: &[],
    any_of: &["name", "email"],
    keys: &[("name", Rule::String), ("email", Rule::Email)],
    others: Others::Refused,
};
