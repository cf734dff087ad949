//! Which shapes of `[project]`, `[dependency-groups]` and `[tool.poetry]` Poetry takes.
//!
//! Poetry checks three JSON schemas before it reads anything, and stops at the first fault of each. The same rules stand
//! here as tables, and the faults are told in the same words, because people search for them.

use toml::{Table, Value};

/// What a value has to be.
enum Rule {
    Anything,
    String,
    Boolean,
    Matching(Pattern),
    Uri,
    Email,
    Word(&'static [&'static str]),
    List(&'static Rule),
    FilledList(&'static Rule),
    Table(&'static Shape),
    /// One of several rules; as they exclude one another, the first that holds is the only one.
    OneOf(&'static [Rule]),
    /// As `OneOf`; a schema that says `anyOf` reports it in other words.
    AnyOf(&'static [Rule]),
}

/// What a table has to hold.
struct Shape {
    required: &'static [&'static str],
    /// When not empty, at least one of these has to be there.
    any_of: &'static [&'static str],
    keys: &'static [(&'static str, Rule)],
    others: Others,
}

/// What a table may hold besides the keys that are named.
enum Others {
    Allowed,
    Refused,
    Each(&'static Rule),
    /// Keys that look like names obey the rule, and the rest is not looked at.
    Named(&'static Rule),
}

struct Pattern {
    text: &'static str,
    matches: fn(&str) -> bool,
}

const NAME: Pattern = Pattern {
    text: "^[a-zA-Z-_.0-9]+$",
    matches: is_name,
};
const ONE_LINE: Pattern = Pattern {
    text: r"\A[^\n]*\Z",
    matches: |text| !text.contains('\n'),
};
const PROJECT_NAME: Pattern = Pattern {
    text: r"^([a-zA-Z\d]|[a-zA-Z\d][\w.-]*[a-zA-Z\d])$",
    matches: is_project_name,
};
const PROJECT_VERSION: Pattern = Pattern {
    text: concat!(
        r"^v?((([0-9]+)!)?([0-9]+(\.[0-9]+)*)([-_\.]?(alpha|a|beta|b|preview|pre|c|rc)[-_\.]?([0-9]+)?)?",
        r"((-([0-9]+))|([-_\.]?(post|rev|r)[-_\.]?([0-9]+)?))?([-_\.]?(dev)[-_\.]?([0-9]+)?)?)",
        r"(\+([a-zA-Z0-9]+([-_\.][a-zA-Z0-9]+)*))?$"
    ),
    matches: is_project_version,
};

const fn open(keys: &'static [(&'static str, Rule)]) -> Shape {
    Shape {
        required: &[],
        any_of: &[],
        keys,
        others: Others::Allowed,
    }
}

const fn closed(required: &'static [&'static str], keys: &'static [(&'static str, Rule)]) -> Shape {
    Shape {
        required,
        any_of: &[],
        keys,
        others: Others::Refused,
    }
}

const fn map(others: Others) -> Shape {
    Shape {
        required: &[],
        any_of: &[],
        keys: &[],
        others,
    }
}

