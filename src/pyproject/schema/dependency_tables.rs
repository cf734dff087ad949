//! The shapes of dependencies in `[tool.poetry]`.

use super::{Others, Rule, Shape, closed, map};

static VERSION_TABLE: Shape = closed(
    &["version"],
    &[
        ("version", Rule::String),
        ("python", Rule::String),
        ("platform", Rule::String),
        ("markers", Rule::String),
        ("allow-prereleases", Rule::Boolean),
        ("allows-prereleases", Rule::Boolean),
        ("optional", Rule::Boolean),
        ("extras", Rule::List(&Rule::String)),
        ("source", Rule::String),
    ],
);

static GIT_TABLE: Shape = closed(
    &["git"],
    &[
        ("git", Rule::String),
        ("branch", Rule::String),
        ("tag", Rule::String),
        ("rev", Rule::String),
        ("subdirectory", Rule::String),
        ("python", Rule::String),
        ("platform", Rule::String),
        ("markers", Rule::String),
        ("allow-prereleases", Rule::Boolean),
        ("allows-prereleases", Rule::Boolean),
        ("optional", Rule::Boolean),
        ("extras", Rule::List(&Rule::String)),
        ("develop", Rule::Boolean),
    ],
);

static FILE_TABLE: Shape = closed(
    &["file"],
    &[
        ("file", Rule::String),
        ("subdirectory", Rule::String),
        ("python", Rule::String),
        ("platform", Rule::String),
        ("markers", Rule::String),
        ("optional", Rule::Boolean),
        ("extras", Rule::List(&Rule::String)),
    ],
);

static PATH_TABLE: Shape = closed(
    &["path"],
    &[
        ("path", Rule::String),
        ("subdirectory", Rule::String),
        ("python", Rule::String),
        ("platform", Rule::String),
        ("markers", Rule::String),
        ("optional", Rule::Boolean),
        ("extras", Rule::List(&Rule::String)),
        ("develop", Rule::Boolean),
    ],
);

static URL_TABLE: Shape = closed(
    &["url"],
    &[
        ("url", Rule::String),
        ("subdirectory", Rule::String),
        ("python", Rule::String),
        ("platform", Rule::String),
        ("markers", Rule::String),
        ("optional", Rule::Boolean),
        ("extras", Rule::List(&Rule::String)),
    ],
);

static OPTIONS_TABLE: Shape = closed(
    &[],
    &[
        ("python", Rule::String),
        ("platform", Rule::String),
        ("markers", Rule::String),
        ("allow-prereleases", Rule::Boolean),
        ("source", Rule::String),
        ("develop", Rule::Boolean),
    ],
);

static ONE_CONSTRAINT: Rule = Rule::OneOf(&[
    Rule::String,
    Rule::Table(&VERSION_TABLE),
    Rule::Table(&GIT_TABLE),
    Rule::Table(&FILE_TABLE),
    Rule::Table(&PATH_TABLE),
    Rule::Table(&URL_TABLE),
    Rule::Table(&OPTIONS_TABLE),
]);
static DEPENDENCY: Rule = Rule::OneOf(&[
    Rule::String,
    Rule::Table(&VERSION_TABLE),
    Rule::Table(&GIT_TABLE),
    Rule::Table(&FILE_TABLE),
    Rule::Table(&PATH_TABLE),
    Rule::Table(&URL_TABLE),
    Rule::FilledList(&ONE_CONSTRAINT),
    Rule::Table(&OPTIONS_TABLE),
]);
pub(super) static DEPENDENCIES: Shape = map(Others::Named(&DEPENDENCY));

static GROUP: Shape = Shape {
    required: &[],
    any_of: &["dependencies", "include-groups", "optional"],
    keys: &[
        ("optional", Rule::Boolean),
        ("include-groups", Rule::List(&Rule::String)),
        ("dependencies", Rule::Table(&DEPENDENCIES)),
    ],
    others: Others::Refused,
};

pub(super) static GROUPS: Shape = map(Others::Named(&Rule::Table(&GROUP)));
