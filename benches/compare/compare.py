#!/usr/bin/env python3
"""Side by side timing of installers that fill an environment from one lock.

    compare.py prepare WORK                      download the wheels once, build a local index (needs PyPI)
    compare.py run WORK --lock2venv BIN [...]    time the tools, print a table, write WORK/result.json

Every tool reads the same wheels from the same loopback index (nginx, HTTP/1.1), in the same run, in turn
(A B C A B C ...), so a ratio holds although the machine's speed drifts. Environments and caches lie on fresh
ext4 images (loop devices on memory) when run as root, because deleting many files on a file system and then
creating others there at once is slow on ext4 for reasons that have nothing to do with an installer.

Scenarios
    cold      empty cache, new environment, cache and environment on one file system
    nocache   cache switched off, new environment
    warm      filled cache, new environment on the same file system
    cross     filled cache, new environment on ANOTHER file system (what a cache mount in an image build is)
    coldcomp  empty cache, new environment, bytecode compiled: the first build that wants bytecode
    compile   filled cache, new environment, bytecode compiled (cache and environment on one file system)
    xcompile  the same, on another file system
    noop      the environment is already as the lock says
    slow      as cold, behind a line of 40 ms and 100 Mbit/s (slow_proxy.py); the floor is the bytes over the rate
    export    poetry.lock to requirements.txt with hashes
"""
from __future__ import annotations
import argparse, hashlib, html, json, os, re, shutil, signal, statistics, subprocess, sys, time, zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECTS = HERE.parents[1] / "fixtures/projects"
PORT = int(os.environ.get("BENCH_PORT", "8931"))
INDEX = f"http://127.0.0.1:{PORT}/simple"
PYTHON = os.environ.get("BENCH_PYTHON", shutil.which("python3.11") or sys.executable)


def sh(*argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True, **kw)


def tools_venv(work: Path) -> Path:
    venv = work / "peers"
    if not (venv / "bin/uv").exists():
        sh(PYTHON, "-m", "venv", venv)
        sh(venv / "bin/pip", "-q", "install", "uv", "poetry", "poetry-plugin-export", "packaging")
    return venv / "bin"


def python_version() -> str:
    return subprocess.run([PYTHON, "-c", "import platform; print(platform.python_version())"], check=True,
                          capture_output=True, text=True).stdout.strip()


