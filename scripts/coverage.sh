#!/usr/bin/env bash
# Which lines the tests reach, as coverage.xml and a report to read. Builds cargo-tarpaulin once: the other
# tools need parts of LLVM that a plain toolchain does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
scripts/setup.sh
command -v cargo-tarpaulin >/dev/null || cargo install --locked --root "$CACHE" cargo-tarpaulin
[ -x "$DEBUG_BIN/with-postgres" ] || build_binary
"$DEBUG_BIN/with-postgres" cargo tarpaulin --workspace --locked --engine llvm --skip-clean --timeout 600 \
    --exclude-files 'xtask/*' --target-dir "$CARGO_TARGET_DIR/coverage" \
    --out Xml --out Html --output-dir "${MAINSTAY_TEST_COVERAGE_DIR:-$CACHE/coverage}"
say "written to ${MAINSTAY_TEST_COVERAGE_DIR:-$CACHE/coverage}"
