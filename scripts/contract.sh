#!/usr/bin/env bash
# Schemathesis holds the built binary against its own OpenAPI document: more than 2,000 requests on SQLite, signed in
# as the owner and signed out, and a shorter round on PostgreSQL. No 5xx, and no status, media type, header or body that
# the document does not describe. It ends with the proof that it can fail (P14). MAINSTAY_TEST_EXAMPLES sets the effort.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

if [ "${1:-}" != --engine ]; then
    [ -x "$DEBUG_BIN/mainstay" ] && [ -x "$DEBUG_BIN/with-postgres" ] || build_binary
    code=0
    "$0" --engine sqlite || code=$?
    [ $code -eq 77 ] && exit 77
    "$DEBUG_BIN/with-postgres" "$0" --engine postgres || code=$?
    exit $code
fi

engine=$2
source scripts/server.sh
if ! binary_can_serve; then
    say "skipped: this tree's binary has no \`serve\` yet"
    exit 77
fi
if [ "$engine" = postgres ]; then
    export MAINSTAY_DATABASE_URL=$MAINSTAY_TEST_POSTGRES
fi
unset MAINSTAY_TEST_POSTGRES
# So that whoever is not signed in sees what may be seen.
export MAINSTAY_PUBLIC_WORKSPACE=main
EXAMPLES=${MAINSTAY_TEST_EXAMPLES:-15}
PHASES=examples,coverage,fuzzing
CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance
CHECKS+=,ignored_auth,unsupported_method,missing_required_header,use_after_free
total=0
outcome=0

# Runs Schemathesis on the document $1 and shows what it found; its requests are added to the total.
check() {
    local document=$1 code=0 count
    shift
    (cd "$WORK" && "$VENV/bin/schemathesis" run "$document" --url "http://127.0.0.1:$PORT" --no-color \
        --seed "${MAINSTAY_TEST_SEED:-1}" --checks "$CHECKS" --phases "$PHASES" \
        --generation-database none --request-timeout 15 --continue-on-failure --warnings off "$@") >"$WORK/report" 2>&1 || code=$?
    count=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$WORK/report" | tail -n 1)
    total=$((total + ${count:-0}))
    return $code
}

# The same, and what is wrong is a failure. The stream is left out: its answer has no end to be looked at; its tests are
# in systems/activity/tests/it/streams.rs.
must_hold() {
    local name=$1 from=$SECONDS
    shift
    if check "$WORK/openapi.json" --exclude-operation-id stream_events "$@"; then
        say "$name: $(grep -E '^ *[0-9]+ generated' "$WORK/report" | sed 's/^ *//'), $((SECONDS - from)) s"
    else
        cut -c 1-400 "$WORK/report"
        say "$name: FAILED"
        outcome=1
    fi
}

both_callers() {
    local token
    curl -sS --fail "$API/openapi.json" -o "$WORK/openapi.json"
    token=$(sign_in)
    # Signing out would end the session that the other requests use.
    must_hold "$engine, signed in" -H "Authorization: Bearer $token" --exclude-path-regex '/auth/(logout|logout-all|sessions/revoke-others)$' "$@"
    must_hold "$engine, signed out" "$@"
}

# A document that no longer tells the truth: each of these lies must be found (P14).
lies() {
    python3 - "$WORK" <<'PYTHON'
import json, sys
folder = sys.argv[1]

def lie(name, change):
    with open(folder + "/openapi.json") as file:
        document = json.load(file)
    change(document["paths"]["/api/v1/status"]["get"])
    with open(f"{folder}/lie-{name}.json", "w") as file:
        json.dump(document, file)

lie("status", lambda get: get["responses"].pop("200"))
lie("media-type", lambda get: get["responses"]["200"].update(content={"text/plain": {"schema": {"type": "string"}}}))
lie("schema", lambda get: get["responses"]["200"]["content"].update({"application/json": {"schema": {"type": "object", "required": ["nothing"]}}}))
lie("header", lambda get: get["responses"]["200"].update(headers={"X-Nothing": {"required": True, "schema": {"type": "string"}}}))
# Anybody may read it, and the document says that nobody may.
lie("credential", lambda get: get.update(security=[{"bearer": []}]))
PYTHON
    local lie
    for lie in status media-type schema header credential; do
        if check "$WORK/lie-$lie.json" --include-operation-id get_status --max-examples 3 || ! grep -q 'Failures:' "$WORK/report"; then
            say "a lie about the $lie was not found: these checks prove nothing"
            outcome=1
        fi
    done
    say "planted: 5 untrue documents were tried"
}

make_owner "$WORK/data"
start_server "$WORK/data"
if [ "$engine" = sqlite ]; then
    both_callers --max-examples "$EXAMPLES"
    lies
else
    # What was refused before the database was asked is the same on both engines.
    PHASES=fuzzing
    both_callers --max-examples 10
fi
say "$engine: $total requests"
exit $outcome
