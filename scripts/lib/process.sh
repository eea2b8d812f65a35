# shellcheck shell=bash
# Processes that the scripts start, each under a keeper (lib/keep): run/NAME.pid holds the pid and the time the process
# started, so that a number which the kernel has meanwhile given to a stranger is never signalled.

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

# note_pid NAME PID: the file is there whole or not at all.
note_pid() {
    printf '%s %s %s\n' "$2" "$(start_time_of "$2")" "$(</proc/sys/kernel/random/boot_id)" >"$RUN/$1.pid.new"
    mv "$RUN/$1.pid.new" "$RUN/$1.pid"
}

# start NAME COMMAND...: under a keeper in a session of its own, so that Ctrl-C reaches the script alone, which stops all in
# order. Until keep_processes it isn't started again: one that can't start says why in its log, once.
start() {
    local name=$1 log=$LOGS/$1.log
    shift
    let_go "$name"
    # Its keeper, after a pause, may have been faster.
    if is_running "$name"; then return; fi
    keeper_has_ended "$name" || die "the keeper of the last $name doesn't end"
    if [[ -f $log ]]; then mv "$log" "$log.1"; fi
    printf 'once\n' >"$RUN/$name.keep"
    read -r < <(setsid "$ROOT/scripts/lib/keep" "$DATA" "$name" "$@" </dev/null 3>&1 >>"$log" 2>&1 9>&- &) \
        || die "the keeper of $name ($ROOT/scripts/lib/keep) doesn't start"
}

# keep_processes: from now on each that ends by itself is started again.
keep_processes() {
    local name
    for name in $(started_names); do
        printf 'always\n' >"$RUN/$name.keep.new"
        mv "$RUN/$name.keep.new" "$RUN/$name.keep"
    done
}

# let_go NAME...: from now on nothing starts them again. Under the lock, in which a keeper looks, starts and notes the pid: so
# it has either done all of that before, or does nothing.
let_go() {
    local name
    {
        flock 7
        for name in "$@"; do rm -f "$RUN/$name.keep"; done
    } 7>>"$RUN/lock"
}

# Those as well that are just about to be started.
let_all_go() {
    local file names=()
    for file in "$RUN"/*.keep; do
        if [[ -f $file ]]; then names+=("$(basename "$file" .keep)"); fi
    done
    let_go "${names[@]}"
}

keeper_has_ended() { flock -w 10 "$RUN/$1.keeper" true; }

# stop NAME SIGNAL SECONDS: asks, waits, and in the end insists.
stop() {
    local name=$1 pid
    [[ -d $RUN ]] || return 0
    let_go "$name"
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
    # It notes how the process ended.
    keeper_has_ended "$name" || warn "the keeper of $name doesn't end"
    rm -f "$RUN/$name".{pid,keep,keeper}
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
