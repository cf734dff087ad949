//! pyproject.toml, in both dialects: `[tool.poetry]` and `[project]`.
