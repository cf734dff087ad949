#!/usr/bin/env bash
# Builds and runs every example of examples/docker, with the Dockerfile that people write today and with ours, in an engine of
# its own, and asserts what docs/docker.md promises:
#
#     dist/build.sh && tests/docker.sh [EXAMPLE…]
#
# Needs root on Debian, as `tests/docker/engine.sh` says. Where that is missing it says `skipped` and why, which is a failure with
# LOCK2VENV_REQUIRE=all. BINARY names another static executable than dist/out/lock2venv.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$repository"
. tests/docker/engine.sh

lack=$(engine_lack)
if [ -n "$lack" ]; then
    echo "tests/docker.sh: skipped: $lack"
    [ "${LOCK2VENV_REQUIRE-}" != all ] || exit 1
    exit 0
fi

work=$(mktemp -d "${TMPDIR:-/var/tmp}/lock2venv-docker.XXXXXX")
index=
n_passed=0

end() {
    local status=$?
    [ -z "$index" ] || kill "$index" 2>/dev/null || true
    stop_engine
    rm -rf "$work"
    [ "$status" = 0 ] || echo "tests/docker.sh: failed"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

passed() {
    n_passed=$((n_passed + 1))
    echo "ok: $*"
}

# Copies an example to a place where it may be changed, and prints that.
project() { # EXAMPLE
    rm -rf "$work/projects/$1"
    mkdir -p "$work/projects"
    cp -R "examples/docker/$1" "$work/projects/"
    echo "$work/projects/$1"
}

# Builds an image; what the build says is in $log.
build() { # IMAGE FOLDER DOCKERFILE [OPTION…]
    local image=$1 folder=$2 file=$3
    shift 3
    log=$work/$image.log
    docker build --network=host --progress=plain --add-host packages.acme.example:127.51.0.1 \
        --build-arg "POETRY=poetry==2.5.1 poetry-plugin-pypi-mirror" -t "$image" -f "$folder/$file" "$@" "$folder" \
        >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "$image does not build"; }
}

# Does not build offline, for want of one file alone.
lacks() { # IMAGE FOLDER DOCKERFILE FILE
    if (build "$1" "$2" "$3" >/dev/null 2>&1); then fail "$1 builds without $4"; fi
    grep -q '1 locked file is not in the cache' "$work/$1.log" || { tail -n 20 "$work/$1.log" >&2; fail "$1 lacks another number of files"; }
    grep -qF "$4" "$work/$1.log" || fail "$1: $4 is not named"
}

# Runs an image, or a command in it, without a network. What it prints is asked for once it has ended: to a client that is attached, what
# a short program prints may not come.
run() { # IMAGE [COMMAND…]
    local container status
    container=$(docker create --network=none "$@") || return
    docker start "$container" >/dev/null || return
    status=$(docker wait "$container")
    docker logs "$container"
    docker rm "$container" >/dev/null
    return "$status"
}

prints() { # EXPECTED IMAGE [COMMAND…]
    local expected=$1 printed
    shift
    printed=$(run "$@" 2>&1) || fail "$*: $printed"
    # shellcheck disable=SC2053 # a pattern
    [[ $printed == $expected ]] || fail "$*: expected \`$expected\`, got \`$printed\`"
}

# Holds in the image, as a shell sees it.
holds() { # IMAGE CONDITION
    run --entrypoint sh "$1" -ec "$2" >"$work/holds.log" 2>&1 || { cat "$work/holds.log" >&2; fail "$1: $2"; }
}

# Fails in the image, and says TEXT.
refuses() { # TEXT IMAGE COMMAND…
    local text=$1 said
    shift
    if said=$(run "$@" 2>&1); then fail "$* succeeds: $said"; fi
    grep -qF -- "$text" <<<"$said" || fail "$* does not say \`$text\`: $said"
}

# Tells whether the last build took the step that contains TEXT from an earlier build.
was_cached() { # TEXT
    local step
    step=$(grep -F -- "$1" "$log" | sed -n 's/^\(#[0-9]*\) \[.*/\1/p' | head -n 1)
    [ -n "$step" ] || fail "no step with \`$1\` in $log"
    grep -qx "$step CACHED" "$log"
}

# Both Dockerfiles of an example give images that print EXPECTED.
both() { # EXAMPLE EXPECTED [OPTION…]
    local example=$1 expected=$2 folder
    shift 2
    folder=$(project "$example")
    build "$example-poetry" "$folder" Dockerfile.poetry "$@"
    prints "$expected" "$example-poetry"
    build "$example" "$folder" Dockerfile "$@"
    prints "$expected" "$example"
    holds "$example" '! command -v lock2venv && ! command -v poetry'
}

