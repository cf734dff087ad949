#!/usr/bin/env bash
# The whole comparison, for anyone, in one command, on a plain Linux machine:
#
#     benches/compare/run.sh [FOLDER]
#
# builds the program (unless BINARY names one), fetches the peers into a virtual environment of their own and the wheels once
# from PyPI (850 MB), and measures as record.sh says. Nothing is installed on the machine; what it lacks is named.
# As root, environments and caches lie on fresh ext4 images in memory; otherwise in plain folders, which is noisier.
# In Docker: see benches/compare/Dockerfile.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
missing=()

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null || missing+=("$1 (on Debian: apt-get install $2)")
}

export PATH=$PATH:/usr/sbin:/sbin
export BENCH_PYTHON=${BENCH_PYTHON:-$(command -v python3.11 || true)}
[ -n "$BENCH_PYTHON" ] || missing+=("python3.11 (on Debian 12: apt-get install python3.11-venv; or set BENCH_PYTHON)")
need nginx nginx-light
if [ -n "$BENCH_PYTHON" ] && ! "$BENCH_PYTHON" -c "import ensurepip, venv" 2>/dev/null; then
    missing+=("the venv module of $BENCH_PYTHON (on Debian 12: apt-get install python3.11-venv)")
fi
if [ -z "${BINARY:-}" ]; then
    command -v cargo >/dev/null || missing+=("cargo (https://rustup.rs), or BINARY=path of a built lock2venv")
fi
if [ "$(id -u)" = 0 ]; then
    need mkfs.ext4 e2fsprogs
    need mount mount
else
    echo "not root: no fresh disks, expect noise" >&2
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "missing here:" >&2
    printf '  %s\n' "${missing[@]}" >&2
    exit 1
fi

if [ -z "${BINARY:-}" ]; then
    cargo build --release --locked --manifest-path "$root/Cargo.toml"
    BINARY=${CARGO_TARGET_DIR:-$root/target}/release/lock2venv
fi
exec "$here/record.sh" "$BINARY" "$@"
