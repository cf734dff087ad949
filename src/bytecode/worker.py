# Compiles sources for lock2venv: runs in an isolated interpreter (-I -S), imports nothing that is installed and runs
# nothing that it compiles.
#
# Standard input: the token (a line), then batches: how many paths (4 bytes, little endian), and for each path its length
# (4 bytes) and its bytes. Standard output, for each path in order: a status (1 byte), a length (4 bytes) and as many bytes:
#   C  the whole .pyc
#   R  the compiler refuses this source, and always will: why
#   F  the compiler failed, and may not fail the next time: why
#   L  the source cannot be read: the number of the error
# and, between two of these, perhaps
#   S  (with no bytes) what was compiled so far would show in what is compiled next: another interpreter has to go on.
#
# Every code object records the token as its file name: whoever reads the answer puts the real path in its place.
#
# The bytes depend on the source alone. Three things would let others have a say:
#   - Python before 3.11 writes sets in the order of their hashes: it is started again with a fixed seed.
#   - marshal writes an interned string differently, and the strings of one character are shared by the whole process: a
#     name such as `é` in one source would change the constant "é" in the next. Names of ASCII letters, digits and `_` do
#     not matter: such constants are always interned. Before 3.11 the first annotation that becomes a string interns the
#     braces, too: that is done at the start.
#   - marshal marks what is referred to from elsewhere: a module that is imported to compile a source (`unicodedata`, for
#     names that are not ASCII) refers to strings.
import sys

if sys.version_info < (3, 11) and sys.flags.hash_randomization and len(sys.argv) > 1:
    import posix

    variables = {name: value for name, value in posix.environ.items() if not name.startswith(b"PYTHON")}
    variables[b"PYTHONHASHSEED"] = b"0"
    # Not -I, which would have the seed ignored: the working directory is taken off the path by hand.
    start = "import sys; del sys.path[0]; exec(sys.argv[1])"
    flags = ["-s", "-S", "-B", "-W", "ignore", "-c", start, sys.argv[1]]
    posix.execve(sys.executable, [sys.executable] + flags, variables)

import gc
from _imp import source_hash
from importlib._bootstrap_external import _RAW_MAGIC_NUMBER, MAGIC_NUMBER
from marshal import dumps

gc.disable()
read, write, flush = sys.stdin.buffer.read, sys.stdout.buffer.write, sys.stdout.buffer.flush
token = sys.stdin.buffer.readline().decode("ascii").rstrip("\n")
UNCHECKED = (1).to_bytes(4, "little")  # PEP 552: the hash is there, and nobody compares it


def number():
    return int.from_bytes(read(4), "little")


def pyc(source):
    code = compile(source, token, "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + UNCHECKED + source_hash(_RAW_MAGIC_NUMBER, source) + dumps(code)


def answer(path):
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        return b"L", b"%d" % (error.errno or 0)
    try:
        return b"C", pyc(source)
    except SyntaxError as error:
        message = "%s: %s (line %s)" % (type(error).__name__, error.msg, error.lineno)
        return b"R", message.encode("utf-8", "replace")
    except Exception as error:
        # A null byte is a ValueError. How deep is too deep depends on the stack, and memory on others.
        status = b"R" if isinstance(error, ValueError) else b"F"
        message = "%s: %s" % (type(error).__name__, error)
        return status, message.encode("utf-8", "replace")


def send(status, payload=b""):
    write(status + len(payload).to_bytes(4, "little"))
    write(payload)


def is_name(character):
    return character.isascii() and (character.isalnum() or character == "_")


SHARED = ("",) + tuple(character for character in map(chr, range(256)) if not is_name(character))


def state():
    return dumps(SHARED), len(sys.modules)


pyc(b"from __future__ import annotations\nx: f'{y}'\n" if sys.version_info < (3, 11) else b"")
clean = state()
while True:
    count = number()
    if not count:
        break
    for path in [read(number()) for _ in range(count)]:
        send(*answer(path))
        if state() != clean:
            send(b"S")
            flush()
            sys.exit()
    flush()
