#!/usr/bin/env python3
"""Compares an environment that lock2venv fills with one that pip fills from the same export.

    compare_with_pip.py BINARY PROJECT [--python PYTHON] [--work DIR] [--no-imports]

PROJECT holds pyproject.toml and poetry.lock. The main group is exported with hashes; `pip install --require-hashes
--no-deps -r` fills one environment, `lock2venv install --no-root --only main` the other. Then the two are compared:

* the same distributions, by .dist-info folder;
* the same files with the same bytes and executable bits, but for bytecode, RECORD, INSTALLER, REQUESTED and pip itself;
  scripts but for how they find their Python: what they import and call, or the bytes that the wheel has;
* every RECORD of ours is true: each line's digest and size are those of the file, and every file is listed;
* every top-level module imports, or fails with the same kind of exception, in both.

Prints what differs. Exit status 0 when nothing does. Needs PyPI (or the index that pip is set up for).
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OWN = {"RECORD", "INSTALLER", "REQUESTED"}  # files that name or depend on the installer
SEEDED = ("pip", "setuptools", "_distutils_hack", "distutils-precedence.pth", "pkg_resources")  # of `python -m venv`

# What lock2venv puts into the `#!python` scripts of a wheel (src/install/script).
START = re.compile(rb"exec\('import sys\\n[^\n]*', \{\}\)(; )?(\n)?")
ENTRY_POINT = re.compile(rb"^from (\S+) import (\S+)$.*^ +sys\.exit\((.+)\(\)\)$", re.M | re.S)

IMPORT = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
try:
    importlib.import_module(sys.argv[1])
    print("\\n@ok")
except BaseException as error:
    print("\\n@" + type(error).__name__)
"""


def run(*argv, **keywords):
    return subprocess.run([str(word) for word in argv], check=True, **keywords)


def fill(binary: Path, project: Path, python: str, work: Path) -> tuple[Path, Path]:
    requirements, theirs, ours = work / "requirements.txt", work / "pip", work / "lock2venv"
    run(binary, "export", "-o", requirements, cwd=project)
    if not (work / "pip.done").exists():
        run(python, "-m", "venv", theirs)
        run(theirs / "bin/python", "-m", "pip", "-q", "install", "--no-compile", "--no-deps", "--require-hashes", "-r", requirements)
        (work / "pip.done").touch()
    shutil.rmtree(ours, ignore_errors=True)
    run(binary, "-q", "install", "--no-root", "--only", "main", "--python", python, "--venv", ours, cwd=project)
    return theirs, ours


