#!/usr/bin/env bash
# Records a run: every scenario and project, growth, table and plots, in a folder of benches/runs named by date, processor
# and file system.
#
#     record.sh BINARY [FOLDER]
#
# Stopped or out of time, the same command goes on where it stopped, measurement by measurement. The environment sets
#
#     BENCH_WORK      where wheels, tools and disks are kept between runs [.bench in the repository]
#     BENCH_PYTHON    the interpreter that environments are made for [python3.11]
#     BENCH_PORT      the first of two free ports [8931]
#     BENCH_PROJECTS  [annapurna,web,ds]
#     BENCH_ROUNDS    rounds of each scenario [3]
#     BENCH_LONG      rounds of what takes minutes: bytecode, and the slow line [1]
#     BENCH_MINUTES   begin no new series of measurements after this time [20]
#     BENCH_GROWTH    set to nothing to leave growth out
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: record.sh BINARY [FOLDER]}")
work=${BENCH_WORK:-$here/../../.bench}
export BENCH_PYTHON=${BENCH_PYTHON:-$(command -v python3.11)}
compare=("$BENCH_PYTHON" "$here/compare.py")

projects=${BENCH_PROJECTS:-annapurna,web,ds}

"${compare[@]}" prepare "$work" --projects "$projects"
folder=${2:-$("${compare[@]}" name "$work")}
"${compare[@]}" run "$work" "$folder" --lock2venv "$binary" --projects "$projects" \
    -n "${BENCH_ROUNDS:-3}" --long-rounds "${BENCH_LONG:-1}" --minutes "${BENCH_MINUTES:-20}"
if [ -n "${BENCH_GROWTH-yes}" ]; then
    "$BENCH_PYTHON" "$here/growth.py" "$work" "$folder" --lock2venv "$binary"
fi
