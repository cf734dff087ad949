"""The scenes of inject_faults.py: a project, an index on loopback, and commands with what they find. Standard library only."""
from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

MAKER = Path(__file__).parent.parent / "it" / "support" / "maker.py"
SERVER = """
import functools, http.server, os, sys
os.chdir(sys.argv[1])
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def handle_error(self, *a): pass
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def b64(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def wheel(name, version, files, scripts=()):
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: scenes\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if scripts:
        files[f"{info}/entry_points.txt"] = ("[console_scripts]\n" + "".join(f"{line}\n" for line in scripts)).encode()
    lines = [f"{path},sha256={b64(data)},{len(data)}" for path, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, (2020, 2, 2, 2, 2, 2))
            entry.external_attr, entry.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return f"{name}-{version}-py3-none-any.whl", out.getvalue()


def sdist(name, version):
    out = io.BytesIO()
    # What is built does not tell where it was built.
    hook = "import os\nos.environ['VIRTUAL_ENV'] = ''\n"
    files = {"spec": f"{name} {version}", "hook.py": hook, "pyproject.toml": '[build-system]\nrequires = ["maker"]\nbuild-backend = "maker"\n'}
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return f"{name}-{version}.tar.gz", out.getvalue()


OLD = [
    wheel("acme", "1.0", {"acme/__init__.py": b"ONE = 1\n", "acme/core.py": b"def main(): print('one')\n" * 99}, ["acme = acme.core:main"]),
    wheel("bolt", "1.0", {"bolt.py": b"X = 1\n"}),
    wheel("gone", "1.0", {"gone/__init__.py": b"", "gone/data.bin": bytes(range(256)) * 600}),
]
NEW = [
    wheel("acme", "2.0", {"acme/__init__.py": b"ONE = 2\n", "acme/more.py": b"def main(): print('two')\n"}, ["acme = acme.more:main"]),
    wheel("bolt", "1.0", {"bolt.py": b"X = 1\n"}),
    wheel("nova", "1.0", {"nova/__init__.py": b"", "nova/deep/er.py": b"Y = 1\n"}, ["nova = nova.deep.er:main"]),
]
MAKER_WHEEL = wheel("maker", "1.0", {"maker.py": MAKER.read_bytes()})
SDIST = sdist("demo", "1.0")


def snapshot(root: Path):
    """What is at each path; folders only where they are empty."""
    found = {}
    for folder, folders, names in os.walk(root):
        for name in names + [each for each in folders if os.path.islink(os.path.join(folder, each))]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found[os.path.relpath(path, root)] = ("link", os.readlink(path))
            else:
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = (oct(status.st_mode), hashlib.sha256(file.read()).hexdigest())
        if not names and not folders:
            found[os.path.relpath(folder, root)] = ("empty folder",)
    return found


def difference(got, want, most=6):
    """The paths in which two snapshots differ, in words."""
    lines = [
        f"{'missing' if path not in got else 'foreign' if path not in want else 'other content'}: {path}"
        for path in sorted(set(got) | set(want))
        if got.get(path) != want.get(path)
    ]
    return lines[:most] + ([f"... {len(lines)} in all"] if len(lines) > most else [])


def distributions_are_whole(environment: Path):
    """What is wrong with those distributions that have a RECORD."""
    for info in environment.glob("lib/python*/site-packages/*.dist-info"):
        record = info / "RECORD"
        if not record.exists():
            continue
        for path, digest, size in csv.reader(io.StringIO(record.read_text())):
            file = info.parent / path
            if not file.is_file():
                yield f"{info.name} has RECORD, and {path} is missing"
            elif digest and (digest != "sha256=" + b64(file.read_bytes()) or int(size) != file.stat().st_size):
                yield f"{info.name} has RECORD, and {path} is not what it says"


def another_file_system(work: Path):
    """A new folder on another file system than `work`, if there is one."""
    work.mkdir(parents=True, exist_ok=True)
    for place in ("/dev/shm", "/var/tmp", Path(__file__).parent):
        if os.path.isdir(place) and os.access(place, os.W_OK) and os.stat(place).st_dev != work.stat().st_dev:
            return Path(tempfile.mkdtemp(prefix="faults-", dir=place))
    return None


class Shop:
    """A project, its environment, a cache and an index, in one folder whose parts can be put back."""

    def __init__(self, binary: Path, python: Path, work: Path):
        self.binary, self.python, self.work = binary, python, work.resolve()
        self.live = self.work / "live"
        self.project, self.image = self.live / "project", self.live / "image"
        self.apart = another_file_system(self.work)
        self.settle("", "")
        self.site = self.work / "site"
        self.repository = self.work / "repository"
        self.variables = {
            "PATH": os.environ["PATH"], "HOME": str(self.live / "home"), "TMPDIR": str(self.live / "tmp"), "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1", "LOCK2VENV_JOBS": "2",
        }

    def __enter__(self):
        for name, data in [*OLD, *NEW, MAKER_WHEEL, SDIST]:
            self.offer(name, data)
        self.server = subprocess.Popen([sys.executable, "-c", SERVER, str(self.site)], stdout=subprocess.PIPE, text=True)
        self.index = f"http://127.0.0.1:{self.server.stdout.readline().strip()}/simple"
        self.commit = self.make_repository()
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait()
        if self.apart:
            shutil.rmtree(self.apart, ignore_errors=True)

    def offer(self, name, data):
        page = self.site / "simple" / name.split("-")[0]
        page.mkdir(parents=True, exist_ok=True)
        (self.site / "files").mkdir(exist_ok=True)
        (self.site / "files" / name).write_bytes(data)
        index = page / "index.html"
        line = f'<a href="/files/{name}#sha256={hashlib.sha256(data).hexdigest()}">{name}</a>\n'
        known = index.read_text() if index.exists() else ""
        index.write_text(known if line in known else known + line)

    def make_repository(self):
        folder = self.repository
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            '[tool.poetry]\nname = "rope"\nversion = "1.0"\ndescription = ""\nauthors = []\n\n'
            '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
        )
        (folder / "rope.py").write_text("KNOT = 1\n")
        git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
            subprocess.run(git + command, check=True)
        return subprocess.run(git + ["rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    def settle(self, cache, environment):
        """Says where cache and environment are: in their usual places unless told."""
        self.cache = Path(cache or self.live / "cache")
        self.environment = Path(environment or self.project / ".venv")

    def reset(self):
        """Makes all of it new and empty."""
        self.clear()
        for folder in (self.project, self.live / "home", self.live / "tmp"):
            folder.mkdir(parents=True)

    def clear(self):
        shutil.rmtree(self.live, ignore_errors=True)
        shutil.rmtree(self.cache, ignore_errors=True)

    def keep(self, folder: Path):
        folder.mkdir()
        self.copy(self.live, folder / "live")
        if not self.cache.is_relative_to(self.live) and self.cache.exists():
            self.copy(self.cache, folder / "cache")

    def restore(self, folder: Path):
        self.clear()
        self.copy(folder / "live", self.live)
        if (folder / "cache").exists():
            self.copy(folder / "cache", self.cache)

    @staticmethod
    def copy(source: Path, target: Path):
        subprocess.run(["cp", "-a", str(source), str(target)], check=True)

    def lock(self, files, git=False):
        dependencies = {"python": ">=3.8", **{name.split("-")[0]: "*" for name, _ in files}}
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in dependencies.items()]
        if git:
            dependencies["rope"] = {"git": f"file://{self.repository}"}
            lines.append(f'rope = {{ git = "file://{self.repository}" }}\n')
        content = {"dependencies": dependencies, "source": None, "extras": None, "dev-dependencies": None}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        head = '[tool.poetry]\nname = "p"\nversion = "0"\ndescription = ""\nauthors = []\npackage-mode = false\n\n[tool.poetry.dependencies]\n'
        (self.project / "pyproject.toml").write_text(head + "".join(lines))
        package = '[[package]]\nname = "{}"\nversion = "{}"\ndescription = ""\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
        lock = ""
        for name, data in files:
            stem = name.removesuffix(".tar.gz").split("-")
            lock += package.format(stem[0], stem[1]) + f'files = [{{file = "{name}", hash = "sha256:{hashlib.sha256(data).hexdigest()}"}}]\n\n'
        if git:
            source = f'[package.source]\ntype = "git"\nurl = "file://{self.repository}"\nreference = "HEAD"\nresolved_reference = "{self.commit}"\n\n'
            lock += package.format("rope", "1.0") + "files = []\ndevelop = false\n" + source
        lock += f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.8"\ncontent-hash = "{digest}"\n'
        (self.project / "poetry.lock").write_text(lock)

    def command(self, *arguments):
        return [str(self.binary), "-C", str(self.project), *arguments, "--cache-dir", str(self.cache)]

    def install(self, *arguments):
        return self.command("install", "--sync", "--python", str(self.python), "--index-url", self.index, *arguments)

    def run(self, command):
        return subprocess.run(command, env=self.variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def do(self, *commands):
        for command in commands:
            done = self.run(command)
            assert done.returncode == 0, done.stderr

    def leftovers(self):
        """What is half made, in the project's folder, among temporary files and in the cache."""
        places = {self.live, self.cache}
        hidden = [path for place in places for path in place.rglob("*") if path.name.endswith(".partial") or ".partial-" in path.name]
        drafts = [path for folder in self.cache.glob("v*/tmp") for path in folder.iterdir()]
        temporary = list((self.live / "tmp").iterdir())
        return sorted({os.path.relpath(path, self.live) for path in [*hidden, *drafts, *temporary]})


