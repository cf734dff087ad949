#!/usr/bin/env python3
"""How time and memory of an install grow with the number of packages and with bytes.

    growth.py WORK OUT --lock2venv BINARY [--packages 10,100,1000,5000] [--megabytes 1,10,100,1000] [-n 1]

Makes its own wheels, the same to the byte each time: N small ones (three modules, about 4 kB) for the first axis, and for the
second a set of twenty whose files are scaled until all of them unpack to the given size. Each set gets a pyproject.toml, a
poetry.lock and a requirements.txt, and is served by nginx on loopback as `compare.py` does. Measured are, on a fresh disk, a
cold install, one with the cache that it left, and one with nothing to do. Writes OUT/growth.jsonl (what is there already is not
measured again), OUT/growth.json, OUT/growth.md and OUT/growth.svg.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import statistics
import zipfile
from pathlib import Path

import plot
import summary
from locked import write_project
from stage import Disk, Failure, machine, nginx, peers_venv, write_index
from tools import Job, Lock2venv, UvPipSync

EPOCH = (2020, 2, 2, 0, 0, 0)
N_LARGE = 20  # wheels in a set that is scaled by bytes
FILE_BYTES = 64 * 1024

MODULE = '''"""Module {part} of synthetic package {number}."""


class Value{number}:
    """A value that knows its neighbour."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    def neighbour(self) -> "Value{number}":
        return Value{number}(self.amount + {part})
