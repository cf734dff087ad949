//! Places in a document, for messages about it.

/// Returns the line of the first marker of a merge conflict, if it is not behind `line`; both from 1.
pub(crate) fn merge_conflict(text: &str, line: usize) -> Option<usize> {
    let mut lines = text.lines().take(line);
    let is_marker = |line: &str| {
        let signs = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];
        let rest = signs.iter().find_map(|sign| line.strip_prefix(sign));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    Some(lines.position(is_marker)? + 1)
}

/// Returns line and column of the byte `at`, both from 1, columns in characters.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
