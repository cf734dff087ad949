#!/usr/bin/env python3
"""What pip, uv, Poetry and `installer` do with the archives of docs/security.md.

    compare_hostile.py BINARY TOOLS [--work DIR] [--only NAMES]

TOOLS is the `bin` folder of an environment that has pip, uv, poetry and installer. Each archive is installed by each tool into a
fresh environment of its own, from a folder (`--find-links`) or, for Poetry and lock2venv, from a lock that has its digest; sdists are given to pip,
uv, Poetry and lock2venv. Prints a table in Markdown: `refused` when a tool ended with an error and nothing of the archive is outside or inside,
`installed` when it ended with 0 and left nothing outside (`with it` when what the case is about is in the environment), `OUTSIDE` when a file outside of the environment was made, changed or removed,
`error, left …` when it failed and left files in the environment. `installer` is called as its README has it (`python -m installer`).
Standard library only.
"""
from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fault_scenes import wheel  # noqa: E402

NAME = "acme-1.0-py3-none-any.whl"
INFO = "acme-1.0.dist-info"


def entries(extra=(), record_more="", scripts=()):
    """A usual wheel with more entries."""
    out = io.BytesIO()
    _, data = wheel("acme", "1.0", {"acme/__init__.py": b"x = 1\n"}, scripts)
    with zipfile.ZipFile(io.BytesIO(data)) as usual, zipfile.ZipFile(out, "w") as archive:
        for entry in usual.infolist():
            content = usual.read(entry)
            if entry.filename.endswith("RECORD"):
                listed = "".join(f"{name},,\n" for name, _, _ in extra)
                content = content + listed.encode() + record_more.encode()
            archive.writestr(entry, content)
        for name, content, mode in extra:
            entry = zipfile.ZipInfo(name, (2020, 2, 2, 2, 2, 2))
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return out.getvalue()


def other_local_name():
    data = entries([("acme/evil.py", b"evil = 1\n", 0o100644)])
    at = data.index(b"acme/evil.py")
    return data[:at] + b"acme/good.py" + data[at + 12:]


def other_local_size():
    data = bytearray(entries([("acme/evil.py", b"evil = 1\n", 0o100644)]))
    at = data.index(b"acme/evil.py") - 30
    data[at + 18:at + 22] = struct.pack("<I", 5)
    return bytes(data)


def hidden_entry():
    """An entry that the directory does not list."""
    data = entries([("acme/evil.py", b"evil = 1\n", 0o100644)])
    at = data.rindex(b"acme/evil.py") - 46
    cut = data[:at] + data[at + 46 + 12:]
    end = cut.rindex(b"PK\5\6")
    count = struct.unpack_from("<H", cut, end + 8)[0] - 1
    size = struct.unpack_from("<I", cut, end + 12)[0] - 58
    return cut[:end + 8] + struct.pack("<HHI", count, count, size) + cut[end + 16:]


def overlapping():
    data = bytearray(entries([("acme/a.py", b"x", 0o100644), ("acme/b.py", b"x", 0o100644)]))
    first, second = data.rindex(b"acme/a.py") - 46, data.rindex(b"acme/b.py") - 46
    data[second + 42:second + 46] = data[first + 42:first + 46]
    return bytes(data)


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in [("acme-1.0/pyproject.toml", PYPROJECT), ("acme-1.0/acme.py", b"x = 1\n"), ("acme-1.0/PKG-INFO", PKG_INFO), *members]:
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


PYPROJECT = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "acme"\nversion = "1.0"\n'
PKG_INFO = b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n"
BACKEND = b'''import base64
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "acme-1.0-py3-none-any.whl"
    open(folder + "/" + name, "wb").write(base64.b64decode(WHEEL))
    return name
def get_requires_for_build_wheel(config_settings=None): return []
'''


def backend():
    import base64
    return b"WHEEL = " + repr(base64.b64encode(entries())).encode() + b"\n" + BACKEND


