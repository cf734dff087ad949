#!/usr/bin/env bash
# The step of an image build that installs dependencies through a cache mount, by Poetry, uv and lock2venv:
#
#     dist/build.sh && benches/docker/step.sh PROJECT PACKAGE VERSION [ROUNDS] >table.md
#
# PROJECT is a folder with pyproject.toml and poetry.lock. Per round and tool, in turn: *cold* (the cache mount is empty, too), and
# *lock* (PACKAGE of the lock is VERSION now; all else is in the mount). Seconds of the step alone, as the engine tells them, medians over
# ROUNDS (5 unless told). Files come from PyPI. Needs what `benches/docker/run.sh` needs.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd -P)
project=$(realpath "${1:?usage: step.sh PROJECT PACKAGE VERSION [ROUNDS]}")
package=$2 version=$3 rounds=${4:-5}
cd "$repository"
. tests/docker/engine.sh
. benches/docker/tools.sh

lack=$(engine_lack)
[ -z "$lack" ] || { echo "benches/docker/step.sh: $lack" >&2; exit 1; }
binary=${BINARY:-dist/out/lock2venv}
[ -x "$binary" ] || { echo "there is no $binary: dist/build.sh makes it" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/var/tmp}/lock2venv-docker.XXXXXX")
trap 'stop_engine; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The step has this mark, by which its time is read.
mark="MEASURED=1"
cat >"$work/ours.dockerfile" <<END
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
    --mount=type=cache,target=/root/.cache/lock2venv \
    $mark lock2venv install --no-root --only main
END
cat >"$work/uv.dockerfile" <<END
FROM python:3.11-slim
ENV UV_LINK_MODE=copy
WORKDIR /app
COPY requirements.txt ./
RUN --mount=from=uv,source=/uv,target=/usr/local/bin/uv \
    --mount=type=cache,target=/root/.cache/uv \
    $mark uv venv -q .venv && uv pip install -q --require-hashes -r requirements.txt
END
cat >"$work/poetry.dockerfile" <<END
FROM python:3.11-slim
ARG POETRY
RUN pip install --no-cache-dir \$POETRY
ENV POETRY_VIRTUALENVS_IN_PROJECT=1 POETRY_NO_INTERACTION=1 POETRY_CACHE_DIR=/tmp/poetry_cache
WORKDIR /app
COPY pyproject.toml poetry.lock ./
RUN --mount=type=cache,target=/tmp/poetry_cache $mark poetry install --no-root --only main
END

# Writes what a tool reads into its context.
use() { # TOOL LOCK
    mkdir -p "$work/$1"
    cp "$project/pyproject.toml" "$work/$1/"
    cp "$2" "$work/$1/poetry.lock"
    "$binary" -C "$work/$1" export --output requirements.txt 2>/dev/null
}

measure() { # TOOL SITUATION
    local log=$work/$1.log step
    docker build --network=host --progress=plain --build-arg "POETRY=poetry==2.5.1 poetry-plugin-pypi-mirror" \
        -t "measured-$1" -f "$work/$1.dockerfile" "$work/$1" >"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
    step=$(sed -n "s/^\(#[0-9]*\) \[.*$mark.*/\1/p" "$log" | head -n 1)
    echo "$1 $2 $(sed -n "s/^$step DONE \([0-9.]*\)s.*/\1/p" "$log")" | tee -a "$work/times" >&2
}

start_engine "$work/engine"
import_base
import_tools "$work" "$binary"
python3 benches/docker/other_version.py "$project/poetry.lock" "$package" "$version" >"$work/other.lock"
tools=(poetry uv ours)
for ((round = 1; round <= rounds; round++)); do
    for tool in "${tools[@]}"; do
        docker builder prune --all --force >/dev/null
        build_tools "$work"
        use "$tool" "$project/poetry.lock"
        measure "$tool" cold
        use "$tool" "$work/other.lock"
        measure "$tool" lock
    done
done

median() { # TOOL SITUATION
    awk -v t="$1" -v s="$2" '$1 == t && $2 == s { print $3 }' "$work/times" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}
echo "| tool | cold, s | one package changed, s |"
echo "|---|--:|--:|"
for tool in "${tools[@]}"; do
    echo "| $tool | $(median "$tool" cold) | $(median "$tool" lock) |"
done
