#!/usr/bin/env python3
"""Has every system call of lock2venv fail once, and looks at what is left.

    inject_faults.py BINARY [--scenes NAMES] [--errors NAMES] [--every N] [--about TEXT] [--python PYTHON] [--work DIR] [--keep]

A scene is a command and what it finds: `fresh`, `warm`, `copied`, `packed`, `apart` (the cache is on another file system), `image`
(`--root`), `compiled`, `change`, `build`, `checkout`, `prune` (`--scenes` takes several, separated by commas; all without it). The command runs again and again, and each time the first call fails that has
not failed before, with EIO, ENOSPC, EACCES, EINTR or EMFILE (where the kernel can say so), until a run ends in which none is left.
A call is known by its name, by the file that it is about, and by how many such calls the run has made, so threads in another
order leave none out. `--every N` is for a short look: only each Nth of them fails. `--about TEXT` has those fail that are about files
with TEXT, a regular expression, in their paths.

`memory` and `threads` among the errors fail what reserves memory (ENOMEM) and what starts threads and processes (EAGAIN). Without memory
an abort is allowed; a segmentation fault only where it is the system's loader of programs that got none, which knows no better.

After each failure:
    status  the command ended by itself with 0 or 1, said nothing of a panic, and named an error if it ended with 1
    state   with 0 the environment is what an undisturbed run makes; with 1 it is that, or as it was, or each distribution that has
            a RECORD is what that says
    again   the same command ends with 0, and the environment is, file by file, what an undisturbed run makes
    rest    nothing half made is left in the project's folder or in the cache
    cache   an install from the cache alone is right as well, or says what is not there

The calls are stopped by seccomp's user notification, so calls made past libc are seen too, and children of the program
(interpreters, git) are left alone. Needs Linux 5.6 or newer on x86-64 or AArch64. Standard library only; the last line says how many
calls failed and how many checks did. Exit status 1 when one did.
"""
from __future__ import annotations

import argparse
import ctypes
import errno
import fcntl
import os
import platform
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fault_scenes import SCENES, Shop, difference, distributions_are_whole, snapshot  # noqa: E402

# name: number on x86-64, number on AArch64 (None where the machine has none), which argument is a path or a descriptor
PATH, AT, TWO_AT, FD, NONE = "path", "at", "two", "fd", "none"
CALLS = {
    "read": (0, 63, FD), "write": (1, 64, FD), "open": (2, None, PATH), "close": (3, 57, FD), "stat": (4, None, PATH), "fstat": (5, 80, FD),
    "lstat": (6, None, PATH), "lseek": (8, 62, FD), "pread64": (17, 67, FD), "pwrite64": (18, 68, FD), "readv": (19, 65, FD),
    "writev": (20, 66, FD), "access": (21, None, PATH), "pipe": (22, None, NONE), "dup": (32, 23, FD), "sendfile": (40, 71, FD),
    "socket": (41, 198, NONE), "connect": (42, 203, FD), "sendto": (44, 206, FD), "recvfrom": (45, 207, FD), "sendmsg": (46, 211, FD),
    "recvmsg": (47, 212, FD), "getsockname": (51, 204, FD), "socketpair": (53, 199, NONE), "setsockopt": (54, 208, FD),
    "getsockopt": (55, 209, FD), "clone": (56, 220, NONE), "fork": (57, None, NONE), "vfork": (58, None, NONE), "wait4": (61, 260, NONE),
    "fcntl": (72, 25, FD), "flock": (73, 32, FD), "fsync": (74, 82, FD), "fdatasync": (75, 83, FD), "ftruncate": (77, 46, FD),
    "getcwd": (79, 17, NONE), "chdir": (80, 49, PATH), "rename": (82, None, PATH), "mkdir": (83, None, PATH), "rmdir": (84, None, PATH),
    "link": (86, None, PATH), "unlink": (87, None, PATH), "symlink": (88, None, PATH), "readlink": (89, None, PATH),
    "chmod": (90, None, PATH), "fchmod": (91, 52, FD), "statfs": (137, 43, PATH), "fstatfs": (138, 44, FD), "getdents64": (217, 61, FD),
    "waitid": (247, 95, NONE), "openat": (257, 56, AT), "mkdirat": (258, 34, AT), "newfstatat": (262, 79, AT), "unlinkat": (263, 35, AT),
    "renameat": (264, 38, TWO_AT), "linkat": (265, 37, TWO_AT), "symlinkat": (266, 36, PATH), "readlinkat": (267, 78, AT),
    "fchmodat": (268, 53, AT), "faccessat": (269, 48, AT), "utimensat": (280, 88, AT), "fallocate": (285, 47, FD), "eventfd2": (290, 19, NONE),
    "epoll_create1": (291, 20, NONE), "dup3": (292, 24, FD), "pipe2": (293, 59, NONE), "renameat2": (316, 276, TWO_AT),
    "memfd_create": (319, 279, NONE), "copy_file_range": (326, 285, FD), "statx": (332, 291, AT), "ioctl": (16, 29, FD),
    "clone3": (435, 435, NONE), "close_range": (436, 436, NONE), "openat2": (437, 437, AT), "faccessat2": (439, 439, AT),
    "mmap": (9, 222, NONE), "brk": (12, 214, NONE), "mremap": (25, 216, NONE), "execve": (59, 221, NONE),
}
# Not `brk`: a kernel without memory returns the old end, never an error, and the C library expects none.
MEMORY, THREADS = {"mmap", "mremap"}, {"clone", "clone3", "fork", "vfork"}
OPENING = {"open", "openat", "openat2", "socket", "socketpair", "pipe", "pipe2", "dup", "dup3", "eventfd2", "epoll_create1", "memfd_create"}
WRITING = {"write", "writev", "pwrite64", "open", "openat", "openat2", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat",
           "symlink", "symlinkat", "fsync", "fdatasync", "ftruncate", "fallocate", "copy_file_range", "sendfile", "ioctl", "close"}
