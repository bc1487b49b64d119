#!/usr/bin/env bash
# Installs what is missing on a bare Debian 12: a linker, PostgreSQL's programs, Redis, and tools of the tests.
# Quiet and quick when all is there. `--screens` adds a browser for screenshots, `--deny` adds cargo-deny,
# `--bench` what Mainstay is measured beside.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

want=()
for argument in "$@"; do
    case $argument in
        --screens) command -v chromium >/dev/null || want+=(chromium) ;;
        --deny) deny=1 ;;
        --bench)
            bench=1
            command -v perf >/dev/null || want+=(linux-perf)
            ;;
        *) die "usage: scripts/setup.sh [--screens] [--deny] [--bench]" ;;
    esac
done

# program:package
for pair in cc:build-essential mold:mold pkg-config:pkg-config git:git curl:curl strace:strace python3:python3 \
    psql:postgresql-client setpriv:util-linux redis-server:redis-server node:nodejs npm:npm; do
    command -v "${pair%%:*}" >/dev/null || want+=("${pair#*:}")
done
[ -x "$VENV/bin/schemathesis" ] || python3 -c 'import ensurepip' 2>/dev/null || want+=(python3-venv)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || [ -n "${MAINSTAY_TEST_POSTGRES_BIN:-}" ] || want+=(postgresql)

if [ ${#want[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ]; then
        die "missing: ${want[*]}
install it with: sudo apt-get install --no-install-recommends ${want[*]}"
    fi
    say "installing ${want[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    if [[ " ${want[*]} " == *" postgresql "* ]]; then
        # The tests start servers of their own: no cluster of the system's is made or left running.
        apt-get install -qq -y --no-install-recommends postgresql-common >/dev/null
        sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    fi
    # Nor a Redis: a package's service is not started while it is installed, and not at the next boot.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt-get install -qq -y --no-install-recommends "${want[@]}" >/dev/null
    if [[ " ${want[*]} " == *" redis-server "* ]] && command -v systemctl >/dev/null; then
        systemctl disable --quiet redis-server 2>/dev/null || true
    fi
fi

if ! command -v cargo >/dev/null; then
    die "Rust 1.95 or newer is missing. Install the toolchain (with rustfmt and clippy) the way your system offers,
for example with rustup, then run this again."
fi
have=$(rustc --version | cut -d' ' -f2)
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
[ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ] ||
    die "Rust $have is too old: $wanted or newer is needed (rustup default stable, or rustup override set $wanted)"
for tool in fmt clippy; do
    [ -n "$(command -v "cargo-$tool")" ] || die "cargo $tool is missing: rustup component add ${tool/fmt/rustfmt}"
done

if [ ! -x "$VENV/bin/schemathesis" ] || [ ! -x "$VENV/bin/aiosmtpd" ] || ! "$VENV/bin/python3" -c 'import pyotp' 2>/dev/null; then
    say "installing schemathesis, aiosmtpd and pyotp into $VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check schemathesis aiosmtpd pyotp
fi

# An independent client: it signs in by OAuth 2 and reads our access tokens (joserfc is its part for those).
if ! "$VENV/bin/python" -c 'import authlib, joserfc, requests, cryptography' 2>/dev/null; then
    say "installing authlib into $VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.10 joserfc==1.8.0 requests==2.34.2 cryptography==45.0.7
fi

# A provider to sign in at; an install that broke off begins anew.
if ! cmp -s testkit/peers/oidc/package-lock.json "$CACHE/oidc/package-lock.json" || [ ! -d "$CACHE/oidc/node_modules/oidc-provider" ]; then
    say "installing oidc-provider into $CACHE/oidc"
    mkdir -p "$CACHE/oidc"
    cp testkit/peers/oidc/package.json testkit/peers/oidc/package-lock.json "$CACHE/oidc/"
    if ! (cd "$CACHE/oidc" && npm ci --silent --ignore-scripts --no-audit --no-fund); then
        rm -f "$CACHE/oidc/package-lock.json"
        die "npm could not install oidc-provider"
    fi
fi

# What tests of webhooks hold our signatures against.
if ! "$VENV/bin/python" -c 'import standardwebhooks' 2>/dev/null; then
    say "installing standardwebhooks into $VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.1.0
fi

if [ -n "${bench:-}" ] && ! cmp -s bench/peers/requirements.txt "$PEERS/requirements.txt"; then
    say "installing the peers of the bench into $PEERS"
    python3 -m venv "$PEERS"
    "$PEERS/bin/pip" install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
    cp bench/peers/requirements.txt "$PEERS/requirements.txt"
fi

if [ -n "${deny:-}" ] && ! command -v cargo-deny >/dev/null; then
    say "building cargo-deny (once, several minutes)"
    cargo install --locked --quiet --root "$CACHE" cargo-deny
fi