@dataclass(frozen=True)
class Scene:
    name: str
    prepare: Callable[[Shop], None]
    arguments: tuple[str, ...] = ()
    is_prune: bool = False
    is_offline_possible: bool = True
    is_apart: bool = False  # the cache is on another file system
    is_image: bool = False  # below a folder that will be a root

    def settle(self, shop):
        shop.settle(shop.apart / "cache" if self.is_apart else "", f"{shop.image}/app/.venv" if self.is_image else "")

    def install(self, shop, *arguments):
        image = ("--root", str(shop.image), "--venv", "/app/.venv") if self.is_image else ()
        return shop.install(*arguments, *image, *self.arguments)

    def commands(self, shop):
        if self.is_prune:
            return [shop.command("cache", "prune", "--unused-for", "0")]
        return [self.install(shop)]

    def from_cache(self, shop):
        return self.install(shop, "--offline")


def _fresh(shop):
    shop.lock(OLD)


def _warm(shop):
    shop.lock(OLD)
    shop.do(shop.install())
    shutil.rmtree(shop.environment)


def _change(shop):
    shop.lock(OLD)
    shop.do(shop.install())
    shop.lock(NEW)


def _build(shop):
    shop.lock([SDIST])


def _checkout(shop):
    shop.lock([], git=True)


def _prune(shop):
    shop.lock(OLD)
    shop.do(shop.install())


SCENES = {
    scene.name: scene
    for scene in (
        Scene("fresh", _fresh),
        Scene("warm", _warm),
        Scene("copied", _fresh, ("--link-mode", "copy")),
        Scene("packed", _fresh, ("--link-mode", "copy", "--cache-archives=false")),
        Scene("apart", _fresh, is_apart=True),
        Scene("image", _fresh, is_image=True),
        Scene("compiled", _fresh, ("--compile",)),
        Scene("change", _change),
        Scene("build", _build),
        Scene("checkout", _checkout),
        Scene("prune", _prune, is_prune=True, is_offline_possible=False),
    )
}
