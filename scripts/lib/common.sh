# shellcheck shell=bash
# What every script needs: where the repository is, how to speak, how to wait.

# Debian keeps haproxy in a folder that isn't on an ordinary user's PATH.
export PATH=$PATH:/usr/sbin:/sbin

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Each argument is a line.
note() { printf '%s\n' "$@"; }

warn() { printf '%s\n' "$@" >&2; }

# One clear line that says what to do, and the end.
die() {
    warn "${0##*/}: $*"
    exit 1
}

is_root() { [[ $(id -u) -eq 0 ]]; }

have() { command -v "$1" >/dev/null 2>&1; }

# Prints the comment at the head of a script, from its second line to the first that isn't a comment.
print_help() { sed -n '2,${ /^#/!q; s/^# \{0,1\}//; p; }' "$1"; }

# wait_until SECONDS COMMAND...: repeats the command until it succeeds; fails at the deadline.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

need_swift() {
    have swift || die "swift isn't on the PATH: install Swift 6.2 or newer (swift.org/install) and add its usr/bin to PATH"
}

# random_hex BYTES
random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Only one script at a time may start or stop processes of a data folder; the lock ends with the script.
lock_data_folder() {
    mkdir -p "$DATA"
    exec 9>"$DATA/lock"
    flock -w "${1:-1}" 9 || die "another scripts/up or scripts/down is at work on $DATA: wait until it has ended"
}

unlock_data_folder() { exec 9>&-; }