# What `lock2venv dockerfile` prints of a project builds, by itself, and the image prints EXPECTED.
printed() { # EXAMPLE EXPECTED PROJECT CONTEXT [OPTION…]
    local image=$1-printed expected=$2 project=$3 context=$4
    shift 4
    "$binary" -C "$project" dockerfile --python 3.11 >"$context/Dockerfile.printed"
    "$binary" -C "$project" dockerfile --python 3.11 --ignore >"$context/Dockerfile.printed.dockerignore"
    build "$image" "$context" Dockerfile.printed "$@"
    prints "$expected" "$image"
    holds "$image" '! command -v lock2venv && test ! -e /src'
    passed "the printed Dockerfile: ${image%-printed}"
}

packages_only() {
    both packages-only 'requests 2.*'
    holds packages-only '! python -c "import iniconfig" && test "$(ls /app)" = main.py'
    passed "packages only"
    printed packages-only 'requests 2.*' "$work/projects/packages-only" "$work/projects/packages-only"
    holds packages-only-printed '! python -c "import iniconfig"'
}

console_script() {
    both console-script 'Hello, world!'
    prints 'Hello, Docker!' console-script hello Docker
    holds console-script 'test ! -e /src && python -c "import hello; assert hello.__file__.startswith(\"/venv/lib\")"'
    passed "a console script runs where the sources are not"
    printed console-script 'Hello, world!' "$work/projects/console-script" "$work/projects/console-script"
    prints 'Hello, Docker!' console-script-printed Docker

    # Someone's own environment comes in with the sources, since no .dockerignore keeps it out.
    local folder
    folder=$(project console-script)
    rm "$folder/.dockerignore"
    python3 -m venv --without-pip "$folder/.venv"
    cat >"$folder/Dockerfile.copied" <<'END'
FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv lock2venv install
CMD [".venv/bin/hello"]
END
    build copied "$folder" Dockerfile.copied
    prints 'Hello, world!' copied
    grep -q 'dockerignore' "$log" || fail "nothing names .dockerignore"
    passed "an environment that came in with the sources is made again"
}

layered() {
    local folder layer
    both layered 'shop 1.0.0: Welcome'
    holds layered '! python -c "import pytest"'
    passed "dependencies and project are layers of their own"

    folder=$work/projects/layered
    sed -i 's/Welcome/Good evening/' "$folder/shop/__init__.py"
    build layered "$folder" Dockerfile
    prints 'shop 1.0.0: Good evening' layered
    was_cached 'install --no-root' || fail "a change of the code built the dependencies again"
    was_cached 'COPY --from=dependencies' || fail "a change of the code copied the dependencies again"
    ! was_cached 'install --only-root' || fail "the change of the code was not noticed"
    layer=$(docker history --no-trunc --human=false --format '{{.Size}} {{.CreatedBy}}' layered | awk '/only-root/ { print $1 }')
    [ "$layer" -lt 50000 ] || fail "the project's layer has $layer bytes"
    passed "a change of the code builds a layer of $layer bytes"

    sed -i 's/^version = .*/version = "1.1.0"/' "$folder/pyproject.toml"
    build layered "$folder" Dockerfile
    prints 'shop 1.1.0: Good evening' layered
    was_cached 'install --no-root' || fail "a new version built the dependencies again"
    passed "a new version of the project builds no dependency again"

    cp tests/docker/layered-changed.lock "$folder/poetry.lock"
    sed 's/lock2venv install --no-root/& --offline/' "$folder/Dockerfile" >"$folder/Dockerfile.offline"
    lacks offline "$folder" Dockerfile.offline "click 8.1.8"
    build layered "$folder" Dockerfile
    prints 'shop 1.1.0: Good evening' layered
    prints "click 8.1.8" layered python -c 'from importlib.metadata import version; print("click", version("click"))'
    passed "a changed lock downloads only what changed"
}

private_index() {
    local folder=$work/projects/private-index username=reader password=hush-n0b0dy-kn0ws image
    mkdir -p "$work/tls"
    printf '[http-basic.internal]\nusername = "%s"\npassword = "%s"\n' "$username" "$password" >"$work/auth.toml"
    python3 tests/tools/tls_index.py 127.51.0.1 443 "$work/tls/certificate.pem" "$work/tls/key.pem" \
        examples/docker/private-index/index "$username" "$password" >"$work/index.log" 2>&1 &
    index=$!
    until grep -q ready "$work/index.log"; do
        kill -0 "$index" 2>/dev/null || { cat "$work/index.log" >&2; fail "the index does not start"; }
        sleep 0.1
    done
    both private-index 'Greetings, world!' --secret "id=poetry_auth,src=$work/auth.toml"
    INTERNAL_USERNAME=$username INTERNAL_PASSWORD=$password build private-variables "$folder" Dockerfile.variables --no-cache-filter builder \
        --secret id=username,env=INTERNAL_USERNAME --secret id=password,env=INTERNAL_PASSWORD
    prints 'Greetings, world!' private-variables
    build private-builder "$folder" Dockerfile --target builder --secret "id=poetry_auth,src=$work/auth.toml"
    printed private-index 'Greetings, world!' "$folder" "$folder" --secret "id=poetry_auth,src=$work/auth.toml"
    for image in private-index private-index-printed private-variables private-builder; do
        has_no_secret "$image" "$username" "$password"
    done
    passed "credentials of a private index are in no layer"

    printf '' >"$work/empty.toml"
    if docker build --network=host --progress=plain --add-host packages.acme.example:127.51.0.1 --no-cache-filter builder \
        --secret "id=poetry_auth,src=$work/empty.toml" "$folder" >"$work/refused.log" 2>&1; then
        fail "the index gave files to somebody without credentials"
    fi
    grep -q 'index `internal`' "$work/refused.log" || { tail -n 20 "$work/refused.log" >&2; fail "the refusal does not name the index"; }
    passed "without credentials the build fails, and names the index"
    kill "$index"
    index=
}

