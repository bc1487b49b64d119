#!/usr/bin/env bash
# Speed, measured side by side. There is no benchmark in this tree yet: this says so instead of pretending.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
[ -f bench/Cargo.toml ] || { say "bench: nothing to measure yet; the folder bench/ comes with the first benchmark"; exit 0; }
scripts/setup.sh
cargo run --release --locked --manifest-path bench/Cargo.toml -- "$@"
