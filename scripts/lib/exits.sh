# shellcheck shell=bash
# How processes ended: log/exits has a line for each, "TIME NAME PID STATUS", with the status as the shell tells it.

# note_exit NAME PID STATUS
note_exit() { printf '%s %s %s %s\n' "$(date -u +%FT%TZ)" "$1" "$2" "$3" >>"$EXITS"; }

# by_itself STATUS: it neither ended as it should (0) nor by a signal with which somebody asks: HUP, INT, KILL or TERM.
by_itself() {
    case $1 in
        0 | 129 | 130 | 137 | 143) return 1 ;;
    esac
}

# How many processes the kernel has killed for want of memory. It kills as anybody does, so this tells what it has done.
oom_kills() { sed -n 's/^oom_kill //p' /proc/vmstat; }

# exit_words STATUS: like "signal 4 (ILL)" or "status 3".
exit_words() {
    local name
    if (($1 > 128)) && name=$(kill -l "$1" 2>/dev/null); then
        printf 'signal %d (%s)\n' "$(($1 - 128))" "$name"
    else
        printf 'status %d\n' "$1"
    fi
}

# How long log/exits is, in bytes.
exits_size() { if [[ -f $EXITS ]]; then stat -c %s "$EXITS"; else printf '0\n'; fi; }

# ended_by_themselves FILE [BYTES]: a line for each process of the file, behind so many bytes, that ended by itself.
ended_by_themselves() {
    local time name pid status
    while read -r time name pid status; do
        if by_itself "$status"; then
            printf '%s (pid %s) ended by itself at %s, %s\n' "$name" "$pid" "$time" "$(exit_words "$status")"
        fi
    done < <(tail -c "+$((${2:-0} + 1))" "$1")
}
