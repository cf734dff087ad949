"""What every measurement here stands on: a loopback index, fresh file systems, a stopwatch, and facts about the machine."""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import html
import json
import marshal
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

PORT = int(os.environ.get("BENCH_PORT", "8931"))
SLOW_PORT = PORT + 1
PYTHON = os.environ.get("BENCH_PYTHON") or shutil.which("python3.11") or sys.executable
LONGEST = 900  # seconds after which a command is killed

# Settings of the tools that a reader's machine may have and that would make the tools do different work.
FOREIGN = re.compile(r"(LOCK2VENV|UV|PIP|POETRY|PYTHON)_?|VIRTUAL_ENV$|(https?|all)_proxy$", re.IGNORECASE)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that disks are unmounted and servers stopped


class Failure(Exception):
    """Something that the reader has to know or to do; printed without a traceback."""


def sh(*argv, **keywords):
    return subprocess.run([str(word) for word in argv], check=True, **keywords)


def text_of(*argv) -> str:
    """The first line that a command prints, or nothing when it cannot be run."""
    try:
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next(iter((done.stdout or done.stderr).strip().splitlines()), "")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def index_url(port: int = PORT) -> str:
    return f"http://127.0.0.1:{port}/simple"


# ----- the index ------------------------------------------------------------------------------------------------------


