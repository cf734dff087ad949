"""Calls one hook of a build backend (PEP 517, PEP 660) and writes what came of it into a file.

Run as: python runner.py CONTROL TARGET, in the source tree. CONTROL holds this file and request.json, and receives
answer.json; TARGET is the folder that the hook writes into. Backends print what they like.
"""

import json
import os
import sys
import traceback
from importlib import import_module

MOST_CHARACTERS = 20000


class Unavailable(Exception):
    """The backend cannot be imported. The second argument is the module that is missing, if one is."""


def main():
    control, target = sys.argv[1:3]
    del sys.argv[1:]
    # The folder of this file is no place for modules.
    sys.path[:] = [path for path in sys.path if path != control]
    with open(os.path.join(control, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    answer = answer_to(request, target)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    partial = os.path.join(control, "answer.partial")
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(partial, os.path.join(control, "answer.json"))


def answer_to(request, target):
    backend = None
    try:
        backend = load(request)
        hook = getattr(backend, request["hook"], None)
        if hook is None:
            return {"outcome": "missing"}
        return {"outcome": "done", "value": call(hook, request, target)}
    except Unavailable as error:
        message, module = error.args
        return {"outcome": "unavailable", "message": message, "module": module}
    except BaseException as error:
        traceback.print_exc()
        unsupported = getattr(backend, "UnsupportedOperation", None)
        if isinstance(unsupported, type) and isinstance(error, unsupported):
            return {"outcome": "unsupported", "message": text(error)}
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
        return {
            "outcome": "failed",
            "exception": text(module + kind.__qualname__),
            "message": text(error),
            "module": missing_module(error),
        }


def load(request):
    """Imports the backend, from the folders of backend-path where there are some."""
    folders = [os.path.realpath(path) for path in request["backend_path"]]
    sys.path[:0] = folders
    try:
        module = import_module(request["module"])
    except ImportError as error:
        traceback.print_exc()
        raise Unavailable(text(error), missing_module(error))
    if folders:
        check_place(module, folders)
    backend = module
    for name in request["object"]:
        try:
            backend = getattr(backend, name)
        except AttributeError as error:
            raise Unavailable(text(error), None)
    return backend


def check_place(module, folders):
    file = getattr(module, "__file__", None) or next(iter(module.__path__))
    file = os.path.realpath(file)
    for folder in folders:
        if file.startswith(os.path.join(folder, "")):
            return
    raise Unavailable("`%s` was imported from %s, outside backend-path" % (module.__name__, file), None)


def call(hook, request, target):
    settings = request["config_settings"] or None
    name = request["hook"]
    if name.startswith("get_requires_"):
        return [checked(name, requirement) for requirement in hook(settings)]
    return checked(name, hook(target, settings))


def checked(name, value):
    if not isinstance(value, str):
        raise TypeError("%s answered %r, which is not text" % (name, value))
    return text(value)


def missing_module(error):
    is_missing = isinstance(error, ModuleNotFoundError) and error.name is not None
    return text(error.name) if is_missing else None


def text(value):
    """Returns text that every reader of JSON takes."""
    try:
        value = str(value)
    except Exception:
        value = "<%s>" % type(value).__name__
    return value[:MOST_CHARACTERS].encode("utf-8", "backslashreplace").decode("utf-8")


if __name__ == "__main__":
    main()
