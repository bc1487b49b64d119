# Sourced by scripts that talk to a running Mainstay: starts the built binary on a folder and ends it by its id.
# shellcheck shell=bash

BINARY=${MAINSTAY_TEST_BINARY:-$DEBUG_BIN/mainstay}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/mainstay-script-XXXXXX")
SERVER=
EMAIL=owner@example.test
PASSWORD='a long passphrase 42'
# One caller does here what is meant for hundreds; the limits have tests of their own.
export MAINSTAY_LIMITS_SIGNED_IN=1000000 MAINSTAY_LIMITS_ANONYMOUS=1000000

end_server() {
    [ -n "$SERVER" ] || return 0
    kill "-${1:-TERM}" "$SERVER" 2>/dev/null || true
    wait "$SERVER" 2>/dev/null || true
    SERVER=
}

clean_up() {
    end_server KILL
    rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The binary has to know the commands; a tree without them yet is a reason to skip, not to fail.
binary_can_serve() {
    [ -x "$BINARY" ] || die "no binary at $BINARY: cargo build --locked -p mainstay"
    "$BINARY" serve --help >/dev/null 2>&1 && "$BINARY" serve --help 2>/dev/null | grep -q -- --data
}

# Starts on the folder $1 (and the database of MAINSTAY_DATABASE_URL, if set) and waits until it is ready.
start_server() {
    local data=$1
    PORT=$(free_port)
    API=http://127.0.0.1:$PORT/api/v1
    "$BINARY" serve --data "$data" --listen "127.0.0.1:$PORT" >>"$WORK/server.log" 2>&1 &
    SERVER=$!
    for _ in $(seq 300); do
        kill -0 "$SERVER" 2>/dev/null || break
        [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/ready")" = 200 ] && return 0
        sleep 0.1
    done
    tail -n 30 "$WORK/server.log" >&2
    die "mainstay did not become ready"
}

make_owner() {
    printf '%s' "$PASSWORD" | "$BINARY" admin create --data "$1" --email "$EMAIL" --password-stdin >>"$WORK/server.log" 2>&1 ||
        { tail -n 30 "$WORK/server.log" >&2; die "mainstay admin create failed"; }
}

# Prints an access token.
sign_in() {
    curl -sS --fail-with-body "$API/auth/token" --data-urlencode "username=$EMAIL" --data-urlencode "password=$PASSWORD" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}
