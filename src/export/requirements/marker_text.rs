//! The markers of lines, each different one printed once.

use std::collections::HashMap;

use crate::marker::Marker;
use crate::pyproject::Project;
use crate::select::{Selected, Selection};

/// Where a package is wanted, as a line says it.
pub(super) enum MarkerText {
    /// Everywhere, so nothing is said.
    Always,
    /// Nowhere. Poetry says nothing either.
    Never,
    /// Where this marker holds.
    Where(String),
}

/// Prints the markers of packages, each different one once.
pub(super) struct MarkerTexts<'a> {
    /// The marker of the project's Pythons, where the selection does not hold it already.
    python: Option<Marker>,
    for_python: HashMap<&'a str, Marker>,
    texts: HashMap<(Marker, &'a str), MarkerText>,
}

impl MarkerText {
    pub(super) fn of(marker: &Marker) -> Self {
        if marker.is_any() {
            Self::Always
        } else if marker.is_empty() {
            Self::Never
        } else {
            Self::Where(marker.to_string())
        }
    }
}

impl<'a> MarkerTexts<'a> {
    pub(super) fn new(project: &Project, selection: &Selection<'_>) -> Self {
        let python = Marker::from_python_constraint(&project.python_constraint);
        Self {
            python: (!selection.has_python_markers).then_some(python),
            for_python: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    pub(super) fn text(&mut self, selected: &Selected<'a>) -> &MarkerText {
        let python_versions = selected.package.python_versions.as_str();
        let key = (selected.marker.clone(), python_versions);
        if !self.texts.contains_key(&key) {
            let marker = self.whole_marker(selected).without_extras();
            self.texts.insert(key.clone(), MarkerText::of(&marker));
        }
        &self.texts[&key]
    }

    fn whole_marker(&mut self, selected: &Selected<'a>) -> Marker {
        let Some(python) = &self.python else {
            return selected.marker.clone();
        };
        let marker = python.intersect(&selected.marker);
        let package = selected.package;
        if package.python_constraint.is_any() {
            return marker;
        }
        let supported = self
            .for_python
            .entry(&package.python_versions)
            .or_insert_with(|| Marker::from_python_constraint(&package.python_constraint));
        marker.intersect(supported)
    }
}
