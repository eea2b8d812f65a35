"""The stores of a run, asked by their own tools and past the proxy."""

import subprocess

# How long a store may take to answer, in seconds: a fault may have stopped it.
ANSWER = 20


def query(world, sql, patience=ANSWER):
    """Rows as lines, columns between bars."""
    command = ["psql", world.database, "-v", "ON_ERROR_STOP=1", "-XqAtc", sql]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=patience).stdout


def redis(world, *words, patience=ANSWER):
    """The answer as lines; an error is one of them."""
    command = ["redis-cli", "-u", world.redis, *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patience)
    return result.stdout.splitlines()


def setting(world, name):
    return redis(world, "CONFIG", "GET", name)[1]


def set_setting(world, name, value):
    answer = redis(world, "CONFIG", "SET", name, value)
    if answer[:1] != ["OK"]:
        raise SystemExit(f"chaos: Redis says to CONFIG SET {name} {value}: {answer}")


def streams(world):
    return [name for name in redis(world, "KEYS", "*:stream") if name]


# How many entries PostgreSQL doesn't have; those that it has stay for a while, and are counted for their cursor.
WAITING = """
local waiting = 0
for _, key in ipairs(KEYS) do
    local prefix = string.sub(key, 1, -7)
    local cursor, kept = redis.call('GET', prefix .. 'cursor'), redis.call('GET', prefix .. 'kept')
    local count, at = string.match(kept or '', '^(%d+) (.*)$')
    waiting = waiting + redis.call('XLEN', key) - (cursor and at == cursor and tonumber(count) or 0)
end
return waiting
"""


def waiting(world):
    """How many entries wait in all streams together."""
    names = streams(world)
    return int(redis(world, "EVAL", WAITING, len(names), *names)[0])


# The age in milliseconds of the oldest entry that isn't committed, by the streams' own clock.
OLDEST = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local oldest = 0
for _, key in ipairs(KEYS) do
    local cursor = redis.call('GET', (string.gsub(key, ':stream$', ':cursor')))
    local entry = redis.call('XRANGE', key, cursor and '(' .. cursor or '-', '+', 'COUNT', 1)[1]
    if entry then oldest = math.max(oldest, now - tonumber(string.match(entry[1], '^(%d+)'))) end
end
return oldest
"""


def oldest(world):
    """For how many seconds the oldest entry waits; 0 where none does."""
    names = streams(world)
    return int(redis(world, "EVAL", OLDEST, len(names), *names)[0]) / 1000 if names else 0.0


BACKENDS = """select count(*) from pg_stat_activity
    where backend_type = 'client backend' and datname = 'parley' and pid <> pg_backend_pid()
    and application_name <> 'psql'"""


def backends(world):
    """How many of PostgreSQL's processes work for Parley, whether or not somebody still waits for them."""
    return int(query(world, BACKENDS))


def open_transactions(world, address):
    """How many transactions the host with this address has open that have written something, so hold locks."""
    return int(query(
        world, f"select count(*) from pg_stat_activity where client_addr = '{address}' and backend_xid is not null"))