NAMED = {name for name, (_, _, kind) in CALLS.items() if kind in (PATH, AT, TWO_AT)} | {"flock", "ioctl", "connect"}
USUAL = set(CALLS) - MEMORY - THREADS - {"execve", "brk"}
ERRORS = {
    "EIO": (errno.EIO, USUAL), "ENOSPC": (errno.ENOSPC, WRITING), "EACCES": (errno.EACCES, NAMED),
    "EINTR": (errno.EINTR, USUAL - {"close", "getcwd", "fcntl"}), "EMFILE": (errno.EMFILE, OPENING),
    "memory": (errno.ENOMEM, MEMORY), "threads": (errno.EAGAIN, THREADS),
}

MACHINE = platform.machine()
COLUMN, ARCH, SECCOMP, PIDFD_OPEN, PIDFD_GETFD = {
    "x86_64": (0, 0xC000003E, 317, 434, 438), "aarch64": (1, 0xC00000B7, 277, 434, 438),
}.get(MACHINE, (None,) * 5)
LIBC = ctypes.CDLL(None, use_errno=True)
RECEIVE, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1
HANG_SECONDS = 120
# What differs from run to run in the names of files, sockets and pipes.
RANDOM = r"(?<=\.partial-)\w+|(?<=\.)\w+(?=\.partial)|(?<=lock2venv-)\w+|[0-9A-Za-z]{8,}|\d{3,}"


