#!/usr/bin/env bash
# Schemathesis against the built binary: about 2,000 requests made from its own OpenAPI document, once signed in and
# once not. No 5xx, and no answer that the document does not describe. MAINSTAY_TEST_EXAMPLES sets the effort.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh
[ -x "$DEBUG_BIN/mainstay" ] || build_binary
source scripts/server.sh
if ! binary_can_serve; then
    say "skipped: this tree's binary has no \`serve\` yet"
    exit 77
fi
make_owner "$WORK/data"
start_server "$WORK/data"
token=$(sign_in)

check() {
    (cd "$WORK" && "$VENV/bin/schemathesis" run "$API/openapi.json" --no-color --seed "${MAINSTAY_TEST_SEED:-1}" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance \
        --phases examples,coverage,fuzzing --max-examples "${MAINSTAY_TEST_EXAMPLES:-25}" --generation-database none \
        --exclude-path-regex '/events/stream$' --request-timeout 15 --continue-on-failure --warnings off "$@")
}
outcome=0
say "== signed in"
# Signing out would end the session that the other requests use.
check -H "Authorization: Bearer $token" --exclude-path-regex '/auth/(logout|logout-all|sessions/revoke-others)$' || outcome=1
say "== signed out"
check || outcome=1
exit $outcome