def polyglot():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("acme-1.0/pyproject.toml", PYPROJECT)
        archive.writestr("acme-1.0/backend.py", backend())
        archive.writestr("acme-1.0/PKG-INFO", PKG_INFO)
    return tar([("acme-1.0/backend.py", backend())]) + out.getvalue()


def cases(victim):
    """Name, archive. What leads outside leads to `victim`, or to a name beside the environment."""
    evil = lambda path: entries([(path, b"evil = 1\n", 0o100644)])  # noqa: E731
    return {
        "headers-disagree-name": (NAME, other_local_name()),
        "headers-disagree-size": (NAME, other_local_size()),
        "concatenated": (NAME, entries() + evil("acme/evil.py")),
        "prefixed": (NAME, b"MZ" + entries()),
        "hidden-entry": (NAME, hidden_entry()),
        "overlapping": (NAME, overlapping()),
        "path-parent": (NAME, evil("../../../../evil.py")),
        "path-prefix": (NAME, evil("../site-packages-evil/evil.py")),
        "path-data": (NAME, evil("acme-1.0.data/data/../../evil.py")),
        "path-absolute": (NAME, evil(str(victim.with_name("evil.py")))),
        "entry-point-escapes": (NAME, entries(scripts=["../../evil = acme:main"])),
        "entry-point-python": (NAME, entries(scripts=["python = acme:main"])),
        "record-escapes": (NAME, entries(record_more=f"../../../../../{victim.name},,\n{victim},,\n")),
        "mode-outside": (NAME, entries([(str(victim), b"", 0o100777)])),
        "replaces-pyvenv": (NAME, evil("acme-1.0.data/data/pyvenv.cfg")),
        "startup-pth": (NAME, entries([("acme.pth", b"import os\n", 0o100644)])),
        "two-files-one-path": (NAME, entries([("acme/evil.py", b"a", 0o100644), ("acme/evil.py", b"b", 0o100644)])),
        "sdist-link-outside": ("acme-1.0.tar.gz", tar([("acme-1.0/backend.py", backend()), ("acme-1.0/x", "/etc"), ("acme-1.0/y", "../../..")])),
        "sdist-through-link": ("acme-1.0.tar.gz", tar([("acme-1.0/backend.py", backend()), ("acme-1.0/x", str(victim.parent)), ("acme-1.0/x/evil.py", b"")])),
        "sdist-tar-and-zip": ("acme-1.0.tar.gz", polyglot()),
    }


