#!/usr/bin/env bash
# The promises at their full figures: every test whose name begins with p and the promise's number, and A48, optimised.
# `make test` runs the same tests in short form. `promises.sh p6_ p22_` runs only these.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
scripts/setup.sh
export MAINSTAY_TEST_PROMISES=full
say "commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores"
[ $# -gt 0 ] || set -- p1_ p2_ p3_ p4_ p6_ p7_ p8_ p9_ p10_ p12_ p14_ p15_ p16_ p17_ p18_ p19_ p20_ p21_ p22_ p23_ p24_ a48_
all=(--profile promises --workspace --locked --features "$FAULTS")
cargo test "${all[@]}" --no-run
build_trials promises
export MAINSTAY_TEST_TRIALS=$CARGO_TARGET_DIR/promises/trials/mainstay
cargo build --profile promises --locked -p peers
"$CARGO_TARGET_DIR/promises/with-postgres" cargo test "${all[@]}" --no-fail-fast -- --nocapture "$@"
