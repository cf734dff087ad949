//! How long a large simple page takes: 5,000 files, of which one is wanted.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use divan::{Bencher, black_box};
use lock2venv::index::simple::{parse_html, parse_json};

const N_FILES: usize = 5_000;
const WANTED: &str = "demo-4000-cp311-cp311-manylinux_2_28_x86_64.whl";
const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn main() {
    divan::main();
}

fn name(number: usize) -> String {
    format!("demo-{number}-cp311-cp311-manylinux_2_28_x86_64.whl")
}

fn json_page() -> Vec<u8> {
    let entries: Vec<String> = (0..N_FILES)
        .map(|number| {
            let name = name(number);
            format!(
                r#"{{"core-metadata":{{"sha256":"{HEX}"}},"filename":"{name}","hashes":{{"sha256":"{HEX}"}},"provenance":null,"requires-python":">=3.9","size":12345678,"upload-time":"2026-01-01T00:00:00.000000Z","url":"https://files.acme.example/packages/aa/bb/{name}","yanked":false}}"#
            )
        })
        .collect();
    let files = entries.join(",");
    format!(r#"{{"files":[{files}],"meta":{{"api-version":"1.1"}},"name":"demo"}}"#).into_bytes()
}

fn html_page() -> Vec<u8> {
    let mut page = String::from("<!DOCTYPE html><html><body>\n");
    for number in 0..N_FILES {
        let name = name(number);
        let _ = writeln!(
            page,
            r#"<a href="https://files.acme.example/packages/aa/bb/{name}#sha256={HEX}" data-requires-python="&gt;=3.9" data-dist-info-metadata="sha256={HEX}">{name}</a><br>"#
        );
    }
    page.into_bytes()
}

#[divan::bench]
fn json(bencher: Bencher<'_, '_>) {
    let page = json_page();
    let wanted = BTreeSet::from([WANTED]);
    bencher.bench(|| parse_json(black_box(&page), &wanted));
}

#[divan::bench]
fn html(bencher: Bencher<'_, '_>) {
    let page = html_page();
    let wanted = BTreeSet::from([WANTED]);
    bencher.bench(|| parse_html(black_box(&page), &wanted));
}
