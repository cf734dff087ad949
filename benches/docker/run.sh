#!/usr/bin/env bash
# Image builds of one project, by Poetry, pip, uv and lock2venv, in an engine of their own:
#
#     dist/build.sh && benches/docker/run.sh [ROUNDS] >table.md
#
# The project is examples/docker/layered, each tool with dependencies and project in layers of their own. Per round and tool, in
# turn: *cold* (nothing of any build is left; the base image is there), *code* (a line of the sources is another one), *lock*
# (one package of the lock is another version). Seconds, medians over ROUNDS (5 unless told). Files come from PyPI, so that the network is
# part of it. Needs root on Debian, and what `tests/docker/engine.sh` says; BINARY names another executable than dist/out/lock2venv.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$repository"
. tests/docker/engine.sh
. benches/docker/tools.sh

rounds=${1:-5}
lack=$(engine_lack)
[ -z "$lack" ] || { echo "benches/docker/run.sh: $lack" >&2; exit 1; }
binary=${BINARY:-dist/out/lock2venv}
[ -x "$binary" ] || { echo "there is no $binary: dist/build.sh makes it" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/var/tmp}/lock2venv-docker.XXXXXX")
trap 'stop_engine; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

build() { # TOOL
    docker build --network=host --progress=plain --build-arg "POETRY=poetry==2.5.1 poetry-plugin-pypi-mirror" \
        -t "measured-$1" -f "$work/$1.dockerfile" "$work/$1" >"$work/$1.log" 2>&1 || { tail -n 30 "$work/$1.log" >&2; exit 1; }
}

measure() { # TOOL SITUATION
    local begin
    sync
    begin=$(date +%s.%N)
    build "$1"
    echo "$1 $2 $(echo "$(date +%s.%N) $begin" | awk '{ printf "%.2f", $1 - $2 }')" | tee -a "$work/times" >&2
}

# The lock of the project, and what tools have that do not read it.
lock() { # TOOL LOCK
    cp "$2" "$work/$1/poetry.lock"
    "$binary" -C "$work/$1" export --output requirements.txt 2>/dev/null
}

start_engine "$work/engine"
import_base
import_tools "$work" "$binary"

tools=(poetry pip uv ours)
for tool in "${tools[@]}"; do
    cp -R examples/docker/layered "$work/$tool"
    lock "$tool" examples/docker/layered/poetry.lock
done
cp examples/docker/layered/Dockerfile.poetry "$work/poetry.dockerfile"
cp benches/docker/Dockerfile.pip "$work/pip.dockerfile"
cp benches/docker/Dockerfile.uv "$work/uv.dockerfile"
cp examples/docker/layered/Dockerfile "$work/ours.dockerfile"

for ((round = 1; round <= rounds; round++)); do
    for tool in "${tools[@]}"; do
        docker builder prune --all --force >/dev/null
        build_tools "$work"
        lock "$tool" examples/docker/layered/poetry.lock
        measure "$tool" cold
        sed -i "s/Welcome.*\"/Welcome $round\"/" "$work/$tool/shop/__init__.py"
        measure "$tool" code
        lock "$tool" tests/docker/layered-changed.lock
        measure "$tool" lock
        docker run --rm --network=none "measured-$tool" >"$work/$tool.printed"
        grep -qx "shop 1.0.0: Welcome $round" "$work/$tool.printed" || { cat "$work/$tool.printed" >&2; exit 1; }
    done
done

size() { docker image inspect --format '{{.Size}}' "$1"; }
echo "| tool | cold, s | code changed, s | lock changed, s | MB over the base | lines of Dockerfile |"
echo "|---|--:|--:|--:|--:|--:|"
for tool in "${tools[@]}"; do
    printf '| %s |' "$tool"
    for situation in cold code lock; do
        printf ' %s |' "$(awk -v t="$tool" -v s="$situation" '$1 == t && $2 == s { print $3 }' "$work/times" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')"
    done
    awk -v image="$(size "measured-$tool")" -v base="$(size python:3.11-slim)" 'BEGIN { printf " %.1f |", (image - base) / 1e6 }'
    printf ' %s |\n' "$(grep -cv '^#\|^$' "$work/$tool.dockerfile")"
done
