#!/usr/bin/env bash
# A picture of a page: scripts/screenshot.sh URL FILE [WIDTHxHEIGHT].
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
[ $# -ge 2 ] || die "usage: scripts/screenshot.sh URL FILE [WIDTHxHEIGHT]"
scripts/setup.sh --screens
size=${3:-1280x800}
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
options=(--headless --hide-scrollbars "--window-size=${size/x/,}" "--user-data-dir=$profile" "--screenshot=$2")
# Chromium refuses its sandbox as root.
[ "$(id -u)" -ne 0 ] || options+=(--no-sandbox)
chromium "${options[@]}" "$1" 2>/dev/null
