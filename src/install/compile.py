import gc
gc.disable()
import os, sys
from hashlib import sha256
from importlib import _bootstrap_external as external
from importlib.util import source_hash

SUFFIX = "." + sys.implementation.cache_tag + ".pyc"
read, write = sys.stdin.buffer, sys.stdout.buffer
folders = set()


def text(part):
    return part.decode("utf-8", "surrogateescape")


def store(folder, name, data):
    if folder not in folders:
        try:
            os.mkdir(folder)
        except FileExistsError:
            pass
        folders.add(folder)
    path = folder + "/" + name
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        handle = os.open(path, flags, 0o666)
    except FileExistsError:
        os.unlink(path)
        handle = os.open(path, flags, 0o666)
    with open(handle, "wb", buffering=0) as file:
        file.write(data)


def answer(folder, root, path):
    with open(folder + "/" + path, "rb", buffering=0) as file:
        source = file.read()
    code = compile(source, root + "/" + path, "exec", dont_inherit=True)
    data = external._code_to_hash_pyc(code, source_hash(source), False)
    parent, _, name = path.rpartition("/")
    parent = (parent + "/" if parent else "") + "__pycache__"
    name = name[: -len(".py")] + SUFFIX
    store(folder + "/" + parent, name, data)
    return "+%s/%s\0%s\0%d" % (parent, name, sha256(data).hexdigest(), len(data))


while size := read.readline():
    parts = read.read(int(size)).split(b"\0")
    answers = []
    for index in range(0, len(parts) - 1, 3):
        try:
            line = answer(*map(text, parts[index : index + 3]))
        except OSError:
            raise
        except Exception as error:
            reason = "%s: %s" % (type(error).__name__, error)
            line = "-" + " ".join(reason.split())[:200]
        answers.append(line.encode("utf-8", "replace") + b"\n")
    write.write(b"".join(answers))
    write.flush()
