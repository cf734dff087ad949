//! The scripts that put an environment in front of `PATH`, for the shells that people use.
//!
//! Every script finds its own place when it is read, so that an environment can be moved. `dash`, `ash` and `csh` have no
//! word for that place: there `/proc` tells it, and where there is none (macOS) the environment has to be where it was made.

use std::path::Path;

/// The scripts: file name and text. `@PROMPT@` and `@ROOT@` stand for values of one environment.
const SCRIPTS: [(&str, &str); 5] = [
    ("activate", include_str!("activate.sh")),
    ("activate.fish", include_str!("activate.fish")),
    ("activate.csh", include_str!("activate.csh")),
    ("activate.nu", include_str!("activate.nu")),
    ("activate.ps1", include_str!("activate.ps1")),
];

/// Renders every script for an environment that will be at `root` and shows itself as `prompt`.
///
/// An empty prompt stands for the name of the folder that the environment is in when it is activated.
pub(super) fn render(root: &Path, prompt: &str) -> impl Iterator<Item = (&'static str, String)> {
    let prompt = plain(prompt);
    let root = root.to_string_lossy().into_owned();
    SCRIPTS.into_iter().map(move |(name, text)| {
        let quoted_prompt = match name {
            "activate.nu" | "activate.ps1" => prompt.clone(),
            _ => quote(&prompt),
        };
        let quoted_root = match name {
            "activate.csh" => quote(&root).replace('!', "\\!"),
            _ => quote(&root),
        };
        let text = text.replace("@PROMPT@", &quoted_prompt);
        (name, text.replace("@ROOT@", &quoted_root))
    })
}

/// Replaces what any of the shells could take for more than text.
fn plain(prompt: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || " ._-+@".contains(character);
    let characters = prompt.chars();
    characters
        .map(|character| if is_plain(character) { character } else { '_' })
        .collect()
}

/// Quotes for sh, csh and fish alike.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_prompt_is_more_than_text() {
        assert_eq!(plain("demo-py3.11"), "demo-py3.11");
        assert_eq!(plain("a'b$(c)`d`\n\"e\"\\!"), "a_b__c__d___e___");
    }

    #[test]
    fn no_place_holder_is_left() {
        for (name, text) in render(Path::new("/it's/here"), "demo") {
            assert!(!text.contains('@'), "{name}");
        }
    }
}
