#!/usr/bin/env python3
"""Compares the wheels that `lock2venv build` makes with those of poetry-core, for projects made at random.

    python compare_wheels.py BINARY --seed FIRST --count N [--keep DIR] [--list]

Run it with the interpreter of an environment that holds poetry-core 2.5.0, and with git on `PATH`. Each seed makes one project
(`random_wheel_projects.py`). poetry-core builds it in a child that is forked for it. Both have to fail, or the wheels have to be
the same: name, files and their order, modes, dates and every byte of them, but for the Generator line.

Left out is what is known to differ: files that poetry-core writes twice are there once, and where it would give two files one
path ours is refused.

Prints what differs, and with `--keep` writes those projects to DIR/<seed>; `--list` prints each seed with what became of it. Exit
status 0 when nothing differs.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from poetry.core import __version__
from random_wheel_projects import Project, make

GENERATOR = re.compile(rb"(?m)^Generator: .*\n")
VARIABLES = ("PATH", "TMPDIR")


def variables(project: Project, home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    kept |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "GIT_CONFIG_NOSYSTEM": "1"}
    if project.source_date_epoch is not None:
        kept["SOURCE_DATE_EPOCH"] = project.source_date_epoch
    return kept


def build_with_poetry_core(root: Path, output: Path, environment: dict[str, str]) -> str | None:
    """Builds in a child, and returns what it says when it fails."""
    said = output.parent / "said"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(root)
            with said.open("w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                import logging

                logging.disable(logging.CRITICAL)
                from poetry.core.masonry.api import build_wheel

                try:
                    build_wheel(str(output))
                    status = 0
                except Exception as error:  # whatever it is
                    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return None if status == 0 else said.read_text().strip() or "it fails"


def build_with_ours(binary: Path, root: Path, output: Path, environment: dict[str, str]) -> str | None:
    command = [binary, "-C", root, "build", "-q", "-f", "wheel", "-o", output, "--no-cache"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if "panicked" in ran.stderr:
        return f"PANIC {ran.stderr}"
    return None if ran.returncode == 0 else ran.stderr.strip()


def entries(wheel: Path) -> list[tuple]:
    """What a wheel holds, file by file, each once."""
    found = []
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = set()
        for info in archive.infolist():
            if info.filename in names:
                continue
            names.add(info.filename)
            content = archive.read(info)
            if info.filename.endswith(".dist-info/WHEEL"):
                content = GENERATOR.sub(b"", content)
            if info.filename.endswith(".dist-info/RECORD"):
                lines = content.decode().splitlines()
                lines = [re.sub(r"(\.dist-info/WHEEL),.*", r"\1", line) for line in lines]
                content = "\n".join(dict.fromkeys(lines)).encode()
            found.append((info.filename, oct(info.external_attr), info.date_time, info.compress_type, info.create_system, info.flag_bits, content))
    return found


def has_one_path_twice(wheel: Path) -> bool:
    with zipfile.ZipFile(wheel) as archive:
        contents: dict[str, bytes] = {}
        for info in archive.infolist():
            content = archive.read(info)
            if contents.setdefault(info.filename, content) != content:
                return True
    return False


def difference(theirs: Path, ours: Path) -> str | None:
    if theirs.name != ours.name:
        return f"the names: {theirs.name} and {ours.name}"
    one, other = entries(theirs), entries(ours)
    names = [entry[0] for entry in one], [entry[0] for entry in other]
    if names[0] != names[1]:
        missing, extra = set(names[0]) - set(names[1]), set(names[1]) - set(names[0])
        return f"the files: missing {sorted(missing)}, too many {sorted(extra)}" if missing or extra else "the order of the files"
    for left, right in zip(one, other, strict=True):
        if left != right:
            if left[:-1] != right[:-1]:
                return f"the entry {left[:-1]} and {right[:-1]}"
            import difflib

            lines = difflib.unified_diff(left[-1].decode(errors="replace").splitlines(), right[-1].decode(errors="replace").splitlines(), "poetry-core", "ours", lineterm="")
            return f"{left[0]}:\n" + "\n".join(lines)
    return None


def compare(seed: int, binary: Path, keep: Path | None) -> tuple[str, str | None]:
    """Tells what became of a seed, and what differs."""
    project = make(seed)
    with tempfile.TemporaryDirectory(prefix="lock2venv-wheels-") as folder:
        folder = Path(folder).resolve()
        for name in ("project", "home", "theirs", "ours"):
            (folder / name).mkdir()
        root = project.write(folder / "project", folder / "home")
        environment = variables(project, folder / "home")
        refused = build_with_poetry_core(root, folder / "theirs", environment)
        said = build_with_ours(binary, root, folder / "ours", environment)
        outcome, fault = "both build", None
        if said is not None and said.startswith("PANIC"):
            fault = said
        elif refused is not None or said is not None:
            outcome = "both refuse"
            if refused is None:
                (theirs,) = (folder / "theirs").glob("*.whl")
                if has_one_path_twice(theirs):
                    outcome = "one path twice"
                else:
                    fault = f"only ours refuses: {said}"
            elif said is None:
                fault = f"only poetry-core refuses: {refused}"
        else:
            (theirs,), (ours,) = (folder / "theirs").glob("*.whl"), (folder / "ours").glob("*.whl")
            fault = difference(theirs, ours)
        if fault and keep:
            shutil.rmtree(keep / str(seed), ignore_errors=True)
            shutil.copytree(folder, keep / str(seed), symlinks=True)
        if outcome == "both refuse":
            outcome += f": {refused.splitlines()[-1]} / {said.splitlines()[-1] if said else ''}"
        return outcome, fault


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if __version__ != "2.5.0":
        parser.error(f"this is poetry-core {__version__}, not 2.5.0")
    binary = arguments.binary.resolve()
    outcomes: dict[str, int] = {}
    n_faults = 0
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        outcome, fault = compare(seed, binary, arguments.keep)
        kind = outcome.split(":")[0]
        outcomes[kind] = outcomes.get(kind, 0) + 1
        if arguments.list:
            print(seed, outcome)
        if fault:
            n_faults += 1
            print(f"seed {seed}: {fault}", flush=True)
    print(", ".join(f"{kind}: {number}" for kind, number in sorted(outcomes.items())), f"({n_faults} differ)")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
