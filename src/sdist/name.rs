//! Which names entries may have.

use super::Fault;

const MAX_COMPONENT_BYTES: usize = 255;
/// `PATH_MAX` without the NUL.
pub(super) const MAX_NAME_BYTES: usize = 4095;

/// Returns the name without empty and `.` components and without a slash at its end: empty for the top itself.
///
/// # Errors
///
/// The [`Fault`] of a name that is absolute, leads upwards or fits no file system.
pub(super) fn normal(name: &[u8]) -> Result<Vec<u8>, Fault> {
    if name.is_empty() || name.contains(&0) {
        return Err(Fault::Name);
    }
    if name[0] == b'/' {
        return Err(Fault::Absolute);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(Fault::NameLength);
    }
    let mut components = Vec::new();
    for component in name.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => return Err(Fault::Escapes),
            _ if component.len() > MAX_COMPONENT_BYTES => return Err(Fault::NameLength),
            _ => components.push(component),
        }
    }
    Ok(components.join(&b'/'))
}

/// Splits a normal name into the folder that holds it, empty for the top, and the last component.
pub(super) fn split(name: &[u8]) -> (&[u8], &[u8]) {
    match name.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&name[..slash], &name[slash + 1..]),
        None => (b"", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(name: &str, expected: &str) {
        assert_eq!(normal(name.as_bytes()).unwrap(), expected.as_bytes());
    }

    #[test]
    fn dots_and_doubled_slashes_do_not_count() {
        becomes("a-1.0/./b//c/", "a-1.0/b/c");
        becomes("./a", "a");
        becomes("./", "");
        becomes("a/..b/c..", "a/..b/c..");
        becomes("a\\..\\b", "a\\..\\b");
    }

    #[test]
    fn names_that_leave_or_fit_nowhere_are_refused() {
        assert_eq!(normal(b"/etc/passwd"), Err(Fault::Absolute));
        assert_eq!(normal(b"a/../../b"), Err(Fault::Escapes));
        assert_eq!(normal(b"a/../b"), Err(Fault::Escapes));
        assert_eq!(normal(b".."), Err(Fault::Escapes));
        assert_eq!(normal(b""), Err(Fault::Name));
        assert_eq!(normal(b"a\0b"), Err(Fault::Name));
        assert_eq!(normal(&[b'a'; 256]), Err(Fault::NameLength));
        assert_eq!(normal(&b"a/".repeat(3000)), Err(Fault::NameLength));
    }

    #[test]
    fn the_last_component_comes_apart() {
        assert_eq!(split(b"a/b/c"), (&b"a/b"[..], &b"c"[..]));
        assert_eq!(split(b"a"), (&b""[..], &b"a"[..]));
    }
}