# Unpacks every layer that an image adds to its base and searches it, with what describes the image, for a password and what is
# made of it.
has_no_secret() { # IMAGE USERNAME PASSWORD
    local place=$work/engine/data/saved layer encoded
    rm -rf "$place"
    mkdir -p "$place"
    docker image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' python:3.11-slim | sed -n 's/^sha256:/*/p' >"$work/base-layers"
    docker save "$1" | tar -x -C "$place" --exclude-from "$work/base-layers"
    for layer in "$place"/blobs/sha256/* "$place"/*/layer.tar; do
        [ -e "$layer" ] || continue
        if tar -tf "$layer" >/dev/null 2>&1; then
            mkdir "$layer.files"
            tar -x -C "$layer.files" --no-same-owner --exclude 'dev/*' -f "$layer"
        fi
    done
    encoded=$(printf '%s:%s' "$2" "$3" | base64)
    [ -n "$(find "$place" -name acme_greeting.py)" ] || fail "$1: the layers were not unpacked"
    ! grep -rlaF -e "$3" -e "$encoded" "$place" || fail "the password is in a layer of $1"
}

monorepo() {
    both monorepo API
    holds monorepo 'test ! -e /src && python -c "import core; assert core.__file__.startswith(\"/app/.venv/lib\")"'
    local folder=$work/projects/monorepo
    sed -i 's/text.upper()/text.upper() + "!"/' "$folder/packages/core/core/__init__.py"
    build monorepo "$folder" Dockerfile
    prints 'API!' monorepo
    was_cached 'install --no-root' || fail "a change of a path dependency built the packages of indexes again"
    passed "path dependencies come after the lock"
    printed monorepo 'API!' "$folder/services/api" "$folder"
}

another_user() {
    local options=(--user 123456:0 --read-only --cap-drop ALL) image
    both another-user 'user 1001, group 0'
    for image in another-user-poetry another-user; do
        prints 'user 123456, group 0' "${options[@]}" "$image"
    done
    # Root owns everything, and its group may do what the owner may.
    holds another-user 'find /app/.venv -not -type l -printf "%u:%g %m %p\n" | grep -vE "^root:root [0-7]?([0-7])\1[0-7] " && exit 1; true'
    grep -q 'Permission denied\|cannot use the cache' "$log" && fail "the cache mount is not the builder's"
    passed "any user of group 0, with a root that is read-only, and a builder that is not root"
}

# Two builds that share nothing make one layer, dates of the folders above the environment and all.
same_layer() {
    local folder image
    folder=$(project packages-only)
    cat >"$folder/Dockerfile.root" <<'END'
FROM python:3.11-slim AS builder
WORKDIR /app
RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    --mount=type=bind,source=poetry.lock,target=poetry.lock \
    lock2venv install --no-root --without dev --compile --root /image --venv /app/.venv
FROM python:3.11-slim
COPY --link --from=builder /image/ /
CMD ["/app/.venv/bin/python", "-c", "import requests; print(requests.__file__)"]
END
    for image in same-first same-second; do
        build "$image" "$folder" Dockerfile.root --no-cache
        last_layer "$image" >"$work/$image.layer"
    done
    prints '/app/.venv/lib/python3.11/*' same-first
    cmp "$work/same-first.layer" "$work/same-second.layer" || fail "two builds of one lock make two layers"
    passed "two builds from scratch make the layer $(cut -c 1-12 "$work/same-first.layer")"
}

# Prints the digest of the last layer of an image, of the bytes that `docker save` writes.
last_layer() { # IMAGE
    local place=$work/engine/data/saved layer
    rm -rf "$place"
    mkdir -p "$place"
    docker save "$1" | tar -x -C "$place"
    layer=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[0]["Layers"][-1])' "$place/manifest.json")
    tar -tf "$place/$layer" | grep requests >/dev/null || fail "$1: the last layer is not the environment"
    sha256sum <"$place/$layer" | cut -d ' ' -f 1
}

