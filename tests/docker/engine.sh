# shellcheck shell=bash
# A Docker engine of one's own, for `tests/docker.sh` and `benches/docker/run.sh`: sourced, not run.
#
# `start_engine FOLDER` brings it up with everything it has in FOLDER and its socket there; no other engine is touched. It has no
# bridge and sets no rule of the firewall, so builds take the machine's network (`--network=host`) and nothing stays behind.
# `stop_engine` ends it and takes its mounts away. `import_base` makes `python:3.11-slim` of Debian's packages, since no registry
# is asked. Programs and the base are kept in target/docker.

engine_repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
engine_kept=$engine_repository/target/docker
engine_folder=

# What is missing here, in words; nothing if an engine can be started.
engine_lack() {
    [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo "not Linux on x86_64"; return; }
    [ "$(id -u)" = 0 ] || { echo "not root"; return; }
    [ -z "${LOCK2VENV_NO_DOCKER-}" ] || { echo "LOCK2VENV_NO_DOCKER is set"; return; }
    command -v apt-get >/dev/null || { echo "no apt-get, which brings the engine and the base image"; return; }
    [ -n "$(debian_mirror)" ] || { echo "apt has no index of Debian's packages (apt-get update brings it)"; return; }
    # Capability 21, CAP_SYS_ADMIN: the engine mounts.
    local capabilities
    capabilities=$(sed -n 's/^CapEff:\s*//p' /proc/self/status)
    (( 0x$capabilities >> 21 & 1 )) || echo "no permission to mount"
}

# Where apt gets Debian's packages here.
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' 2>/dev/null \
        | grep -v security | head -n 1
}

# Engine, client and BuildKit of Debian 13, unpacked and not installed: older ones lack what Dockerfiles use today.
fetch_engine() {
    [ ! -e "$engine_kept/programs/usr/sbin/dockerd" ] || return 0
    local fetch=$engine_kept/fetch options package
    rm -rf "$engine_kept/programs" "$fetch"
    mkdir -p "$fetch/lists/partial" "$fetch/packages" "$engine_kept/programs.partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" >"$fetch/sources.list"
    options=(-qq -o "Dir::Etc::SourceList=$fetch/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$fetch/lists" -o Dir::Cache::PkgCache= -o Dir::Cache::SrcPkgCache= -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
    (cd "$fetch/packages" && apt-get "${options[@]}" download docker.io docker-cli docker-buildx containerd)
    for package in "$fetch"/packages/*.deb; do
        dpkg -x "$package" "$engine_kept/programs.partial"
    done
    rm -rf "$fetch"
    mv "$engine_kept/programs.partial" "$engine_kept/programs"
}

# runc is the machine's, for that of Debian 13 needs a newer C library than Debian 12 has.
install_missing() {
    local packages=(debian-archive-keyring) command
    for command in debootstrap iptables openssl runc; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || packages+=("$command")
    done
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${packages[@]}" >/dev/null
}

start_engine() { # FOLDER
    engine_folder=$1
    install_missing
    fetch_engine
    mkdir -p "$engine_folder/client/cli-plugins" "$engine_folder/data"
    # A disk in memory: fast, and the engine's file system does not work on that of a container.
    if [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 8000000 ]; then
        mount -t tmpfs -o size=6g,mode=711 lock2venv-docker "$engine_folder/data"
    fi
    ln -s "$engine_kept/programs/usr/libexec/docker/cli-plugins/docker-buildx" "$engine_folder/client/cli-plugins/"
    export PATH="$engine_kept/programs/usr/bin:$engine_kept/programs/usr/sbin:/usr/sbin:/sbin:$PATH"
    export DOCKER_CONFIG=$engine_folder/client DOCKER_HOST=unix://$engine_folder/docker.sock DOCKER_BUILDKIT=1
    unset DOCKER_CONTEXT
    setsid dockerd --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" --pidfile "$engine_folder/docker.pid" \
        --bridge=none --iptables=false --ip6tables=false --ip-forward=false --host "$DOCKER_HOST" \
        </dev/null >"$engine_folder/engine.log" 2>&1 &
    local engine=$!
    until docker version >/dev/null 2>&1; do
        if ! kill -0 "$engine" 2>/dev/null; then
            tail -n 20 "$engine_folder/engine.log" >&2
            echo "the Docker engine does not start" >&2
            return 1
        fi
        sleep 0.2
    done
}

stop_engine() {
    [ -n "$engine_folder" ] || return 0
    local pid
    if pid=$(cat "$engine_folder/docker.pid" 2>/dev/null); then
        kill "$pid" 2>/dev/null || true
        # It may belong to another shell: no `wait`.
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    fi
    awk '{ print $5 }' /proc/self/mountinfo | grep "^$engine_folder/" | sort -r | while read -r place; do
        umount -l "$place"
    done
    engine_folder=
}

# A stand-in for the image of that name: the Python of Debian 12, pip, `python` on PATH, and the authorities of this machine.
import_base() { # [CA-FILE]: an authority that it trusts in addition
    local base=$engine_kept/base.tar root=$engine_folder/base
    if [ ! -e "$base" ]; then
        debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates bookworm "$root" \
            "$(debian_mirror)" >"$engine_folder/debootstrap.log" 2>&1 || { tail -n 20 "$engine_folder/debootstrap.log" >&2; return 1; }
        rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/lib/python3.11/EXTERNALLY-MANAGED
        ln -s python3 "$root/usr/bin/python"
        tar -C "$root" -cf "$base.partial" .
        rm -rf "$root"
        mv "$base.partial" "$base"
    fi
    local authorities=etc/ssl/certs/ca-certificates.crt
    docker import "$base" python:debian >/dev/null
    mkdir -p "$root"
    cat "/$authorities" "$@" >"$root/authorities"
    # What is installed from PyPI has authorities of its own, unless these variables name others. The mirror is for Poetry, where
    # a proxy has the simple index of PyPI and no more; without its plugin the variable means nothing.
    docker build -q --network=none -t python:3.11-slim -f - "$root" >/dev/null <<END
FROM python:debian
COPY authorities /$authorities
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
ENV SSL_CERT_FILE=/$authorities REQUESTS_CA_BUNDLE=/$authorities POETRY_PYPI_MIRROR_URL=https://pypi.org/simple/
CMD ["python3"]
END
}
