#!/usr/bin/env bash
# Everything that has to hold before a change is taken. Each step prints its name and time; a failed step does not
# stop the ones after it; the summary at the end says what failed. `test.sh NAME...` runs only the named steps.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
exec </dev/null
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never} RUST_BACKTRACE=${RUST_BACKTRACE:-0}

summary=()
failed=0
began=$SECONDS

# A step that ends with 77 was skipped, for the reason it printed.
step() {
    local name=$1 from=$SECONDS outcome code
    shift
    if [ -n "$only" ] && [[ " $only " != *" $name "* ]]; then return; fi
    printf '\n== %s\n' "$name"
    "$@"
    code=$?
    case $code in
        0) outcome=ok ;;
        77) outcome=skipped ;;
        *) outcome=FAILED failed=1 ;;
    esac
    printf '== %s: %s (%d s)\n' "$name" "$outcome" $((SECONDS - from))
    summary+=("$(printf '%-13s %-8s %5d s' "$name" "$outcome" $((SECONDS - from)))")
}

# One private PostgreSQL for all test binaries, gone when they are.
tests() {
    local all=(--workspace --locked --features "$FAULTS")
    cargo test "${all[@]}" --no-run --quiet && build_trials &&
        MAINSTAY_TEST_TRIALS=$DEBUG_BIN/trials/mainstay "$DEBUG_BIN/with-postgres" cargo test "${all[@]}"
}

documents() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet; }

# The list of advisories is a repository elsewhere and is not asked: this must pass without a network.
deny() {
    if ! command -v cargo-deny >/dev/null; then
        say "skipped: cargo-deny is not installed (scripts/setup.sh --deny builds it once, in several minutes)"
        return 77
    fi
    cargo deny --locked --offline check bans licenses sources
}

only="$*"
step setup scripts/setup.sh
step format scripts/check.sh format
step tidy scripts/check.sh tidy floors
step build build_binary
step clippy scripts/check.sh clippy
step disallowed scripts/check.sh disallowed
step tests tests
step documents documents
step deny deny
step smoke scripts/smoke.sh
step contract scripts/contract.sh

printf '\n== summary (%d s)\n' $((SECONDS - began))
printf '%s\n' "${summary[@]}"
exit $failed
