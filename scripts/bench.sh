#!/usr/bin/env bash
# Speed, measured side by side: docs/bench.md. `bench.sh [--seconds S] [--write] [PART...]`; `--write` puts what it prints into
# that page, and the parts are raw, create, read, refresh, rights, jobs, start, flame. Takes some minutes, after the builds.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
scripts/setup.sh --bench

# PocketBase is built from its module where there is a Go that can; without it the run says that it was left out.
pocketbase=$CACHE/pocketbase
if [ ! -x "$pocketbase" ] && command -v go >/dev/null; then
    say "building PocketBase"
    (cd bench/peers/pocketbase && CGO_ENABLED=0 GOTOOLCHAIN=auto go build -buildvcs=false -o "$pocketbase" .) ||
        say "PocketBase could not be built; it is left out"
fi

say "building mainstay and the bench, as they are handed out"
# With its symbols, for the flame graphs: they are not loaded when it runs.
cargo rustc --release --locked --quiet -p mainstay --bin mainstay -- -C strip=none
cargo build --release --locked --quiet --manifest-path bench/Cargo.toml
export MAINSTAY_TEST_BINARY=$CARGO_TARGET_DIR/release/mainstay MAINSTAY_TEST_POCKETBASE=$pocketbase MAINSTAY_TEST_PEERS=$PEERS
exec "$CARGO_TARGET_DIR/release/bench" "$@"
