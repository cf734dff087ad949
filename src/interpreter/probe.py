# Runs inside the interpreter that is asked, any Python from 3.6 on, as `python -I -S -B -c`: nothing of the user's or of
# an environment's site-packages is imported. Prints one line of JSON, which `answer.rs` reads.
#
# Without `site` a Python before 3.14 that lies in a virtual environment takes itself for its base, which is what is wanted.
import importlib.util
import json
import os
import platform
import struct
import sys
import sysconfig


def marker_environment():
    version = sys.implementation.version
    implementation_version = "{}.{}.{}".format(*version[:3])
    if version.releaselevel != "final":
        implementation_version += version.releaselevel[0] + str(version.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": implementation_version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version().rstrip("+"),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def python():
    variable = sysconfig.get_config_var
    debug = variable("Py_DEBUG")
    if debug is None:  # Windows sets no such variable.
        suffixes = importlib.machinery.EXTENSION_SUFFIXES
        debug = hasattr(sys, "gettotalrefcount") or "_d.pyd" in suffixes
    pymalloc = variable("WITH_PYMALLOC")
    return {
        "implementation": sys.implementation.name,
        "version": sys.version_info[:2],
        "extension_suffix": variable("EXT_SUFFIX") or "",
        "is_debug": bool(debug),
        "is_free_threaded": bool(variable("Py_GIL_DISABLED")),
        "has_pymalloc": pymalloc is None or bool(pymalloc),
    }


def platform_facts():
    facts = {
        "system": platform.system(),
        "sysconfig": sysconfig.get_platform(),
        "pointer_bits": struct.calcsize("P") * 8,
        "glibc": None,
        "elf": None,
        "musl": None,
        "macos": None,
    }
    if facts["system"] == "Linux":
        facts["glibc"] = glibc()
        elf = read_elf(sys.executable)
        if elf:
            facts["elf"] = elf[:4]
            facts["musl"] = musl(elf[4])
    elif facts["system"] == "Darwin":
        version, _, machine = platform.mac_ver()
        facts["macos"] = [version, machine]
    return facts


def glibc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION").split()[-1]
    except (AttributeError, IndexError, OSError, ValueError):
        return None


# The class, data encoding, machine and flags of an ELF file, and the path of its dynamic loader.
def read_elf(path):
    try:
        with open(path, "rb") as file:
            ident = file.read(16)
            if ident[:4] != b"\x7fELF":
                return None
            order = "<" if ident[5] == 1 else ">"
            header = order + ("HHIIIIIHHH" if ident[4] == 1 else "HHIQQQIHHH")
            fields = struct.unpack(header, file.read(struct.calcsize(header)))
            _, machine, _, _, offset, _, flags, _, size, count = fields
            segment = order + ("IIIIIIII" if ident[4] == 1 else "IIQQQQQQ")
            at, length = (1, 4) if ident[4] == 1 else (2, 5)
            for index in range(count):
                file.seek(offset + size * index)
                data = struct.unpack(segment, file.read(struct.calcsize(segment)))
                if data[0] == 3:  # PT_INTERP
                    file.seek(data[at])
                    loader = os.fsdecode(file.read(data[length])).strip("\0")
                    return [ident[4], ident[5], machine, flags, loader]
            return [ident[4], ident[5], machine, flags, None]
    except (OSError, IndexError, struct.error):
        return None


# What the loader of musl says when it is run with nothing to load.
def musl(loader):
    if not loader or "musl" not in loader:
        return None
    import subprocess

    process = subprocess.Popen([loader], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return process.communicate()[1].decode("utf-8", "replace")


# Where `python -m venv` puts things. Debian and Fedora change the default scheme, which is not meant for environments.
def scheme():
    names = sysconfig.get_scheme_names()
    if "venv" in names:
        name = "venv"
    elif os.name == "nt":
        name = "nt"
    elif "pypy" in names and sys.version_info < (3, 8):
        name = "pypy"
    else:
        name = "posix_prefix"
    root = os.path.join(os.sep, "root")
    bases = ("base", "platbase", "installed_base", "installed_platbase")
    paths = sysconfig.get_paths(name, vars=dict.fromkeys(bases, root))
    keys = ("purelib", "platlib", "scripts", "data")
    return {key: os.path.relpath(paths[key], root) for key in keys}


# The executable that an environment links to: outside of any environment, in the installation that holds the standard
# library, and with no more links followed than that needs (a package manager's link outlives the folder it points to).
def base_executable():
    path = getattr(sys, "_base_executable", None) or sys.executable
    for _ in range(40):
        configuration = configuration_beside(path)
        if configuration is None and has_standard_library(path):
            break
        if os.path.islink(path):
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        else:
            path = executable_in(configuration and home(configuration)) or path
            break
    normal = os.path.normpath(path)
    return one_name(normal if os.path.realpath(normal) == os.path.realpath(path) else path)


# An interpreter has several names in its folder, and on some systems the folder has two (`/bin` is a link to `/usr/bin`).
# Environments are the same whichever one it was found by.
def one_name(path):
    folder = os.path.dirname(path)
    if os.path.islink(folder):
        folder = os.path.realpath(folder)
    stems = ("pypy", "python") if sys.implementation.name == "pypy" else ("python",)
    for stem in stems:
        for ending in ("{}.{}".format(*sys.version_info[:2]), str(sys.version_info[0]), ""):
            candidate = os.path.join(folder, stem + ending)
            if os.path.realpath(candidate) == os.path.realpath(path):
                return candidate
    return path


def has_standard_library(executable):
    prefix = os.path.dirname(os.path.dirname(executable))
    library = os.path.relpath(sysconfig.get_path("stdlib"), sys.base_prefix)
    return os.name == "nt" or os.path.isfile(os.path.join(prefix, library, "os.py"))


def configuration_beside(executable):
    folder = os.path.dirname(executable)
    for candidate in (folder, os.path.dirname(folder)):
        path = os.path.join(candidate, "pyvenv.cfg")
        if os.path.isfile(path):
            return path
    return None


def home(configuration):
    with open(configuration, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition("=")
            if key.strip().lower() == "home":
                return value.strip()
    return None


def executable_in(folder):
    version = "python{}.{}".format(*sys.version_info[:2])
    for name in (os.path.basename(sys.executable), version, "python3", "python", "python.exe"):
        path = os.path.join(folder or "", name)
        if folder and os.path.isfile(path):
            return path
    return None


print(
    json.dumps(
        {
            "marker_environment": marker_environment(),
            "python": python(),
            "platform": platform_facts(),
            "scheme": scheme(),
            "version": sys.version_info[:3],
            "executable": sys.executable,
            "base_executable": base_executable(),
            "base_prefix": sys.base_prefix,
            "magic_number": importlib.util.MAGIC_NUMBER.hex(),
            "cache_tag": sys.implementation.cache_tag,
        }
    )
)
