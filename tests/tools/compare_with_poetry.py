#!/usr/bin/env python3
"""Compares what lock2venv exports with what Poetry exports, for projects made at random.

    python compare_with_poetry.py BINARY --seed FIRST --count N [--keep DIR] [--stderr]

Run it with the interpreter of an environment that holds Poetry 2.5.1, poetry-core 2.5.0 and poetry-plugin-export 1.10.1. Each
seed makes one project (`random_projects.py`). Poetry runs in a child that is forked for each project, so that nothing it caches
reaches the next one. Both have to fail, or both have to print the same bytes. With `--stderr` they have to say the same, too: each
warning once, where Poetry repeats some, and errors that are not an accident inside Poetry.

Prints what differs, and with `--keep` writes those projects to DIR/<seed>. Exit status 0 when nothing does.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from random_projects import Case, make

COMMON = {
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "POETRY_VIRTUALENVS_CREATE": "false",
    "POETRY_CONFIG_DIR": tempfile.mkdtemp(prefix="lock2venv-compare-"),
    "NO_COLOR": "1",
    "COLUMNS": "80",
}
os.environ.update(COMMON)

from poetry.console.application import Application  # noqa: E402
from poetry.packages.locker import Locker  # noqa: E402
from poetry_plugin_export.command import ExportCommand  # noqa: E402

PATIENCE = 20  # seconds of CPU time for Poetry, whose normal forms of markers can grow without end; then the project is passed over
TIMEOUT = 60  # seconds for ours

# What Poetry says when it comes upon something that it did not think of, or passes on from its parsers.
ACCIDENTS = re.compile(
    "^(Invalid marker for|too many values|No terminal matches|Unexpected c|Invalid TOML file|Invalid PEP 440|Could not parse|'"
    "|.* object |.*Error\\b|Invalid requirement|Invalid git|Unable to parse|.* is not a valid)",
    re.MULTILINE,
)


@dataclass
class Ran:
    code: int
    output: bytes
    errors: str


def write(case: Case, root: Path) -> None:
    """Writes `case` to the empty folder `root`/project, with the right content hash."""
    project = root / "project"
    for folder in case.folders:
        (project / folder).mkdir(parents=True, exist_ok=True)
        name = Path(folder).name
        (project / folder / "pyproject.toml").write_text(f'[tool.poetry]\nname = "{name}"\nversion = "1.0"\ndescription = ""\nauthors = []\n')
    for file in case.files:
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_bytes(b"")
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_bytes(case.pyproject.encode())
    (project / "poetry.lock").write_bytes(case.lock.replace("HASH", content_hash(case.pyproject)).encode())


def content_hash(pyproject: str) -> str:
    try:
        return Locker(Path("poetry.lock"), tomllib.loads(pyproject))._get_content_hash()
    except Exception:  # the project is broken, and Poetry will say so
        return "0" * 64


def poetry_export(arguments: list[str]) -> int:
    sys.argv = ["poetry", "export", "--no-plugins", *arguments]
    application = Application()
    application.command_loader.register_factory("export", ExportCommand)
    application.auto_exits(False)
    return application.run()


def run_poetry(project: Path, case: Case) -> Ran:
    """Runs `poetry export` in a child that shares nothing but the imported modules."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            os.chdir(project)
            os.environ.update(case.variables)
            code = 70
            resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 1))
            try:
                code = poetry_export(case.arguments)
            except BaseException as error:  # whatever it is, it is a failure
                print(repr(error), file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code or 0)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        errors.seek(0)
        return Ran(os.waitstatus_to_exitcode(status), output.read(), errors.read().decode())