# An environment for a runtime image that has its Python at another path than the builder.
elsewhere() {
    local folder
    folder=$(project console-script)
    cat >"$folder/Dockerfile.elsewhere" <<'END'
FROM python:3.11-slim AS runtime
RUN mkdir -p /opt/python/bin /opt/python/lib && rm /usr/bin/python /usr/bin/python3 \
    && mv /usr/bin/python3.11 /opt/python/bin/ && mv /usr/lib/python3.11 /opt/python/lib/

FROM python:3.11-slim AS builder
COPY --from=lock2venv /usr/local/bin/lock2venv /usr/local/bin/
RUN --mount=type=bind,target=/src \
    lock2venv -C /src install --venv /venv --compile --runtime-python /opt/python/bin/python3.11
RUN --mount=type=bind,target=/src --mount=from=runtime,target=/runtime \
    lock2venv -C /src check --venv /venv --runtime-root /runtime
# This image has a Python, but not there.
RUN --mount=type=bind,target=/src \
    if lock2venv -C /src check --venv /venv --runtime-root / >/tmp/said; then exit 1; else grep -F '/opt/python/bin/python3.11' /tmp/said; fi

FROM runtime
COPY --from=builder /venv /venv
CMD ["/venv/bin/hello"]
END
    build elsewhere "$folder" Dockerfile.elsewhere
    prints 'Hello, world!' elsewhere
    prints '/opt/python /venv/lib/python3.11/*' elsewhere /venv/bin/python -c 'import sys, click; print(sys.base_prefix, click.__file__)'
    passed "an environment for a Python that is elsewhere in the runtime image"
}

# An image with musl and busybox of Debian's packages, and no glibc; then the same with the Python of the base beside it.
musl() {
    local folder files=$engine_kept/musl
    if [ ! -e "$files" ]; then
        rm -rf "$files.partial"
        mkdir -p "$files.partial"
        (cd "$files.partial" && apt-get -qq -o APT::Sandbox::User=root download musl busybox-static && for package in *.deb; do dpkg -x "$package" root; done && rm ./*.deb)
        mv "$files.partial" "$files"
    fi
    folder=$(project packages-only)
    cp "$files/root/lib/x86_64-linux-musl/libc.so" "$folder/ld-musl-x86_64.so.1"
    cp "$files/root/bin/busybox" "$folder/"
    cat >"$folder/Dockerfile.musl" <<'END'
FROM python:3.11-slim AS builder
WORKDIR /app
RUN --mount=from=lock2venv,source=/usr/local/bin/lock2venv,target=/usr/local/bin/lock2venv \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    --mount=type=bind,source=poetry.lock,target=poetry.lock \
    --mount=type=cache,target=/root/.cache/lock2venv \
    lock2venv install --no-root --without dev

FROM scratch AS musl
COPY ld-musl-x86_64.so.1 /lib/
COPY busybox /bin/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
COPY --from=lock2venv /usr/local/bin/lock2venv /bin/
COPY pyproject.toml poetry.lock main.py /app/
WORKDIR /app
CMD ["lock2venv", "--version"]

FROM musl AS with-environment
COPY --from=builder /app/.venv /app/.venv
END
    build musl "$folder" Dockerfile.musl --target musl
    prints 'lock2venv *' musl
    holds musl 'test ! -e /lib64 && lock2venv export | grep ^requests=='
    refuses 'no Python' musl lock2venv install --no-root --no-cache
    build musl-environment "$folder" Dockerfile.musl --target with-environment
    refuses '/usr/bin/python3' musl-environment lock2venv check --without dev
    refuses '/usr/bin/python3' musl-environment lock2venv check --without dev --runtime-root /
    passed "an image with musl: the executable runs, and says that there is no Python"
}

binary=${BINARY:-dist/out/lock2venv}
[ -x "$binary" ] || fail "there is no $binary: dist/build.sh makes it"
mkdir -p "$work/tls" "$work/dist/out"
start_engine "$work/engine"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lock2venv-test \
    -addext basicConstraints=critical,CA:FALSE -addext "subjectAltName=DNS:packages.acme.example" -keyout "$work/tls/key.pem" -out "$work/tls/certificate.pem" 2>/dev/null
import_base "$work/tls/certificate.pem"
cp "$binary" "$work/dist/out/lock2venv"
cp dist/Dockerfile "$work/dist/"
docker build -q -t lock2venv "$work/dist" >/dev/null
prints "lock2venv *" lock2venv --version
passed "an image of one file"

if [ $# = 0 ]; then set -- packages_only console_script layered private_index monorepo another_user same_layer elsewhere musl; fi
for example; do
    "${example//-/_}"
done
echo "$n_passed passed, 0 failed"
