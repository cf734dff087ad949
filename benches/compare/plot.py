"""Pictures of measurements as SVG, with nothing but the standard library; readable on light and dark pages."""

from __future__ import annotations

import math
from html import escape

STYLE = """
.card{fill:#ffffff;stroke:#d0d7de} .text{fill:#24292f} .faint{fill:#57606a} .grid{stroke:#d8dee4} .one{stroke:#24292f} .aim{stroke:#cf222e}
.fill0{fill:#1b7fbd} .fill1{fill:#d98a00} .fill2{fill:#7d5bc9} .line0{stroke:#1b7fbd} .line1{stroke:#d98a00} .line2{stroke:#7d5bc9}
@media (prefers-color-scheme: dark){
.card{fill:#0d1117;stroke:#30363d} .text{fill:#e6edf3} .faint{fill:#8d96a0} .grid{stroke:#262c34} .one{stroke:#e6edf3} .aim{stroke:#ff7b72}
.fill0{fill:#4fb0e8} .fill1{fill:#e9ac3c} .fill2{fill:#ab8cf5} .line0{stroke:#4fb0e8} .line1{stroke:#e9ac3c} .line2{stroke:#ab8cf5}}
text{font-family:-apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;font-size:12px}
.value{font-size:11px;paint-order:stroke;stroke:#ffffff;stroke-width:3px}
@media (prefers-color-scheme: dark){.value{stroke:#0d1117}}
.title{font-size:16px;font-weight:600} .small{font-size:11px} .strong{font-weight:600}
.curve{fill:none;stroke-width:2} .peer{stroke-dasharray:5 4;stroke-width:1.5}
"""

MEANING = {
    "cold": "empty cache",
    "nocache": "no cache at all",
    "warm": "filled cache",
    "cross": "cache on another disk",
    "coldmount": "empty cache, mounted",
    "mount": "cache mount",
    "mcoldcomp": "empty mount, bytecode",
    "mcompile": "mount, bytecode",
    "coldcomp": "empty cache, bytecode",
    "compile": "filled cache, bytecode",
    "xcompile": "other disk, bytecode",
    "noop": "nothing to do",
    "slow": "40 ms, 100 Mbit/s",
    "export": "to poetry export",
}


class Picture:
    """A card of a given size onto which shapes are put."""

    def __init__(self, width: int, height: int, title: str, subtitle: str):
        self.width, self.height, self.title, self.shapes = width, height, title, []
        self.add(f'<rect class="card" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>')
        self.write(24, 32, title, "text title")
        self.write(24, 51, subtitle, "faint small")

    def add(self, shape: str) -> None:
        self.shapes.append(shape)

    def write(self, x: float, y: float, words: str, css: str, anchor: str = "start") -> None:
        self.add(f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str, width: float = 1) -> None:
        self.add(f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke-width="{width}"/>')

    def bar(self, x: float, y: float, width: float, height: float, css: str) -> None:
        self.add(f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.5):.1f}" height="{height}" rx="1.5"/>')

    def curve(self, points: list[tuple[float, float]], css: str) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add(f'<polyline class="curve {css}" points="{path}"/>')

    def svg(self) -> str:
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        parts = [f'{head} role="img">', f"<title>{escape(self.title)}</title>", f"<style>{STYLE}</style>", *self.shapes, "</svg>"]
        return "\n".join(parts) + "\n"