def write_index(root: Path) -> None:
    """Writes simple pages (JSON of PEP 691 and HTML of PEP 503) for what is in `root`/files, with the metadata of wheels beside them."""
    files, simple = root / "files", root / "simple"
    by_name: dict[str, list[Path]] = {}
    for path in sorted(files.iterdir()):
        if path.suffix == ".whl":
            by_name.setdefault(normal(path.name.split("-")[0]), []).append(path)
        elif path.name.endswith((".tar.gz", ".zip")):
            by_name.setdefault(normal(path.name.rsplit("-", 1)[0]), []).append(path)
    shutil.rmtree(simple, ignore_errors=True)
    for name, paths in by_name.items():
        folder = simple / name
        folder.mkdir(parents=True)
        rows = [index_row(path) for path in paths]
        versions = sorted({version_of(path) for path in paths})
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": rows}
        (folder / "index.json").write_text(json.dumps(page))
        links = "<br>\n".join(
            f'<a href="{html.escape(row["url"])}#sha256={row["hashes"]["sha256"]}">{html.escape(row["filename"])}</a>' for row in rows
        )
        (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{links}\n</body></html>")


def version_of(path: Path) -> str:
    if path.suffix == ".whl":
        return path.name.split("-")[1]
    return path.name.rsplit("-", 1)[1].removesuffix(".tar.gz").removesuffix(".zip")


def index_row(path: Path) -> dict:
    row = {
        "filename": path.name,
        "url": f"../../files/{path.name}",
        "hashes": {"sha256": file_sha256(path)},
        "size": path.stat().st_size,
    }
    if path.suffix == ".whl":
        row["core-metadata"] = {"sha256": hashlib.sha256(write_metadata(path)).hexdigest()}
    return row


def write_metadata(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        member = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        metadata = archive.read(member)
    beside = path.with_name(path.name + ".metadata")
    if not beside.exists():
        beside.write_bytes(metadata)
    return metadata


def file_sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wait_for(port: int, process: subprocess.Popen) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise Failure(f"what should listen on port {port} ended with status {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failure(f"nothing listens on port {port} after ten seconds")


def check_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Failure(f"port {port} is taken: set BENCH_PORT to the first of two free ports")


class Server:
    """A child process that listens on a loopback port while the `with` block runs."""

    def __init__(self, port: int, *argv):
        self.port, self.argv = port, [str(word) for word in argv]

    def __enter__(self):
        check_free(self.port)
        self.process = subprocess.Popen(self.argv, stdout=subprocess.DEVNULL)
        try:
            wait_for(self.port, self.process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def nginx(work: Path, root: Path) -> Server:
    """Serves `root` as an index over HTTP/1.1, as PyPI's pages and files would come."""
    folder = work / "nginx"
    folder.mkdir(parents=True, exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    scratch = "".join(f" {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"""{user} worker_processes 2; pid {folder}/pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 4096; }}
http {{ sendfile on; tcp_nopush on; keepalive_requests 1000000; access_log off;{scratch}
 types {{ application/vnd.pypi.simple.v1+json json; text/html html; application/octet-stream whl gz metadata; }}
 map $http_accept $page {{ default index.html; "~application/vnd.pypi.simple.v1\\+json" index.json; }}
 server {{ listen 127.0.0.1:{PORT}; root {root}; absolute_redirect off;
  location ~ ^/simple/(?<name>[^/]+)/$ {{ try_files /simple/$name/$page =404; }} location / {{ }} }} }}
"""
    )
    return Server(PORT, "nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf")


def slow_line(rtt_ms: float, mbit: float) -> Server:
    proxy = Path(__file__).with_name("slow_proxy.py")
    return Server(SLOW_PORT, sys.executable, proxy, SLOW_PORT, PORT, "--rtt-ms", rtt_ms, "--mbit", mbit)


# ----- file systems ---------------------------------------------------------------------------------------------------


class Disk:
    """A fresh file system for each use: an ext4 image in memory, or a plain folder when that cannot be had.

    Deleting many files on a file system and then creating others there is slow on ext4 for reasons that have nothing to do with
    an installer; so nothing is ever deleted on a disk that is measured.
    """

    def __init__(self, work: Path, name: str, gib: int):
        self.mount = work / f"mnt-{name}"
        self.image = image_folder(work) / f"bench-{hashlib.sha256(str(self.mount).encode()).hexdigest()[:8]}.img"
        self.gib = gib
        self.is_loop = os.geteuid() == 0 and shutil.which("mkfs.ext4") is not None
        self.mount.mkdir(parents=True, exist_ok=True)

    def fresh(self) -> Path:
        self.close()
        if self.is_loop and self.make_image():
            return self.mount
        shutil.rmtree(self.mount, ignore_errors=True)
        self.mount.mkdir(parents=True)
        return self.mount

    def make_image(self) -> bool:
        with open(self.image, "wb") as file:
            file.truncate(self.gib << 30)
        try:
            sh("mkfs.ext4", "-q", "-F", self.image)
            sh("mount", "-o", "loop", self.image, self.mount)
        except subprocess.CalledProcessError:
            self.is_loop = False
            self.image.unlink(missing_ok=True)
            print("no loop mounts here: plain folders are used, expect noise", file=sys.stderr)
        return self.is_loop

    def close(self) -> None:
        for _ in range(20):
            if not os.path.ismount(self.mount) or subprocess.run(["umount", self.mount], stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.2)  # a process that has just ended may still be about to let go
        else:
            raise Failure(f"{self.mount} cannot be unmounted: something still uses it")
        self.image.unlink(missing_ok=True)

    def kind(self) -> str:
        return text_of("stat", "-f", "-c", "%T", self.fresh()).replace("ext2/ext3", "ext4")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        if not self.is_loop:
            shutil.rmtree(self.mount, ignore_errors=True)


def image_folder(work: Path) -> Path:
    """Where images lie: BENCH_IMAGES, or memory when it has room, or the work folder."""
    if chosen := os.environ.get("BENCH_IMAGES"):
        return Path(chosen)
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 12 << 30 else work


# ----- the stopwatch --------------------------------------------------------------------------------------------------


def clean_environment(**more: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not FOREIGN.match(key)} | more


class Launcher:
    """The small process that starts what is measured."""

    def __init__(self) -> None:
        argv = [sys.executable, "-I", "-S", Path(__file__).with_name("launcher.py")]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

    def start(self, argv, cwd: Path, environment: dict[str, str], errors: Path) -> int:
        command = [str(word) for word in argv]
        command[0] = shutil.which(command[0]) or command[0]
        marshal.dump((command, str(cwd), environment, str(errors)), self.process.stdin)
        self.process.stdin.flush()
        return marshal.load(self.process.stdout)

    def wait(self, child: int) -> tuple:
        """Waits for the command that is under way; one that takes too long is killed, and so fails."""
        bound = threading.Timer(LONGEST, os.kill, (child, signal.SIGKILL))
        bound.start()
        try:
            return marshal.load(self.process.stdout)
        finally:
            bound.cancel()


@functools.cache
def launcher() -> Launcher:
    return Launcher()


def timed(argv, cwd: Path, environment: dict[str, str]) -> dict:
    """Runs a command: its wall time and processor time in seconds, its peak memory in MB.

    The memory is that of the largest process, and cannot be told below that of the launcher, which is about 9 MB.
    """
    with tempfile.NamedTemporaryFile() as errors:
        child = launcher().start(argv, cwd, environment, Path(errors.name))
        status, wall, cpu, memory = launcher().wait(child)
        if code := os.waitstatus_to_exitcode(status):
            command = " ".join(str(word) for word in argv)
            raise Failure(f"{command}\nended with status {code}: {errors.read().decode(errors='replace')[-2000:]}")
    return {"wall": round(wall, 5), "cpu": round(cpu, 5), "rss_mb": round(memory / 1024, 1)}


# ----- the machine ----------------------------------------------------------------------------------------------------


def machine(disk: Disk, binary: Path | None, peers: Path) -> dict:
    """What a reader has to know beside the figures. Nothing that names the machine or a folder of it."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "cpu": cpu[1] if cpu else os.uname().machine,
        "n_cpus": len(os.sched_getaffinity(0)),
        "memory_gb": int(memory[1]) // 1024**2 if memory else None,
        "kernel": os.uname().release,
        "filesystem": disk.kind(),
        "is_fresh_disk": disk.is_loop,
        "python": text_of(PYTHON, "--version"),
        "uv": text_of(peers / "uv", "--version"),
        "poetry": text_of(peers / "poetry", "--version"),
        "nginx": text_of("nginx", "-v"),
        "lock2venv": text_of(binary, "--version") if binary else None,
        "binary_sha256": file_sha256(binary) if binary else None,
        "load_before": os.getloadavg()[0],
    }


def slug(facts: dict) -> str:
    """The name of a folder of runs: date, processor, file system."""
    cpu = re.sub(r"\((?:r|tm)\)|@.*|\bcpu\b|\bprocessor\b", " ", facts["cpu"], flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", f"{facts['date']} {cpu} {facts['filesystem']}".lower()).strip("-")


def peers_venv(work: Path) -> Path:
    """The folder of the peers' programs; they are installed once, in a virtual environment of their own."""
    venv = work / "peers"
    if not (venv / "bin/poetry").exists():
        print("installing the peers (uv, poetry, poetry-plugin-export) in", venv, file=sys.stderr)
        sh(PYTHON, "-m", "venv", venv)
        sh(venv / "bin/pip", "-q", "install", "uv", "poetry", "poetry-plugin-export", "packaging")
    return venv / "bin"
