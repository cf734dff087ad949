//! Compatibility tags ([platform compatibility tags](https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/), PEP 425, 600, 656).
