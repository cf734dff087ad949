//! The packages that a setting is about, such as those that no wheel is wanted for.

use std::collections::BTreeSet;

use crate::name::PackageName;

/// Packages that a setting such as `installer.no-binary` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PackagePolicy {
    /// No package; the default.
    #[default]
    None,
    /// Every package (`:all:` or `true`).
    All,
    /// These.
    Named(BTreeSet<PackageName>),
}

impl PackagePolicy {
    /// Tells whether the setting is about this package.
    pub fn covers(&self, name: &PackageName) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Named(names) => names.contains(name),
        }
    }

    /// Tells whether this policy forbids one form of `package`: naming it does, and `:all:` does unless the policy about the
    /// `other` form names it, as Poetry's `Chooser` weighs the two.
    pub fn forbids(&self, package: &PackageName, other: &Self) -> bool {
        self.names(package) || (self.covers(package) && !other.names(package))
    }

    fn names(&self, package: &PackageName) -> bool {
        matches!(self, Self::Named(names) if names.contains(package))
    }

    /// Follows Poetry's `PackageFilterPolicy`: `:all:` wins, then `:none:` or nothing at all means none.
    pub fn parse(words: &[&str]) -> Self {
        let words: Vec<&str> = words
            .iter()
            .map(|word| word.trim())
            .filter(|word| !word.is_empty())
            .collect();
        let says = |word: &str, literals: &[&str]| literals.contains(&word);
        match words.as_slice() {
            [] => Self::None,
            [word] if says(word, &["true", "1"]) => Self::All,
            [word] if says(word, &["false", "0"]) => Self::None,
            words if words.contains(&":all:") => Self::All,
            words if words.contains(&":none:") => Self::None,
            words => Self::Named(words.iter().map(|word| PackageName::new(word)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn policy(text: &str, covered: &[&str], left_out: &[&str]) {
        let policy = PackagePolicy::parse(&text.split(',').collect::<Vec<_>>());
        let covers = |name: &&str| policy.covers(&PackageName::new(name));
        assert!(covered.iter().all(covers), "{policy:?}");
        assert!(!left_out.iter().any(covers), "{policy:?}");
    }

    #[test]
    fn settings_cover_what_poetry_says() {
        policy("", &[], &["a"]);
        policy("true", &["a"], &[]);
        policy("0", &[], &["a"]);
        policy(":all:", &["a"], &[]);
        policy(":none:", &[], &["a"]);
        policy("a, Ruamel.YAML,", &["a", "ruamel-yaml"], &["b"]);
        policy("a,:all:,:none:", &["b"], &[]);
        policy("a,:none:", &[], &["a"]);
    }
}
