//! Putting the files of a wheel that was built here in place, straight from where they are.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use fs_err as fs;

use super::placing::{Executable, Placement, Placing};
use super::proof::DigestCheck;
use crate::install::Error;
use crate::install::place::contents::{Item, NumberedItem};
use crate::install::place::placed::Placed;
use crate::install::place::script::ScriptFolder;
use crate::platform::folder::Created;
use crate::project_wheel::{BuiltWheel, Content};

const BUFFER_BYTES: usize = 64 << 10;

/// Puts `items` of `wheel` in place.
pub(super) fn place<'i>(
    wheel: &BuiltWheel,
    items: impl Iterator<Item = NumberedItem<'i>>,
    scripts: &ScriptFolder<'_>,
    placing: &mut Placing<'_>,
) -> Result<(), Error> {
    let mut buffer = vec![0; BUFFER_BYTES];
    for item in items {
        let (path, executable) = (&item.item.path, executable(item.item));
        match &wheel.files()[item.item.index].content {
            Content::Bytes(bytes) => placing.put(path, bytes.clone(), executable)?,
            Content::File(source) if item.item.is_script => {
                let content = fs::read(source).map_err(|cause| Error::io("read", source, cause))?;
                let text = scripts.rewrite(path, &content);
                placing.put(path, text.unwrap_or(content), executable)?;
            }
            Content::File(source) => copy(source, item, placing, &mut buffer)?,
        }
    }
    Ok(())
}

fn executable(item: &Item) -> Executable {
    if item.is_executable {
        Executable::Yes
    } else {
        Executable::No
    }
}

/// Copies one file, and hashes what is written: it may change until then.
fn copy(
    source: &Path,
    item: NumberedItem<'_>,
    placing: &mut Placing<'_>,
    buffer: &mut [u8],
) -> Result<(), Error> {
    let unreadable = |cause: io::Error| Error::io("read", source, cause);
    let path = &item.item.path;
    let mut from = fs::File::open(source).map_err(unreadable)?;
    let mut created = placing.place.create(path, item.item.is_executable)?;
    let (mut check, mut n_bytes) = (DigestCheck::new(None), 0);
    loop {
        let n_read = from.read(buffer).map_err(unreadable)?;
        let piece = &buffer[..n_read];
        if piece.is_empty() {
            break;
        }
        check.update(piece);
        n_bytes += n_read as u64;
        if let Created::New(file) = &mut created {
            let written = file.write_all(piece);
            written.map_err(|cause| placing.place.write_error(path, cause))?;
        }
    }
    let placement = match created {
        Created::New(file) => {
            let dated = placing.place.date(&file);
            dated.map_err(|cause| placing.place.write_error(path, cause))?;
            Placement::InPlace
        }
        Created::Exists => Placement::Contested,
    };
    let placed = Placed {
        n_bytes,
        ..Placed::of(item.item, check.finish().sha256)
    };
    placing.note_placed(item, placed, placement);
    Ok(())
}
