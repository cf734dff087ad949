# shellcheck shell=bash
# Images of the tools that builds take their programs from: sourced, not run.

uv_version=0.13.8

# Puts what the images are made of in FOLDER.
import_tools() { # FOLDER BINARY
    mkdir -p "$1/lock2venv-image/out" "$1/uv-image"
    cp dist/Dockerfile "$1/lock2venv-image/"
    cp "$2" "$1/lock2venv-image/out/lock2venv"
    python3 -m venv "$1/uv-venv"
    "$1/uv-venv/bin/pip" -q --disable-pip-version-check install "uv==$uv_version"
    cp "$1/uv-venv/bin/uv" "$1/uv-image/"
    printf 'FROM scratch\nCOPY uv /uv\n' >"$1/uv-image/Dockerfile"
}

# Builds the images, which go with the cache of the engine.
build_tools() { # FOLDER
    docker build -q -t lock2venv "$1/lock2venv-image" >/dev/null
    docker build -q -t uv "$1/uv-image" >/dev/null
}
