#!/usr/bin/env bash
# What can be said without running anything: format, lints, the rules of the house. `check.sh STEP` runs one step.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

format() { cargo fmt --all --check; }
clippy() { cargo clippy --workspace --all-targets --locked --features "$FAULTS" -- -D warnings; }
# The lists of clippy.toml bind everything but tests, so this looks at what is shipped only.
disallowed() {
    cargo clippy --workspace --lib --bins --locked -- -D warnings \
        -D clippy::disallowed_methods -D clippy::disallowed_types -D clippy::disallowed_macros
}
tidy() { cargo xtask tidy; }
floors() { cargo xtask floors --check; }

for step in "${@:-format tidy floors clippy disallowed}"; do
    for one in $step; do "$one"; done
done
