# shellcheck shell=bash
# The private PostgreSQL: user, password and database are "parley", on the loopback only.

POSTGRES_PORT=
POSTGRES_BIN=

# The newest installed version's programs; Debian keeps them off the PATH.
find_postgres() {
    POSTGRES_BIN=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [[ -x $POSTGRES_BIN/initdb ]] || have initdb || die "PostgreSQL's initdb isn't installed: run scripts/install"
    [[ -x $POSTGRES_BIN/initdb ]] || POSTGRES_BIN=$(dirname "$(command -v initdb)")
}

# PostgreSQL refuses to run as root: then it runs as the user that Debian's package has made. Both commands replace
# themselves by what they run, so the pid is PostgreSQL's own; neither needs to read the current folder.
AS_POSTGRES=(env -C /)
if is_root; then AS_POSTGRES+=(setpriv --reuid=postgres --regid=postgres --init-groups); fi

# Where the data lies: in the data folder, unless that user can't get there (a checkout below /root, say).
postgres_folder() {
    if is_root && ! "${AS_POSTGRES[@]}" test -x "$DATA"; then
        printf '/var/lib/parley/%s\n' "$(printf '%s' "$DATA" | sha256sum | cut -c1-16)"
    else
        printf '%s\n' "$DATA/postgres"
    fi
}

make_postgres_folder() {
    local folder=$1
    # Its parents have to let PostgreSQL's user through, whatever the caller's umask is.
    (umask 022 && mkdir -p "$folder")
    if is_root; then chown postgres: "$folder"; fi
    chmod 0700 "$folder"
}

init_postgres() {
    local folder=$1 password=$1/password
    make_postgres_folder "$folder"
    printf 'parley\n' >"$password"
    if is_root; then chown postgres: "$password"; fi
    "${AS_POSTGRES[@]}" "$POSTGRES_BIN/initdb" --pgdata="$folder/data" --username=parley --pwfile="$password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 </dev/null >"$LOGS/initdb.log" 2>&1 || {
        show_log initdb
        rm -rf "$folder"
        die "PostgreSQL's data folder can't be made: its log above says why"
    }
    rm -f "$password"
    if [[ -n ${PARLEY_POSTGRES_RULE:-} ]]; then printf '%s\n' "$PARLEY_POSTGRES_RULE" >>"$folder/data/pg_hba.conf"; fi
}

check_postgres_version() {
    local has runs
    has=$(<"$1/PG_VERSION")
    runs=$("$POSTGRES_BIN/postgres" --version | grep -oE '[0-9]+' | head -n 1)
    [[ $has == "$runs" ]] || die "the data is PostgreSQL $has's, installed is $runs: pg_upgrade it, or scripts/down --wipe"
}

postgres_answers() { "$POSTGRES_BIN/pg_isready" -q -h 127.0.0.1 -p "$POSTGRES_PORT"; }

postgres_settled() { postgres_answers || is_stopped postgres; }

# PostgreSQL takes one that was killed for running as long as its number is taken.
predecessor_is_gone() {
    local pid
    { read -r pid <"$1/postmaster.pid"; } 2>/dev/null || return 0
    ! is_zombie "$pid"
}

# start_postgres SETTING=VALUE...: with settings beside the usual ones.
start_postgres() {
    local folder settings=(listen_addresses=127.0.0.1 unix_socket_directories= max_connections=200 "$@") options=()
    find_postgres
    POSTGRES_PORT=$(remembered_port postgres)
    if ! is_running postgres; then
        folder=$(postgres_folder)
        [[ -f $folder/data/PG_VERSION ]] || init_postgres "$folder"
        check_postgres_version "$folder/data"
        wait_until 60 predecessor_is_gone "$folder/data" || true
        mapfile -t options < <(printf -- '-c\n%s\n' "${settings[@]}")
        start postgres "${AS_POSTGRES[@]}" "$POSTGRES_BIN/postgres" -D "$folder/data" -p "$POSTGRES_PORT" "${options[@]}"
    fi
    # Recovery after a crash takes its time.
    wait_until 120 postgres_settled || true
    postgres_answers || { show_log postgres; die "PostgreSQL doesn't start: its log above says why"; }
}

# SIGINT is PostgreSQL's fast shutdown: it ends the connections and writes everything out.
stop_postgres() { stop postgres INT 60; }

create_database() {
    local url
    url=$(postgres_url postgres)
    [[ $("$POSTGRES_BIN/psql" -XqAt "$url" -c "SELECT 1 FROM pg_database WHERE datname = '$1'") == 1 ]] \
        || "$POSTGRES_BIN/psql" -Xq "$url" -c "CREATE DATABASE $1"
}

# postgres_url DATABASE
postgres_url() { printf 'postgresql://parley:parley@127.0.0.1:%s/%s\n' "$POSTGRES_PORT" "$1"; }

wipe_postgres() {
    local folder
    folder=$(postgres_folder)
    rm -rf "${folder:?}"
    if [[ -d /var/lib/parley ]]; then rmdir --ignore-fail-on-non-empty /var/lib/parley; fi
}
