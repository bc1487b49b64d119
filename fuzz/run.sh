#!/usr/bin/env bash
# Runs the fuzz targets on the stable toolchain: fuzz/run.sh [SECONDS [TARGET...]].
set -euo pipefail
cd "$(dirname "$0")"
source ../scripts/env.sh
seconds=${1:-20}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=($(ls corpus))
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${MAINSTAY_TEST_FUZZ_TARGET:-$CACHE/fuzz}
# What cargo-fuzz sets. With --target the build scripts are spared these flags.
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Clink-arg=-fuse-ld=mold"
export RUSTFLAGS RUSTC_BOOTSTRAP=1
cargo build --locked --bins --target "$host"
found=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-fuzz-XXXXXX")
failed=0
for target in "${targets[@]}"; do
    mkdir -p "$found/$target/new"
    if "$CARGO_TARGET_DIR/$host/debug/$target" -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=1024 \
        -artifact_prefix="$found/$target/" "$found/$target/new" "corpus/$target" >"$found/$target/log" 2>&1; then
        say "$target: $(grep -E '^Done ' "$found/$target/log")"
        rm -rf "${found:?}/$target"
    else
        tail -n 40 "$found/$target/log"
        say "$target: FAILED, see $found/$target"
        failed=1
    fi
done
rmdir "$found" 2>/dev/null || true
exit $failed
