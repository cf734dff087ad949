#!/usr/bin/env python3
"""Writes what the executable is made of, as CycloneDX 1.5 in JSON:

    dist/bill.py [TARGET [FLAG...]] >lock2venv.cdx.json

That is every crate that is compiled for TARGET (that of the machine unless told) with the features that FLAGs of cargo choose, also those that only help to build it, with version, licence
and the digest of Cargo.lock; Rust's standard library, and the C library of this machine, which `dist/build.sh` links into the file. The
same commit and machine give the same bytes. Needs cargo and Python's standard library alone.
"""
from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def compiled(metadata):
    """The ids of the program and of all that it needs outside of its tests; each with whether it gets into the file."""
    root = metadata["resolve"]["root"]
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    macros = {each["id"] for each in metadata["packages"] if any("proc-macro" in target["kind"] for target in each["targets"])}
    found, open_ = {}, [(root, True)]
    while open_:
        package, is_inside = open_.pop()
        is_inside = is_inside and package not in macros
        if found.get(package, -1) >= is_inside:
            continue
        found[package] = is_inside
        for dependency in nodes[package]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if None in kinds:
                open_.append((dependency["pkg"], is_inside))
            elif "build" in kinds:
                open_.append((dependency["pkg"], False))
    return root, found


def crate(package, is_inside, digests):
    component = {
        "type": "library", "name": package["name"], "version": package["version"], "scope": "required" if is_inside else "excluded",
        "purl": f"pkg:cargo/{package['name']}@{quote(package['version'], safe='')}",
    }
    component["bom-ref"] = component["purl"]
    if package["license"]:
        component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    digest = digests.get((package["name"], package["version"]))
    if digest:
        component["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return component


def digests_of_lock():
    text = (ROOT / "Cargo.lock").read_text()
    return {
        (name, version): digest
        for name, version, digest in re.findall(r'name = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"', text)
    }


def main():
    facts = dict(line.split(": ", 1) for line in output("rustc", "-vV").splitlines() if ": " in line)
    target = sys.argv[1] if len(sys.argv) > 1 else facts["host"]
    cargo = os.environ.get("CARGO", "cargo")
    metadata = json.loads(output(cargo, "metadata", "--locked", "--format-version", "1", "--filter-platform", target, *sys.argv[2:]))
    packages = {package["id"]: package for package in metadata["packages"]}
    root, found = compiled(metadata)
    digests = digests_of_lock()
    components = [crate(packages[each], found[each], digests) for each in found if each != root]
    libraries = [("rust-std", facts["release"]), ("glibc", platform.libc_ver()[1])]
    components += [{"type": "library", "name": name, "version": version} for name, version in libraries if version]
    bill = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {**crate(packages[root], True, digests), "type": "application"}},
        "components": sorted(components, key=lambda each: (each["name"], each["version"])),
    }
    print(json.dumps(bill, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
