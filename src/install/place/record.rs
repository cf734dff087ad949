//! The RECORD that is written, which is true: made from what was written, sorted by path, and the last file of all.

use super::paths::relative_to;
use super::placed::Placed;
use crate::wheel::{RecordLine, encode_digest, write_record};

/// Renders the RECORD of a distribution whose library folder is `library`; RECORD itself is `own_path`.
pub(crate) fn render(placed: &[Placed], library: &str, own_path: &str) -> Vec<u8> {
    let mut lines = lines(placed, library);
    lines.push(RecordLine {
        path: relative_to(library, own_path),
        proof: None,
    });
    lines.sort_unstable();
    write_record(&lines)
}

/// Renders lines of RECORD for `placed` alone.
pub(crate) fn render_lines(placed: &[Placed], library: &str) -> Vec<u8> {
    let mut lines = lines(placed, library);
    lines.sort_unstable();
    write_record(&lines)
}

fn lines(placed: &[Placed], library: &str) -> Vec<RecordLine> {
    let lines = placed.iter().map(|placed| RecordLine {
        path: relative_to(library, &placed.path),
        proof: Some((placed.digest, placed.n_bytes)),
    });
    lines.collect()
}

/// Writes a digest as RECORD has it.
pub(crate) fn digest_text(digest: &[u8]) -> String {
    format!("sha256={}", encode_digest(digest))
}