class Filter(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def program(names):
    """A filter that stops at the calls of these names, and at execve, by which the start is known."""
    numbers = sorted({CALLS[name][COLUMN] for name in names | {"execve"} if CALLS[name][COLUMN] is not None})
    code = [(0x20, 0, 0, 4), (0x15, 1, 0, ARCH), (0x06, 0, 0, 0x7FFF0000), (0x20, 0, 0, 0)]
    code += [(0x15, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    code += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x7FC00000)]
    return b"".join(struct.pack("HBBI", *line) for line in code)


def start(command, environment, output, names):
    """Starts a command that stops at the calls; returns its number and what is told of the calls."""
    code = program(names)
    buffer = ctypes.create_string_buffer(code)
    argument = Filter(len(code) // 8, ctypes.addressof(buffer))
    reference = ctypes.byref(argument)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        LIBC.prctl(38, 1, 0, 0, 0)
        if LIBC.syscall(SECCOMP, 1, 8, reference) < 0:
            os._exit(125)
        os.execve(command[0], command, environment)
    process = LIBC.syscall(PIDFD_OPEN, pid, 0)
    try:
        while True:
            for name in os.listdir(f"/proc/{pid}/fd"):
                try:
                    if "seccomp notify" in os.readlink(f"/proc/{pid}/fd/{name}"):
                        return pid, LIBC.syscall(PIDFD_GETFD, process, int(name), 0)
                except FileNotFoundError:
                    pass
            if os.waitpid(pid, os.WNOHANG)[0]:
                raise SystemExit("seccomp's user notification is not available")
    finally:
        os.close(process)


class Calls:
    """What one run calls, and which of that fails."""

    def __init__(self, pid, names, error, done, which):
        self.pid, self.names, self.error, self.done, self.which = pid, names, error, done, which
        self.by_number = {CALLS[name][COLUMN]: name for name in CALLS}
        self.seen, self.failed, self.is_by_loader, self.begun = Counter(), None, False, False
        self.memory = None  # opened once the program is in place

    def answer(self, notice):
        """Returns the error that the call fails with, or None."""
        tid, number = struct.unpack_from("I", notice, 8)[0], struct.unpack_from("i", notice, 16)[0]
        name = self.by_number.get(number)
        if not self.begun:
            if tid == self.pid and name == "execve":
                self.begun = True
            return None
        if self.failed or name not in self.names or not os.path.exists(f"/proc/{self.pid}/task/{tid}"):
            return None
        arguments = struct.unpack_from("6Q", notice, 32)
        about = self.about(CALLS[name][2], arguments)
        if self.never_fails(name, about, arguments[0] & 0xFFFFFFFF):
            return None
        about = re.sub(RANDOM, "…", about)
        self.seen[name, about] += 1
        key = (name, about, self.seen[name, about])
        if key in self.done:
            return None
        if not self.which.about.search(about):
            return None
        self.done.add(key)
        if len(self.done) % self.which.every:
            return None
        self.failed, self.is_by_loader = key, self.is_in_loader(struct.unpack_from("Q", notice, 24)[0])
        return self.error

    def never_fails(self, name, about, descriptor):
        """Tells whether no kernel lets this call fail, and a failure would only show what the simulation cannot do."""
        if name == "close":
            # The standard library asserts that a folder it has read can be closed. And a pipe or socket is closed whatever `close`
            # says, but would stay open here, so that whoever reads the other end would wait for ever.
            return os.path.isdir(f"/proc/{self.pid}/fd/{descriptor}") or about.startswith(("pipe:", "socket:"))
        # The pair by which the standard library learns whether a child was started: it panics.
        return name in ("read", "recvfrom", "recvmsg") and about.startswith("socket:") and self.is_local(about)

    def is_local(self, about):
        """Tells whether a socket leads to this machine's own processes and has no network behind it."""
        number = re.search(r"\d+", about).group()
        with open(f"/proc/{self.pid}/net/unix", encoding="utf-8") as sockets:
            return any(len(fields) > 6 and fields[6] == number for fields in map(str.split, sockets))

    def is_in_loader(self, address):
        """Whether an instruction is one of the dynamic loader, not of the program or its libraries."""
        for line in Path(f"/proc/{self.pid}/maps").read_text().splitlines():
            start, end = (int(part, 16) for part in line.split(maxsplit=1)[0].split("-"))
            if start <= address < end:
                return re.search(r"/ld-(linux|musl|[0-9])[^/]*$", line) is not None
        return False

    def about(self, kind, arguments):
        if kind == PATH:
            return self.text(arguments[0])
        if kind == AT:
            return self.text(arguments[1])
        if kind == TWO_AT:
            return self.text(arguments[1]) + " -> " + self.text(arguments[3])
        if kind == FD:
            try:
                return os.readlink(f"/proc/{self.pid}/fd/{arguments[0] & 0xFFFFFFFF}")
            except OSError:
                return "?"
        return ""

    def text(self, address):
        if not address:
            return ""
        try:
            if self.memory is None:
                self.memory = os.open(f"/proc/{self.pid}/mem", os.O_RDONLY)
            room = 4096 - address % 4096
            data = os.pread(self.memory, min(room, 512), address)
            if b"\0" not in data:
                data += os.pread(self.memory, 512, address + len(data))
        except OSError:
            return "?"
        return data.split(b"\0")[0].decode("utf-8", "replace")


def run_failing(command, environment, output, names, error, done, which):
    """Runs the command with one call failing. Returns its exit status (None: it hung), what failed, and whether the loader called."""
    pid, listener = start(command, environment, output, names)
    calls = Calls(pid, names, error, done, which)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    ends, status = time.monotonic() + HANG_SECONDS, None
    notice, hung = bytearray(80), False
    while status is None:
        ready = poll.poll(50)
        if ready and ready[0][1] & select.POLLIN:
            notice[:] = bytes(80)
            try:
                fcntl.ioctl(listener, RECEIVE, notice)
                fault = calls.answer(notice)
                answer = struct.pack("Qqii", *struct.unpack_from("Q", notice), 0, -fault if fault else 0, 0 if fault else CONTINUE)
                fcntl.ioctl(listener, SEND, answer)
            except OSError:
                pass  # whoever called is gone
        else:
            found, code = os.waitpid(pid, os.WNOHANG)
            status = os.waitstatus_to_exitcode(code) if found else None
        if time.monotonic() > ends and not hung:
            hung = True
            os.killpg(pid, signal.SIGKILL)
    try:
        os.killpg(pid, signal.SIGKILL)  # what it left running
    except ProcessLookupError:
        pass
    os.close(listener)
    if calls.memory is not None:
        os.close(calls.memory)
    return (None if hung else status), calls.failed, calls.is_by_loader


class Faults:
    """All failures of one scene."""

    def __init__(self, scene, shop, which):
        self.scene, self.shop, self.which = scene, shop, which
        self.before = shop.work / "before"
        self.n_failed = self.n_wrong = 0
        self.statuses = Counter()
        scene.settle(shop)
        shop.reset()
        scene.prepare(shop)
        shutil.rmtree(self.before, ignore_errors=True)
        shop.keep(self.before)
        self.was = snapshot(shop.environment)
        for command in scene.commands(shop):
            done = shop.run(command)
            assert done.returncode == 0, done.stderr
        self.wanted = snapshot(shop.environment)

    def all(self, error):
        number, names = ERRORS[error]
        done = set()
        for command in self.scene.commands(self.shop):
            while self.one(command, error, number, names, done):
                pass

    def one(self, command, error, number, names, done):
        self.shop.restore(self.before)
        with tempfile.TemporaryFile() as output:
            status, failed, is_by_loader = run_failing(command, self.shop.variables, output.fileno(), names, number, done, self.which)
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        if failed is None:
            return False
        self.n_failed += 1
        self.statuses[status] += 1
        where = f"{self.scene.name} {error} {failed[0]} `{failed[1]}` ({failed[2]})"
        wrong = list(self.status(status, text, error, is_by_loader)) + list(self.state(status))
        wrong += self.again(command)
        for line in wrong:
            self.n_wrong += 1
            print(f"WRONG {where}: {line}", flush=True)
            if self.n_wrong < 40:
                print("      " + text.strip().replace("\n", "\n      ")[-600:], flush=True)
        return True

    @staticmethod
    def status(status, text, error, is_by_loader):
        if status is None:
            yield f"status: it hung for {HANG_SECONDS} s"
        elif error == "memory" and (status == -signal.SIGABRT or is_by_loader and status == -signal.SIGSEGV):
            return
        elif "panicked" in text:
            yield f"status: it panicked ({status})"
        elif status == 127 and "shared librar" in text:
            return  # the loader, before the program began
        elif status not in (0, 1):
            yield f"status: it ended with {status}"
        elif status == 1 and "error" not in text:
            yield "status: it ended with 1 and named no error"

    def state(self, status):
        found = snapshot(self.shop.environment)
        if found == self.wanted or (status != 0 and found == self.was):
            return
        if status == 0:
            yield "state: it ended with 0: " + "; ".join(difference(found, self.wanted))
            return
        if found and "pyvenv.cfg" not in found:
            yield "state: a folder without pyvenv.cfg"
        yield from (f"state: {line}" for line in distributions_are_whole(self.shop.environment))

    def again(self, command):
        done = self.shop.run(command)
        if done.returncode != 0:
            return [f"again: it ended with {done.returncode}: {done.stderr[-500:]}"]
        found = snapshot(self.shop.environment)
        if found != self.wanted:
            return ["again: " + "; ".join(difference(found, self.wanted))]
        left = self.shop.leftovers()
        if left:
            return ["rest: " + ", ".join(left)]
        shutil.rmtree(self.shop.environment, ignore_errors=True)
        if not self.scene.is_offline_possible:
            return []
        done = self.shop.run(self.scene.from_cache(self.shop))
        if done.returncode != 0:
            # What could not be kept is not there, which is no harm.
            is_known = "not in the cache" in done.stderr or "without the network" in done.stderr
            return [] if is_known else [f"cache: it ended with {done.returncode}: {done.stderr[-500:]}"]
        found = snapshot(self.shop.environment)
        return [] if found == self.wanted else ["cache: " + "; ".join(difference(found, self.wanted))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--scenes", default=",".join(SCENES))
    parser.add_argument("--errors", default=",".join(ERRORS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--about", type=re.compile, default="")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the folder of work")
    arguments = parser.parse_args()
    if COLUMN is None:
        raise SystemExit(f"{MACHINE} is not known")
    work = arguments.work or Path(tempfile.mkdtemp(prefix="faults-"))
    n_failed = n_wrong = 0
    with Shop(arguments.binary.resolve(), Path(arguments.python), work) as shop:
        for name in arguments.scenes.split(","):
            if SCENES[name].is_apart and not shop.apart:
                print(f"{name:9} is left out: there is no second file system")
                continue
            faults = Faults(SCENES[name], shop, arguments)
            for error in arguments.errors.split(","):
                began, n_before = time.monotonic(), faults.n_failed
                faults.all(error)
                print(f"{name:9} {error:8} {faults.n_failed - n_before:5} calls failed in {time.monotonic() - began:.0f} s", flush=True)
            print(f"{name:9} exit statuses: {dict(faults.statuses)}", flush=True)
            n_failed, n_wrong = n_failed + faults.n_failed, n_wrong + faults.n_wrong
    if not arguments.keep:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{n_failed} calls failed, {n_wrong} checks did")
    sys.exit(n_wrong > 0)


if __name__ == "__main__":
    main()
