"""Starts commands for `stage.timed` and tells what they took. Runs as a process of its own, kept as small as Python can be:

the kernel counts the memory of the process that starts a command as the command's own, so what starts it has to be small.
Requests and answers are marshalled: (argv, folder, environment, file for errors) in; the process id, then (status, wall time,
processor time, peak memory in kB) out.
"""

import marshal
import posix
import sys
from time import perf_counter


def serve(requests, answers):
    while True:
        try:
            argv, folder, environment, errors = marshal.load(requests)
        except EOFError:
            return
        posix.chdir(folder)
        streams = [
            (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
            (posix.POSIX_SPAWN_OPEN, 1, "/dev/null", posix.O_WRONLY, 0),
            (posix.POSIX_SPAWN_OPEN, 2, errors, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600),
        ]
        started = perf_counter()
        child = posix.posix_spawn(argv[0], argv, environment, file_actions=streams)
        posix.chdir("/")  # so that this process keeps no disk from being unmounted
        marshal.dump(child, answers)
        answers.flush()
        _, status, usage = posix.wait4(child, 0)
        wall = perf_counter() - started
        marshal.dump((status, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss), answers)
        answers.flush()


serve(sys.stdin.buffer, sys.stdout.buffer)
