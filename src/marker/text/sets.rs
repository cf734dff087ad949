//! Intersections and unions of several comparisons, in the order and form that poetry-core gives them.

use super::TextConstraint;
use super::condition::Comparison::{Equal, In, NotEqual, NotIn};
use super::condition::{Condition, Domain, values_contain};

pub(super) fn intersect_all(
    ours: &[Condition],
    theirs: &[Condition],
    domain: Domain,
) -> TextConstraint {
    let all = || ours.iter().chain(theirs);
    let contradicts = |condition: &Condition| {
        let mut others = all();
        others.any(|other| other.operator == NotEqual && other.value == condition.value)
    };
    if domain == Domain::Extras && all().any(|one| one.operator == Equal && contradicts(one)) {
        return TextConstraint::Empty;
    }
    let new = theirs.iter().filter(|condition| !ours.contains(condition));
    TextConstraint::All(ours.iter().chain(new).cloned().collect())
}

pub(super) fn intersect_all_with(
    ours: &[Condition],
    their: &Condition,
    domain: Domain,
) -> TextConstraint {
    if ours.contains(their) {
        return TextConstraint::All(ours.to_vec());
    }
    if values_contain(ours, &their.value) {
        return TextConstraint::Empty;
    }
    if their.operator == Equal && domain == Domain::Variable {
        return their.clone().into();
    }
    TextConstraint::All(ours.iter().chain([their]).cloned().collect())
}

pub(super) fn union_all(
    ours: &[Condition],
    theirs: &[Condition],
    domain: Domain,
) -> TextConstraint {
    let (our_set, their_set) = (
        TextConstraint::All(ours.to_vec()),
        TextConstraint::All(theirs.to_vec()),
    );
    if domain == Domain::Extras {
        if ours.iter().all(|condition| theirs.contains(condition)) {
            return our_set;
        }
        if theirs.iter().all(|condition| ours.contains(condition)) {
            return their_set;
        }
        return TextConstraint::Either(vec![our_set, their_set]);
    }
    let mut common: Vec<_> = ours
        .iter()
        .filter(|one| theirs.contains(one))
        .cloned()
        .collect();
    match common.len() {
        0 => TextConstraint::Any,
        1 => TextConstraint::One(common.remove(0)),
        _ => TextConstraint::All(common),
    }
}

pub(super) fn union_all_with(
    ours: &[Condition],
    their: &Condition,
    domain: Domain,
) -> TextConstraint {
    if ours.contains(their) {
        return their.clone().into();
    }
    let is_known = values_contain(ours, &their.value);
    let mut others: Vec<_> = ours
        .iter()
        .filter(|one| one.value != their.value)
        .cloned()
        .collect();
    if domain == Domain::Extras {
        let mut parts = vec![TextConstraint::All(ours.to_vec())];
        if ours.len() == 2 && is_known {
            parts = others.into_iter().map(TextConstraint::One).collect();
        }
        parts.push(their.clone().into());
        return TextConstraint::Either(parts);
    }
    if !is_known {
        return match their.operator {
            NotEqual => TextConstraint::Any,
            Equal | In | NotIn => TextConstraint::All(ours.to_vec()),
        };
    }
    match others.len() {
        1 => TextConstraint::One(others.remove(0)),
        _ => TextConstraint::All(others),
    }
}

fn contains_all(whole: &[TextConstraint], part: &[TextConstraint]) -> bool {
    part.iter().all(|constraint| whole.contains(constraint))
}

pub(super) fn intersect_either(
    ours: &[TextConstraint],
    other: &TextConstraint,
    domain: Domain,
) -> TextConstraint {
    if domain == Domain::Extras && matches!(other, TextConstraint::One(_)) && ours.contains(other) {
        return other.clone();
    }
    let theirs = if let TextConstraint::Either(theirs) = other {
        theirs.as_slice()
    } else {
        std::slice::from_ref(other)
    };
    let mut common = Vec::new();
    if let TextConstraint::All(conditions) = other {
        for our in ours {
            let start = our.clone();
            push_distinct(
                &mut common,
                conditions.iter().fold(start, |set, condition| {
                    set.intersect(&condition.clone().into(), domain)
                }),
            );
        }
        return from_parts(common);
    }
    if contains_all(theirs, ours) {
        return TextConstraint::Either(ours.to_vec());
    }
    if contains_all(ours, theirs) {
        return from_parts(theirs.to_vec());
    }
    for our in ours {
        for their in theirs {
            push_distinct(&mut common, our.intersect(their, domain));
        }
    }
    from_parts(common)
}

/// Adds `part` unless it is empty or is there already, if need be in another order.
fn push_distinct(parts: &mut Vec<TextConstraint>, part: TextConstraint) {
    let is_same = |known: &TextConstraint| match (known, &part) {
        (TextConstraint::All(ours), TextConstraint::All(theirs)) => {
            ours.iter().all(|condition| theirs.contains(condition))
                && theirs.iter().all(|condition| ours.contains(condition))
        }
        _ => *known == part,
    };
    if !part.is_empty() && !parts.iter().any(is_same) {
        parts.push(part);
    }
}

fn from_parts(mut parts: Vec<TextConstraint>) -> TextConstraint {
    match parts.len() {
        0 => TextConstraint::Empty,
        1 => parts.remove(0),
        _ => TextConstraint::Either(parts),
    }
}

pub(super) fn union_either(
    ours: &[TextConstraint],
    theirs: &[TextConstraint],
    domain: Domain,
) -> TextConstraint {
    let (mut our_parts, mut their_parts, mut merged) = (Vec::new(), Vec::new(), Vec::new());
    for their in theirs {
        for our in ours {
            let union = our.union(their, domain);
            if union.is_any() {
                return union;
            }
            if union.as_one().is_none() {
                push_unknown(&mut our_parts, our);
                push_unknown(&mut their_parts, their);
            } else if union == *our {
                push_unknown(&mut our_parts, our);
            } else if union == *their {
                push_unknown(&mut their_parts, their);
            } else {
                push_unknown(&mut merged, &union);
            }
        }
    }
    for part in their_parts.iter().chain(&merged) {
        push_unknown(&mut our_parts, part);
    }
    match our_parts.len() {
        1 => our_parts.remove(0),
        _ => TextConstraint::Either(our_parts),
    }
}

fn push_unknown(parts: &mut Vec<TextConstraint>, part: &TextConstraint) {
    if !parts.contains(part) {
        parts.push(part.clone());
    }
}

pub(super) fn union_either_with_all(
    ours: &[TextConstraint],
    theirs: &[Condition],
    domain: Domain,
) -> TextConstraint {
    let singles = || ours.iter().filter_map(TextConstraint::as_one);
    if singles().any(|condition| theirs.contains(condition)) {
        return TextConstraint::Either(ours.to_vec());
    }
    let is_redundant = |their: &Condition| singles().any(|our| our.union(their, domain).is_any());
    let needed: Vec<_> = theirs.iter().filter(|their| !is_redundant(their)).collect();
    let needed_parts = needed
        .iter()
        .map(|&condition| condition.clone().into())
        .collect();
    if needed.is_empty() {
        return TextConstraint::Any;
    }
    if needed.len() < theirs.len() {
        let ours = TextConstraint::Either(ours.to_vec());
        return ours.union(&TextConstraint::Either(needed_parts), domain);
    }
    let mut parts = ours.to_vec();
    parts.push(TextConstraint::All(theirs.to_vec()));
    TextConstraint::Either(parts)
}
