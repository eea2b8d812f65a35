# shellcheck shell=bash
# What scripts/up prints when everything runs.

ALICE=00000000-0000-4000-8000-00000000000a
BOB=00000000-0000-4000-8000-00000000000b
CAROL=00000000-0000-4000-8000-00000000000c

# token UUID NAME
token() { PARLEY_JWT_SECRET=$JWT_SECRET "$BIN/parley" token --user "$1" --name "$2" --ttl 24h; }

# print_page NAME TOKEN
print_page() { printf '  %-6s %s/#token=%s\n' "$1" "$URL" "$2"; }

make_tokens() {
    ALICE_TOKEN=$(token "$ALICE" Alice) || die "parley token failed: its line above says why"
    BOB_TOKEN=$(token "$BOB" Bob)
    CAROL_TOKEN=$(token "$CAROL" Carol)
}

print_banner() {
    note "" "Parley runs at $URL. The demo page, signed in as (for 24 hours, each in a window of its own):" ""
    print_page Alice "$ALICE_TOKEN"
    print_page Bob "$BOB_TOKEN"
    print_page Carol "$CAROL_TOKEN"
    cat <<END

The tokens alone:
  ALICE=$ALICE_TOKEN
  BOB=$BOB_TOKEN
  CAROL=$CAROL_TOKEN

A conversation of Alice and Bob:
  curl -sS $URL/api/conversations -H "Authorization: Bearer $ALICE_TOKEN" -H 'Content-Type: application/json' -d '{"type":"DIRECT","participantIds":["$ALICE","$BOB"]}'

Logs: $LOGS    Addresses, keys and pids: $STATE
END
}
