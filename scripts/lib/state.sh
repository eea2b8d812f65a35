# shellcheck shell=bash
# state.env: what runs, for scripts and tests.

write_state() {
    local name urls=()
    for name in "${GATEWAYS[@]}"; do urls+=("$(gateway_url "$name")"); done
    {
        # A keeper writes here as well.
        flock 7
        {
            printf 'PARLEY_URL=%s\nPARLEY_GATEWAY_URLS="%s"\n' "$URL" "${urls[*]}"
            printf 'PARLEY_REDIS_URL=%s\nPARLEY_DATABASE_URL=%s\n' "$(redis_url)" "$(postgres_url parley)"
            printf 'PARLEY_JWT_SECRET=%s\n' "$JWT_SECRET"
            pid_lines
        } | replace_state
    } 7>>"$RUN/lock"
}

# The same with the pids of now; whoever calls it holds the lock.
note_pids() { { sed '/^PARLEY_PID_/d' "$STATE"; pid_lines; } | replace_state; }

pid_lines() {
    local name
    for name in $(started_names); do
        printf 'PARLEY_PID_%s=%s\n' "$(tr 'a-z-' 'A-Z_' <<<"$name")" "$(pid_of "$name")"
    done
}

# Readers see the old state or the new one, never half of it.
replace_state() {
    (umask 077 && cat >"$STATE.new")
    mv "$STATE.new" "$STATE"
}

# state_value NAME
state_value() { sed -n "s/^$1=//p" "$STATE" | tr -d '"'; }
