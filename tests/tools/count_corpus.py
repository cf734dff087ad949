#!/usr/bin/env python3
"""Counts how many projects of the corpus can be planned for this machine, and says why the others cannot.

    python count_corpus.py BINARY [--corpus DIR] [--search | --any] [--poetry POETRY] [--list] [--flag FLAG]...

Runs `lock2venv install --dry-run --no-root` for each project and its default groups. Prints how many are planned, then each reason
with the projects that it holds for. The Python is the newest of pyenv's that the project allows; with `--search` it is the one that
lock2venv finds by itself, and with `--any` a project counts as planned that can be planned with any of them.

With `--poetry`, a project that is refused is given to that Poetry too (`poetry install --dry-run --no-root`, in an empty environment of
the same Python), so that both reasons can be read side by side. Such a dry run of Poetry fetches and builds nothing, and looks at no
folder of a path dependency beyond the lock: that it ends well says that Poetry can read the lock, not that it could install it.

The corpus is found as the tests find it: by `LOCK2VENV_CORPUS`, or in `../shared/corpus` beside the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_ALLOWED = re.compile(r"error: `.*` is Python .*, (and|but) the project requires")
TIMEOUT = 120  # seconds

# The reasons by which refusals are grouped: the first whose pattern is found in the message.
REASONS = [
    ("no Python of this machine is allowed", re.compile(NOT_ALLOWED.pattern + "|no Python .* was found")),
    ("a source distribution has to be built", re.compile("has to be built from the source distribution")),
    ("a git repository has to be built", re.compile("has to be built from the git repository")),
    ("no file fits this machine", re.compile("no file of .* can be installed")),
    ("a path dependency is not in the corpus", re.compile("for .* does not exist|there is no folder|cannot read the file of|holds no pyproject|does not seem to be")),
    ("the lock is older than pyproject.toml", re.compile("changed significantly|does not match")),
    ("the lock has no digest that proves a file", re.compile("has no sha256")),
    ("two versions of one package are wanted", re.compile("is required as")),
    ("the sources do not agree", re.compile("source `")),
    ("the lock lacks a dependency", re.compile("no locked version satisfies")),
    ("the lock does not say of which version it is", re.compile("declare the version of its format")),
    ("a path dependency cannot be built", re.compile("the wheel of .* cannot be built")),
    ("pyproject.toml is invalid", re.compile("error: pyproject.toml")),
    ("there is no lock", re.compile("there is no poetry.lock")),
]


@dataclass
class Ran:
    code: int
    text: str


@dataclass
class Refusal:
    case: str
    python: str
    text: str
    poetry: Ran | None = None


def pythons() -> list[Path]:
    """The interpreters of pyenv that are new enough for a wheel, the newest first."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = []
    for folder in (root / "versions").iterdir():
        version = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", folder.name)
        if version and folder.joinpath("bin/python").exists() and int(version[1]) >= 3:
            found.append((tuple(map(int, version.groups())), folder / "bin/python"))
    return [python for _, python in sorted(found, reverse=True)]


def run(command: list[str], folder: Path, variables: dict[str, str]) -> Ran:
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    variables = {"PATH": os.environ["PATH"], "NO_COLOR": "1", **kept, **variables}
    done = subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
    return Ran(done.returncode, done.stderr if done.returncode else done.stdout)


def plan(options: argparse.Namespace, project: Path, candidates: list[Path]) -> tuple[Path, Ran]:
    """Plans with the newest Python that the project allows; returns it with the answer."""
    refused = None
    with tempfile.TemporaryDirectory(prefix="lock2venv-corpus-") as scratch:
        for python in candidates:
            command = [options.binary, "install", "--dry-run", "--no-root"]
            command += ["--venv", f"{scratch}/venv", "--cache-dir", options.cache, *options.flag]
            ran = run(command if options.search else [*command, "--python", str(python)], project, {})
            if not NOT_ALLOWED.search(ran.text):
                refused = refused or (python, ran)
            if ran.code == 0 or options.search or (refused and not options.any):
                return python, ran
    return refused or (python, ran)


def ask_poetry(poetry: str, project: Path, python: Path, home: Path) -> Ran:
    environment = home / python.parents[1].name
    if not environment.exists():
        subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
    variables = {
        "VIRTUAL_ENV": str(environment),
        "POETRY_CACHE_DIR": str(home / "cache"),
        "POETRY_CONFIG_DIR": str(home / "configuration"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    return run([poetry, "install", "--dry-run", "--no-root", "--no-interaction"], project, variables)


def reason(text: str) -> str:
    for name, pattern in REASONS:
        if pattern.search(text):
            return name
    return first_line(text)


def first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    is_said = lambda line: not line.startswith("warning:") and "deprecated" not in line  # noqa: E731
    return next(filter(is_said, lines), "(no words)")


def show(refusals: list[Refusal], lists: bool) -> None:
    groups = defaultdict(list)
    for refusal in refusals:
        groups[reason(refusal.text)].append(refusal)
    for name, members in sorted(groups.items(), key=lambda group: -len(group[1])):
        by_poetry = ""
        if any(member.poetry for member in members):
            n_refused = sum(1 for member in members if member.poetry and member.poetry.code)
            by_poetry = f", {n_refused} of them by Poetry as well"
        print(f"\n{len(members)} {name}{by_poetry}")
        if lists:
            for member in members:
                print(f"  {member.case} (Python {member.python}): {first_line(member.text)}")
                if member.poetry:
                    said = first_line(member.poetry.text) if member.poetry.code else "ends well"
                    print(f"    Poetry: {said}")


def main() -> None:
    beside = os.environ.get("LOCK2VENV_CORPUS", ROOT.parent / "shared/corpus")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=lambda path: str(Path(path).resolve()))
    parser.add_argument("--corpus", type=Path, default=Path(beside))
    parser.add_argument("--search", action="store_true", help="let lock2venv find the Python")
    parser.add_argument("--any", action="store_true", help="count what can be planned with any Python")
    parser.add_argument("--poetry", help="the program of an environment that holds Poetry 2.5.1")
    parser.add_argument("--list", action="store_true", help="name each project")
    parser.add_argument("--flag", action="append", default=[], help="another flag for `lock2venv install`")
    options = parser.parse_args()

    cases = sorted(options.corpus.joinpath("cases").iterdir())
    candidates = pythons()
    if not cases or not candidates:
        sys.exit("there is no corpus, or pyenv has no Python")
    refusals = []
    with tempfile.TemporaryDirectory(prefix="lock2venv-poetry-") as home:
        # It keeps the answers of interpreters.
        options.cache = f"{home}/lock2venv"
        for case in cases:
            root = json.loads(case.joinpath("case.json").read_text())["root"]
            project = case / "project" / root
            python, ran = plan(options, project, candidates)
            if ran.code == 0:
                continue
            refusal = Refusal(case.name, python.parents[1].name, ran.text)
            if options.poetry:
                refusal.poetry = ask_poetry(options.poetry, project, python, Path(home))
            refusals.append(refusal)
    print(f"{len(cases) - len(refusals)} of {len(cases)} projects are planned, with {', '.join(python.parents[1].name for python in candidates)}")
    show(refusals, options.list)


if __name__ == "__main__":
    main()
