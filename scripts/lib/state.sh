# shellcheck shell=bash
# state.env: what runs, for scripts and tests.

write_state() {
    local name urls=() pids=()
    for name in "${GATEWAYS[@]}"; do urls+=("$(gateway_url "$name")"); done
    for name in $(started_names); do
        pids+=("PARLEY_PID_$(tr 'a-z-' 'A-Z_' <<<"$name")=$(pid_of "$name")")
    done
    (
        umask 077
        {
            printf 'PARLEY_URL=%s\nPARLEY_GATEWAY_URLS="%s"\n' "$URL" "${urls[*]}"
            printf 'PARLEY_REDIS_URL=%s\nPARLEY_DATABASE_URL=%s\n' "$(redis_url)" "$(postgres_url parley)"
            printf 'PARLEY_JWT_SECRET=%s\n' "$JWT_SECRET"
            printf '%s\n' "${pids[@]}"
        } >"$STATE.new"
    )
    # Readers see the old state or the new one, never half of it.
    mv "$STATE.new" "$STATE"
}

# state_value NAME
state_value() { sed -n "s/^$1=//p" "$STATE" | tr -d '"'; }
