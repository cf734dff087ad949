#!/usr/bin/env python3
"""Side by side timing of installers that fill an environment from one lock.

    compare.py prepare WORK                         download the wheels once, build a local index (needs PyPI)
    compare.py run WORK OUT [--lock2venv BINARY]    time the tools; what OUT holds already is not measured again
    compare.py show OUT                             write table, summary and plot from what was measured
    compare.py name WORK                            print the folder of benches/runs for a run here and now

Every tool reads the same wheels from the same loopback index (nginx, HTTP/1.1), in the same run, in turn (A B C A B C ...),
so a ratio holds although the machine's speed drifts: it is the median of the ratios of each round. Environments and caches
lie on fresh ext4 images (loop devices on memory) when run as root. Bytes are on disk (`sync`) before a clock starts.

Scenarios, in the order in which one fresh disk serves them
    cold      empty cache, new environment, cache and environment on one file system
    noop      the environment is already as the lock says
    warm      filled cache, new environment on the same file system
    cross     filled cache, new environment on ANOTHER file system

    coldcomp  empty cache, new environment, bytecode compiled: the first build that wants bytecode
    compile   filled cache, new environment, bytecode compiled (cache and environment on one file system)
    xcompile  the same, on another file system

    coldmount empty cache, new environment on ANOTHER file system: the first image build with a cache mount
    mount     the same with the cache that coldmount filled: the next build

    mcoldcomp coldmount, with bytecode
    mcompile  mount, with bytecode

    nocache   cache switched off, new environment
    slow      as cold, behind a line of 40 ms and 100 Mbit/s (slow_proxy.py); the floor is the wheels' bytes over the rate
    export    poetry.lock to requirements.txt with hashes
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import summary
from stage import (
    PORT,
    PYTHON,
    Disk,
    Failure,
    clean_environment,
    file_sha256,
    index_url,
    machine,
    nginx,
    peers_venv,
    sh,
    slow_line,
    slug,
    text_of,
    timed,
    write_index,
)
from tools import Job, Lock2venv, UvPipSync, UvSync

PROJECTS = Path(__file__).resolve().parents[2] / "fixtures/projects"
RUNS = Path(__file__).resolve().parents[1] / "runs"
RTT_MS, MBIT = 40, 100

# Scenarios that share one fresh disk; each needs what those before it left there.
SERIES = {
    "plain": ("cold", "noop", "warm", "cross"),
    "nocache": ("nocache",),
    "export": ("export",),
    "bytecode": ("coldcomp", "compile", "xcompile"),
    "mount": ("coldmount", "mount"),
    "mount bytecode": ("mcoldcomp", "mcompile"),
    "slow": ("slow",),
}
BYTECODE = SERIES["bytecode"] + SERIES["mount bytecode"]
ELSEWHERE = ("cross", "xcompile", *SERIES["mount"], *SERIES["mount bytecode"])  # the environment is on the other disk
LONG = ("bytecode", "mount bytecode", "slow")  # a round takes minutes, and drifts little

# Prints what of a requirements.txt applies here: name, version and digests of each package.
APPLICABLE = """
import json, re, sys
from packaging.requirements import Requirement
text = open(sys.argv[1]).read().replace("\\\\\\n", " ")
found = []
for line in text.splitlines():
    if re.match("[A-Za-z0-9]", line):
        requirement = Requirement(line.split(" --hash")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate():
            found.append([requirement.name, str(requirement.specifier)[2:], re.findall("--hash=sha256:([0-9a-f]{64})", line)])
print(json.dumps(found))
"""


# ----- prepare --------------------------------------------------------------------------------------------------------


def prepare(work: Path, projects: list[str]) -> None:
    peers = peers_venv(work)
    files = work / "index/files"
    files.mkdir(parents=True, exist_ok=True)
    needed = {name: prepare_project(work, peers, files, name) for name in projects}
    write_index(work / "index")
    with nginx(work, work / "index"):
        for name, wheels in needed.items():
            prepare_uv_project(work / "projects" / name, peers, wheels)
    for name, wheels in needed.items():
        print(f"{name}: {len(wheels)} wheels, {sum(wheel['bytes'] for wheel in wheels) / 1e6:.0f} MB")


def prepare_project(work: Path, peers: Path, files: Path, name: str) -> list[dict]:
    """Exports the project's requirements and downloads what is missing of its wheels."""
    project = work / "projects" / name
    shutil.copytree(PROJECTS / name, project, dirs_exist_ok=True)
    requirements = project / "requirements.txt"
    sh(peers / "poetry", "export", "-q", "-o", requirements.name, cwd=project, env=clean_environment())
    applicable = json.loads(subprocess.run([peers / "python", "-c", APPLICABLE, requirements], check=True, capture_output=True).stdout)
    wheels = find_wheels(files, applicable)
    if len(wheels) < len(applicable):
        print(f"{name}: downloading {len(applicable) - len(wheels)} wheels", file=sys.stderr)
        argv = ["-m", "pip", "-q", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", requirements, "-d", files]
        sh(peers / "python", *argv)
        wheels = find_wheels(files, applicable)
    (project / "wheels.json").write_text(json.dumps(wheels, indent=1))
    return wheels


def find_wheels(files: Path, applicable: list) -> list[dict]:
    by_digest = {file_sha256(path): path for path in files.glob("*.whl")}
    wheels = []
    for name, version, digests in applicable:
        path = next((by_digest[digest] for digest in digests if digest in by_digest), None)
        if path:
            wheels.append({"name": name, "version": version, "bytes": path.stat().st_size})
    return wheels


def prepare_uv_project(project: Path, peers: Path, wheels: list[dict]) -> None:
    """Writes the peer's own project and lock for the same wheels, with addresses inside, for `uv sync --frozen`."""
    folder = project / "uv"
    folder.mkdir(exist_ok=True)
    pins = json.dumps([f"{wheel['name']}=={wheel['version']}" for wheel in wheels])
    version = text_of(PYTHON, "-c", "import platform; print(platform.python_version())")
    text = (
        f'[project]\nname = "bench-{project.name}"\nversion = "0"\nrequires-python = "=={version}"\ndependencies = {pins}\n'
        "[tool.uv]\npackage = false\nenvironments = [\"sys_platform == 'linux'\"]\n"
    )
    lock, document = folder / "uv.lock", folder / "pyproject.toml"
    if lock.exists() and document.read_text() == text and f"127.0.0.1:{PORT}/" in lock.read_text():
        return
    document.write_text(text)
    lock.unlink(missing_ok=True)
    sh(peers / "uv", "-q", "lock", "--default-index", index_url(), "-p", PYTHON, cwd=folder, env=clean_environment())


# ----- run ------------------------------------------------------------------------------------------------------------


class Bench:
    """One comparison: its tools, its disks, and the measurements that are there already."""

    def __init__(self, options, tools, disks):
        self.options, self.tools, self.disks = options, tools, disks
        self.raw = options.out / "raw.jsonl"
        self.done = {summary.key(row) for row in summary.read_raw(self.raw)}
        self.deadline = time.monotonic() + 60 * options.minutes
        self.n_left = 0

    def run(self) -> None:
        for turn in range(max(self.options.rounds, self.options.long_rounds)):
            for project in self.options.projects:
                for series, scenarios in SERIES.items():
                    if turn < (self.options.long_rounds if series in LONG else self.options.rounds):
                        wanted = [scenario for scenario in scenarios if scenario in self.options.scenarios]
                        self.run_series(project, series, wanted, turn)

    def run_series(self, project: str, series: str, wanted: list[str], turn: int) -> None:
        """Runs one round of a series with each tool in turn, in another order each round."""
        tools = self.exporters(project) if series == "export" else self.tools
        n_first = turn % len(tools)
        for tool in tools[n_first:] + tools[:n_first]:
            missing = [scenario for scenario in wanted if (project, scenario, tool.name, turn) not in self.done]
            if missing and time.monotonic() > self.deadline:
                self.n_left += len(missing)
            elif missing:
                for scenario, measured in self.measure(tool, project, series, missing[-1]):
                    if scenario in missing:
                        self.keep({"project": project, "scenario": scenario, "tool": tool.name, "round": turn, **measured})

    def measure(self, tool, project: str, series: str, last: str):
        """Yields each scenario of a series up to `last` with what it took."""
        if series == "export":
            tool.export()  # Python's own files are in memory for both tools
            yield "export", tool.export()
            return
        here = self.disks[0].fresh()
        (here / "tmp").mkdir()
        first = Job(self.options.work / "projects" / project, here / "venv", here / "cache", here / "tmp")
        for scenario in SERIES[series]:
            job = self.job(first, scenario)
            os.sync()
            with slow_line(RTT_MS, MBIT) if job.is_slow else contextlib.nullcontext():
                yield scenario, tool.install(job)
            if scenario == last:
                return

    def job(self, first: Job, scenario: str) -> Job:
        compiles = scenario in BYTECODE
        if scenario in ELSEWHERE:
            return replace(first, venv=self.disks[1].fresh() / "venv", compiles=compiles)
        if scenario in ("warm", "compile"):
            return replace(first, venv=first.venv.with_name(f"venv-{scenario}"), compiles=compiles)
        return replace(first, compiles=compiles, has_cache=scenario != "nocache", is_there=scenario == "noop", is_slow=scenario == "slow")

    def exporters(self, project: str) -> list:
        folder = self.options.work / "projects" / project
        commands = {"poetry export": [peers_venv(self.options.work) / "poetry", "export"]}
        if self.options.lock2venv:
            commands = {"lock2venv": [self.options.lock2venv, "export"], **commands}
        return [Exporter(name, argv, folder) for name, argv in commands.items()]

    def keep(self, row: dict) -> None:
        with open(self.raw, "a") as file:
            file.write(json.dumps(row) + "\n")
        self.done.add(summary.key(row))
        print(
            f"{row['project']:10} {row['scenario']:9} {row['tool']:14} round {row['round'] + 1}"
            f"  wall {row['wall']:8.3f} s  cpu {row['cpu']:7.3f} s  memory {row['rss_mb']:5.1f} MB",
            flush=True,
        )


class Exporter:
    """A program that prints requirements.txt."""

    def __init__(self, name: str, argv: list, project: Path):
        self.name, self.argv, self.project = name, argv, project

    def export(self) -> dict:
        return timed(self.argv, self.project, clean_environment())


def run(options) -> None:
    peers = peers_venv(options.work)
    tools = [UvPipSync(peers), UvSync(peers)]
    if options.lock2venv:
        tools.insert(0, Lock2venv(options.lock2venv))
    with contextlib.ExitStack() as stack:
        disks = [stack.enter_context(Disk(options.work, name, options.gib)) for name in ("a", "b")]
        facts = machine(disks[0], options.lock2venv, peers)
        options.out.mkdir(parents=True, exist_ok=True)
        check_same_run(options.out / "machine.json", facts)
        facts["projects"] = {name: project_facts(options.work, name) for name in options.projects}
        stack.enter_context(nginx(options.work, options.work / "index"))
        bench = Bench(options, tools, disks)
        try:
            bench.run()
        finally:
            facts["load_after"] = os.getloadavg()[0]
            (options.out / "machine.json").write_text(json.dumps(facts, indent=1) + "\n")
    summary.write(options.out)
    print("written:", options.out)
    if bench.n_left:
        print(f"{bench.n_left} measurements are left: the same command goes on where this one stopped")


def check_same_run(path: Path, facts: dict) -> None:
    """Figures of two programs or two machines do not belong into one folder."""
    if path.exists():
        before = json.loads(path.read_text())
        for fact in ("cpu", "filesystem", "uv", "poetry", "python", "binary_sha256"):
            if before.get(fact) != facts[fact]:
                raise Failure(f"{path} was measured with another {fact}: {before.get(fact)}, now {facts[fact]}; use another folder")


def project_facts(work: Path, name: str) -> dict:
    try:
        wheels = json.loads((work / "projects" / name / "wheels.json").read_text())
    except FileNotFoundError:
        raise Failure(f"{work} does not hold the project {name}: run `compare.py prepare` first") from None
    n_bytes = sum(wheel["bytes"] for wheel in wheels)
    return {"n_wheels": len(wheels), "bytes": n_bytes, "slow_floor": round(n_bytes * 8 / (MBIT * 1e6), 3)}


def main() -> None:
    every = [scenario for series in SERIES.values() for scenario in series]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = {"type": lambda text: [word for word in re.split(r"[,\s]+", text) if word]}
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare")
    preparing.add_argument("work", type=Path)
    preparing.add_argument("--projects", default=["annapurna", "web", "ds"], **words)
    running = commands.add_parser("run")
    running.add_argument("work", type=Path)
    running.add_argument("out", type=Path)
    running.add_argument("--lock2venv", type=Path, help="the program under test; without it the peers are timed alone")
    running.add_argument("--projects", default=["annapurna", "web", "ds"], **words)
    running.add_argument("--scenarios", default=every, **words)
    running.add_argument("-n", "--rounds", type=int, default=3)
    running.add_argument("--long-rounds", type=int, default=1, help="rounds of what takes minutes: bytecode and the slow line")
    running.add_argument("--minutes", type=float, default=60, help="begin nothing new after this time; run again to go on")
    running.add_argument("--gib", type=int, default=8, help="size of a fresh disk")
    commands.add_parser("show").add_argument("out", type=Path)
    commands.add_parser("name").add_argument("work", type=Path)
    options = parser.parse_args()
    if unknown := set(getattr(options, "scenarios", [])) - set(every):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    for path in ("work", "out", "lock2venv"):
        if getattr(options, path, None):
            setattr(options, path, getattr(options, path).resolve())
    try:
        if options.command == "prepare":
            prepare(options.work, options.projects)
        elif options.command == "run":
            run(options)
        elif options.command == "show":
            summary.write(options.out)
        else:
            with Disk(options.work, "a", gib=1) as disk:
                print(RUNS / slug(machine(disk, None, peers_venv(options.work))))
    except Failure as failure:
        raise SystemExit(f"error: {failure}") from None


if __name__ == "__main__":
    main()
