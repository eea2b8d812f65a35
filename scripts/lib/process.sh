# shellcheck shell=bash
# Processes that the scripts start: run/NAME.pid holds the pid and the time the process started, so that a number which
# the kernel has meanwhile given to a stranger is never signalled.

# The start of a process in clock ticks since boot. The name in /proc/PID/stat may hold spaces and parentheses: the
# fields are counted from behind it.
start_time_of() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    # A zombie runs nothing any more.
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s\n' "${fields[19]}"
}

# Whether a process has ended and its parent hasn't asked for it yet.
is_zombie() { [[ -d /proc/$1 ]] && ! start_time_of "$1" >/dev/null; }

pid_of() {
    [[ -f $RUN/$1.pid ]] && cut -d' ' -f1 "$RUN/$1.pid"
}

is_running() {
    local pid start boot
    { read -r pid start boot <"$RUN/$1.pid"; } 2>/dev/null || return 1
    [[ $boot == "$(</proc/sys/kernel/random/boot_id)" && $(start_time_of "$pid") == "$start" ]]
}

is_stopped() { ! is_running "$1"; }

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches the script alone, which stops all in order.
start() {
    local name=$1 log=$LOGS/$1.log pid
    shift
    if [[ -f $log ]]; then mv "$log" "$log.1"; fi
    setsid "$@" </dev/null >"$log" 2>&1 9>&- &
    pid=$!
    # Whatever becomes of it is ours to tell, not the shell's.
    disown "$pid"
    printf '%s %s %s\n' "$pid" "$(start_time_of "$pid")" "$(</proc/sys/kernel/random/boot_id)" >"$RUN/$name.pid"
}

# stop NAME SIGNAL SECONDS: asks, waits, and in the end insists.
stop() {
    local name=$1 pid
    if is_running "$name"; then
        pid=$(pid_of "$name")
        kill -s "$2" "$pid" 2>/dev/null || true
        # A process that a test has stopped with SIGSTOP hears nothing before it goes on.
        kill -s CONT "$pid" 2>/dev/null || true
        if ! wait_until "$3" is_stopped "$name"; then
            warn "$name doesn't stop: killing it"
            kill -s KILL "$pid" 2>/dev/null || true
            wait_until 5 is_stopped "$name" || warn "$name (pid $pid) can't be killed"
        fi
    fi
    rm -f "$RUN/$name.pid"
}

show_log() {
    warn "--- the last lines of $LOGS/$1.log"
    tail -n 15 "$LOGS/$1.log" >&2 || true
}

# The names of the processes with a pid file, in the order of their numbers.
started_names() {
    local file
    for file in "$RUN"/*.pid; do
        if [[ -f $file ]]; then basename "$file" .pid; fi
    done | sort -V
}

# Names like gateway-1, gateway-2, for which a process runs.
running_names() {
    local name
    for name in $(started_names); do
        if [[ $name == "$1"-* ]] && is_running "$name"; then printf '%s\n' "$name"; fi
    done
}
