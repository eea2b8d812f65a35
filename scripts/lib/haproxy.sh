# shellcheck shell=bash
# HAProxy in front of the gateways.

# deploy/haproxy.cfg with the server lines of the gateways that we start.
haproxy_config() {
    local name
    sed '/^    server /d' "$ROOT/deploy/haproxy.cfg"
    for name in "${GATEWAYS[@]}"; do
        printf '    server %s 127.0.0.1:%s\n' "$name" "$(remembered_port "$name")"
    done
}

need_haproxy_port() {
    if ! is_running haproxy && port_is_taken "$PORT"; then
        die "port $PORT is taken: stop what listens there, or choose another with PARLEY_PORT=$((PORT + 10)) scripts/up"
    fi
}

start_haproxy() {
    local config=$DATA/haproxy.cfg
    haproxy_config >"$config.new"
    if is_running haproxy && ! cmp -s "$config" "$config.new"; then stop_haproxy; fi
    mv "$config.new" "$config"
    if ! is_running haproxy; then
        need_haproxy_port
        # -db: in the foreground and one process, so that its pid is the one we know.
        PARLEY_PORT=$PORT start haproxy haproxy -db -f "$config"
    fi
}

stop_haproxy() { stop haproxy TERM 10; }
