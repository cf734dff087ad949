#!/usr/bin/env python3
"""Compares `export -f pylock.toml` with what the export plugin writes, both asking one index on loopback.

    python compare_pylock.py BINARY FOLDER... [--uv] [--keep DIR]

Run it with the interpreter of an environment that holds Poetry 2.5.1, poetry-plugin-export 1.10.1, packaging 26 or later and, for
`--uv`, uv. Every folder below FOLDER with a poetry.lock of version 2.1 is a project. The index lists what the lock lists, with
addresses, sizes and upload times in the forms that indexes have, from the JSON that PyPI serves, and JSON or HTML (PEP 503, 691,
700) at the addresses of the other sources, which are changed to loopback in a copy of the project. For all groups and extras, and of
small projects other choices too:

* both have to write the same bytes, or both have to fail;
* `uv pip install --dry-run` has to read it (with `--uv`), for all groups and extras;
* `packaging.pylock` should find it valid; where it does not, the plugin's file is not valid either, and that is only noted.

Prints what differs. Exit status 0 when nothing does.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
import zlib
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.pylock import Pylock
from packaging.utils import canonicalize_name

import compare_with_poetry as oracle

from poetry.inspection.info import PackageInfo  # noqa: E402
from poetry.packages.locker import Locker  # noqa: E402
from poetry.repositories import http_repository, pypi_repository  # noqa: E402

ALL = ["--all-groups", "--all-extras"]
SMALL = 50  # packages; of larger locks only everything at once is exported, since Poetry asks for one package after the other
TIMES = ["2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05Z", "2023-05-06T07:08:09.100000Z", "2022-02-02T02:02:02.000001Z", None]


class Index:
    """What the index knows of the lock at hand: files by package and source."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str, str], dict[str, dict]] = {}  # (source, package, version)
        handler = type("Handler", (Handler,), {"index": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fill(self, lock: dict) -> None:
        self.files = {}
        for package in lock["package"]:
            source = package.get("source", {})
            if source.get("type", "legacy") != "legacy":
                continue
            place = urlsplit(source["url"]).path.strip("/") if source else "pypi"
            key = (place, canonicalize_name(package["name"]), package["version"])
            known = self.files.setdefault(key, {})
            known.update({file["file"]: self.facts(file) for file in package.get("files", [])})

    def facts(self, file: dict) -> dict:
        name = file["file"]
        number = zlib.crc32(name.encode())
        algorithm, _, digest = file["hash"].rpartition(":")
        facts = {"filename": name, "url": f"{self.url}/files/{number:x}/{name}", "hashes": {algorithm: digest}}
        if number % 7:
            facts["size"] = number % 10_000_000
        if time := TIMES[number % len(TIMES)]:
            facts["upload-time"] = time
        return facts

    def of(self, source: str, name: str) -> list[dict]:
        return [facts for key, files in self.files.items() if key[:2] == (source, name) for facts in files.values()]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: Index

    def do_GET(self) -> None:
        words = unquote(urlsplit(self.path).path).strip("/").split("/")
        if words[0] == "pypi" and words[-1] == "json":  # PyPI's own JSON: pypi/NAME/VERSION/json
            return self.answer_pypi(words[1], words[2])
        if words[0] == "files":
            return self.answer(404, "text/plain", b"")
        source = "pypi" if words[0] == "simple" else "/".join(words[:-1])
        files = self.index.of(source, canonicalize_name(words[-1]))
        is_html = source != "pypi" and zlib.crc32(source.encode()) % 2
        return self.answer_html(files) if is_html else self.answer_json(words[-1], files)

    def answer_pypi(self, name: str, version: str) -> None:
        files = self.index.files.get(("pypi", canonicalize_name(name), version), {}).values()
        urls = [
            {
                "packagetype": "sdist", "filename": facts["filename"], "url": facts["url"], "size": facts.get("size"),
                "digests": {"sha256": next(iter(facts["hashes"].values()))}, "upload_time_iso_8601": facts.get("upload-time"),
            }
            for facts in files
        ]  # fmt: skip
        info = {"name": name, "version": version, "summary": "", "requires_dist": [], "requires_python": None, "yanked": False}
        self.answer(200, "application/json", json.dumps({"info": info, "urls": urls}).encode())

    def answer_json(self, name: str, files: list[dict]) -> None:
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
        self.answer(200, "application/vnd.pypi.simple.v1+json", json.dumps(page).encode())

    def answer_html(self, files: list[dict]) -> None:
        links = (
            f'<a href="{escape(facts["url"])}#{"".join(f"{key}={value}" for key, value in facts["hashes"].items())}">{facts["filename"]}</a><br/>'
            for facts in files
        )
        self.answer(200, "text/html", f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


def ask_loopback(index: Index) -> None:
    """Has Poetry take the index for PyPI, and not read what is inside distributions, of which no export depends."""
    original = pypi_repository.PyPiRepository.__init__

    def initialize(self, url: str = index.url + "/", **keywords) -> None:
        original(self, url, **{**keywords, "disable_cache": True})

    pypi_repository.PyPiRepository.__init__ = initialize
    of_http = http_repository.HTTPRepository.__init__
    http_repository.HTTPRepository.__init__ = lambda self, name, url, **keywords: of_http(self, name, url, **{**keywords, "disable_cache": True})
    info = PackageInfo(name="x", version="0", requires_dist=[])
    http_repository.HTTPRepository._get_info_from_links = lambda *_, **__: info


def copy(project: Path, target: Path, index: Index) -> dict:
    """Copies a project, its sources changed to loopback, the content hash made right; returns its lock."""
    shutil.copytree(project, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    pyproject, lock = (target / name for name in ("pyproject.toml", "poetry.lock"))
    before = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    urls = [source["url"] for source in before.get("tool", {}).get("poetry", {}).get("source", []) if "url" in source]
    urls += [package["source"]["url"] for package in tomllib.loads(lock.read_text(encoding="utf-8"))["package"] if package.get("source", {}).get("type") == "legacy"]
    texts = [pyproject.read_text(encoding="utf-8"), lock.read_text(encoding="utf-8")]
    places = {}
    for url in urls:
        stem = url.rstrip("/")
        places.setdefault(stem, f"{index.url}/legacy{len(places)}/simple")
    for stem in sorted(places, key=len, reverse=True):
        texts = [re.sub(f'(url *= *["\'])({re.escape(stem)})(/?["\'])', rf"\g<1>{places[stem]}\g<3>", text) for text in texts]
    content_hash = Locker(lock, tomllib.loads(texts[0]))._get_content_hash()
    texts[1] = re.sub('content-hash = "[0-9a-f]*"', f'content-hash = "{content_hash}"', texts[1])
    pyproject.write_text(texts[0], encoding="utf-8", newline="")
    lock.write_text(texts[1], encoding="utf-8", newline="")
    return tomllib.loads(texts[1])


def faults_of(text: str) -> str | None:
    """What `packaging.pylock` has against a file, if anything."""
    document = tomllib.loads(text)
    try:
        there = Pylock.from_dict(document)
        there.validate()
    except Exception as error:
        return f"is not valid: {error!r}"
    if len(there.packages) != len(document["packages"]):
        return "loses packages"
    return None


def uv_faults(folder: Path) -> str | None:
    python = folder / "venv"
    run = lambda *argv: subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)  # noqa: E731
    uv = Path(sys.executable).with_name("uv")
    run(uv, "venv", "-q", "--python", sys.executable, python)
    done = run(uv, "pip", "install", "-q", "--dry-run", "--offline", "--no-deps", "--python", python, "-r", "pylock.toml")
    shutil.rmtree(python, ignore_errors=True)
    # That nothing fits this machine, or cannot be had on loopback, is no fault of the file.
    is_read = done.returncode == 0 or not re.search("TOML|pylock|parse|invalid", done.stderr, re.IGNORECASE)
    return None if is_read else f"uv: {done.stderr.strip()[:300]}"


def compare(binary: Path, folder: Path, index: Index, with_uv: bool):
    variables = {"LOCK2VENV_INDEX_URL": f"{index.url}/simple", "NO_PROXY": "127.0.0.1", "POETRY_REQUESTS_MAX_RETRIES": "0"}
    n_packages = len(index.files)
    for arguments in [ALL] if n_packages > SMALL else [ALL, [], ["--without-hashes", "--only", "main"]]:
        case = oracle.Case("", "", ["-f", "pylock.toml", *arguments], variables, [], [])
        theirs, ours = oracle.run_poetry(folder, case), oracle.run_ours(binary, folder, case)
        if found := oracle.difference(theirs, ours, False):
            yield arguments, found
        if ours.code or found:
            continue
        if fault := faults_of(ours.output.decode()):
            print(f"# {folder.name} {arguments}: {fault}; the plugin's file is the same")
            continue
        if with_uv and arguments == ALL:
            (folder / "pylock.toml").write_bytes(ours.output)
            if fault := uv_faults(folder):
                yield arguments, fault
            (folder / "pylock.toml").unlink()


def projects(folders: list[Path]):
    for folder in folders:
        for lock in sorted(folder.rglob("poetry.lock")):
            text = lock.read_text(encoding="utf-8", errors="replace")
            if 'lock-version = "2.1"' in text and (lock.parent / "pyproject.toml").exists():
                yield lock.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--uv", action="store_true")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="lock2venv-pylock-")).resolve()
    os.environ["NO_PROXY"] = "127.0.0.1"
    oracle.PATIENCE = 300
    oracle.warm_up(root / "case")
    index = Index()
    ask_loopback(index)
    n_projects = n_different = 0
    for n_projects, project in enumerate(projects(options.folders), 1):
        target = root / f"project{n_projects}"
        try:
            index.fill(copy(project, target, index))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
            print(f"{project}: passed over: {error!r}")
            continue
        for arguments, found in compare(options.binary.resolve(), target, index, options.uv):
            n_different += 1
            print(f"{project} {arguments}: {found}", flush=True)
        shutil.rmtree(target)
    print(f"# {n_projects} projects, {n_different} differences")
    shutil.rmtree(root)
    sys.exit(n_different > 0)


if __name__ == "__main__":
    main()
