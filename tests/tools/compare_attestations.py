#!/usr/bin/env python3
"""Holds `lock2venv verify --attestations` against PyPI's own pypi-attestations, for real provenance objects that are changed at random:

    compare_attestations.py BINARY [--seed FIRST] [--count N]

Needs pypi-attestations (0.0.30 was used); neither program asks anybody. Prints what one takes and the other refuses, and exits with 1 where
that is a refusal of pypi-attestations: what lock2venv alone refuses is stricter, and is counted.
"""
from __future__ import annotations

import argparse
import base64
import copy
import json
import logging
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from pypi_attestations import Distribution, Provenance

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures/attestations"
FILES = {
    "pypi_attestations-0.0.19.tar.gz": "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
    "gcb_attestation_test-0.0.0.tar.gz": "461317362419124b6012e855423a9078d6de8aed3e74fa78cc74d669b23dc6cf",
    "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl": "8cb34da1e27336f11a2c43f3f9c7433bd76f24f470c904724f06ad7f131d9e9f",
}


def leaves(value, path=()):
    """Every place in a document, with its path."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def flipped(text, chance):
    """Changes one bit of what is base64, or one character of any other text."""
    try:
        data = bytearray(base64.b64decode(text.replace("\n", ""), validate=True))
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return base64.b64encode(data).decode()
    except (ValueError, IndexError):
        place = chance.randrange(len(text) + 1)
        return text[:place] + chance.choice("aZ09/-. ") + text[place + 1:]


def changed(document, others, chance):
    document = copy.deepcopy(document)
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        path = chance.choice(list(leaves(document)))
        place, key, value = at(document, path[:-1]), path[-1], at(document, path)
        kind = chance.choice(["flip", "flip", "flip", "drop", "other", "odd"])
        if kind == "flip" and isinstance(value, str):
            place[key] = flipped(value, chance)
        elif kind == "drop":
            del place[key]
        elif kind == "other":
            try:
                place[key] = copy.deepcopy(at(chance.choice(others), path))
            except (LookupError, TypeError):
                pass
        else:
            place[key] = chance.choice([None, "", "0", 1, [], {}, True])
    return document


def reference(document, file, sha256):
    try:
        provenance = Provenance.model_validate_json(json.dumps(document))
        attestations = [(bundle.publisher, each) for bundle in provenance.attestation_bundles for each in bundle.attestations]
        for publisher, attestation in attestations:
            attestation.verify(publisher, Distribution(name=file, digest=sha256), offline=True)
        return "verified" if attestations else "nothing attested"
    except Exception as error:  # whatever it is, it is a refusal
        return f"{type(error).__name__}: {error}".replace("\n", " ")[:160]


def ours(binary, cases, folder):
    lock = []
    for number, (document, file, sha256) in enumerate(cases):
        page = folder / f"simple/case-{number}"
        page.mkdir(parents=True)
        (page / "provenance").write_text(json.dumps(document))
        (page / "index.html").write_text(f'<a href="{file}#sha256={sha256}" data-provenance="provenance">{file}</a>')
        lock.append(
            f'[[package]]\nname = "case-{number}"\nversion = "1"\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
            f'files = [{{file = "{file}", hash = "sha256:{sha256}"}}]\n'
        )
    lock.append('[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = ""\n')
    (folder / "poetry.lock").write_text("".join(lock))
    root = FIXTURES / "trusted_root.json"
    command = [binary, "-P", str(folder), "verify", "--attestations", "--trusted-root", str(root), "--index-url", (folder / "simple").as_uri(), "--format", "json"]
    output = subprocess.run(command, capture_output=True, text=True)
    if not output.stdout:
        sys.exit(output.stderr)
    found = {package["name"]: package["files"][0]["attestation"] for package in json.loads(output.stdout)["packages"]}
    return [found[f"case-{number}"] for number in range(len(cases))]


def main():
    logging.disable(logging.WARNING)  # which root it has, on every use
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    arguments = parser.parse_args()
    documents = {file: json.loads((FIXTURES / f"{file}.provenance").read_text()) for file in FILES}
    cases = []
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        chance = random.Random(seed)
        file = chance.choice(list(FILES))
        cases.append((changed(documents[file], list(documents.values()), chance), file, FILES[file]))
    with tempfile.TemporaryDirectory() as folder:
        results = ours(arguments.binary, cases, Path(folder))
    n_both = n_stricter = n_laxer = 0
    for seed, (case, result) in enumerate(zip(cases, results), arguments.seed):
        expected = reference(*case)
        is_right = result["result"] == "new"
        n_both += is_right and expected == "verified"
        if is_right == (expected == "verified"):
            continue
        n_laxer += is_right
        n_stricter += not is_right
        print(f"{seed}: {expected} / {result['result']} {result.get('problem', '')}")
    print(f"{arguments.count} compared: {n_both} taken by both, {n_stricter} refused by lock2venv alone, {n_laxer} by pypi-attestations alone")
    sys.exit(n_laxer > 0)


if __name__ == "__main__":
    main()
