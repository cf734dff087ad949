#!/usr/bin/env bash
# One static executable for any Linux with this processor, whatever its C library, in dist/out, with its SHA-256:
#
#     dist/build.sh [--wheel | --attestations] [TARGET]
#
# With a Python also what it is made of, as CycloneDX. With --wheel also a wheel of it, which takes maturin and wheel, installed side by side. As the executable is static, one wheel is for glibc and musl.
# With --attestations the executable is lock2venv-attestations, which is a megabyte larger and has `verify --attestations`.
# TARGET is that of the machine unless told. It has to be one with glibc (`x86_64-unknown-linux-gnu`), whose static library is
# needed: `libc6-dev` on Debian, `glibc-static` on Fedora. The same commit, toolchain and static library give the same bytes,
# in whatever folder they are built: no path of this machine is in the file.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"

with_wheel=
features=(--no-default-features)
name=lock2venv
case ${1-} in
    --wheel) with_wheel=1; shift ;;
    --attestations) features=(--features attestations); name=lock2venv-attestations; shift ;;
esac
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
case $target in
    *-linux-gnu) ;;
    *) echo "dist/build.sh: no static executable is made for $target" >&2; exit 2 ;;
esac
cargo fetch --locked --target "$target"

# Paths that rustc would write into messages of panics, the longest last: the last that fits counts.
maps=("$root=/lock2venv")
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    maps+=("$crates=/crates")
done
commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
maps+=("$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$commit")

# Fewer functions are copied into their callers than usual, which makes it a tenth smaller and no slower. Below 85, the rounds of
# SHA-256 become functions of their own: at 75 that was a third slower.
flags=(-C target-feature=+crt-static -C strip=symbols -C llvm-args=-inline-threshold=85 -C llvm-args=-inlinehint-threshold=290)
# A third of a megabyte of relocations becomes a few kilobytes, functions of the same code become one,
# and a string that another one ends with is part of that.
case $target in
    x86_64-*) flags+=(-C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--icf=safe -C link-arg=-Wl,-O2) ;;
esac
for map in "${maps[@]}"; do
    flags+=("--remap-path-prefix=$map")
done
# Separated by a character that no path has. Set, it also replaces the flags and linkers of the user's own configuration.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
export CFLAGS="-ffile-prefix-map=$root=/lock2venv ${CFLAGS-}"
unset RUSTFLAGS CARGO_TARGET_DIR

rm -rf dist/out
mkdir -p dist/out
if [ -n "$with_wheel" ]; then
    # maturin builds the executable, too, and the same one. Zip files begin in 1980.
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
    maturin build --locked --release "${features[@]}" --target "$target" --target-dir target/dist --compatibility manylinux2014 --out dist/out
    # maturin gives tags of one C library alone. The tool is beside it.
    "$(dirname "$(command -v maturin)")/wheel" tags --remove --platform-tag "+musllinux_1_1_${target%%-*}" dist/out/*.whl >/dev/null
else
    # With a target named, the flags are not for what runs while it is built: such a program cannot load a static macro.
    cargo build --locked --release "${features[@]}" --bin lock2venv --target "$target" --target-dir target/dist
fi
install -m 755 "target/dist/$target/release/lock2venv" "dist/out/$name"
if command -v python3 >/dev/null; then
    python3 dist/bill.py "$target" "${features[@]}" >"dist/out/$name.cdx.json"
fi
(cd dist/out && sha256sum lock2venv* | tee SHA256SUMS)