def prepare(work: Path, projects: list[str]) -> None:
    work.mkdir(parents=True, exist_ok=True)
    peers = tools_venv(work)
    files = work / "index/files"
    files.mkdir(parents=True, exist_ok=True)
    for name in projects:
        src = work / "projects" / name
        if src.exists():
            shutil.rmtree(src)
        shutil.copytree(PROJECTS / name, src)
        sh(peers / "poetry", "export", "-q", "-o", "requirements.txt", cwd=src)
        stamp = work / f"{name}.downloaded"
        if not stamp.exists():
            sh(PYTHON, "-m", "pip", "-q", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r",
               src / "requirements.txt", "-d", files)
            stamp.touch()
    simple = work / "index/simple"
    if simple.exists():
        shutil.rmtree(simple)
    by_name: dict[str, list[Path]] = {}
    for f in sorted(files.glob("*.whl")):
        by_name.setdefault(re.sub(r"[-_.]+", "-", f.name.split("-")[0]).lower(), []).append(f)
    for name, wheels in by_name.items():
        d = simple / name
        d.mkdir(parents=True)
        rows, links = [], []
        for f in wheels:
            data = f.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            row = {"filename": f.name, "url": f"../../files/{f.name}", "hashes": {"sha256": digest}, "size": len(data)}
            with zipfile.ZipFile(f) as z:
                member = next(n for n in z.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
                meta = z.read(member)
            (files / (f.name + ".metadata")).write_bytes(meta)
            row["core-metadata"] = {"sha256": hashlib.sha256(meta).hexdigest()}
            rows.append(row)
            links.append(f'<a href="../../files/{html.escape(f.name)}#sha256={digest}">{html.escape(f.name)}</a>')
        (d / "index.json").write_text(json.dumps({"meta": {"api-version": "1.1"}, "name": name,
                                                  "versions": sorted({r["filename"].split("-")[1] for r in rows}), "files": rows}))
        (d / "index.html").write_text("<!DOCTYPE html><html><body>\n" + "<br>\n".join(links) + "\n</body></html>")
    for name in projects:  # the peer's own lock, with addresses inside, for `uv sync --frozen`
        src = work / "projects" / name
        uvp = work / "uvprojects" / name
        uvp.mkdir(parents=True, exist_ok=True)
        pins = [l.split(" ")[0] for l in (src / "requirements.txt").read_text().splitlines() if re.match(r"[A-Za-z0-9]", l)]
        have = {re.sub(r"[-_.]+", "-", f.name.split("-")[0]).lower() for f in files.glob("*.whl")}
        pins = [p for p in pins if re.sub(r"[-_.]+", "-", re.split(r"[=\[]", p)[0]).lower() in have]
        pins = [re.sub(r"\[.*\]", "", p) for p in pins]
        (uvp / "pyproject.toml").write_text(
            f'[project]\nname = "bench-{name}"\nversion = "0"\nrequires-python = ">={python_version()},<3.12"\ndependencies = ' + json.dumps(pins) +
            '\n[tool.uv]\npackage = false\nenvironments = ["sys_platform == \'linux\'"]\n')
    print(len(list(files.glob("*.whl"))), "wheels,", sum(f.stat().st_size for f in files.glob("*.whl")) // 10**6, "MB")


class Nginx:
    def __init__(self, work: Path):
        self.dir = work / "nginx"
        self.dir.mkdir(exist_ok=True)
        (self.dir / "nginx.conf").write_text(f"""
worker_processes 2; pid {self.dir}/pid; error_log {self.dir}/err.log; daemon off;
events {{ worker_connections 4096; }}
http {{ sendfile on; tcp_nopush on; keepalive_requests 1000000; access_log off;
 types {{ application/vnd.pypi.simple.v1+json json; text/html html; application/octet-stream whl gz metadata; }}
 map $http_accept $idx {{ default index.html; "~application/vnd.pypi.simple.v1\\+json" index.json; }}
 server {{ listen 127.0.0.1:{PORT}; root {work}/index; absolute_redirect off;
  location ~ ^/simple/(?<pkg>[^/]+)/$ {{ try_files /simple/$pkg/$idx =404; }} location / {{ }} }} }}
""")

    def __enter__(self):
        self.p = subprocess.Popen(["nginx", "-c", str(self.dir / "nginx.conf")])
        time.sleep(0.5)
        return self

    def __exit__(self, *a):
        self.p.send_signal(signal.SIGTERM)
        self.p.wait()


class Disk:
    """A fresh file system for each use: an ext4 image in memory, or a plain folder when that cannot be had."""

    def __init__(self, work: Path, name: str, gib: int):
        self.mount, self.image, self.gib = work / f"mnt-{name}", Path(f"/dev/shm/bench-{os.getpid()}-{name}.img"), gib
        self.mount.mkdir(exist_ok=True)
        self.loop = os.geteuid() == 0

    def fresh(self) -> Path:
        self.close()
        if self.loop:
            with open(self.image, "wb") as f:
                f.truncate(self.gib << 30)
            try:
                sh("mkfs.ext4", "-q", "-F", self.image)
                sh("mount", "-o", "loop", self.image, self.mount)
                return self.mount
            except subprocess.CalledProcessError:
                self.loop = False
                print("no loop mounts here: plain folders are used, expect noise", file=sys.stderr)
        shutil.rmtree(self.mount, ignore_errors=True)
        self.mount.mkdir()
        return self.mount

    def close(self):
        if self.loop:
            subprocess.run(["umount", self.mount], stderr=subprocess.DEVNULL)
            self.image.unlink(missing_ok=True)


def timed(argv, cwd, env) -> dict:
    t = time.perf_counter()
    p = subprocess.Popen([str(a) for a in argv], cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    err = p.stderr.read()
    _, status, ru = os.wait4(p.pid, 0)
    wall = time.perf_counter() - t
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{argv}: exit {status}: {err.decode()[-2000:]}")
    return {"wall": wall, "cpu": ru.ru_utime + ru.ru_stime, "rss_mb": ru.ru_maxrss // 1024}


class Uv:
    """`uv pip sync` on the exported requirements: the same information as poetry.lock has."""
    name = "uv pip sync"

    def __init__(self, peers, work):
        self.uv, self.work = peers / "uv", work

    def install(self, project, venv: Path, cache: Path, compile=False, nocache=False, noop=False):
        env = {**os.environ, "VIRTUAL_ENV": str(venv), "UV_PYTHON_DOWNLOADS": "never"}
        env.pop("UV_PYTHON", None)
        total = None
        if not noop:
            total = timed([self.uv, "-q", "venv", "--relocatable", "-p", PYTHON, venv], self.work, env)
        argv = [self.uv, "-q", "pip", "sync", "--default-index", INDEX, "--require-hashes", "--python", venv / "bin/python"]
        argv += ["--no-cache"] if nocache else ["--cache-dir", cache]
        argv += ["--compile-bytecode"] if compile else []
        r = timed(argv + [self.work / "projects" / project / "requirements.txt"], self.work, env)
        return r if total is None else {"wall": r["wall"] + total["wall"], "cpu": r["cpu"] + total["cpu"], "rss_mb": r["rss_mb"]}


class UvSync:
    """`uv sync --frozen` on the peer's own lock, which also holds the files' addresses."""
    name = "uv sync"

    def __init__(self, peers, work):
        self.uv, self.work = peers / "uv", work

    def install(self, project, venv, cache, compile=False, nocache=False, noop=False):
        env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON_DOWNLOADS": "never"}
        for k in ("UV_PYTHON", "VIRTUAL_ENV"):
            env.pop(k, None)
        argv = [self.uv, "-q", "sync", "--frozen", "-p", PYTHON]
        argv += ["--no-cache"] if nocache else ["--cache-dir", cache]
        argv += ["--compile-bytecode"] if compile else []
        return timed(argv, self.work / "uvprojects" / project, env)


class Lock2venv:
    """The program under test. The command line is a template so that it can follow the program's own flags."""
    name = "lock2venv"

    def __init__(self, binary, work):
        self.bin, self.work = binary, work

    def install(self, project, venv, cache, compile=False, nocache=False, noop=False):
        env = {**os.environ, "LOCK2VENV_INDEX_URL": INDEX}
        argv = [self.bin, "install", "-q", "--no-root", "--only", "main", "--python", PYTHON, "--venv", venv]
        argv += ["--no-cache"] if nocache else ["--cache-dir", cache]
        argv += ["--compile"] if compile else []
        return timed(argv, self.work / "projects" / project, env)


def run(work: Path, binary: str | None, projects, scenarios, n: int, gib: int, only) -> None:
    peers = tools_venv(work)
    tools = [Uv(peers, work), UvSync(peers, work)]
    if binary:
        tools.insert(0, Lock2venv(Path(binary).resolve(), work))
    tools = [t for t in tools if not only or t.name in only]
    a, b = Disk(work, "a", gib), Disk(work, "b", gib)
    result = []
    try:
        with Nginx(work):
            for project in projects:
                uvp = work / "uvprojects" / project
                if not (uvp / "uv.lock").exists() and any(isinstance(t, UvSync) for t in tools):
                    sh(peers / "uv", "-q", "lock", "--default-index", INDEX, "-p", PYTHON, cwd=uvp)
                for scenario in scenarios:
                    rows = {t.name: [] for t in tools}
                    if scenario == "export":
                        env = dict(os.environ)
                        cmds = {"poetry export": [peers / "poetry", "export"]}
                        if binary:
                            cmds = {"lock2venv": [Path(binary).resolve(), "export"], **cmds}
                        rows = {k: [] for k in cmds}
                        for i in range(n + 1):
                            for k, argv in cmds.items():
                                r = timed(argv, work / "projects" / project, env)
                                if i:
                                    rows[k].append(r)
                    else:
                        for i in range(n):
                            for t in tools:
                                da = a.fresh()
                                cache, venv = da / "cache", da / "venv"
                                (da / "tmp").mkdir()
                                os.environ["TMPDIR"] = str(da / "tmp")  # what a tool unpacks aside lies on the fresh disk too
                                if scenario in ("cross", "xcompile"):
                                    venv = b.fresh() / "venv"
                                comp = scenario in ("compile", "xcompile", "coldcomp")
                                if scenario not in ("cold", "nocache", "coldcomp"):
                                    first = venv if scenario == "noop" else da / "first"
                                    t.install(project, first, cache, compile=comp)
                                    os.sync()
                                rows[t.name].append(t.install(project, venv, cache, compile=comp, nocache=scenario == "nocache",
                                                              noop=scenario == "noop"))
                    base = rows.get("lock2venv")
                    for k, rs in rows.items():
                        med = {m: statistics.median(r[m] for r in rs) for m in ("wall", "cpu", "rss_mb")}
                        ratio = statistics.median(x["wall"] / y["wall"] for x, y in zip(base, rs)) if base and k != "lock2venv" else None
                        result.append({"project": project, "scenario": scenario, "tool": k, **med, "lock2venv_over_this": ratio,
                                       "walls": [round(r["wall"], 4) for r in rs]})
                        print(f"{project:10} {scenario:9} {k:14} wall {med['wall']:8.3f} s  cpu {med['cpu']:7.3f} s  rss {med['rss_mb']:5.0f} MB"
                              + (f"  lock2venv/{k} = {ratio:.3f}" if ratio else ""), flush=True)
    finally:
        a.close()
        b.close()
    (work / "result.json").write_text(json.dumps(result, indent=1))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("command", choices=["prepare", "run"])
    p.add_argument("work", type=Path)
    p.add_argument("--lock2venv")
    p.add_argument("--projects", default="annapurna,web,ds")
    p.add_argument("--scenarios", default="cold,nocache,warm,cross,coldcomp,compile,xcompile,noop,export")
    p.add_argument("--tools", default="", help="only these, comma separated")
    p.add_argument("-n", type=int, default=3)
    p.add_argument("--gib", type=int, default=7)
    o = p.parse_args()
    work, projects = o.work.resolve(), o.projects.split(",")
    if o.command == "prepare":
        prepare(work, projects)
    else:
        run(work, o.lock2venv, projects, o.scenarios.split(","), o.n, o.gib, [t for t in o.tools.split(",") if t])


if __name__ == "__main__":
    main()
