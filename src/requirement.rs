//! Requirements: a name, extras, versions or a URL, and a marker ([dependency specifiers], PEP 508).
//!
//! [dependency specifiers]: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
