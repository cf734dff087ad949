//! The values of a JSON page, each by itself: what is not as it should be says nothing.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::CoreMetadata;
use crate::digest::Digest;

/// Reads the version, a text by the standard; a number says the same.
pub(super) fn version(meta: &RawValue) -> Option<String> {
    let meta: Value = serde_json::from_str(meta.get()).ok()?;
    match meta.get("api-version")? {
        Value::String(version) => Some(version.clone()),
        Value::Number(version) => Some(version.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let text: Text<'_> = serde_json::from_str(value.get()).ok()?;
    Some(text.0)
}

/// Some servers write 0 for what they do not know.
pub(super) fn size(value: &RawValue) -> Option<u64> {
    let size: u64 = serde_json::from_str(value.get()).ok()?;
    (size > 0).then_some(size)
}

/// Reads `true` or the reason; an empty one is `false`, unlike in HTML, where the attribute alone counts.
pub(super) fn yanked(value: &RawValue) -> Option<String> {
    if value.get() == "true" {
        return Some(String::new());
    }
    let reason = text(value).filter(|reason| !reason.is_empty());
    reason.map(Cow::into_owned)
}

/// Reads the digests that prove something, of those that are digests at all.
pub(super) fn digests(hashes: &RawValue) -> Vec<Digest> {
    let hashes: Value = serde_json::from_str(hashes.get()).unwrap_or_default();
    let digests = ["sha256", "sha384", "sha512"]
        .into_iter()
        .filter_map(|name| {
            let hex = hashes.get(name)?.as_str()?;
            Digest::parse(&format!("{name}:{}", hex.trim()))
        });
    digests.collect()
}

/// Names the algorithms of digests that are none of [`digests`].
pub(super) fn other_algorithms(hashes: &RawValue) -> Vec<String> {
    let hashes: Value = serde_json::from_str(hashes.get()).unwrap_or_default();
    let Value::Object(hashes) = hashes else {
        return Vec::new();
    };
    let others = hashes.into_iter().filter(|(name, value)| {
        let hex = value.as_str().unwrap_or_default();
        !hex.is_empty() && Digest::parse(&format!("{name}:{}", hex.trim())).is_none()
    });
    others.map(|(name, _)| name).collect()
}

/// Reads `true` or an object of digests.
pub(super) fn core_metadata(value: &RawValue) -> Option<CoreMetadata> {
    match value.get().trim_start().bytes().next()? {
        b't' => Some(CoreMetadata::default()),
        b'{' => Some(CoreMetadata {
            digests: digests(value),
        }),
        _ => None,
    }
}
