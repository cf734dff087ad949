# Compiles sources for lock2venv: runs in an isolated interpreter (-I -S), imports nothing that is installed and runs
# nothing that it compiles.
#
# Standard input: the token (a line), then batches: how many paths (4 bytes, little endian), and for each path its length
# (4 bytes) and its bytes. Standard output, for each path in order: a status (1 byte), a length (4 bytes) and as many bytes:
# the whole .pyc (status 0), or why there is none (status 1).
#
# Every code object records the token as its file name: whoever reads the answer puts the real path in its place.
import gc
import sys
from _imp import source_hash
from importlib._bootstrap_external import _RAW_MAGIC_NUMBER, MAGIC_NUMBER
from marshal import dumps

gc.disable()
read, write, flush = sys.stdin.buffer.read, sys.stdout.buffer.write, sys.stdout.buffer.flush
token = sys.stdin.buffer.readline().decode("ascii").rstrip("\n")
UNCHECKED = (1).to_bytes(4, "little")  # PEP 552: the hash is there, and nobody compares it


def number():
    return int.from_bytes(read(4), "little")


def pyc(path):
    with open(path, "rb") as file:
        source = file.read()
    code = compile(source, token, "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + UNCHECKED + source_hash(_RAW_MAGIC_NUMBER, source) + dumps(code)


def answer(path):
    try:
        return b"\0", pyc(path)
    except SyntaxError as error:
        message = "%s: %s (line %s)" % (type(error).__name__, error.msg, error.lineno)
    except Exception as error:
        message = "%s: %s" % (type(error).__name__, error)
    return b"\1", message.encode("utf-8", "replace")


while True:
    count = number()
    if not count:
        break
    for path in [read(number()) for _ in range(count)]:
        status, payload = answer(path)
        write(status + len(payload).to_bytes(4, "little"))
        write(payload)
    flush()
