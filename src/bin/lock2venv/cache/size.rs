//! `lock2venv cache size`: the bytes for programs, and for people what they are.

use std::path::Path;

use indicatif::HumanBytes;
use lock2venv::store::{self, CachePart, PartSize, PartSizes};
use serde_json::{Map, Value, json};

use super::arguments::CacheSize;
use crate::args::ReportFormat;
use crate::context::Context;
use crate::diagnose::Failure;
use crate::{print_data, report};

pub(super) fn run(arguments: &CacheSize, context: &Context) -> Result<(), Failure> {
    let path = super::path(&arguments.folder, context)?;
    let sizes = store::sizes(&path)?;
    match arguments.format {
        ReportFormat::Json => print_data(document(&path, &sizes).as_bytes()),
        ReportFormat::Text => {
            for row in table(&sizes) {
                report::print_line(&row);
            }
            print_data(format!("{}\n", sizes.total().size.n_bytes).as_bytes())
        }
    }
}

/// Makes a row of each part that there is something of.
pub(super) fn table(sizes: &PartSizes) -> Vec<String> {
    let parts = CachePart::ALL.into_iter();
    let rows = parts.map(|part| (title(part), sizes.of(part)));
    let rows = rows.filter(|(_, size)| size.n_things > 0);
    rows.map(|(title, size)| row(title, size)).collect()
}

fn row(title: &str, size: PartSize) -> String {
    let bytes = HumanBytes(size.size.n_bytes).to_string();
    let shared = match size.n_shared_bytes {
        0 => String::new(),
        n_bytes => format!("  ({} shared with environments)", HumanBytes(n_bytes)),
    };
    format!("{title:<18}{:>7}  {bytes:>11}{shared}", size.n_things)
}

fn title(part: CachePart) -> &'static str {
    match part {
        CachePart::Archives => "archives",
        CachePart::Unpacked => "unpacked wheels",
        CachePart::Packs => "packed wheels",
        CachePart::Bytecode => "bytecode",
        CachePart::Built => "built wheels",
        CachePart::Checkouts => "check-outs",
        CachePart::Answers => "answers",
        CachePart::Drafts => "being written",
    }
}

fn document(path: &Path, sizes: &PartSizes) -> String {
    let parts: Map<String, Value> = CachePart::ALL
        .into_iter()
        .map(|part| (part.name().to_owned(), numbers(sizes.of(part))))
        .collect();
    let document = json!({
        "schema": "lock2venv.cache-size/1",
        "cache": path.display().to_string(),
        "total": numbers(sizes.total()),
        "parts": parts,
    });
    format!("{document:#}\n")
}

fn numbers(size: PartSize) -> Value {
    json!({
        "count": size.n_things,
        "files": size.size.n_files,
        "bytes": size.size.n_bytes,
        "shared_bytes": size.n_shared_bytes,
    })
}
