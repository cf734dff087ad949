//! Licences: the names that poetry-core knows, their classifiers, and licence expressions.
//!
//! `licenses.tsv` holds the SPDX lists of poetry-core 2.5.0: its own, which is about classifiers and full names, and the newer one
//! that licence expressions are checked against ([PEP 639]). `fixtures/wheel-projects/licenses.py` writes it.
//!
//! [PEP 639]: https://peps.python.org/pep-0639/

use std::collections::HashMap;

const LICENSES: &str = include_str!("licenses.tsv");

/// A licence as METADATA of the old form names it: `License` and a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct License {
    /// The identifier, or the whole text of a licence that no list has.
    pub(super) id: String,
    /// The trove classifier.
    pub(super) classifier: String,
}

impl License {
    /// Finds a licence by its identifier or full name, in any case; a text that is neither stands for itself.
    pub(super) fn find(text: &str) -> Self {
        let key = text.to_lowercase();
        let mut found: Option<Row> = None;
        for row in rows().filter(|row| row.has('p')) {
            let is_full_name = row.name.to_lowercase() == key;
            let is_free = found.as_ref().is_none_or(|earlier| earlier.has('d'));
            if row.id.to_lowercase() == key || is_full_name && is_free {
                found = Some(row);
            }
        }
        match found {
            Some(row) if key != "proprietary" => Self {
                id: row.id.to_owned(),
                classifier: row.classifier().to_owned(),
            },
            _ => Self::unlisted(if key == "proprietary" {
                "Proprietary"
            } else {
                text
            }),
        }
    }

    fn unlisted(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            classifier: "License :: Other/Proprietary License".to_owned(),
        }
    }
}

/// Brings a licence expression to its normal form: identifiers as SPDX spells them, operators in capitals. `None` when it is not a
/// valid expression of known licences.
pub(super) fn normalize_expression(text: &str) -> Option<String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    if !is_well_formed(&tokens) {
        return None;
    }
    let identifiers = Identifiers::load();
    let mut normal: Vec<String> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let follows_with = normal.last().is_some_and(|last| last == "WITH");
        normal.push(match token.to_lowercase() {
            operator if is_operator(&operator) => operator.to_uppercase(),
            exception if follows_with => identifiers.exceptions.get(&exception)?.to_string(),
            license => identifiers.normalize_license(token, &license)?,
        });
    }
    Some(normal.join(" ").replace("( ", "(").replace(" )", ")"))
}

/// Tells whether operands, operators and parentheses alternate as they must; `WITH` stands between a licence and an exception.
fn is_well_formed(tokens: &[&str]) -> bool {
    let mut depth = 0_usize;
    let mut previous = String::from("(");
    for token in tokens.iter().map(|token| token.to_lowercase()) {
        let after_operand = !matches!(previous.as_str(), "and" | "or" | "with" | "(");
        let fits = match token.as_str() {
            "(" => !after_operand && previous != "with",
            "with" => after_operand && previous != ")",
            "and" | "or" | ")" => after_operand,
            _ => !after_operand && previous != ")",
        };
        if !fits {
            return false;
        }
        match token.as_str() {
            "(" => depth += 1,
            ")" if depth == 0 => return false,
            ")" => depth -= 1,
            _ => {}
        }
        previous = token;
    }
    depth == 0 && !matches!(previous.as_str(), "and" | "or" | "with" | "(")
}

fn is_operator(token: &str) -> bool {
    matches!(token, "and" | "or" | "with" | "(" | ")")
}

struct Identifiers {
    licenses: HashMap<String, &'static str>,
    exceptions: HashMap<String, &'static str>,
}

impl Identifiers {
    fn load() -> Self {
        let with = |flag| {
            let rows = rows().filter(move |row| row.has(flag));
            rows.map(|row| (row.id.to_lowercase(), row.id)).collect()
        };
        Self {
            licenses: with('e'),
            exceptions: with('x'),
        }
    }

    fn normalize_license(&self, token: &str, lower: &str) -> Option<String> {
        if let Some(reference) = lower.strip_prefix("licenseref-") {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            let is_valid = !reference.is_empty() && reference.bytes().all(is_allowed);
            return is_valid.then(|| format!("LicenseRef-{}", &token["LicenseRef-".len()..]));
        }
        let (identifier, suffix) = match lower.strip_suffix('+') {
            Some(identifier) => (identifier, "+"),
            None => (lower, ""),
        };
        let license = self.licenses.get(identifier)?;
        Some(format!("{license}{suffix}"))
    }
}

struct Row {
    id: &'static str,
    flags: &'static str,
    name: &'static str,
    classifier: &'static str,
}

impl Row {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn classifier(&self) -> &'static str {
        match self.classifier {
            "" if self.has('o') => "License :: OSI Approved",
            "" => "License :: Other/Proprietary License",
            classifier => classifier,
        }
    }
}

fn rows() -> impl Iterator<Item = Row> {
    LICENSES.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Row {
            id: columns.next()?,
            flags: columns.next()?,
            name: columns.next()?,
            classifier: columns.next()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn license(text: &str, id: &str, classifier: &str) {
        let license = License::find(text);
        assert_eq!(license.id, id);
        assert_eq!(license.classifier, format!("License :: {classifier}"));
    }

    #[track_caller]
    fn expression(text: &str, expected: &str) {
        assert_eq!(normalize_expression(text).as_deref(), Some(expected));
    }

    #[test]
    fn licenses_are_found_by_identifier_or_full_name() {
        license("mit", "MIT", "OSI Approved :: MIT License");
        license("MIT License", "MIT", "OSI Approved :: MIT License");
        license(
            "GNU General Public License v3.0 only",
            "GPL-3.0-only",
            "OSI Approved :: GNU General Public License v3 (GPLv3)",
        );
        license("PROPRIETARY", "Proprietary", "Other/Proprietary License");
        license("Beerware", "Beerware", "Other/Proprietary License");
        license("ISC", "ISC", "OSI Approved");
        license("Ask me first", "Ask me first", "Other/Proprietary License");
    }

    #[test]
    fn expressions_are_normalized() {
        expression("mit", "MIT");
        expression(
            "mit and (apache-2.0 or  bsd-2-clause)",
            "MIT AND (Apache-2.0 OR BSD-2-Clause)",
        );
        expression(
            "gpl-2.0-or-later WITH bison-exception-2.2",
            "GPL-2.0-or-later WITH Bison-exception-2.2",
        );
        expression("GPL-2.0+", "GPL-2.0+");
        expression("licenseref-Our.Own-1", "LicenseRef-Our.Own-1");
        expression("((mit))", "((MIT))");
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            " ",
            "Beer",
            "mit or",
            "or mit",
            "mit mit",
            "(mit",
            "mit)",
            "()",
            "mit (mit)",
            "(mit) mit",
            "mit with",
            "mit with mit",
            "mit with (bison-exception-2.2)",
            "(mit) with bison-exception-2.2",
            "licenseref-",
            "licenseref-a+",
            "licenseref-a_b",
            "bison-exception-2.2",
        ] {
            assert_eq!(normalize_expression(text), None, "{text}");
        }
    }
}
