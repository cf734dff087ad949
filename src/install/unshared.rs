//! Distributions whose files may have no second name: they are copied into an environment, never hard-linked.
//!
//! nltk opens its data through `nltk.pathsec`, which since 3.10.3 refuses a file with more than one link, since a link could
//! be another name of a file outside ([the first report], [llama_index issue 22839]). The files that it opens are its own or
//! lie in distributions that bring data for it. A clone is no second name.
//!
//! [the first report]: https://github.com/awslabs/graphrag-toolkit/issues/468
//! [llama_index issue 22839]: https://github.com/run-llama/llama_index/issues/22839

use crate::plan::Distribution;
use crate::store::wheels::Sharing;
use crate::version::Version;

/// Each by its name, with the first version that it is about.
const UNSHARED: &[(&str, &str)] = &[
    ("llama-index", "0"),
    ("llama-index-core", "0"),
    ("llama-index-legacy", "0"),
    ("nltk", "3.10.3"),
];

/// Tells whether the files of `distribution` may have a second name.
pub(super) fn sharing(distribution: &Distribution) -> Sharing {
    if is_unshared(distribution) {
        Sharing::Unshared
    } else {
        Sharing::Shared
    }
}

fn is_unshared(distribution: &Distribution) -> bool {
    let name = distribution.name.as_str();
    let found = UNSHARED.iter().find(|(unshared, _)| *unshared == name);
    let since = found.and_then(|(_, since)| Version::parse(since).ok());
    since.is_some_and(|since| distribution.version >= since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::PackageName;
    use crate::plan::{DistributionId, Form, Origin};

    #[track_caller]
    fn unshared(name: &str, version: &str, expected: bool) {
        let distribution = Distribution {
            id: DistributionId::default(),
            name: PackageName::new(name),
            version: Version::parse(version).unwrap(),
            origin: Origin::Index {
                source: None,
                digests: Vec::new(),
            },
            form: Form::Tree { is_editable: false },
            is_requested: false,
            next_best: None,
        };
        assert_eq!(is_unshared(&distribution), expected, "{name} {version}");
    }

    #[test]
    fn distributions_are_named_with_the_versions_that_need_it() {
        unshared("nltk", "3.10.2", false);
        unshared("NLTK", "3.10.3", true);
        unshared("nltk", "3.11", true);
        unshared("llama_index.core", "0.12.1", true);
        unshared("nltk-data", "3.11", false);
    }
}
