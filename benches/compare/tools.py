"""The programs that are compared, each as the command a user would type."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from stage import PORT, PYTHON, SLOW_PORT, clean_environment, index_url, timed


@dataclass(frozen=True)
class Job:
    """One install: what goes where."""

    project: Path
    venv: Path
    cache: Path
    scratch: Path  # what a tool unpacks aside lies on the fresh disk too
    has_cache: bool = True
    compiles: bool = False
    is_there: bool = False  # the environment exists already
    is_slow: bool = False

    def cache_flags(self) -> list:
        return ["--cache-dir", self.cache] if self.has_cache else ["--no-cache"]

    def index(self) -> str:
        return index_url(SLOW_PORT if self.is_slow else PORT)

    def environment(self, **more: str) -> dict[str, str]:
        return clean_environment(TMPDIR=str(self.scratch), **more)


class Lock2venv:
    """The program under test: `lock2venv install` on poetry.lock."""

    name = "lock2venv"

    def __init__(self, binary: Path):
        self.binary = binary

    def install(self, job: Job) -> dict:
        argv = [self.binary, "install", "-q", "--no-root", "--only", "main", "--python", PYTHON, "--venv", job.venv]
        argv += job.cache_flags() + ["--compile"] * job.compiles
        return timed(argv, job.project, job.environment(LOCK2VENV_INDEX_URL=job.index()))


class UvPipSync:
    """`uv venv` and `uv pip sync` on the exported requirements: the same information as poetry.lock has."""

    name = "uv pip sync"

    def __init__(self, peers: Path):
        self.uv = peers / "uv"

    def install(self, job: Job) -> dict:
        environment = job.environment(VIRTUAL_ENV=str(job.venv), UV_PYTHON_DOWNLOADS="never")
        argv = [self.uv, "-q", "pip", "sync", "--default-index", job.index(), "--require-hashes", "--python", job.venv / "bin/python"]
        argv += job.cache_flags() + ["--compile-bytecode"] * job.compiles + [job.project / "requirements.txt"]
        if job.is_there:
            return timed(argv, job.project, environment)
        create = timed([self.uv, "-q", "venv", "--relocatable", "-p", PYTHON, job.venv], job.project, environment)
        fill = timed(argv, job.project, environment)
        return {"wall": create["wall"] + fill["wall"], "cpu": create["cpu"] + fill["cpu"], "rss_mb": max(create["rss_mb"], fill["rss_mb"])}


class UvSync:
    """`uv sync --frozen` on the peer's own lock, which also holds the files' addresses."""

    name = "uv sync"

    def __init__(self, peers: Path):
        self.uv = peers / "uv"

    def install(self, job: Job) -> dict:
        environment = job.environment(UV_PROJECT_ENVIRONMENT=str(job.venv), UV_PYTHON_DOWNLOADS="never")
        argv = [self.uv, "-q", "sync", "--frozen", "-p", PYTHON] + job.cache_flags() + ["--compile-bytecode"] * job.compiles
        return timed(argv, self.slow_project(job) if job.is_slow else job.project / "uv", environment)

    @staticmethod
    def slow_project(job: Job) -> Path:
        """The same lock with the slow line's addresses in it."""
        source, target = job.project / "uv", job.scratch / "uv-slow"
        shutil.copytree(source, target, dirs_exist_ok=True)
        lock = (source / "uv.lock").read_text()
        (target / "uv.lock").write_text(lock.replace(f"127.0.0.1:{PORT}/", f"127.0.0.1:{SLOW_PORT}/"))
        return target
