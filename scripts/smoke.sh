#!/usr/bin/env bash
# The built binary as a stranger meets it, with curl, on SQLite and on a private PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

if [ "${1:-}" != --engine ]; then
    [ -x "$DEBUG_BIN/mainstay" ] && [ -x "$DEBUG_BIN/with-postgres" ] || build_binary
    "$0" --engine sqlite || { code=$?; [ $code -eq 77 ] && exit 77; exit $code; }
    exec "$DEBUG_BIN/with-postgres" "$0" --engine postgres
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

data=$WORK/data
head=$WORK/head
body=$WORK/body
passed=0

# request CODE CURL-ARGUMENT...: asks as the owner, keeps head and body, and wants this status.
request() {
    local want=$1 got
    shift
    : >"$body"
    got=$(curl -sS -m 20 -D "$head" -o "$body" -w '%{http_code}' -H "Authorization: Bearer $token" "$@")
    if [ "$got" != "$want" ]; then
        say "wanted $want, got $got: curl $*"
        cat "$head" "$body"
        exit 1
    fi
}
header() { tr -d '\r' <"$head" | sed -n "s/^$1: //Ip" | head -n 1; }
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$body" "$1"; }
ok() {
    passed=$((passed + 1))
    say "ok $passed - $*"
}
same() { [ "$1" = "$2" ] || { say "wanted '$2', got '$1': $3"; exit 1; }; }
event() { printf '{"service_id": "%s", "status": "%s", "description": "%s"}' "$1" "$2" "$3"; }
total() { request 200 "$API/status/events?service_id=$1&page_size=1"; field total; }
post=(-X POST -H 'Content-Type: application/json')

make_owner "$data"
start_server "$data"
token=$(sign_in)
ok "an administrator is made on an empty folder and signs in"

same "$(curl -sS -o /dev/null -w '%{http_code}' "${API%/v1}/auth/token" -d "username=$EMAIL" \
    --data-urlencode "password=$PASSWORD")" 200 "signing in at the old address"
ok "an old address still leads to the new one"

key="smoke-$RANDOM-$RANDOM"
request 201 "$API/status/events" "${post[@]}" -H "Idempotency-Key: $key" -d "$(event website degraded 'slow answers')"
id=$(field id)
cp "$body" "$WORK/first"
ok "a status event is made: $id"

request 200 "$API/status/events" "${post[@]}" -H "Idempotency-Key: $key" -d "$(event website degraded 'slow answers')"
same "$(header Idempotent-Replayed)" true "the reply says it is a replay"
cmp "$WORK/first" "$body"
ok "the same request with the same key gets the same reply"

request 422 "$API/status/events" "${post[@]}" -H "Idempotency-Key: $key" -d "$(event website operational 'other')"
same "$(field code)" idempotency_mismatch "the code"
ok "the key with another body is refused"

request 200 "$API/status/events/$id/events"
grep -q '"status_event.created"' "$body"
ok "the timeline has it"

curl -sN -m 5 -H "Authorization: Bearer $token" "$API/events/stream" >"$WORK/stream" 2>/dev/null &
stream=$!
sleep 1
request 201 "$API/status/events" "${post[@]}" -d "$(event website operational 'well again')"
live=$(field id)
wait "$stream" || true
grep -q "$live" "$WORK/stream" || { say "the stream did not carry $live:"; cat "$WORK/stream"; exit 1; }
ok "the stream carries a new one"

request 200 "$API/status/events/$id"
tag=$(header ETag)
request 304 "$API/status/events/$id" -H "If-None-Match: $tag"
same "$(header ETag)" "$tag" "the tag comes with the 304"
same "$(wc -c <"$body")" 0 "bytes of the 304"
ok "an unchanged thing is 304 with its tag and no body"

service=$API/status/services/website
patch=(-X PATCH -H 'Content-Type: application/merge-patch+json')
request 200 "$service"
tag=$(header ETag)
request 200 "$service" "${patch[@]}" -H "If-Match: $tag" -d '{"name": "The website"}'
request 412 "$service" "${patch[@]}" -H "If-Match: $tag" -d '{"name": "Too late"}'
ok "a stale If-Match is 412"

key="copies-$RANDOM-$RANDOM"
before=$(total copies)
seq 64 | xargs -P 64 -I{} curl -s -m 20 -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $token" \
    "${post[@]}" -H "Idempotency-Key: $key" -d "$(event copies degraded 'sixty-four at once')" "$API/status/events" |
    sort | uniq -c >"$WORK/copies"
same "$(awk '$2 == 201 {print $1}' "$WORK/copies")" 1 "one original among: $(tr -s '\n ' ' ' <"$WORK/copies")"
[ "$(awk '$2 != 201 && $2 != 200 && $2 != 409 {print}' "$WORK/copies")" = "" ] || { cat "$WORK/copies"; exit 1; }
same "$(($(total copies) - before))" 1 "events made by 64 copies"
ok "64 copies at once make one event ($(tr -s '\n ' ' ' <"$WORK/copies"))"

end_server TERM
ok "it ends when told"
say "smoke on $engine: $passed passed"
