# shellcheck shell=bash
# The private Redis.

REDIS_PORT=

redis_answers() { [[ $(redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping 2>/dev/null) == PONG ]]; }

redis_settled() { redis_answers || is_stopped redis; }

start_redis() {
    REDIS_PORT=$(remembered_port redis)
    if ! is_running redis; then
        mkdir -p "$DATA/redis"
        chmod 0700 "$DATA/redis"
        start redis redis-server "$ROOT/deploy/redis.conf" --port "$REDIS_PORT" --dir "$DATA/redis"
    fi
    # A long append-only file takes its time to load.
    wait_until 120 redis_settled || true
    redis_answers || { show_log redis; die "Redis doesn't start: its log above says why"; }
}

stop_redis() { stop redis TERM 30; }

redis_url() { printf 'redis://127.0.0.1:%s\n' "$REDIS_PORT"; }
