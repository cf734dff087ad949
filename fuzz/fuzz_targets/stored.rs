//! What is kept as text behind a digest (addresses, what was built of what, answers of interpreters): any text is that, or nothing.

#![no_main]

use std::path::Component;

use libfuzzer_sys::fuzz_target;
use lock2venv::fuzz::{interpreter_answer, stored_records};

fuzz_target!(|text: &str| {
    let _ = stored_records(text);
    if let Some(interpreter) = interpreter_answer(text.as_bytes()) {
        let layout = &interpreter.layout;
        let mut parts = [&layout.purelib, &layout.platlib, &layout.scripts].into_iter().flat_map(|path| path.components());
        assert!(parts.all(|part| matches!(part, Component::Normal(_))));
        assert!(interpreter.executable.is_absolute());
    }
});
