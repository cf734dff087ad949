//! The text of intervals and unions, among it the wildcards (`==1.*`, `!=1.*`) that some of them amount to.

use std::fmt::{self, Write};

use super::interval::{Bound, Interval, Range};
use crate::version::Version;

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => formatter.write_str(version.normal()),
            Self::Range(range) => write!(formatter, "{range}"),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(wildcard) = of_range(self) {
            return write!(formatter, "=={wildcard}");
        }
        if self.is_any() {
            return formatter.write_char('*');
        }
        write_min(self.min.as_ref(), formatter)?;
        if self.min.is_some() && self.max.is_some() {
            formatter.write_char(',')?;
        }
        write_max(self.max.as_ref(), formatter)
    }
}

fn write_min(min: Option<&Bound>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(Bound {
        version,
        is_included,
    }) = min
    else {
        return Ok(());
    };
    let operator = if *is_included { ">=" } else { ">" };
    write!(formatter, "{operator}{}", version.normal())
}

/// `<1` is kept as `<1.dev0`, since no pre-release of 1 is meant; it prints as it was typed.
fn write_max(max: Option<&Bound>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(Bound {
        version,
        is_included,
    }) = max
    else {
        return Ok(());
    };
    if *is_included {
        return write!(formatter, "<={}", version.normal());
    }
    if version.first_devrelease_of_stable() {
        return write!(formatter, "<{}", version.without_devrelease().normal());
    }
    write!(formatter, "<{}", version.normal())
}

pub(super) fn write_union(
    intervals: &[Interval],
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if let Some(wildcard) = excluded(intervals) {
        return write!(formatter, "!={wildcard}");
    }
    let mut sorted: Vec<&Interval> = intervals.iter().collect();
    sorted.sort_by(|ours, theirs| ours.order(theirs));
    let groups = sorted.chunk_by(|before, after| is_puncture(before, after));
    for (place, group) in groups.enumerate() {
        if place > 0 {
            formatter.write_str(" || ")?;
        }
        write_punctured(group, formatter)?;
    }
    Ok(())
}

/// Tells whether only one version is missing between the two.
fn is_puncture(before: &Interval, after: &Interval) -> bool {
    match (before.max(), after.min()) {
        (Some((end, false)), Some((start, false))) => end == start,
        _ => false,
    }
}

fn write_punctured(group: &[&Interval], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [Interval::Range(first), .., Interval::Range(last)] = group else {
        return group
            .iter()
            .try_for_each(|interval| write!(formatter, "{interval}"));
    };
    let mut separator = "";
    if first.min.is_some() {
        write_min(first.min.as_ref(), formatter)?;
        separator = ",";
    }
    for (hole, _) in group[..group.len() - 1]
        .iter()
        .filter_map(|interval| interval.max())
    {
        write!(formatter, "{separator}!={}", hole.normal())?;
        separator = ",";
    }
    if last.max.is_some() {
        formatter.write_str(separator)?;
        write_max(last.max.as_ref(), formatter)?;
    }
    Ok(())
}

fn of_range(range: &Range) -> Option<String> {
    let (Some(min), Some(max)) = (&range.min, &range.max) else {
        return None;
    };
    let fits = min.is_included
        && !max.is_included
        && is_candidate(&min.version, &max.version, Order::MinFirst);
    fits.then(|| text(&min.version, &max.version))
}

/// Returns the wildcard that alone is missing from the union.
pub(super) fn excluded(intervals: &[Interval]) -> Option<String> {
    let [first, second] = intervals else {
        return None;
    };
    let (low, high) = match first.max() {
        Some(_) => (first, second),
        None => (second, first),
    };
    let (Some((end, false)), None, Some((start, true)), None) =
        (low.max(), low.min(), high.min(), high.max())
    else {
        return None;
    };
    is_candidate(start, end, Order::MaxFirst).then(|| text(end, start))
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    MinFirst,
    MaxFirst,
}

fn is_candidate(min: &Version, max: &Version, order: Order) -> bool {
    let is_odd = min.is_local()
        || max.is_local()
        || min.is_prerelease()
        || max.is_prerelease()
        || min.is_postrelease() != max.is_postrelease()
        || min.first_devrelease() != *min
        || (max.is_devrelease() && max.first_devrelease() != *max);
    if is_odd {
        return false;
    }
    let (first, second) = match order {
        Order::MinFirst => (min, max),
        Order::MaxFirst => (max, min),
    };
    is_one_step(first, second)
}

/// Tells whether `second` is one higher than `first` in its last number that is not zero.
fn is_one_step(first: &Version, second: &Version) -> bool {
    let Some((last, start)) = significant(second).split_last() else {
        return false;
    };
    let number = |place: usize| first.release().get(place).copied().unwrap_or(0);
    let length = start.len() + 1;
    let has_same_start = start
        .iter()
        .enumerate()
        .all(|(place, &wanted)| number(place) == wanted);
    let has_zeros_after = first
        .release()
        .iter()
        .skip(length)
        .all(|&number| number == 0);
    if !has_same_start || !has_zeros_after {
        return false;
    }
    if first.is_postrelease() {
        return number(start.len()) == *last && first.has_next_post(second);
    }
    number(start.len()).checked_add(1) == Some(*last)
}

fn text(first: &Version, second: &Version) -> String {
    if first.is_postrelease() {
        return format!("{}.*", first.without_devrelease().normal());
    }
    let mut text = String::new();
    if let Some((last, start)) = significant(second).split_last() {
        for number in start {
            text.push_str(&number.to_string());
            text.push('.');
        }
        text.push_str(&last.saturating_sub(1).to_string());
    }
    text + ".*"
}

fn significant(version: &Version) -> &[u64] {
    let release = version.release();
    let end = release.iter().rposition(|&number| number != 0);
    &release[..end.map_or(0, |last| last + 1)]
}
