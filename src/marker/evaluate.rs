//! Markers held against an environment.

use super::MarkerEnvironment;
use super::node::{Marker, Node, Values};
use super::single::{Constraint, Single};
use super::text::{Comparison, Condition, TextConstraint};
use super::variable::Variable;
use crate::name::ExtraName;
use crate::version::VersionConstraint;

impl Marker {
    /// Tells whether `environment`, with `extras` asked for, satisfies the marker.
    ///
    /// Versions are compared as poetry-core does: a value of the environment that is not a version satisfies no
    /// comparison of versions.
    pub fn evaluate(&self, environment: &MarkerEnvironment, extras: &[ExtraName]) -> bool {
        match self.node() {
            Node::Any => true,
            Node::Empty => false,
            Node::Single(single) if single.variable() == Variable::Extra => {
                holds_for_extras(self, extras)
            }
            Node::Single(single) => single.evaluate(environment),
            Node::AllValues(values) => {
                values
                    .conditions
                    .iter()
                    .all(holds(values, environment, extras))
            }
            Node::AnyValue(values) => {
                values
                    .conditions
                    .iter()
                    .any(holds(values, environment, extras))
            }
            Node::All(markers) => markers
                .iter()
                .all(|marker| marker.evaluate(environment, extras)),
            Node::Either(markers) => markers
                .iter()
                .any(|marker| marker.evaluate(environment, extras)),
        }
    }
}

fn holds(
    values: &Values,
    environment: &MarkerEnvironment,
    extras: &[ExtraName],
) -> impl Fn(&Condition) -> bool {
    move |condition| {
        if values.variable == Variable::Extra {
            return holds_for(condition, extras);
        }
        condition.allows(environment.value(values.variable))
    }
}

/// Tells whether a marker on extras holds when `extras` are asked for.
pub(super) fn holds_for_extras(marker: &Marker, extras: &[ExtraName]) -> bool {
    match marker.node() {
        Node::AllValues(values) => values.conditions.iter().all(|one| holds_for(one, extras)),
        Node::AnyValue(values) => values.conditions.iter().any(|one| holds_for(one, extras)),
        Node::Single(single) => match single.constraint() {
            Constraint::Text(texts) => texts_hold(texts, extras),
            Constraint::Version(_) => false,
        },
        Node::Any | Node::Empty | Node::All(_) | Node::Either(_) => marker.is_any(),
    }
}

fn texts_hold(texts: &TextConstraint, extras: &[ExtraName]) -> bool {
    match texts {
        TextConstraint::Any => true,
        TextConstraint::Empty => false,
        TextConstraint::One(condition) => holds_for(condition, extras),
        TextConstraint::All(conditions) => conditions.iter().all(|one| holds_for(one, extras)),
        TextConstraint::Either(parts) => parts.iter().any(|part| texts_hold(part, extras)),
    }
}

fn holds_for(condition: &Condition, extras: &[ExtraName]) -> bool {
    let is_asked_for = extras.contains(&ExtraName::new(&condition.value));
    match condition.operator {
        Comparison::Equal | Comparison::In => is_asked_for,
        Comparison::NotEqual | Comparison::NotIn => !is_asked_for,
    }
}

impl Single {
    fn evaluate(&self, environment: &MarkerEnvironment) -> bool {
        let value = environment.value(self.variable());
        match self.constraint() {
            Constraint::Text(texts) => texts.allows(value),
            Constraint::Version(allowed) => {
                let version = if self.variable() == Variable::PlatformRelease {
                    VersionConstraint::parse_release(value)
                } else {
                    VersionConstraint::parse_marker(value)
                };
                version.is_ok_and(|version| {
                    version
                        .as_version()
                        .is_some_and(|version| allowed.allows(version))
                })
            }
        }
    }
}

impl MarkerEnvironment {
    /// Returns the value of `variable`; that of [`Variable::Extra`] is empty, since extras are no part of an environment.
    pub fn value(&self, variable: Variable) -> &str {
        match variable {
            Variable::OsName => &self.os_name,
            Variable::SysPlatform => &self.sys_platform,
            Variable::PlatformMachine => &self.platform_machine,
            Variable::PlatformPythonImplementation => &self.platform_python_implementation,
            Variable::PlatformRelease => &self.platform_release,
            Variable::PlatformSystem => &self.platform_system,
            Variable::PlatformVersion => &self.platform_version,
            Variable::PythonVersion => &self.python_version,
            Variable::PythonFullVersion => &self.python_full_version,
            Variable::ImplementationName => &self.implementation_name,
            Variable::ImplementationVersion => &self.implementation_version,
            Variable::Extra => "",
        }
    }
}
