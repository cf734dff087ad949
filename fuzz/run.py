#!/usr/bin/env python3
"""Fuzzes targets for a given processor time each, several side by side, and prints a table.

    run.py SECONDS [--targets NAMES] [--jobs N] [--slice SECONDS] [--timeout SECONDS] [--built]

Builds the targets (`cargo install cargo-fuzz`; a stable toolchain will do), then runs each in slices until it has had SECONDS of processor
time: of its own, so other work on the machine does not count. What it learned stays in `corpus/`, which a next run begins with; what
it found is in `artifacts/`. A case may take 1 s and allocate 64 MB at once. The time of a case is measured by a clock: on a machine
with other work a find called `timeout` has to be seen again alone, `target/…/release/TARGET artifacts/TARGET/timeout-…`.

Standard library only. Exit status 1 when something was found.
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Result:
    """What became of a target."""

    target: str
    cpu_seconds: float = 0.0
    n_cases: int = 0
    n_edges: int = 0
    n_kept: int = 0
    finds: tuple[str, ...] = ()

    def row(self) -> str:
        finds = ", ".join(self.finds) or "-"
        return f"| {self.target} | {self.cpu_seconds:.0f} s | {self.n_cases:,} | {self.n_edges:,} | {self.n_kept:,} | {finds} |"


def all_targets() -> list[str]:
    return sorted(one["name"] for one in tomllib.loads((HERE / "Cargo.toml").read_text())["bin"])


def build() -> None:
    """Builds all targets."""
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    subprocess.run(["cargo", "fuzz", "build"], check=True, cwd=HERE, env=environment)


def programs() -> Path:
    """Returns the folder of the targets' programs."""
    host = re.search(r"host: (.*)", subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout)
    folder = os.environ.get("CARGO_TARGET_DIR", HERE / "target")
    return Path(folder) / host[1] / "release"


def run_slice(program: Path, target: str, seconds: float, timeout: int) -> tuple[str, float]:
    """Runs once; returns what the fuzzer said, and the processor time that it took."""
    argv = [program, f"-max_total_time={max(1, round(seconds))}", f"-timeout={timeout}", "-malloc_limit_mb=64", "-print_final_stats=1"]
    argv += [f"-artifact_prefix={HERE / 'artifacts' / target}/", HERE / "corpus" / target, HERE / "seeds" / target]
    # As `cargo fuzz run` sets it: C code that is compiled from one template twice has tables of the same names.
    environment = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_odr_violation=0"}
    process = subprocess.Popen([str(one) for one in argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    said = process.stderr.read().decode(errors="replace")
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return said, usage.ru_utime + usage.ru_stime


def fuzz(program: Path, target: str, arguments: argparse.Namespace) -> Result:
    artifacts = HERE / "artifacts" / target
    for folder in (artifacts, HERE / "corpus" / target):
        folder.mkdir(parents=True, exist_ok=True)
    known = set(artifacts.iterdir())
    result = Result(target)
    while result.cpu_seconds < arguments.seconds and set(artifacts.iterdir()) == known:
        left = arguments.seconds - result.cpu_seconds
        said, cpu_seconds = run_slice(program, target, min(arguments.slice, left), arguments.timeout)
        n_cases = re.search(r"number_of_executed_units:\s*(\d+)", said)
        if n_cases is None and set(artifacts.iterdir()) == known:
            raise RuntimeError(f"{target} did not run: {said[-400:]}")
        result.cpu_seconds += cpu_seconds
        result.n_cases += int(n_cases[1]) if n_cases else 0
        result.n_edges = max([result.n_edges, *map(int, re.findall(r"cov: (\d+)", said))])
    result.n_kept = sum(1 for _ in (HERE / "corpus" / target).iterdir())
    result.finds = tuple(sorted(path.name for path in set(artifacts.iterdir()) - known))
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float, help="processor time for each target")
    parser.add_argument("--targets", type=lambda names: names.split(","), default=all_targets(), help="separated by commas [all]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many run side by side")
    parser.add_argument("--slice", type=float, default=120, help="of a clock, after which a target is started again")
    parser.add_argument("--timeout", type=int, default=1, help="of a case")
    parser.add_argument("--built", action="store_true", help="run what was built before")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - set(all_targets()):
        parser.error(f"no target is called {', '.join(sorted(unknown))}")
    if not arguments.built:
        build()
    folder, lock = programs(), threading.Lock()

    def work(target: str) -> bool:
        result = fuzz(folder / target, target, arguments)
        with lock:
            print(result.row(), flush=True)
        return not result.finds

    print("| target | processor time | cases | edges | corpus | found |\n|---|--:|--:|--:|--:|---|", flush=True)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        is_clean = all(list(pool.map(work, arguments.targets)))
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
