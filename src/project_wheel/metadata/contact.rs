//! Authors and maintainers.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::present;
use crate::project_wheel::{Error, document};

/// A person's name and address; either may be empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) email: String,
}

pub(super) fn first_person(
    standard: &[document::Person],
    poetry: &[String],
) -> Result<Contact, Error> {
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
pub(super) fn contact(text: &str) -> Option<Contact> {
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
