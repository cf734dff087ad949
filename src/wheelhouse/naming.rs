//! How files are called in a wheelhouse.

use std::path::{Component, Path};

use crate::filename::DistributionFilename;
use crate::plan::{Distribution, Form};

/// Returns the name that the file of `distribution` has in a wheelhouse: its own, unless that says nothing of the package, as that of a forge's
/// archive does (`main.zip`). `None` for what is no file, or has a name that leads elsewhere.
pub(super) fn file_name(distribution: &Distribution) -> Option<String> {
    let own = match &distribution.form {
        Form::Wheel(file) => file.as_str(),
        Form::Sdist { file, .. } => file,
        Form::Tree { .. } => return None,
    };
    let mut parts = Path::new(own).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == own);
    if !is_name {
        return None;
    }
    let named = DistributionFilename::parse(own);
    if named.is_ok_and(|named| named.name() == &distribution.name) {
        return Some(own.to_owned());
    }
    let (name, version) = (&distribution.name, &distribution.version);
    Some(format!("{name}-{version}-{own}"))
}
