//! Two comparisons of one variable made one.

use super::algebra::{Algebra, Identical, Join, Stopped};
use super::node::{Marker, Node, Values};
use super::operator::Operator;
use super::single::{Constraint, Single, domain_of};
use super::text::{Comparison, Condition, TextConstraint};
use super::variable::Variable;
use crate::version::{Interval, Range, VersionConstraint};

impl Algebra {
    /// Joins two markers that compare one variable each. `None` if they remain two.
    pub(super) fn merge(
        &mut self,
        ours: &Marker,
        theirs: &Marker,
        join: Join,
    ) -> Result<Option<Marker>, Stopped> {
        let (Some(our_variable), Some(their_variable)) = (ours.variable(), theirs.variable())
        else {
            return Ok(None);
        };
        let is_python = our_variable.is_python() && their_variable.is_python();
        if our_variable != their_variable && !is_python {
            return Ok(None);
        }
        self.step()?;
        let key = (Identical(ours.clone()), Identical(theirs.clone()), join);
        if let Some(known) = self.merged.get(&key) {
            return Ok(known.clone());
        }
        let merged = if our_variable == their_variable {
            merge_same(our_variable, ours, theirs, join)
        } else {
            self.merge_python(ours, theirs, join)?
        };
        self.merged.insert(key, merged.clone());
        Ok(merged)
    }

    /// Joins a comparison of `python_version` with one of `python_full_version`.
    fn merge_python(
        &mut self,
        ours: &Marker,
        theirs: &Marker,
        join: Join,
    ) -> Result<Option<Marker>, Stopped> {
        let (short, full) = if ours.variable() == Some(Variable::PythonVersion) {
            (ours, theirs)
        } else {
            (theirs, ours)
        };
        let lengthened = short
            .as_single()
            .and_then(Single::python_constraint)
            .and_then(|constraint| {
                Single::parse(Variable::PythonFullVersion, &constraint.to_string()).ok()
            });
        let Some(lengthened) = lengthened.map(Marker::from) else {
            return Ok(None);
        };
        let merged = self.merge(&lengthened, full, join)?;
        Ok(match merged {
            Some(merged) if merged == lengthened => Some(short.clone()),
            Some(merged) => Some(
                merged
                    .as_single()
                    .and_then(with_fit_precision)
                    .unwrap_or(merged),
            ),
            None => None,
        })
    }
}

/// Gives a comparison of `python_full_version` three numbers, or makes it one of `python_version` where two say it all.
fn with_fit_precision(single: &Single) -> Option<Marker> {
    let (value, operator) = (single.value(), single.operator());
    let precision = value.matches('.').count() + 1;
    let is_edge = matches!(operator, Operator::Less | Operator::GreaterEqual);
    let (variable, value) = if precision < 3 {
        let (variable, wanted) = if is_edge {
            (Variable::PythonVersion, 2)
        } else {
            (single.variable(), 3)
        };
        (
            variable,
            format!("{value}{}", ".0".repeat(wanted - precision.min(wanted))),
        )
    } else if precision == 3 && is_edge {
        (
            Variable::PythonVersion,
            value.strip_suffix(".0")?.to_owned(),
        )
    } else {
        return None;
    };
    let single = Single::parse(variable, &format!("{} {value}", operator.as_str()));
    single.ok().map(Marker::from)
}

fn merge_same(variable: Variable, ours: &Marker, theirs: &Marker, join: Join) -> Option<Marker> {
    let (our_constraint, their_constraint) = (constraint_of(ours)?, constraint_of(theirs)?);
    let joined = join_constraints(variable, &our_constraint, &their_constraint, join)?;
    if joined.is_empty() {
        return Some(Marker::empty());
    }
    if joined.is_any() {
        return Some(Marker::any());
    }
    if joined == our_constraint {
        return Some(ours.clone());
    }
    if joined == their_constraint {
        return Some(theirs.clone());
    }
    match joined {
        Constraint::Text(texts) => from_texts(variable, texts),
        Constraint::Version(versions) if versions.is_simple() => {
            single(variable, &versions.to_string())
        }
        Constraint::Version(versions) if variable == Variable::PythonVersion => {
            merge_python_versions(&versions, ours.as_single()?, theirs.as_single()?, join)
        }
        Constraint::Version(_) => None,
    }
}

