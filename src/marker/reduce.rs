//! Markers with some variables taken out.
//!
//! Where the normal form takes too long, the conditions are taken out one by one and nothing is simplified: the result may be
//! long, and means the same.

use super::algebra::{Algebra, Stopped};
use super::evaluate::holds_for_extras;
use super::node::{Marker, Node};
use super::single::Single;
use super::variable::Variable;
use crate::name::ExtraName;
use crate::version::{Interval, VersionConstraint};

impl Marker {
    /// Returns the marker without its conditions on extras.
    #[must_use]
    pub fn without_extras(&self) -> Self {
        self.exclude(Variable::Extra)
    }

    /// Returns the marker without its conditions on `variable`.
    #[must_use]
    pub fn exclude(&self, variable: Variable) -> Self {
        let result = Algebra::new().exclude(self, variable);
        result.unwrap_or_else(|_| self.keep_plainly(|found| found != variable))
    }

    /// Returns the marker without its conditions on other variables than `variables`.
    #[must_use]
    pub fn only(&self, variables: &[Variable]) -> Self {
        let result = Algebra::new().only(self, variables);
        result.unwrap_or_else(|_| self.keep_plainly(|found| variables.contains(&found)))
    }

    fn keep_plainly(&self, is_kept: impl Fn(Variable) -> bool) -> Self {
        self.change_plainly(&|part| {
            let is_kept = part.variable().is_none_or(&is_kept);
            if is_kept { part.clone() } else { Self::any() }
        })
    }

    /// Returns the marker with those conditions left out that every interpreter of `constraint` satisfies.
    #[must_use]
    pub fn reduce_by_python_constraint(&self, constraint: &VersionConstraint) -> Self {
        let python = Python {
            constraint,
            marker: Self::from_python_constraint(constraint),
        };
        let result = Algebra::new().reduce(self, &python);
        result.unwrap_or_else(|_| self.clone())
    }

    /// Returns the marker with its conditions on extras decided: `extras` are asked for and no others.
    #[must_use]
    pub fn apply_extras(&self, extras: &[ExtraName]) -> Self {
        let result = Algebra::new().apply_extras(self, extras);
        result.unwrap_or_else(|_| self.change_plainly(&|part| decide_extra(part, extras)))
    }
}

/// Returns what a condition on extras comes to where `extras` are asked for and no others, and another marker as it is.
fn decide_extra(marker: &Marker, extras: &[ExtraName]) -> Marker {
    if marker.variable() != Some(Variable::Extra) {
        marker.clone()
    } else if holds_for_extras(marker, extras) {
        Marker::any()
    } else {
        Marker::empty()
    }
}

struct Python<'a> {
    constraint: &'a VersionConstraint,
    marker: Marker,
}

impl Algebra {
    fn exclude(&mut self, marker: &Marker, variable: Variable) -> Result<Marker, Stopped> {
        match marker.node() {
            Node::All(parts) => {
                let mut kept = Vec::with_capacity(parts.len());
                for part in parts
                    .iter()
                    .filter(|part| part.variable() != Some(variable))
                {
                    let part = self.exclude(part, variable)?;
                    if !part.is_empty() {
                        kept.push(part);
                    }
                }
                self.intersection_of(&kept)
            }
            Node::Either(parts) => {
                let mut kept = Vec::with_capacity(parts.len());
                for part in parts {
                    if part.variable() == Some(variable) {
                        return Ok(Marker::any());
                    }
                    kept.push(self.exclude(part, variable)?);
                }
                self.union_of(&kept)
            }
            Node::Any | Node::Empty => Ok(marker.clone()),
            Node::Single(_) | Node::AllValues(_) | Node::AnyValue(_) => {
                let is_excluded = marker.variable() == Some(variable);
                Ok(if is_excluded {
                    Marker::any()
                } else {
                    marker.clone()
                })
            }
        }
    }

    pub(super) fn only(
        &mut self,
        marker: &Marker,
        variables: &[Variable],
    ) -> Result<Marker, Stopped> {
        if let Some(variable) = marker.variable() {
            let is_wanted = variables.contains(&variable);
            return Ok(if is_wanted {
                marker.clone()
            } else {
                Marker::any()
            });
        }
        self.map_parts(marker, |algebra, part| algebra.only(part, variables))
    }

    fn map_parts(
        &mut self,
        marker: &Marker,
        change: impl Fn(&mut Self, &Marker) -> Result<Marker, Stopped>,
    ) -> Result<Marker, Stopped> {
        match marker.node() {
            Node::All(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| change(self, part))
                    .collect::<Result<_, _>>()?;
                self.all_of(parts)
            }
            Node::Either(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| change(self, part))
                    .collect::<Result<_, _>>()?;
                self.any_of(parts)
            }
            Node::Any | Node::Empty | Node::Single(_) | Node::AllValues(_) | Node::AnyValue(_) => {
                Ok(marker.clone())
            }
        }
    }

    fn reduce(&mut self, marker: &Marker, python: &Python<'_>) -> Result<Marker, Stopped> {
        if let Some(single) = marker
            .as_single()
            .filter(|single| single.variable().is_python())
        {
            return self.reduce_single(marker, single, python);
        }
        if let Some(parts) = marker.as_any()
            && self.holds_on_all(parts, python)?
        {
            return Ok(Marker::any());
        }
        self.map_parts(marker, |algebra, part| algebra.reduce(part, python))
    }

    fn reduce_single(
        &mut self,
        marker: &Marker,
        single: &Single,
        python: &Python<'_>,
    ) -> Result<Marker, Stopped> {
        let Some(constraint) = single.python_constraint() else {
            return Ok(marker.clone());
        };
        if constraint.allows_all(python.constraint) {
            return Ok(Marker::any());
        }
        if !constraint.allows_any(python.constraint) {
            return Ok(Marker::empty());
        }
        let reduced = self.intersect(marker, &python.marker)?;
        Ok(if reduced.as_single().is_some() {
            reduced
        } else {
            marker.clone()
        })
    }

    /// Tells whether those of `parts` that are about the interpreter's version alone cover all interpreters.
    fn holds_on_all(&mut self, parts: &[Marker], python: &Python<'_>) -> Result<bool, Stopped> {
        let is_version = matches!(
            python.constraint,
            VersionConstraint::Empty | VersionConstraint::Interval(Interval::Version(_))
        );
        if is_version {
            return Ok(false);
        }
        let mut python_only = Vec::new();
        for part in parts {
            if self.only(part, &Variable::PYTHON)? == *part {
                python_only.push(part.clone());
            }
        }
        let python_only = self.any_of(python_only)?;
        let covered = self.python_constraint(&python_only)?;
        Ok(covered.allows_all(python.constraint))
    }

    fn apply_extras(&mut self, marker: &Marker, extras: &[ExtraName]) -> Result<Marker, Stopped> {
        if marker.variable() == Some(Variable::Extra) {
            return Ok(decide_extra(marker, extras));
        }
        self.map_parts(marker, |algebra, part| algebra.apply_extras(part, extras))
    }
}
