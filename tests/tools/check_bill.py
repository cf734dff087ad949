#!/usr/bin/env python3
"""Holds a bill of dist/bill.py against CycloneDX's own schema, its licences against SPDX, and its addresses against package URLs:

    check_bill.py BILL

Needs `cyclonedx-python-lib[json-validation]`. Says what is wrong, and ends with 1 when something is.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL


def faults(text):
    fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    if fault:
        yield str(fault).split("\n")[0]
        return
    bill, licensing = json.loads(text), get_spdx_licensing()
    components = [bill["metadata"]["component"], *bill["components"]]
    references = [component["bom-ref"] for component in components if "bom-ref" in component]
    yield from sorted({f"{each} is there twice" for each in references if references.count(each) > 1})
    for component in components:
        for choice in component.get("licenses", []):
            yield from (f"{component['name']}: {error}" for error in licensing.validate(choice["expression"]).errors)
        purl = component.get("purl")
        if purl and PackageURL.from_string(purl).to_string() != purl:
            yield f"{purl} is written {PackageURL.from_string(purl).to_string()}"


def main():
    found = list(faults(Path(sys.argv[1]).read_text()))
    print("\n".join(found) or "the bill is right")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
