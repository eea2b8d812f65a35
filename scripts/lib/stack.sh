# shellcheck shell=bash
# The whole set-up, in the order of dependence.

start_stack() {
    start_redis
    start_postgres
    create_database parley
    export_settings
    start_gateways
    start_persisters
    wait_for_gateways
    # After them, or its first checks would find them down.
    start_haproxy
    write_state
    wait_for_balancer
}

# Clients leave first, then the persister commits what they sent, then the stores end.
stop_stack() {
    local before
    [[ -d $RUN ]] || return 0
    before=$(exits_size)
    let_all_go
    stop_haproxy
    stop_gateways
    stop_persisters
    stop_redis
    stop_postgres
    rm -f "$STATE"
    if [[ -f $EXITS ]]; then ended_by_themselves "$EXITS" "$before" >&2; fi
}

stack_runs() {
    local name
    for name in "${GATEWAYS[@]}" "${PERSISTERS[@]}" haproxy redis postgres; do is_running "$name" || return 1; done
    [[ -f $STATE ]]
}
