//! What holds where one comparison does not.

use super::node::Marker;
use super::single::{Constraint, Single, spaced};
use crate::version::{Interval, VersionConstraint};

impl Single {
    pub(super) fn invert(&self) -> Marker {
        let Some(operator) = self.operator.invert() else {
            return self.invert_compatible();
        };
        let (value, operator) = (&self.value, operator.as_str());
        let inverted = if self.is_swapped {
            Self::parse_swapped(self.variable, &format!("\"{value}\" {operator}"))
        } else {
            Self::parse(self.variable, &format!("{operator} {value}"))
        };
        inverted.map_or_else(|_| Marker::any(), Marker::from)
    }

    /// `~=` is a range, so its inverse are two comparisons. Poetry fails where it is compared with a text.
    fn invert_compatible(&self) -> Marker {
        let Constraint::Version(VersionConstraint::Interval(Interval::Range(range))) =
            &self.constraint
        else {
            return self.invert_text();
        };
        let sides = [range.without_max(), range.without_min()];
        let sides = sides.map(|side| {
            let side = Self::parse(self.variable, &spaced(&side.to_string()));
            side.map_or_else(|_| Marker::any(), |side| side.invert())
        });
        Marker::any_of(sides)
    }

    /// Poetry takes `~= x` for a text of its own, of which `!=` is the inverse.
    fn invert_text(&self) -> Marker {
        let inverted = Self::parse(
            self.variable,
            &format!("!= {} {}", self.operator.as_str(), self.value),
        );
        inverted.map_or_else(|_| Marker::any(), Marker::from)
    }
}
