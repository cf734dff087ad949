//! Wheels that were built before.

use std::fs::File;
use std::io::Read as _;
use std::sync::PoisonError;

use serde_json::json;

use super::workplace::NewWheel;
use super::{Builder, BuiltFile};
use crate::build::Expected;
use crate::digest::Digest;
use crate::filename::WheelFilename;
use crate::store::{BuiltRecord, Cache, Key};

/// Changes when what is built of the same source by the same rules would differ.
const FORM: u32 = 1;

const PIECE_BYTES: usize = 256 << 10;

/// Which wheel is asked for.
pub(super) struct Question<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) expected: &'a Expected,
}

/// What it is built of.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    Archive {
        digest: &'a Digest,
        subdirectory: Option<&'a str>,
    },
    /// A tree, by its identity.
    Tree(&'a str),
}

impl Origin<'_> {
    fn text(self) -> String {
        match self {
            Self::Archive {
                digest,
                subdirectory,
            } => format!("{digest} {}", subdirectory.unwrap_or_default()),
            Self::Tree(identity) => identity.to_owned(),
        }
    }
}

impl Builder<'_> {
    /// Finds the wheel that was built before; whatever is wrong counts as absence.
    pub(super) fn find_kept(&self, question: &Question<'_>) -> Option<BuiltFile> {
        let kept = self.kept_cache()?;
        let record = kept.private.as_ref()?.built().read(&self.key(question))?;
        let file_name = WheelFilename::parse(&record.file).ok()?;
        question.expected.check(&file_name).ok()?;
        let digest = Digest::parse(&record.digest)?;
        let file = kept.cache.find(&[digest]).ok()??;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push((file_name.clone(), file.again()));
        Some(BuiltFile {
            file,
            file_name,
            from_cache: true,
        })
    }

    /// Keeps a wheel as the answer to `question`. What cannot be kept is built again.
    pub(super) fn keep(&self, question: &Question<'_>, wheel: &NewWheel) {
        let Some(kept) = self.kept_cache() else {
            return;
        };
        let Some(private) = kept.private.as_ref().filter(|_| kept.cache.is_written()) else {
            return;
        };
        let record = BuiltRecord {
            file: wheel.file_name.as_str().to_owned(),
            digest: wheel.digest.to_string(),
            environment: wheel.environment.clone(),
        };
        if put(&kept.cache, wheel).is_some() {
            let _ = private.built().write(&self.key(question), &record);
        }
    }

    /// Everything that tells one wheel from another before anything is read or asked.
    pub(super) fn key(&self, question: &Question<'_>) -> Key {
        let settings = &self.settings;
        let name = &question.expected.name;
        let target = &self.tools.interpreter.target;
        let markers = &target.marker_environment;
        let indexes: Vec<String> = self
            .indexes()
            .iter()
            .filter_map(|index| self.index_key(index))
            .collect();
        let text = json!({
            "form": FORM,
            "origin": question.origin.text(),
            "name": name.as_str(),
            "tags": target.tags,
            "implementation": markers.platform_python_implementation,
            "settings": settings.config_settings.get(name),
            "constraints": self.constraints(name),
            "nested": format!("{:?}", settings.nested),
            "policies": format!("{:?} {:?}", settings.no_binary, settings.only_binary),
            "indexes": indexes,
        });
        Key::of_question(text.to_string().as_bytes())
    }
}

/// Copies a wheel into the cache.
fn put(cache: &Cache, wheel: &NewWheel) -> Option<()> {
    let digests = [wheel.digest.clone()];
    if cache.find(&digests).ok()?.is_some() {
        return Some(());
    }
    let mut writer = cache.writer(&digests).ok()?;
    let mut file = File::open(&wheel.path).ok()?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece).ok()? {
            0 => break,
            n_read => writer.write(&piece[..n_read]).ok()?,
        }
    }
    writer.finish().ok()?.path().map(|_| ())
}
