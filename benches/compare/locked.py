"""Writes a project whose lock names given files, as Poetry 2 would have locked them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from stage import file_sha256

PACKAGE = """[[package]]
name = "{name}"
version = "{version}"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = [
    {{file = "{file}", hash = "sha256:{digest}"}},
]

"""


def write_project(folder: Path, name: str, files: list[tuple[str, str, Path]]) -> None:
    """Writes pyproject.toml, poetry.lock and requirements.txt for `files`: name, version and path of each."""
    relevant = {"requires-python": ">=3.9", "dependencies": [f"{package} (=={version})" for package, version, _ in files]}
    dependencies = json.dumps(relevant["dependencies"])
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.9"\ndependencies = {dependencies}\n\n'
        '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
    )
    content_hash = hashlib.sha256(json.dumps({"project": relevant, "tool": {"poetry": {}}}, sort_keys=True).encode()).hexdigest()
    digests = {path: file_sha256(path) for _, _, path in files}
    packages = [PACKAGE.format(name=package, version=version, file=path.name, digest=digests[path]) for package, version, path in files]
    metadata = f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.9"\ncontent-hash = "{content_hash}"\n'
    (folder / "poetry.lock").write_text(f"# @generated for {name}, in the form of Poetry 2\n\n" + "".join(packages) + metadata)
    lines = [f"{package}=={version} --hash=sha256:{digests[path]}\n" for package, version, path in files]
    (folder / "requirements.txt").write_text("".join(lines))
