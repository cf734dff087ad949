//! Which names an entry may have.

use super::Fault;

const MAX_COMPONENT_BYTES: usize = 255;
const MAX_PATH_BYTES: usize = 1024;

/// Checks that `path` is relative, stays below the folder that it is joined to, and names one file there in one way.
///
/// # Errors
///
/// The [`Fault`] of the name.
pub fn check_path(path: &str) -> Result<(), Fault> {
    let unfit = |character: &char| *character == '\\' || character.is_control();
    if let Some(character) = path.chars().find(unfit) {
        return Err(Fault::NameCharacter(character));
    }
    if path.starts_with('/') || has_drive(path) {
        return Err(Fault::NameEscapes);
    }
    if path.len() > MAX_PATH_BYTES {
        return Err(Fault::NameLength);
    }
    path.split('/').try_for_each(check_component)
}

fn check_component(component: &str) -> Result<(), Fault> {
    match component {
        ".." => Err(Fault::NameEscapes),
        "" | "." => Err(Fault::NameComponent),
        _ if component.len() > MAX_COMPONENT_BYTES => Err(Fault::NameLength),
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
    fn refuses(path: &str, fault: Fault) {
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
        refuses("../a", Fault::NameEscapes);
        refuses("a/../../b", Fault::NameEscapes);
        refuses("a/..", Fault::NameEscapes);
        refuses("/etc/passwd", Fault::NameEscapes);
        refuses("C:/windows", Fault::NameEscapes);
        refuses("c:x", Fault::NameEscapes);
    }

    #[test]
    fn odd_names_are_refused() {
        refuses("", Fault::NameComponent);
        refuses("a//b", Fault::NameComponent);
        refuses("./a", Fault::NameComponent);
        refuses("a\\b", Fault::NameCharacter('\\'));
        refuses("a\0b", Fault::NameCharacter('\0'));
        refuses("a\nb", Fault::NameCharacter('\n'));
        refuses("a\u{7f}", Fault::NameCharacter('\u{7f}'));
        refuses("a\u{85}", Fault::NameCharacter('\u{85}'));
        refuses(&"x".repeat(256), Fault::NameLength);
        refuses(&"x/".repeat(600), Fault::NameLength);
    }
}