'''


# ----- wheels ---------------------------------------------------------------------------------------------------------


def make_set(work: Path, axis: str, size: int) -> Path:
    """Makes the wheels, the lock and the index of one set, once; returns its folder."""
    folder = work / "growth" / f"{axis}-{size}"
    if (folder / "complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    files = folder / "index/files"
    files.mkdir(parents=True)
    if axis == "packages":
        wheels = [make_wheel(files, f"growth-{number:05}", small_files(number)) for number in range(size)]
    else:
        share = size * 10**6 // N_LARGE
        wheels = [make_wheel(files, f"growth-{axis}-{number:02}", large_files(number, share)) for number in range(N_LARGE)]
    write_index(folder / "index")
    write_project(folder, "growth", wheels)
    (folder / "complete").touch()
    return folder


def small_files(number: int) -> dict[str, bytes]:
    module = f"growth_{number:05}"
    names = ("__init__.py", "values.py", "more/values.py")
    return {f"{module}/{name}": MODULE.format(number=number, part=part).encode() for part, name in enumerate(names)}


def large_files(number: int, n_bytes: int) -> dict[str, bytes]:
    """Files of 64 KiB of hexadecimal digits, which deflate packs to about half, as it does machine code."""
    source = random.Random(number)
    files = {}
    while n_bytes > 0:
        size = min(FILE_BYTES, n_bytes)
        files[f"growth_megabytes_{number:02}/data/{len(files):04}.bin"] = source.randbytes((size + 1) // 2).hex().encode()[:size]
        n_bytes -= size
    return files


def make_wheel(folder: Path, name: str, files: dict[str, bytes]) -> tuple[str, str, Path]:
    stem = f"{name.replace('-', '_')}-1.0"
    info = f"{stem}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: growth\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines = [f"{path},sha256={urlsafe_digest(content)},{len(content)}\n" for path, content in files.items()]
    files[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"]).encode()
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            member = zipfile.ZipInfo(path, EPOCH)
            member.external_attr = 0o644 << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED, 1)
    return name, "1.0", wheel


def urlsafe_digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


# ----- measuring ------------------------------------------------------------------------------------------------------


def run(options) -> None:
    peers = peers_venv(options.work)
    tools = [Lock2venv(options.lock2venv), UvPipSync(peers)]
    options.out.mkdir(parents=True, exist_ok=True)
    raw = options.out / "growth.jsonl"
    done = {key(row) for row in summary.read_raw(raw)}
    with Disk(options.work, "growth", options.gib) as disk:
        facts = machine(disk, options.lock2venv, peers)
        for axis, sizes in (("packages", options.packages), ("megabytes", options.megabytes)):
            for size in sizes:
                wanted = [(tool, turn) for turn in range(options.rounds) for tool in tools]
                missing = [(tool, turn) for tool, turn in wanted if (axis, size, plot.CURVES[-1], tool.name, turn) not in done]
                if missing:
                    run_set(options, make_set(options.work, axis, size), disk, missing, raw, {"axis": axis, "size": size})
                    disk.close()
    result = summarize(summary.read_raw(raw))
    (options.out / "growth.json").write_text(json.dumps({"machine": facts, "result": result}, indent=1) + "\n")
    (options.out / "growth.svg").write_text(plot.growth(result, summary.subtitle(facts)))
    (options.out / "growth.md").write_text(table(result))


def run_set(options, folder: Path, disk: Disk, missing: list, raw: Path, row: dict) -> None:
    with nginx(options.work, folder / "index"):
        for tool, turn in missing:
            here = disk.fresh()
            (here / "tmp").mkdir()
            job = Job(folder, here / "venv", here / "cache", here / "tmp")
            again = Job(folder, here / "venv-warm", here / "cache", here / "tmp")
            noop = Job(folder, here / "venv", here / "cache", here / "tmp", is_there=True)
            for scenario, work in zip(plot.CURVES, (job, again, noop)):
                os.sync()
                measured = {**row, "scenario": scenario, "tool": tool.name, "round": turn, **tool.install(work)}
                with open(raw, "a") as file:
                    file.write(json.dumps(measured) + "\n")
                print(f"{row['size']:6} {row['axis']:9} {scenario:5} {tool.name:12} wall {measured['wall']:8.3f} s  memory {measured['rss_mb']:5.1f} MB", flush=True)


def key(row: dict) -> tuple:
    return row["axis"], row["size"], row["scenario"], row["tool"], row["round"]


def summarize(rows: list[dict]) -> list[dict]:
    """The medians of each point; of a point measured twice by an interrupted run, the later counts."""
    groups: dict[tuple, dict[int, dict]] = {}
    for row in rows:
        groups.setdefault(key(row)[:4], {})[row["round"]] = row
    result = []
    for (axis, size, scenario, tool), rounds in groups.items():
        medians = {measure: statistics.median(row[measure] for row in rounds.values()) for measure in summary.MEASURES}
        result.append({"axis": axis, "size": size, "scenario": scenario, "tool": tool, "n": len(rounds), **medians})
    return result


def table(result: list[dict]) -> str:
    """Each point, and what one package or megabyte costs between it and the next smaller one: level where growth is linear."""
    lines = ["# Growth", "", "| axis | size | situation | tool | wall | ms each, beyond the row before | memory |", "|---|--:|---|---|--:|--:|--:|"]
    before: dict[tuple, dict] = {}
    for entry in sorted(result, key=lambda entry: (entry["axis"] != "packages", entry["scenario"], entry["tool"], entry["size"])):
        smaller = before.get((entry["axis"], entry["scenario"], entry["tool"]))
        each = f"{1000 * (entry['wall'] - smaller['wall']) / (entry['size'] - smaller['size']):.2f}" if smaller else ""
        before[entry["axis"], entry["scenario"], entry["tool"]] = entry
        cells = [entry["axis"], f"{entry['size']:,}", entry["scenario"], entry["tool"], f"{entry['wall']:.3f} s", each, f"{entry['rss_mb']:.0f} MB"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {"type": lambda text: [int(word) for word in text.split(",") if word]}
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--lock2venv", type=Path, required=True)
    parser.add_argument("--packages", default=[10, 100, 1000, 5000], **numbers)
    parser.add_argument("--megabytes", default=[1, 10, 100, 1000], **numbers)
    parser.add_argument("-n", "--rounds", type=int, default=1)
    parser.add_argument("--gib", type=int, default=8, help="size of a fresh disk")
    options = parser.parse_args()
    options.work, options.out, options.lock2venv = options.work.resolve(), options.out.resolve(), options.lock2venv.resolve()
    try:
        run(options)
    except Failure as failure:
        raise SystemExit(f"error: {failure}") from None


if __name__ == "__main__":
    main()