def ratios(result: list[dict], aims: dict[str, float], subtitle: str) -> str:
    """Bars: the wall time of lock2venv over that of the first peer, for each situation and project."""
    peers = {scenario: "poetry export" if scenario == "export" else "uv pip sync" for scenario in aims}
    found = {
        (entry["scenario"], entry["project"]): entry["lock2venv_over_this"]
        for entry in result
        if "lock2venv_over_this" in entry and entry["tool"] == peers[entry["scenario"]]
    }
    projects = list(dict.fromkeys(project for _, project in found))
    scenarios = [scenario for scenario in aims if any((scenario, project) in found for project in projects)]
    left, right, top, bar, gap = 170, 700, 100, 10, 18
    row = len(projects) * (bar + 2) + gap
    picture = Picture(760, top + len(scenarios) * row + 34, "Wall time of lock2venv, with uv pip sync = 1", subtitle)
    most = min(1.5, max([1.05, *found.values()]))
    scale = lambda value: left + (right - left) * min(value, most) / most  # noqa: E731
    legend(picture, [(project, f"fill{number % 3}") for number, project in enumerate(projects)])
    bottom = top + len(scenarios) * row
    for tick in (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5):
        if tick <= most:
            picture.line(scale(tick), top - 6, scale(tick), bottom - 6, "one" if tick == 1 else "grid")
            picture.write(scale(tick), bottom + 10, f"{tick:g}", "faint small", "middle")
    for number, scenario in enumerate(scenarios):
        y = top + number * row
        picture.write(24, y + 11, scenario, "text strong")
        picture.write(24, y + 25, MEANING[scenario], "faint small")
        aim = scale(aims[scenario])
        for place, project in enumerate(projects):
            if (scenario, project) in found:
                picture.bar(left, y + place * (bar + 2), scale(found[scenario, project]) - left, bar, f"fill{place % 3}")
        picture.line(aim, y - 3, aim, y + row - gap + 1, "aim", 1.5)
        for place, project in enumerate(projects):
            if (scenario, project) in found:
                value, at = found[scenario, project], y + place * (bar + 2)
                picture.write(scale(value) + 5, at + 9, f"{value:.3f}" if value < 0.1 else f"{value:.2f}", "text value")
    return picture.svg()


def legend(picture: Picture, projects: list[tuple[str, str]]) -> None:
    x = 24.0
    for name, css in projects:
        picture.bar(x, 66, 10, 10, css)
        picture.write(x + 15, 75, name, "text")
        x += 34 + 7 * len(name)
    picture.line(x + 4, 64, x + 4, 78, "aim", 1.5)
    picture.write(x + 12, 75, "aim; shorter bars are better", "text")


CURVES = ("cold", "warm", "noop")


def growth(result: list[dict], subtitle: str) -> str:
    """Four graphs: wall time and peak memory against the number of packages and against bytes."""
    picture = Picture(760, 640, "Growth of time and memory", subtitle)
    x = 24.0
    for number, name in enumerate(CURVES):
        picture.line(x, 71, x + 20, 71, f"line{number}", 2)
        picture.write(x + 26, 75, name, "text")
        x += 80
    tools = list(dict.fromkeys(entry["tool"] for entry in result))
    picture.write(x + 10, 75, " · ".join(f"{tool}: {'dashed' if number else 'solid'}" for number, tool in enumerate(tools)), "faint")
    frames = [
        ("packages", "wall", "wall time in s, by number of packages"),
        ("megabytes", "wall", "wall time in s, by megabytes unpacked"),
        ("packages", "rss_mb", "peak memory in MB, by number of packages"),
        ("megabytes", "rss_mb", "peak memory in MB, by megabytes unpacked"),
    ]
    for number, (axis, measure, words) in enumerate(frames):
        rows = [entry for entry in result if entry["axis"] == axis]
        if rows:
            frame(picture, (60 + number % 2 * 365, 120 + number // 2 * 270), rows, measure, words)
    return picture.svg()


def frame(picture: Picture, corner: tuple[int, int], rows: list[dict], measure: str, words: str) -> None:
    """One graph with logarithmic axes, 310 by 210."""
    left, top = corner
    width, height = 310, 210
    across = Log([row["size"] for row in rows], left, left + width)
    upward = Log([row[measure] for row in rows], top + height, top)
    picture.write(left - 4, top - 10, words, "text strong")
    for tick in across.ticks():
        picture.line(across(tick), top, across(tick), top + height, "grid")
        picture.write(across(tick), top + height + 16, f"{tick:,g}", "faint small", "middle")
    for tick in upward.ticks():
        picture.line(left, upward(tick), left + width, upward(tick), "grid")
        picture.write(left - 6, upward(tick) + 4, f"{tick:g}", "faint small", "end")
    tools = list(dict.fromkeys(row["tool"] for row in rows))
    for row_tool in reversed(tools):
        for number, scenario in enumerate(CURVES):
            mine = sorted((row["size"], row[measure]) for row in rows if row["tool"] == row_tool and row["scenario"] == scenario)
            css = f"line{number}" + (" peer" if tools.index(row_tool) else "")
            picture.curve([(across(size), upward(value)) for size, value in mine], css)


class Log:
    """A logarithmic axis that shows all of `values` between two places of the picture, in whole powers of ten."""

    def __init__(self, values: list[float], start: float, end: float):
        values = [max(value, 1e-4) for value in values]
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.high += self.low == self.high
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = (math.log10(max(value, 1e-4)) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]
