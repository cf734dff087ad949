# Runs inside the interpreter that is asked, as `probe.py` does. Prints one line of JSON: where this Python itself keeps what is
# installed for it, and whether a package manager keeps installers out (PEP 668).
import json
import os
import site
import sys
import sysconfig

paths = sysconfig.get_paths()
marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
print(
    json.dumps(
        {
            "prefix": sys.base_prefix,
            "purelib": paths["purelib"],
            "platlib": paths["platlib"],
            "scripts": paths["scripts"],
            "data": paths["data"],
            "include": paths["include"],
            "library_folders": site.getsitepackages([sys.base_prefix]),
            "managed_by": marker if os.path.exists(marker) else None,
        }
    )
)
