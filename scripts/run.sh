#!/usr/bin/env bash
# Builds Mainstay and runs it on the folder `data` of this clone. Arguments go to `mainstay serve`.
# The first build is what one waits for, so it is a debug build (about half the time of a release build);
# PROFILE=release builds what one would install.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
scripts/setup.sh
profile=${PROFILE:-dev}
say "building mainstay ($profile); the first time takes some minutes"
cargo build --locked --profile "$profile" -p mainstay
exec "$CARGO_TARGET_DIR/${profile/dev/debug}/mainstay" serve --data "${MAINSTAY_DATA:-$ROOT/data}" --dev "$@"
