"""Tests of the measuring itself: `python3 -m unittest discover -s benches/compare`. They need no network and no tools."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import tempfile
import threading
import tomllib
import unittest
import unittest.mock
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import growth
import plot
import stage
import summary


def row(scenario: str, tool: str, number: int, wall: float) -> dict:
    return {"project": "web", "scenario": scenario, "tool": tool, "round": number, "wall": wall, "cpu": 1.0, "rss_mb": 10}


class Summary(unittest.TestCase):
    def test_ratio_is_the_median_of_the_rounds_ratios(self):
        walls = {"lock2venv": (1, 6, 3), "uv pip sync": (2, 8, 10)}
        rows = [row("cold", tool, number, wall) for tool, all_walls in walls.items() for number, wall in enumerate(all_walls)]
        entry = summary.summarize(rows, {})[1]
        self.assertEqual((entry["wall"], entry["lock2venv_over_this"], entry["n"]), (8, 0.5, 3))

    def test_rounds_that_only_one_tool_has_do_not_count_in_a_ratio(self):
        rows = [row("cold", "lock2venv", 1, 1), row("cold", "uv sync", 0, 100), row("cold", "uv sync", 1, 4)]
        self.assertEqual(summary.summarize(rows, {})[1]["lock2venv_over_this"], 0.25)

    def test_slow_line_is_held_against_its_floor(self):
        entry = summary.summarize([row("slow", "lock2venv", 0, 3)], {"web": {"slow_floor": 2.0}})[0]
        self.assertEqual(entry["over_floor"], 1.5)

    def test_half_a_line_counts_for_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "raw.jsonl"
            path.write_text(json.dumps(row("cold", "uv sync", 0, 1)) + '\n{"project": "we')
            self.assertEqual(len(summary.read_raw(path)), 1)


class Plot(unittest.TestCase):
    def test_pictures_are_xml(self):
        rows = [row(scenario, tool, 0, 1.0) for scenario in summary.AIMS for tool in ("lock2venv", "uv pip sync", "poetry export")]
        ElementTree.fromstring(plot.ratios(summary.summarize(rows, {}), summary.AIMS, "a < b & c"))
        points = [
            {"axis": axis, "size": size, "scenario": "cold", "tool": "lock2venv", "wall": size / 10, "rss_mb": 9}
            for axis in ("packages", "megabytes")
            for size in (1, 1000)
        ]
        ElementTree.fromstring(plot.growth(points, ""))


class Growth(unittest.TestCase):
    def test_sets_are_the_same_each_time_and_hold_together(self):
        digests = []
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                made = growth.make_set(Path(folder), "packages", 3)
                lock = tomllib.loads((made / "poetry.lock").read_text())
                wheels = sorted((made / "index/files").glob("*.whl"))
                self.assertEqual(len(wheels), 3)
                for package, wheel in zip(lock["package"], wheels):
                    self.assertEqual(package["files"][0]["hash"], f"sha256:{stage.file_sha256(wheel)}")
                digests.append(stage.file_sha256(made / "poetry.lock"))
        self.assertEqual(digests[0], digests[1])

    def test_a_set_scaled_by_bytes_unpacks_to_them(self):
        with tempfile.TemporaryDirectory() as folder:
            made = growth.make_set(Path(folder), "megabytes", 1)
            n_bytes = 0
            for wheel in (made / "index/files").glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    n_bytes += sum(member.file_size for member in archive.infolist() if "/data/" in member.filename)
            self.assertEqual(n_bytes, 10**6)


class Stopwatch(unittest.TestCase):
    def test_what_fails_is_told_with_what_it_said(self):
        with self.assertRaisesRegex(stage.Failure, "ended with status 3: why"):
            stage.timed(["sh", "-c", "echo why >&2; exit 3"], Path("/"), {"PATH": "/usr/bin:/bin"})

    def test_memory_is_that_of_the_command(self):
        small = stage.timed(["sh", "-c", ":"], Path("/"), {"PATH": "/usr/bin:/bin"})
        self.assertLess(small["rss_mb"], 16)

    def test_settings_of_the_reader_stay_outside(self):
        with unittest.mock.patch.dict("os.environ", {"UV_CACHE_DIR": "/x", "http_proxy": "x", "LOCK2VENV_JOBS": "1", "KEEP": "1"}):
            environment = stage.clean_environment(TMPDIR="/t")
        self.assertEqual(environment.keys() & {"UV_CACHE_DIR", "http_proxy", "LOCK2VENV_JOBS", "KEEP", "TMPDIR"}, {"KEEP", "TMPDIR"})


class SlowLine(unittest.TestCase):
    """A server that answers each connection with a megabyte, behind the line."""

    CONTENT = hashlib.shake_256(b"content").digest(1 << 20)

    def setUp(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        target = self.server.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        proxy = Path(__file__).with_name("slow_proxy.py")
        line = stage.Server(self.port, stage.sys.executable, proxy, self.port, target, "--rtt-ms", 2, "--mbit", 1000)
        self.enterContext(line)
        self.addCleanup(self.server.close)

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            try:
                connection.recv(1)
                connection.sendall(self.CONTENT)
            except OSError:
                pass

    def ask(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(b"?")
        return connection

    def receive(self) -> bytes:
        received = bytearray()
        with self.ask() as connection:
            while piece := connection.recv(65536):
                received += piece
        return bytes(received)

    def test_bytes_come_whole_to_many_at_once(self):
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.receive() == self.CONTENT)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [True] * 8)

    def test_a_receiver_that_goes_away_does_not_hold_up_others(self):
        for _ in range(8):
            connection = self.ask()
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        self.assertEqual(self.receive(), self.CONTENT)


if __name__ == "__main__":
    unittest.main()
