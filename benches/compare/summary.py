"""From raw measurements to what people read: medians and ratios (result.json), a table (table.md), a plot (ratios.svg)."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import plot

PEERS = ("uv pip sync", "uv sync", "poetry export")
MEASURES = ("wall", "cpu", "rss_mb")

# The ratio of wall times to the first peer that is aimed at.
AIMS = {
    "cold": 0.65,
    "nocache": 0.60,
    "warm": 0.55,
    "cross": 0.35,
    "coldmount": 0.65,
    "mount": 0.40,
    "compile": 0.05,
    "xcompile": 0.08,
    "mcompile": 0.08,
    "coldcomp": 0.80,
    "mcoldcomp": 0.80,
    "noop": 0.25,
    "slow": 1.0,
    "export": 0.01,
}


def key(row: dict) -> tuple:
    return row["project"], row["scenario"], row["tool"], row["round"]


def read_raw(path: Path) -> list[dict]:
    """Reads the measurements of a run; a line that an interrupted run left half written counts for nothing."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def write(out: Path) -> None:
    facts = json.loads((out / "machine.json").read_text())
    result = summarize(read_raw(out / "raw.jsonl"), facts.get("projects", {}))
    (out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "table.md").write_text(table(result, facts))
    (out / "ratios.svg").write_text(plot.ratios(result, AIMS, subtitle(facts)))


def summarize(rows: list[dict], projects: dict) -> list[dict]:
    """The medians of each tool, project and scenario, and the medians of the rounds' ratios."""
    groups: dict[tuple, dict[int, dict]] = {}
    for row in rows:
        groups.setdefault((row["project"], row["scenario"], row["tool"]), {})[row["round"]] = row
    result = []
    for (project, scenario, tool), rounds in groups.items():
        entry = {"project": project, "scenario": scenario, "tool": tool, "n": len(rounds)}
        entry |= {measure: round(statistics.median(row[measure] for row in rounds.values()), 4) for measure in MEASURES}
        entry["walls"] = [rounds[number]["wall"] for number in sorted(rounds)]
        ours = groups.get((project, scenario, "lock2venv"), {})
        if tool != "lock2venv" and (both := sorted(ours.keys() & rounds.keys())):
            entry["lock2venv_over_this"] = round(statistics.median(ours[number]["wall"] / rounds[number]["wall"] for number in both), 4)
        if scenario == "slow" and (floor := projects.get(project, {}).get("slow_floor")):
            entry |= {"floor": floor, "over_floor": round(entry["wall"] / floor, 4)}
        result.append(entry)
    return result


def subtitle(facts: dict) -> str:
    disk = facts["filesystem"] + (", fresh for each run" if facts["is_fresh_disk"] else ", plain folder")
    return f"{facts['date']} · {facts['n_cpus']} × {facts['cpu']} · {disk} · {facts['uv'].split(' (')[0]}"


def table(result: list[dict], facts: dict) -> str:
    by_cell = {(entry["project"], entry["scenario"], entry["tool"]): entry for entry in result}
    lines = [f"# {facts['lock2venv'] or 'The peers'}, {facts['date']}", "", *description(facts)]
    for project in dict.fromkeys(entry["project"] for entry in result):
        size = facts["projects"].get(project)
        about = f": {size['n_wheels']} wheels, {size['bytes'] / 1e6:.0f} MB" if size else ""
        lines += ["", f"## {project}{about}", ""]
        lines += ["| situation | lock2venv | uv pip sync | uv sync | ratio | to uv sync | aim | memory | n |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
        for scenario in AIMS:
            cells = {tool: by_cell.get((project, scenario, tool)) for tool in ("lock2venv", *PEERS)}
            if any(cells.values()):
                lines.append(table_row(scenario, cells))
        slow = [entry for entry in result if entry["project"] == project and "floor" in entry]
        if slow:
            over = ", ".join(f"{entry['tool']} {entry['over_floor']:.2f}" for entry in slow)
            lines += ["", f"The slow line needs {slow[0]['floor']:.2f} s for the wheels' bytes alone. Over that floor: {over}."]
    return "\n".join(lines) + "\n"


def description(facts: dict) -> list[str]:
    disk = "fresh for each run" if facts["is_fresh_disk"] else "plain folders: expect noise, and nothing lies on another file system"
    return [
        f"{facts['n_cpus']} × {facts['cpu']}, {facts['memory_gb']} GB, Linux {facts['kernel']}, {facts['filesystem']} ({disk});",
        f"{facts['python']}, {facts['uv']}, {facts['poetry']}; load before {facts['load_before']:.1f}, after {facts.get('load_after', 0):.1f}.",
        f"Program: sha256 `{facts['binary_sha256']}`." if facts["binary_sha256"] else "",
        "",
        "Wall times are medians; a ratio is the median of the rounds' ratios of lock2venv to `uv pip sync` (export: to `poetry export`),",
        "and smaller is better. Memory is lock2venv's and that peer's peak, of the largest process. n: rounds.",
        "`benches/compare/compare.py --help` says what each situation is.",
    ]


def table_row(scenario: str, cells: dict) -> str:
    peer = cells["poetry export"] if scenario == "export" else cells["uv pip sync"]
    ours, sync = cells["lock2venv"], cells["uv sync"]
    memory = " / ".join(f"{entry['rss_mb']:.0f}" for entry in (ours, peer) if entry)
    columns = [scenario, seconds(ours), seconds(peer), seconds(sync), ratio(peer), ratio(sync), f"{AIMS[scenario]:.2f}", f"{memory} MB"]
    return "| " + " | ".join(columns) + f" | {(ours or peer or sync)['n']} |"


def seconds(entry: dict | None) -> str:
    return f"{entry['wall']:.3f} s" if entry else ""


def ratio(entry: dict | None) -> str:
    value = entry and entry.get("lock2venv_over_this")
    return f"**{value:.3f}**" if value else ""
