# shellcheck shell=bash
# The data folder: everything that scripts/up makes lies in it and belongs to its user alone.

# use_data_folder PATH
use_data_folder() {
    mkdir -p "$1"
    name_data_paths "$(cd "$1" && pwd)"
}

# name_data_paths PATH: of a folder that is there.
name_data_paths() {
    DATA=$1
    LOGS=$DATA/log
    RUN=$DATA/run
    STATE=$DATA/state.env
    EXITS=$LOGS/exits
}

make_data_folder() {
    mkdir -p "$LOGS" "$RUN"
    # PostgreSQL's own user must pass through to its folder below, which it alone can read.
    chmod 0711 "$DATA"
    chmod 0700 "$LOGS" "$RUN"
}

# Removes what the scripts made and nothing else: PARLEY_DATA_DIR may have named a folder with other things in it.
wipe_data_folder() {
    wipe_postgres
    rm -rf "${DATA:?}"/{redis,files,log,run,ports,jwt-secret,haproxy.cfg,state.env,lock}
    rmdir --ignore-fail-on-non-empty "$DATA"
}