def site_packages(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def distributions(environment: Path) -> set[str]:
    names = {path.name for path in site_packages(environment).glob("*.dist-info")}
    return {name for name in names if not name.lower().startswith(("pip-", "setuptools-"))}


def files(environment: Path) -> dict[str, Path]:
    """Every file that a distribution brought, by path relative to the environment."""
    site, found = site_packages(environment), {}
    for path in environment.rglob("*"):
        relative = path.relative_to(environment)
        if path.is_symlink() or not path.is_file() or "__pycache__" in relative.parts or relative.parts[0] == "lib64":
            continue
        if path.is_relative_to(site):
            top = path.relative_to(site).parts[0]
            if top.startswith(SEEDED) or (top.endswith(".dist-info") and path.name in OWN):
                continue
        elif relative.parts[0] == "bin" and path.name.lower().startswith(("pip", "activate", "python", "deactivate")):
            continue
        elif len(relative.parts) == 1:  # pyvenv.cfg, .gitignore
            continue
        found[str(relative)] = path
    return found


def difference(name: str, a: Path, b: Path) -> str | None:
    if name.startswith("bin/") and a.read_bytes()[:2] == b"#!":
        if not os.access(b, os.X_OK):
            return "is not executable"
        return None if is_same_script(a.read_bytes(), b.read_bytes()) else "differs behind its first line"
    if name.endswith(".dist-info/direct_url.json"):
        return None if json.loads(a.read_text()) == json.loads(b.read_text()) else "says something else"
    if a.read_bytes() != b.read_bytes():
        return "differs"
    if os.access(a, os.X_OK) != os.access(b, os.X_OK):
        return "has other executable bits"
    return None


def is_same_script(theirs: bytes, ours: bytes) -> bool:
    if theirs == ours:
        return True
    (_, their_rest), (_, our_rest) = theirs.split(b"\n", 1), ours.split(b"\n", 1)
    if START.search(our_rest):
        # It has a line of its own or precedes a statement, or replaces an empty line.
        return their_rest in (START.sub(b"", our_rest, count=1), START.sub(rb"\2", our_rest, count=1))
    their_entry, our_entry = ENTRY_POINT.search(their_rest), ENTRY_POINT.search(our_rest)
    return bool(their_entry and our_entry) and their_entry.groups() == our_entry.groups()


def record_faults(environment: Path):
    site = site_packages(environment)
    listed = set()
    for record in site.glob("*.dist-info/RECORD"):
        with record.open(newline="") as lines:
            for path, digest, size in csv.reader(lines):
                file = Path(os.path.normpath(site / path))
                listed.add(file)
                if not file.is_file():
                    yield f"{record.parent.name}: lists {path}, which is not there"
                elif digest:
                    algorithm, _, value = digest.partition("=")
                    real = base64.urlsafe_b64encode(hashlib.new(algorithm, file.read_bytes()).digest()).rstrip(b"=").decode()
                    if real != value or int(size) != file.stat().st_size:
                        yield f"{record.parent.name}: digest or size of {path} is not true"
    for name, path in files(environment).items():
        if path not in listed:
            yield f"{name}: no RECORD lists it"


def modules(environment: Path) -> list[str]:
    site, found = site_packages(environment), set()
    for path in site.iterdir():
        if path.name.startswith(SEEDED) or path.name.endswith((".dist-info", ".pth", ".libs")):
            continue
        if path.is_dir() and path.name.isidentifier() and path.name != "__pycache__":
            found.add(path.name)
        elif path.suffix in (".py", ".so"):
            found.add(path.name.split(".")[0])
    return sorted(name for name in found if name.isidentifier())


def imported(environment: Path, module: str) -> str:
    argv = [environment / "bin/python", "-c", IMPORT, module]
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, cwd=tempfile.gettempdir())
    return next((line for line in reversed(done.stdout.splitlines()) if line.startswith("@")), f"exit {done.returncode}")


def import_differences(theirs: Path, ours: Path):
    names = modules(theirs)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda name: (name, imported(theirs, name), imported(ours, name)), names))
    for name, a, b in results:
        if a != b:
            yield f"import {name}: pip's environment {a}, ours {b}"
    print(f"# {len(names)} top-level modules, {sum(b == '@ok' for _, _, b in results)} import in ours")


def differences(theirs: Path, ours: Path, with_imports: bool):
    a, b = distributions(theirs), distributions(ours)
    yield from (f"{name}: only in pip's environment" for name in sorted(a - b))
    yield from (f"{name}: only in ours" for name in sorted(b - a))
    left, right = files(theirs), files(ours)
    print(f"# {len(a)} distributions, {len(left)} files")
    yield from (f"{name}: only in pip's environment" for name in sorted(left.keys() - right.keys()))
    yield from (f"{name}: only in ours" for name in sorted(right.keys() - left.keys()))
    for name in sorted(left.keys() & right.keys()):
        if what := difference(name, left[name], right[name]):
            yield f"{name}: {what}"
    yield from record_faults(ours)
    if with_imports:
        yield from import_differences(theirs, ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--work", type=Path, help="keep the two environments here")
    parser.add_argument("--no-imports", action="store_true")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="lock2venv-compare-"))
    work.mkdir(parents=True, exist_ok=True)
    theirs, ours = fill(options.binary.resolve(), options.project.resolve(), options.python, work.resolve())
    count = 0
    for line in differences(theirs, ours, not options.no_imports):
        print(line)
        count += 1
    if not options.work:
        shutil.rmtree(work)
    print(f"{count} differences")
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