static STRINGS: Rule = Rule::List(&Rule::String);
static NAMES: Rule = Rule::List(&Rule::Matching(NAME));

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
static DEPENDENCIES: Shape = map(Others::Named(&DEPENDENCY));

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
static GROUPS: Shape = map(Others::Named(&Rule::Table(&GROUP)));

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
static CORE: Shape = open(&[
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
static POETRY: Shape = open(&[
    ("requires-poetry", Rule::String),
    ("requires-plugins", Rule::Table(&DEPENDENCIES)),
    ("source", Rule::List(&Rule::Table(&SOURCE))),
    (
        "build-constraints",
        Rule::Table(&map(Others::Named(&Rule::Table(&DEPENDENCIES)))),
    ),
]);

static GROUP_INCLUDE: Shape = closed(&["include-group"], &[("include-group", Rule::String)]);
static DEPENDENCY_GROUPS: Shape = map(Others::Each(&Rule::List(&Rule::OneOf(&[
    Rule::String,
    Rule::Table(&GROUP_INCLUDE),
]))));

static PERSON: Shape = Shape {
    required: &[],
    any_of: &["name", "email"],
    keys: &[("name", Rule::String), ("email", Rule::Email)],
    others: Others::Refused,
};
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
static PROJECT: Shape = Shape {
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

/// Finds the first fault of each schema in a pyproject.toml, in the order in which Poetry tells them.
pub(super) fn faults(document: &Table, tool_poetry: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(project) = document.get("project") {
        let fault = check(&Rule::Table(&PROJECT), project, "project");
        faults.extend(fault.err());
    }
    faults.extend(check_table(&CORE, tool_poetry, "tool.poetry").err());
    if let Some(groups) = document.get("dependency-groups") {
        let fault = check(
            &Rule::Table(&DEPENDENCY_GROUPS),
            groups,
            "dependency-groups",
        );
        faults.extend(fault.err());
    }
    faults
}

/// Finds the faults that Poetry finds in `[tool.poetry]` after poetry-core did.
pub(super) fn poetry_faults(tool_poetry: &Table) -> Vec<String> {
    let mut faults: Vec<String> = check_table(&POETRY, tool_poetry, "tool.poetry")
        .err()
        .into_iter()
        .collect();
    let is_known = |key: &str| {
        let mut known = CORE.keys.iter().chain(POETRY.keys);
        known.any(|(name, _)| *name == key)
    };
    let unknown = tool_poetry.keys().filter(|key| !is_known(key));
    faults.extend(
        unknown
            .map(|key| format!("Additional properties are not allowed ('{key}' was unexpected)")),
    );
    faults
}

fn check(rule: &Rule, value: &Value, path: &str) -> Result<(), String> {
    let require = |holds: bool, what: &str| {
        if holds {
            Ok(())
        } else {
            Err(format!("{path} must be {what}"))
        }
    };
    match rule {
        Rule::Anything => Ok(()),
        Rule::String => require(value.is_str(), "string"),
        Rule::Boolean => require(value.is_bool(), "boolean"),
        Rule::Matching(pattern) => {
            let text = value.as_str().ok_or(format!("{path} must be string"))?;
            if (pattern.matches)(text) {
                return Ok(());
            }
            Err(format!("{path} must match pattern {}", pattern.text))
        }
        Rule::Uri => {
            let text = value.as_str().ok_or(format!("{path} must be string"))?;
            require(is_uri(text), "uri")
        }
        Rule::Email => {
            let text = value.as_str().ok_or(format!("{path} must be string"))?;
            require(is_email(text), "email")
        }
        Rule::Word(words) => {
            let is_one = value.as_str().is_some_and(|text| words.contains(&text));
            require(is_one, &format!("one of {}", python_list(words)))
        }
        Rule::List(rule) => check_items(rule, value, path),
        Rule::FilledList(rule) => {
            check_items(rule, value, path)?;
            let is_filled = value.as_array().is_some_and(|items| !items.is_empty());
            if is_filled {
                return Ok(());
            }
            Err(format!("{path} must contain at least 1 items"))
        }
        Rule::Table(shape) => {
            let table = value.as_table();
            check_table(shape, table.ok_or(format!("{path} must be object"))?, path)
        }
        Rule::OneOf(rules) => {
            let holds = rules.iter().any(|rule| check(rule, value, path).is_ok());
            require(holds, "valid exactly by one definition (0 matches found)")
        }
        Rule::AnyOf(rules) => {
            if rules.iter().any(|rule| check(rule, value, path).is_ok()) {
                return Ok(());
            }
            Err(format!("{path} cannot be validated by any definition"))
        }
    }
}

fn check_items(rule: &Rule, value: &Value, path: &str) -> Result<(), String> {
    let items = value.as_array().ok_or(format!("{path} must be array"))?;
    for (index, item) in items.iter().enumerate() {
        check(rule, item, &format!("{path}[{index}]"))?;
    }
    Ok(())
}

fn check_table(shape: &Shape, table: &Table, path: &str) -> Result<(), String> {
    let has = |key: &&&str| table.contains_key(**key);
    if !shape.any_of.is_empty() && !shape.any_of.iter().any(|key| has(&key)) {
        return Err(format!("{path} cannot be validated by any definition"));
    }
    if !shape.required.iter().all(|key| has(&key)) {
        let required = python_list(shape.required);
        return Err(format!("{path} must contain {required} properties"));
    }
    for (key, rule) in shape.keys {
        if let Some(value) = table.get(*key) {
            check(rule, value, &format!("{path}.{key}"))?;
        }
    }
    let is_named = |key: &str| shape.keys.iter().any(|(name, _)| *name == key);
    for (key, value) in table.iter().filter(|(key, _)| !is_named(key)) {
        match &shape.others {
            Others::Each(rule) => check(rule, value, &format!("{path}.{key}"))?,
            Others::Named(rule) if is_name(key) => check(rule, value, &format!("{path}.{key}"))?,
            Others::Allowed | Others::Named(_) => {}
            Others::Refused => return Err(refused_keys(shape, table, path)),
        }
    }
    Ok(())
}

fn refused_keys(shape: &Shape, table: &Table, path: &str) -> String {
    let is_named = |key: &str| shape.keys.iter().any(|(name, _)| *name == key);
    let keys = table.keys().filter(|key| !is_named(key));
    let keys: Vec<String> = keys.map(|key| format!("'{key}'")).collect();
    format!("{path} must not contain {{{}}} properties", keys.join(", "))
}

fn python_list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("[{}]", words.join(", "))
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let is_scheme = !scheme.is_empty() && scheme.chars().all(is_word);
    is_scheme && !rest.is_empty() && !rest.contains(char::is_whitespace)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let is_domain = domain.find('.').is_some_and(|dot| dot > 0)
        && domain.len() > domain.find('.').map_or(0, |dot| dot + 1);
    is_local && is_domain && !domain.contains('@')
}

fn is_project_name(text: &str) -> bool {
    let is_edge = |character: char| character.is_ascii_alphabetic() || character.is_numeric();
    let is_inner = |character: char| character.is_alphanumeric() || "_.-".contains(character);
    text.starts_with(is_edge) && text.ends_with(is_edge) && text.chars().all(is_inner)
}

/// Follows the pattern of `project.version` from left to right; every part but the release may be missing.
fn is_project_version(text: &str) -> bool {
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    if let Some((epoch, version)) = rest.split_once('!')
        && !epoch.is_empty()
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = version;
    }
    let (public, local) = match rest.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (rest, None),
    };
    is_public_version(public) && local.is_none_or(is_local_version)
}

fn is_public_version(text: &str) -> bool {
    const PRE: &[&str] = &["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"];
    let Some(mut rest) = skip_digits(text) else {
        return false;
    };
    while let Some(next) = rest.strip_prefix('.').and_then(skip_digits) {
        rest = next;
    }
    rest = skip_phase(rest, PRE);
    rest = match rest.strip_prefix('-').and_then(skip_digits) {
        Some(next) => next,
        None => skip_phase(rest, &["post", "rev", "r"]),
    };
    skip_phase(rest, &["dev"]).is_empty()
}

fn is_local_version(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.split(['-', '_', '.']).all(is_segment)
}

/// Skips one phase such as `-rc.1`; returns `text` itself when none of `words` stands there.
fn skip_phase<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let start = text.strip_prefix(['-', '_', '.']).unwrap_or(text);
    let Some(rest) = words.iter().find_map(|word| start.strip_prefix(word)) else {
        return text;
    };
    let digits = rest.strip_prefix(['-', '_', '.']).unwrap_or(rest);
    skip_digits(digits).or(skip_digits(rest)).unwrap_or(digits)
}

fn skip_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}
