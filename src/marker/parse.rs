//! Reading markers, with the grammar that poetry-core uses.
//!
//! It takes the names of PEP 345 (`os.name`), wants one space in `not in`, and lets a variable stand on the right only
//! with `in` and `not in`. Values are kept as they stand between the quotes. What METADATA and build requirements say may
//! follow the [standard]'s wider grammar.
//!
//! [standard]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#grammar

use super::Error;
use super::algebra::Algebra;
use super::node::Marker;
use super::operator::Operator;
use super::single::Single;
use super::variable::Variable;

/// How deep parentheses may be nested.
const DEPTH_LIMIT: usize = 200;

/// How many comparisons a marker may have.
const LENGTH_LIMIT: usize = 10_000;

/// Parses and simplifies a whole text.
pub(super) fn marker(text: &str) -> Result<Marker, Error> {
    match text {
        "<empty>" => return Ok(Marker::empty()),
        "" | "*" => return Ok(Marker::any()),
        _ => {}
    }
    let tree = Marker::any_of(alternatives(text, Grammar::PoetryCore)?);
    let simplified = Algebra::new().union_of(std::slice::from_ref(&tree));
    Ok(simplified.unwrap_or(tree))
}

/// Parses the marker of a requirement. It is simplified as a whole, too.
pub(crate) fn requirement_marker(text: &str) -> Result<Marker, Error> {
    Ok(simplified(alternatives(text, Grammar::PoetryCore)?))
}

/// Parses the marker of a requirement with the grammar of the standard: a value may be on the left of every operator but
/// `~=`, and any white space in `not in`. Two variables, or two values, are not compared.
pub(crate) fn standard_marker(text: &str) -> Result<Marker, Error> {
    Ok(simplified(alternatives(text, Grammar::Standard)?))
}

fn simplified(alternatives: Vec<Marker>) -> Marker {
    let simplified = Algebra::new().union_of(&alternatives);
    simplified.unwrap_or_else(|_| Marker::any_of(alternatives))
}

/// Which texts are markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grammar {
    PoetryCore,
    Standard,
}

/// Parses without simplifying.
fn alternatives(text: &str, grammar: Grammar) -> Result<Vec<Marker>, Error> {
    let mut parser = Parser {
        text,
        grammar,
        at: 0,
        depth: 0,
        n_comparisons: 0,
    };
    let alternatives = parser.alternatives()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected());
    }
    Ok(alternatives)
}

struct Parser<'a> {
    text: &'a str,
    grammar: Grammar,
    at: usize,
    depth: usize,
    n_comparisons: usize,
}

impl<'a> Parser<'a> {
    fn alternatives(&mut self) -> Result<Vec<Marker>, Error> {
        let mut alternatives = vec![self.conjunction()?];
        while self.take("or") {
            alternatives.push(self.conjunction()?);
        }
        Ok(alternatives)
    }

    fn conjunction(&mut self) -> Result<Marker, Error> {
        let mut parts = vec![self.atom()?];
        while self.take("and") {
            parts.push(self.atom()?);
        }
        match parts.len() {
            1 => Ok(parts.remove(0)),
            _ => Ok(Marker::all_of(parts)),
        }
    }

    fn atom(&mut self) -> Result<Marker, Error> {
        if !self.take("(") {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(Error::TooDeep { limit: DEPTH_LIMIT });
        }
        let inner = Marker::any_of(self.alternatives()?);
        self.depth -= 1;
        if !self.take(")") {
            return Err(self.unexpected());
        }
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Marker, Error> {
        self.n_comparisons += 1;
        if self.n_comparisons > LENGTH_LIMIT {
            return Err(Error::TooLong {
                limit: LENGTH_LIMIT,
            });
        }
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.swapped_comparison();
        }
        let variable = self.variable()?;
        let operator = self.operator()?.as_str();
        let value = self.value()?;
        Ok(Single::parse(variable, &format!("{operator} {value}"))?.into())
    }

    /// A comparison with the value on the left.
    fn swapped_comparison(&mut self) -> Result<Marker, Error> {
        let value = self.value()?;
        let operator = self.operator()?;
        let variable = self.variable()?;
        let mirrored = (self.grammar == Grammar::Standard).then(|| operator.mirror());
        let single = match mirrored.flatten() {
            Some(operator) => Single::parse(variable, &format!("{} {value}", operator.as_str())),
            None => Single::parse_swapped(variable, &format!("\"{value}\" {}", operator.as_str())),
        };
        Ok(single?.into())
    }

    fn variable(&mut self) -> Result<Variable, Error> {
        self.skip_spaces();
        let found = Variable::parse_prefix(self.rest());
        let (variable, length) = found.ok_or_else(|| self.unexpected())?;
        self.at += length;
        Ok(variable)
    }

    fn operator(&mut self) -> Result<Operator, Error> {
        self.skip_spaces();
        let found = Operator::parse_prefix(self.rest()).or_else(|| self.spread_not_in());
        let found = found.filter(|(operator, _)| *operator != Operator::Assign);
        let (operator, length) = found.ok_or_else(|| self.unexpected())?;
        self.at += length;
        Ok(operator)
    }

    /// `not in` with other white space between the words.
    fn spread_not_in(&self) -> Option<(Operator, usize)> {
        let between = self.rest().strip_prefix("not")?;
        let after = between.trim_start_matches([' ', '\t']).strip_prefix("in")?;
        let is_spread = self.grammar == Grammar::Standard && between.starts_with([' ', '\t']);
        is_spread.then(|| (Operator::NotIn, self.rest().len() - after.len()))
    }

    fn value(&mut self) -> Result<&'a str, Error> {
        self.skip_spaces();
        let length = match self.peek() {
            Some('\'') => self.rest()[1..].find('\''),
            Some('"') => closing_quote(&self.rest()[1..]),
            _ => None,
        };
        let length = length.ok_or_else(|| self.unexpected())?;
        let value = &self.rest()[1..=length];
        self.at += length + 2;
        Ok(value)
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_spaces();
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn unexpected(&self) -> Error {
        Error::Syntax {
            text: self.text.to_owned(),
            column: self.text[..self.at].chars().count() + 1,
        }
    }
}

/// Finds the quote that ends a value in double quotes: the first one on the line with an even number of `\` before it.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => return Some(place),
            b'\n' => return None,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    None
}
