# shellcheck shell=bash
# Parley's own programs: building, starting, waiting until they are ready.

build_programs() {
    if [[ -n ${PARLEY_BIN_DIR:-} ]]; then
        BIN=$PARLEY_BIN_DIR
        [[ -x $BIN/gateway ]] || die "PARLEY_BIN_DIR=$BIN has no gateway: build there, or unset it"
        return
    fi
    need_swift
    BIN=$ROOT/.build/release
    note "building (release)"
    # Its lines matter when it fails, and only then.
    swift build --package-path "$ROOT" -c release >"$LOGS/build.log" 2>&1 || {
        grep -E 'error:' "$LOGS/build.log" | sort -u | head -n 20 >&2 || true
        show_log build
        die "the build failed: its log above says why"
    }
}

# The secret that signs the development set-up's tokens, made once, so that tokens outlive a restart.
load_secret() {
    local file=$DATA/jwt-secret
    [[ -s $file ]] || (umask 077 && random_hex 32 >"$file")
    JWT_SECRET=$(<"$file")
}

# What gateways and persister share. Settings that the caller has set (PARLEY_MAX_CONNECTIONS=…) reach them as well, but
# for those of the scripts, which would be unknown settings.
export_settings() {
    # Whoever tries the set-up out loads it from one machine, as a few users.
    export PARLEY_RATE_SENDS=${PARLEY_RATE_SENDS:-off} PARLEY_RATE_HANDSHAKES=${PARLEY_RATE_HANDSHAKES:-off}
    export PARLEY_RATE_UPLOADS=${PARLEY_RATE_UPLOADS:-off}
    export PARLEY_RATE_HANDSHAKES_PER_ADDRESS=${PARLEY_RATE_HANDSHAKES_PER_ADDRESS:-off}
    export PARLEY_RATE_HANDSHAKES_PER_NODE=${PARLEY_RATE_HANDSHAKES_PER_NODE:-off}
    # All gateways share one folder for files.
    if [[ -z ${PARLEY_FILES_URL:-} ]]; then
        export PARLEY_FILES_DIR=${PARLEY_FILES_DIR:-$DATA/files}
        mkdir -p "$PARLEY_FILES_DIR"
    fi
    unset PARLEY_DATA_DIR PARLEY_BIN_DIR PARLEY_POSTGRES_RULE
    export PARLEY_REDIS_URL PARLEY_DATABASE_URL PARLEY_JWT_SECRET=$JWT_SECRET PARLEY_JWT_ALGORITHM=HS256
    PARLEY_REDIS_URL=$(redis_url)
    PARLEY_DATABASE_URL=$(postgres_url parley)
    # A connection is a descriptor.
    ulimit -n "$(ulimit -Hn)"
}

gateway_url() { printf 'http://127.0.0.1:%s\n' "$(remembered_port "$1")"; }

start_gateways() {
    local name
    for name in "${GATEWAYS[@]}"; do
        is_running "$name" && continue
        PARLEY_LISTEN=127.0.0.1:$(remembered_port "$name") PARLEY_NODE_ID=$name PARLEY_TRUSTED_PROXIES=127.0.0.2 \
            start "$name" "$BIN/gateway"
    done
}

start_persisters() {
    local name
    for name in "${PERSISTERS[@]}"; do
        is_running "$name" || PARLEY_PERSISTER_ID=$name start "$name" "$BIN/persister"
    done
}

# A gateway lets its clients leave first (PARLEY_SHUTDOWN_TIMEOUT, 10 s).
stop_gateways() {
    local name names
    names=$(started_names | grep '^gateway-' || true)
    for name in $names; do
        if is_running "$name"; then kill -s TERM "$(pid_of "$name")" 2>/dev/null || true; fi
    done
    for name in $names; do stop "$name" TERM 20; done
}

stop_persisters() {
    local name
    for name in $(started_names | grep '^persister-' || true); do stop "$name" TERM 20; done
}

answers() { curl --noproxy '*' -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null; }

gateways_ready() {
    local name
    for name in "${GATEWAYS[@]}"; do answers "$(gateway_url "$name")/readyz" || return 1; done
}

balancer_ready() { answers "$URL/readyz"; }

# ready_or_ended CONDITION: waiting is over when the condition holds, or never will.
ready_or_ended() { "$1" || [[ -n $(first_ended) ]]; }

first_ended() {
    local name
    for name in $(started_names); do
        if ! is_running "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
}

fail_if_ended() {
    local name
    name=$(first_ended)
    [[ -n $name ]] || return 0
    show_log "$name"
    die "$name has ended: its log above says why"
}

wait_for_gateways() {
    local name
    note "waiting for ${#GATEWAYS[@]} gateways"
    # Once is enough: under load on a slow machine one may be unready again a moment later.
    if wait_until 60 ready_or_ended gateways_ready; then
        fail_if_ended
        return
    fi
    for name in "${GATEWAYS[@]}"; do
        if ! answers "$(gateway_url "$name")/readyz"; then
            show_log "$name"
            die "$name isn't ready after 60 s: see its log above, and $(gateway_url "$name")/readyz"
        fi
    done
}

wait_for_balancer() {
    if ! wait_until 60 ready_or_ended balancer_ready; then
        show_log haproxy
        die "HAProxy reaches no ready gateway: see its log above"
    fi
    fail_if_ended
}