/// Joins what two comparisons mean. A set of versions and a set of texts, which `platform_release` may be compared with,
/// do not join.
fn join_constraints(
    variable: Variable,
    ours: &Constraint,
    theirs: &Constraint,
    join: Join,
) -> Option<Constraint> {
    let domain = domain_of(variable);
    match (ours, theirs, join) {
        (Constraint::Version(ours), Constraint::Version(theirs), Join::And) => {
            Some(Constraint::Version(ours.intersect(theirs)))
        }
        (Constraint::Version(ours), Constraint::Version(theirs), Join::Or) => {
            Some(Constraint::Version(ours.union(theirs)))
        }
        (Constraint::Text(ours), Constraint::Text(theirs), Join::And) => {
            Some(Constraint::Text(ours.intersect(theirs, domain)))
        }
        (Constraint::Text(ours), Constraint::Text(theirs), Join::Or) => {
            Some(Constraint::Text(ours.union(theirs, domain)))
        }
        _ => None,
    }
}

fn single(variable: Variable, text: &str) -> Option<Marker> {
    Single::parse(variable, text).ok().map(Marker::from)
}

fn constraint_of(marker: &Marker) -> Option<Constraint> {
    Some(match marker.node() {
        Node::Single(single) => single.constraint().clone(),
        Node::AllValues(values) => Constraint::Text(TextConstraint::All(values.conditions.clone())),
        Node::AnyValue(values) => {
            let conditions = values.conditions.iter().cloned();
            Constraint::Text(TextConstraint::Either(
                conditions.map(TextConstraint::One).collect(),
            ))
        }
        Node::Any | Node::Empty | Node::All(_) | Node::Either(_) => return None,
    })
}

fn from_texts(variable: Variable, texts: TextConstraint) -> Option<Marker> {
    let is_extra = variable == Variable::Extra;
    match texts {
        TextConstraint::Any => Some(Marker::any()),
        TextConstraint::Empty => Some(Marker::empty()),
        TextConstraint::One(condition) => single(variable, &condition.to_string()),
        TextConstraint::All(conditions) => {
            let is_plain = is_extra || has_only(&conditions, Comparison::NotEqual);
            is_plain.then(|| {
                Node::AllValues(Values {
                    variable,
                    conditions,
                })
                .into()
            })
        }
        TextConstraint::Either(parts) => {
            let conditions = parts.iter().map(TextConstraint::as_one);
            let conditions: Vec<Condition> = conditions
                .map(Option::<&_>::cloned)
                .collect::<Option<_>>()?;
            let is_plain = is_extra || has_only(&conditions, Comparison::Equal);
            is_plain.then(|| {
                Node::AnyValue(Values {
                    variable,
                    conditions,
                })
                .into()
            })
        }
    }
}

fn has_only(conditions: &[Condition], operator: Comparison) -> bool {
    conditions
        .iter()
        .all(|condition| condition.operator == operator)
}

fn merge_python_versions(
    versions: &VersionConstraint,
    ours: &Single,
    theirs: &Single,
    join: Join,
) -> Option<Marker> {
    let (ours, theirs) = (ours.python_constraint()?, theirs.python_constraint()?);
    match (versions, join) {
        (VersionConstraint::Interval(Interval::Range(range)), Join::And) => {
            one_python(range, versions).or_else(|| {
                let common = ours.intersect(theirs);
                common.is_empty().then(Marker::empty)
            })
        }
        (VersionConstraint::Union(_), Join::Or) => from_pythons(&ours.union(theirs)),
        _ => None,
    }
}

/// `python_version >= "3.8" and python_version < "3.9"` is `python_version == "3.8"`.
fn one_python(range: &Range, versions: &VersionConstraint) -> Option<Marker> {
    let min = range.min.as_ref()?;
    let candidate = Single::parse(
        Variable::PythonVersion,
        &format!("== {}", min.version.normal()),
    )
    .ok()?;
    let is_same = candidate.python_constraint() == Some(versions);
    is_same.then(|| candidate.into())
}

/// `python_version == "3.8" or python_version == "3.9"` is `python_version >= "3.8" and python_version < "3.10"`.
fn from_pythons(versions: &VersionConstraint) -> Option<Marker> {
    if versions.is_any() {
        return Some(Marker::any());
    }
    if versions.is_simple() {
        return single(Variable::PythonVersion, &versions.to_string());
    }
    let VersionConstraint::Interval(Interval::Range(range)) = versions else {
        return None;
    };
    Some(Marker::all_of([
        single(Variable::PythonVersion, &range.without_max().to_string())?,
        single(Variable::PythonVersion, &range.without_min().to_string())?,
    ]))
}
