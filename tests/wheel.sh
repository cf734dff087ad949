#!/usr/bin/env bash
# Installs the wheel of `dist/build.sh --wheel` by pip, with no index, and runs what it brings.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=${PYTHON:-python3}
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install --no-index --find-links dist/out lock2venv
"$work/venv/bin/lock2venv" --version
cmp "$work/venv/bin/lock2venv" dist/out/lock2venv
echo "1 passed, 0 failed"
