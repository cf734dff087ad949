//! Simple pages: any bytes are a page or an error, in HTML and in JSON; what is wanted of a page is what the whole page has.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use lock2venv::index::simple::{
    parse_html, parse_html_detail, parse_json, parse_json_detail, parse_json_version,
};

fuzz_target!(|bytes: &[u8]| {
    let wanted = BTreeSet::from(["demo-1.0.tar.gz", "a"]);
    let page = parse_html(bytes, &wanted);
    let detail = parse_html_detail(bytes);
    assert!(page.entries.len() <= page.n_files);
    assert_eq!(page.base, detail.base);
    let _ = parse_json_version(bytes);
    let _ = parse_json_detail(bytes);
    if let Ok(page) = parse_json(bytes, &wanted) {
        let are_wanted = page.entries.iter().all(|entry| wanted.contains(&*entry.file));
        assert!(are_wanted);
    }
});
