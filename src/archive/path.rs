//! Which names an entry may have.

use super::EntryFault;

const MAX_COMPONENT_BYTES: usize = 255;
const MAX_PATH_BYTES: usize = 1024;

/// Checks that `path` is relative, stays below the folder that it is joined to, and names one file there in one way.
///
/// # Errors
///
/// The [`EntryFault`] of the name.
pub fn check_path(path: &str) -> Result<(), EntryFault> {
    let unfit = |character: &char| *character == '\\' || character.is_control();
    if let Some(character) = path.chars().find(unfit) {
        return Err(EntryFault::NameCharacter(character));
    }
    if path.starts_with('/') || has_drive(path) {
        return Err(EntryFault::NameEscapes);
    }
    if path.len() > MAX_PATH_BYTES {
        return Err(EntryFault::NameLength);
    }
    path.split('/').try_for_each(check_component)
}

fn check_component(component: &str) -> Result<(), EntryFault> {
    match component {
        ".." => Err(EntryFault::NameEscapes),
        "" | "." => Err(EntryFault::NameComponent),
        _ if component.len() > MAX_COMPONENT_BYTES => Err(EntryFault::NameLength),
        _ => Ok(()),
    }
}

fn has_drive(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic()) && bytes.next() == Some(b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(path: &str, fault: EntryFault) {
        assert_eq!(check_path(path), Err(fault));
    }

    #[test]
    fn ordinary_paths_are_accepted() {
        for path in [
            "a", "a/b.py", "a b/c", "é/ü", "...", "a..b/..c", ".hidden", "xy:z",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn paths_that_leave_are_refused() {
        refuses("../a", EntryFault::NameEscapes);
        refuses("a/../../b", EntryFault::NameEscapes);
        refuses("a/..", EntryFault::NameEscapes);
        refuses("/etc/passwd", EntryFault::NameEscapes);
        refuses("C:/windows", EntryFault::NameEscapes);
        refuses("c:x", EntryFault::NameEscapes);
    }

    #[test]
    fn odd_names_are_refused() {
        refuses("", EntryFault::NameComponent);
        refuses("a//b", EntryFault::NameComponent);
        refuses("./a", EntryFault::NameComponent);
        refuses("a\\b", EntryFault::NameCharacter('\\'));
        refuses("a\0b", EntryFault::NameCharacter('\0'));
        refuses("a\nb", EntryFault::NameCharacter('\n'));
        refuses("a\u{7f}", EntryFault::NameCharacter('\u{7f}'));
        refuses("a\u{85}", EntryFault::NameCharacter('\u{85}'));
        refuses(&"x".repeat(256), EntryFault::NameLength);
        refuses(&"x/".repeat(600), EntryFault::NameLength);
    }
}
