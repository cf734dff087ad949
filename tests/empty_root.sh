#!/usr/bin/env bash
# Runs the static executable in an empty root: no C library, no Python, no shell, no services for names; only the executable, a
# resolv.conf, and certificates where Debian, RHEL and Alpine have them:
#
#     dist/build.sh && tests/empty_root.sh
#
# The index is on loopback, over TLS, and its name comes from a name server on loopback. Needs root; where that is missing it says
# `skipped`, which is a failure with LOCK2VENV_REQUIRE=all. BINARY names another executable than dist/out/lock2venv.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
    echo "tests/empty_root.sh: skipped: not root"
    [ "${LOCK2VENV_REQUIRE-}" != all ] || exit 1
    exit 0
fi
PATH=$PATH:/usr/sbin:/sbin
chroot=$(command -v chroot)
work=$(mktemp -d)
root=$work/root
pids=()
n_passed=0

end() {
    local status=$?
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
    rm -rf "$work"
    [ "$status" = 0 ] || echo "tests/empty_root.sh: failed"
    exit "$status"
}
trap end EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Waits until a server says that it listens.
started() { # PID LOG
    pids+=("$1")
    until grep -q ready "$2"; do
        kill -0 "$1" 2>/dev/null || { cat "$2" >&2; fail "a server does not start"; }
        sleep 0.1
    done
}

# Runs the program in the root with no variable but those given; what it says is in $said.
inside() { # [NAME=VALUE…] -- ARGUMENT…
    local variables=()
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    status=0
    said=$(env -i POETRY_HTTP_BASIC_INTERNAL_USERNAME=reader POETRY_HTTP_BASIC_INTERNAL_PASSWORD=hush "${variables[@]}" \
        "$chroot" "$root" /lock2venv -C /project "$@" 2>&1) || status=$?
}

expect() { # STATUS TEXT WHAT
    if [ "$status" != "$1" ] || ! grep -qF -- "$2" <<<"$said"; then
        echo "$said" >&2
        fail "$3: status $status"
    fi
    n_passed=$((n_passed + 1))
    echo "ok: $3"
}

mkdir -p "$root/etc" "$root/project"
cp "${BINARY:-dist/out/lock2venv}" "$root/lock2venv"
echo "nameserver 127.51.0.1" >"$root/etc/resolv.conf"
cp examples/docker/private-index/{pyproject.toml,poetry.lock} "$root/project/"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lock2venv-test \
    -addext basicConstraints=critical,CA:FALSE -addext "subjectAltName=DNS:packages.acme.example" -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
python3 tests/tools/tls_index.py 127.51.0.1 443 "$work/certificate.pem" "$work/key.pem" examples/docker/private-index/index \
    reader hush >"$work/index.log" 2>&1 &
started $! "$work/index.log"
python3 tests/tools/names.py 127.51.0.1 packages.acme.example 127.51.0.1 >"$work/names.log" 2>&1 &
started $! "$work/names.log"

n_bytes=$(stat -c %s "$root/lock2venv")
[ "$n_bytes" -lt 12000000 ] || fail "it has $n_bytes bytes, and may have 12 MB: see the flags in dist/build.sh"
inside -- --version
expect 0 "lock2venv " "it starts"
inside -- export --without-urls
expect 0 "acme-greeting==1.0" "export"

inside -- verify --only main
expect 1 "this system has no CA certificates" "a system without certificates is named"
inside -- --builtin-certificates verify
expect 1 "certificate" "the authorities that are built in do not know the index"
! grep -q "this system has no CA" <<<"$said" || fail "the system's certificates were looked for"

for place in /etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    mkdir -p "$(dirname "$root$place")"
    cp "$work/certificate.pem" "$root$place"
    inside -- verify
    expect 0 "1 of 1 file of 1 package" "verify with $place"
    rm -r "$root/etc/ssl" "$root/etc/pki" 2>/dev/null || true
done
cp "$work/certificate.pem" "$root/own.pem"
inside SSL_CERT_FILE=/own.pem -- verify
expect 0 "1 of 1 file of 1 package" "verify with SSL_CERT_FILE"
inside SSL_CERT_FILE=/own.pem -- install --no-root --no-cache
expect 1 "Python" "install names what it lacks"
echo "$n_passed passed, 0 failed"
