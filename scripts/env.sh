# Sourced by every script: where things are. The variables of the workshop begin with MAINSTAY_TEST_: the server
# refuses other MAINSTAY_ variables that are no setting.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What is made or fetched lies outside the tree, so that a clone stays clean and the next clone starts warm.
CACHE=${MAINSTAY_TEST_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mainstay}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
export PATH="$CACHE/bin:${HOME:-/root}/.cargo/bin:$PATH"
# shellcheck disable=SC2034
VENV=$CACHE/venv
# shellcheck disable=SC2034
PEERS=$CACHE/bench-venv
# shellcheck disable=SC2034
DEBUG_BIN=$CARGO_TARGET_DIR/debug

# The crates that have faults to plant; tests and lints are built with them.
# shellcheck disable=SC2034
FAULTS=mainstay/faults

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# A loopback port that was free a moment ago.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The binary for tests that kill it: with the workload of `testkit/trials` and the faults. It lies beside the other one, in
# the folder of its profile.
build_trials() {
    local kind=${1:-debug} flags=(--locked --quiet -p mainstay --features "mainstay/trials,mainstay/faults")
    [ "$kind" = debug ] || flags+=(--profile "$kind")
    local from=$CARGO_TARGET_DIR/$kind/mainstay into=$CARGO_TARGET_DIR/$kind/trials
    mkdir -p "$into"
    # Cargo has one place for a binary of this name: whatever was there is put back.
    (
        flock 9
        [ ! -e "$from" ] || cp -p "$from" "$into/before"
        code=0
        cargo build "${flags[@]}" && cp -p "$from" "$into/next" && mv "$into/next" "$into/mainstay" || code=$?
        [ ! -e "$into/before" ] || mv "$into/before" "$from"
        exit $code
    ) 9>"$into/lock"
}

# The binary as people get it: without the planted faults that the test kit switches on.
build_binary() { cargo build --locked -p mainstay -p peers; }
