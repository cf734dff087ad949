//! What the runner writes about a hook that it called.

use serde::Deserialize;

use crate::build::{Error, Hook};

/// How a call ended.
#[derive(Debug, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum Answer {
    /// The hook returned.
    Done { value: Value },
    /// The backend has no such hook.
    Missing,
    /// The backend cannot be imported.
    Unavailable {
        message: String,
        module: Option<String>,
    },
    /// The backend raised its `UnsupportedOperation`.
    Unsupported { message: String },
    /// The backend raised something else.
    Failed {
        exception: String,
        message: String,
        module: Option<String>,
    },
}

/// What a hook returned.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
}

impl Value {
    pub(super) fn text(self, hook: Hook) -> Result<String, Error> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Texts(texts) => Err(Error::Answer {
                hook,
                answer: texts.join(", "),
                what: "which is not text",
            }),
        }
    }

    pub(super) fn texts(self, hook: Hook) -> Result<Vec<String>, Error> {
        match self {
            Self::Texts(texts) => Ok(texts),
            Self::Text(answer) => Err(Error::Answer {
                hook,
                answer,
                what: "which is not a list of texts",
            }),
        }
    }
}
