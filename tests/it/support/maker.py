"""A build backend: `spec` has the name and the version, `requires` what else is required, `hook.py` what is done meanwhile."""

import base64
import hashlib
import importlib.metadata
import json
import os
import tarfile
import zipfile


def get_requires_for_build_wheel(config_settings=None):
    if not os.path.exists("requires"):
        return []
    with open("requires") as file:
        return file.read().splitlines()


get_requires_for_build_editable = get_requires_for_build_wheel


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open("spec") as file:
        name, version, *dependencies = file.read().split()
    if os.path.exists("hook.py"):
        with open("hook.py") as file:
            exec(file.read(), {"folder": folder})
    installed = importlib.metadata.distributions()
    made = {
        "environment": os.environ["VIRTUAL_ENV"],
        "installed": sorted(f"{one.name} {one.version}" for one in installed),
        "settings": config_settings,
    }
    return write(folder, name, version, dependencies, json.dumps(made))


def build_editable(folder, config_settings=None, metadata_directory=None):
    with open("spec") as file:
        name, version = file.read().split()[:2]
    return write(folder, name, version, [], "editable")


def build_sdist(folder, config_settings=None):
    with open("spec") as file:
        name, version = file.read().split()[:2]
    file_name = f"{name}-{version}.tar.gz"
    with tarfile.open(os.path.join(folder, file_name), "w:gz") as archive:
        archive.add("spec", f"{name}-{version}/spec")
    return file_name


def write(folder, name, version, dependencies, made):
    stem = f"{name}-{version}"
    requires = "".join(f"Requires-Dist: {one}\n" for one in dependencies)
    files = {
        f"{name}.py": made,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: maker\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        digest = digest.decode().rstrip("=")
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    files[f"{stem}.dist-info/RECORD"] = record + f"{stem}.dist-info/RECORD,,\n"
    file_name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, file_name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return file_name