class Place:
    """A fresh environment with a folder around it in which nothing may change."""

    def __init__(self, work: Path, python: str):
        shutil.rmtree(work, ignore_errors=True)
        self.work = work
        for name in ("project", "home", "tmp", "house"):
            (work / name).mkdir(parents=True)
        self.victim = work / "victim"
        self.victim.write_text("mine")
        self.victim.chmod(0o600)
        self.venv = work / "project" / ".venv"
        self.variables = {
            "PATH": os.environ["PATH"], "HOME": str(work / "home"), "TMPDIR": str(work / "tmp"), "PIP_CONFIG_FILE": "/dev/null",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1", "POETRY_CACHE_DIR": str(work / "home" / "poetry"), "UV_CACHE_DIR": str(work / "home" / "uv"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "POETRY_VIRTUALENVS_IN_PROJECT": "1",
        }
        subprocess.run([python, "-m", "venv", "--without-pip", str(self.venv)], check=True)

    def state(self):
        """What is outside of the environment, but for caches and temporary files."""
        found = {}
        for path in sorted(self.work.rglob("*")):
            parts = path.relative_to(self.work).parts
            if parts[0] in ("home", "tmp") or parts[:2] == ("project", ".venv"):
                continue
            found[str(path)] = (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        return found

    def files(self):
        found = (path for path in self.venv.rglob("*") if not path.is_dir() and "__pycache__" not in path.parts)
        return {str(path.relative_to(self.venv)) for path in found} - {".lock"}  # which uv leaves

    def lock(self, name, data):
        digest = hashlib.sha256(data).hexdigest()
        text = f'[tool.poetry]\nname = "p"\nversion = "0"\ndescription = ""\nauthors = []\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = ">=3.8"\nacme = {{ path = "../house/{name}" }}\n'
        dependencies = {"python": ">=3.8", "acme": {"path": f"../house/{name}"}}
        content = {"dependencies": dependencies, "source": None, "extras": None, "dev-dependencies": None}
        hash_ = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        (self.work / "project" / "pyproject.toml").write_text(text)
        (self.work / "project" / "poetry.lock").write_text(
            f'[[package]]\nname = "acme"\nversion = "1.0"\ndescription = ""\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
            f'files = [{{file = "{name}", hash = "sha256:{digest}"}}]\n\n[package.source]\ntype = "file"\nurl = "../house/{name}"\n\n'
            f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.8"\ncontent-hash = "{hash_}"\n'
        )


def command(tool, tools, binary, place, name):
    file = str(place.work / "house" / name)
    python = str(place.venv / "bin" / "python")
    if tool == "pip":
        return [str(tools / "pip"), "--python", python, "install", "--no-index", "--no-deps", "--no-cache-dir", file]
    if tool == "uv":
        return [str(tools / "uv"), "pip", "install", "--python", python, "--no-index", "--no-deps", file]
    if tool == "installer":
        if not name.endswith(".whl"):
            return None
        # Into the environment that its interpreter belongs to.
        return [python, "-m", "installer", file]
    if tool == "poetry":
        return [str(tools / "poetry"), "-C", str(place.work / "project"), "install", "--no-interaction"]
    return [binary, "-C", str(place.work / "project"), "install", "--python", sys.executable, "--cache-dir", str(place.work / "home" / "l2v")]


def judge(place, before, inside, done):
    after, files = place.state(), place.files() - inside
    if after != before:
        changed = {Path(path).name for path in set(after) ^ set(before)} | {Path(path).name for path in before if path in after and after[path] != before[path]}
        return "OUTSIDE: " + ", ".join(sorted(changed))
    if done.returncode == 0:
        evil = any("evil" in Path(path).name for path in files)
        return "installed with it" if evil else "installed"
    return f"error, left {len(files)} files" if files else "refused"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "hostile")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    tools, binary = arguments.tools.resolve(), str(arguments.binary.resolve())
    library = subprocess.run([str(tools / "python"), "-c", "import installer, os; print(os.path.dirname(os.path.dirname(installer.__file__)))"],
                             capture_output=True, text=True, check=True).stdout.strip()
    peers = ["pip", "uv", "poetry", "installer", "lock2venv"]
    print("| archive | " + " | ".join(peers) + " |\n|---" * 1 + "|---" * len(peers) + "|")
    names = [name for name in cases(arguments.work / "victim") if not arguments.only or name in arguments.only.split(",")]
    for name in names:
        cells = []
        for tool in peers:
            place = Place(arguments.work, sys.executable)
            file, data = cases(place.victim)[name]
            (place.work / "house" / file).write_bytes(data)
            place.lock(file, data)
            before, inside = place.state(), place.files()
            argv = command(tool, tools, binary, place, file)
            if argv is None:
                cells.append("")
                continue
            variables = {**place.variables, **({"PYTHONPATH": library} if tool == "installer" else {})}
            try:
                done = subprocess.run(argv, env=variables, cwd=place.work / "project", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
            except subprocess.TimeoutExpired:
                cells.append("hung")
                continue
            cells.append(judge(place, before, inside, done))
            if os.environ.get("HOSTILE_VERBOSE"):
                print(f"<!-- {name} {tool} {done.returncode}: {(done.stderr or done.stdout)[-300:]!r} -->", file=sys.stderr)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    shutil.rmtree(arguments.work, ignore_errors=True)


if __name__ == "__main__":
    main()