def run_ours(binary: Path, project: Path, case: Case) -> Ran:
    variables = {**COMMON, **case.variables, "HOME": str(project)}
    argv = [binary, "export", *case.arguments]
    try:
        done = subprocess.run(argv, cwd=project, env=variables, capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return Ran(-signal.SIGALRM, b"", f"it takes longer than {TIMEOUT} s")
    return Ran(done.returncode, done.stdout, done.stderr.decode())


def difference(theirs: Ran, ours: Ran, with_errors: bool) -> str | None:
    if (theirs.code == 0) != (ours.code == 0) or ours.code < 0:
        message = (ours if ours.code else theirs).errors.strip()
        return f"Poetry ends with {theirs.code}, ours with {ours.code}: {message[:300]}"
    if theirs.output != ours.output:
        pairs = zip(theirs.output.decode().splitlines(), ours.output.decode().splitlines())
        first = next(((a, b) for a, b in pairs if a != b), ("", "the one is longer"))
        return f"\n  - {first[0]}\n  + {first[1]}"
    if with_errors and not ACCIDENTS.search(theirs.errors) and said(theirs) != said(ours):
        return f"\n  - {theirs.errors.strip()[:600]}\n  + {ours.errors.strip()[:600]}"
    return None


def said(ran: Ran) -> set[str]:
    """The lines of standard error; a path that is not there counts once, however its package is spelled."""
    return {re.sub("^(Path .*) for .* (does not exist)$", r"\1 \2", line) for line in ran.errors.splitlines() if line}


def compare(binary: Path, seed: int, root: Path, options: argparse.Namespace) -> tuple[str | None, bool | None, float]:
    """Tells what differs, whether Poetry failed (`None`: it did not end), and how long ours took."""
    case = make(seed)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    write(case, root)
    theirs = run_poetry(root / "project", case)
    if theirs.code == -signal.SIGXCPU:
        return None, None, 0.0
    start = time.monotonic()
    ours = run_ours(binary, root / "project", case)
    found = difference(theirs, ours, options.stderr)
    if found and options.keep:
        shutil.copytree(root, options.keep / str(seed), dirs_exist_ok=True)
        (options.keep / str(seed) / "arguments").write_text(" ".join(map(repr, case.arguments)))
    return found, theirs.code != 0, time.monotonic() - start


def warm_up(root: Path) -> None:
    """Imports everything once, so that no child has to."""
    with tempfile.TemporaryFile() as nowhere:
        kept = os.dup(1), os.dup(2)
        os.dup2(nowhere.fileno(), 1), os.dup2(nowhere.fileno(), 2)
        here = Path.cwd()
        for seed in (1, 2, 3, 4, 5, 6):
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(parents=True)
            write(make(seed), root)
            os.chdir(root / "project")
            poetry_export(["--all-groups"])
        os.chdir(here)
        os.dup2(kept[0], 1), os.dup2(kept[1], 2)
    gc.collect()
    gc.freeze()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--seed", type=int, required=True, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds")
    parser.add_argument("--keep", type=Path, help="write the projects that differ here")
    parser.add_argument("--stderr", action="store_true", help="compare standard error, too")
    options = parser.parse_args()
    binary = options.binary.resolve()
    options.keep = options.keep and options.keep.resolve()
    shared_memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="lock2venv-random-", dir=shared_memory if shared_memory.is_dir() else None)).resolve() / "case"
    warm_up(root)
    n_different = n_failed = n_endless = 0
    slowest, begin = (0.0, 0), time.monotonic()
    for n, seed in enumerate(range(options.seed, options.seed + options.count), 1):
        found, failed, seconds = compare(binary, seed, root, options)
        n_failed += failed is True
        n_endless += failed is None
        slowest = max(slowest, (seconds, seed))
        if found:
            n_different += 1
            print(f"{seed}: {found}", flush=True)
        if n % 500 == 0 or n == options.count:
            rate = n / (time.monotonic() - begin)
            print(
                f"# {n} projects, {n_different} differ; Poetry fails for {n_failed} and does not end for {n_endless};"
                f" {rate:.0f} per second, ours at most {slowest[0]:.2f} s (seed {slowest[1]})",
                flush=True,
            )
    shutil.rmtree(root.parent)
    sys.exit(n_different > 0)


if __name__ == "__main__":
    main()
