//! Builds the wheel of a pure Python project whose backend is poetry-core, without Python.
