//! The formats of `poetry export`, byte for byte.
