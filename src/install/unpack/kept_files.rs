//! Taking files out of a cached wheel.

use super::placing::{Executable, Placement, Placing};
use crate::install::Error;
use crate::install::place::contents::NumberedItem;
use crate::install::place::script::ScriptFolder;
use crate::store::wheels::{KeptFiles, Linked};

/// Puts `items` of a cached wheel in place.
pub(super) fn link<'i>(
    files: &KeptFiles,
    items: impl Iterator<Item = NumberedItem<'i>>,
    scripts: &ScriptFolder<'_>,
    placing: &mut Placing<'_>,
) -> Result<(), Error> {
    let mut source = files.reader();
    for item in items {
        let path = &item.item.path;
        if item.item.is_script {
            let content = source.read(item.index, path)?;
            let text = scripts.rewrite(path, &content);
            placing.put(path, text.unwrap_or(content), Executable::Yes)?;
            continue;
        }
        let linked = source.link(item.index, &mut placing.place, path)?;
        let placement = match linked.linked {
            Linked::New => Placement::InPlace,
            Linked::Exists => Placement::Contested,
        };
        placing.note(item, linked.sha256, placement);
    }
    Ok(())
}
