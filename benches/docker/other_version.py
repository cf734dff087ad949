"""Prints a lock with one package at another version, of which it knows one file: the one that pip takes here.

    other_version.py POETRY_LOCK NAME VERSION
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def file_of(name: str, version: str) -> Path:
    folder = tempfile.mkdtemp()
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--dest", folder]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"], check=True)
    (file,) = Path(folder).iterdir()
    return file


def main(lock: str, name: str, version: str) -> None:
    text = Path(lock).read_text()
    begin = text.index(f'[[package]]\nname = "{name}"\n')
    end = text.find("[[package]]", begin + 1)
    file = file_of(name, version)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    package = re.sub(r'(?m)^version = .*$', f'version = "{version}"', text[begin:end], count=1)
    files = f'files = [\n    {{file = "{file.name}", hash = "sha256:{digest}"}},\n]'
    package = re.sub(r"(?ms)^files = \[.*?^\]", files, package)
    print(text[:begin] + package + text[end:], end="")


main(*sys.argv[1:])
