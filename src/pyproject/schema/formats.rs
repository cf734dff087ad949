//! Formats of texts that the schemas ask for.

pub(super) fn python_list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("[{}]", words.join(", "))
}

pub(super) fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(is_allowed)
}

pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let is_scheme = !scheme.is_empty() && scheme.chars().all(is_word);
    is_scheme && !rest.is_empty() && !rest.contains(char::is_whitespace)
}

pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let is_domain = domain.find('.').is_some_and(|dot| dot > 0)
        && domain.len() > domain.find('.').map_or(0, |dot| dot + 1);
    is_local && is_domain && !domain.contains('@')
}

pub(super) fn is_project_name(text: &str) -> bool {
    let is_edge = |character: char| character.is_ascii_alphabetic() || character.is_numeric();
    let is_inner = |character: char| character.is_alphanumeric() || "_.-".contains(character);
    text.starts_with(is_edge) && text.ends_with(is_edge) && text.chars().all(is_inner)
}

/// Follows the pattern of `project.version` from left to right; every part but the release may be missing.
pub(super) fn is_project_version(text: &str) -> bool {
    let mut rest = text.strip_prefix('v').unwrap_or(text);
    if let Some((epoch, version)) = rest.split_once('!')
        && !epoch.is_empty()
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
    {
        rest = version;
    }
    let (public, local) = match rest.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (rest, None),
    };
    is_public_version(public) && local.is_none_or(is_local_version)
}

fn is_public_version(text: &str) -> bool {
    const PRE: &[&str] = &["alpha", "a", "beta", "b", "preview", "pre", "c", "rc"];
    let Some(mut rest) = skip_digits(text) else {
        return false;
    };
    while let Some(next) = rest.strip_prefix('.').and_then(skip_digits) {
        rest = next;
    }
    rest = skip_phase(rest, PRE);
    rest = match rest.strip_prefix('-').and_then(skip_digits) {
        Some(next) => next,
        None => skip_phase(rest, &["post", "rev", "r"]),
    };
    skip_phase(rest, &["dev"]).is_empty()
}

fn is_local_version(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.split(['-', '_', '.']).all(is_segment)
}

/// Skips one phase such as `-rc.1`; returns `text` itself when none of `words` stands there.
fn skip_phase<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let start = text.strip_prefix(['-', '_', '.']).unwrap_or(text);
    let Some(rest) = words.iter().find_map(|word| start.strip_prefix(word)) else {
        return text;
    };
    let digits = rest.strip_prefix(['-', '_', '.']).unwrap_or(rest);
    skip_digits(digits).or(skip_digits(rest)).unwrap_or(digits)
}

fn skip_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}
