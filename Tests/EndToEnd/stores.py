"""The stores of the set-up, asked by their own tools."""

import os
import re
import subprocess


def redis(*arguments):
    command = ["redis-cli", "-u", os.environ["PARLEY_REDIS_URL"], *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def query(sql, url=None):
    """Rows as lines, columns between bars."""
    command = ["psql", url or os.environ["PARLEY_DATABASE_URL"], "-v", "ON_ERROR_STOP=1", "-qAtc", sql]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def stored(conversation):
    """How many rows a conversation has, and how many ids."""
    return query(f"select count(*), count(distinct id) from messages where conversation_id = '{conversation}'")


def publish(channel, payload, times):
    """Publishes one payload so often."""
    script = "for _ = 1, tonumber(ARGV[2]) do redis.call('PUBLISH', KEYS[1], ARGV[1]) end"
    redis("EVAL", script, 1, channel, payload, times)


def calls(command):
    """How often Redis has carried out a command since it started, also for scripts."""
    found = re.search(rf"^cmdstat_{command}:calls=(\d+)", redis("INFO", "commandstats"), re.MULTILINE)
    return int(found[1]) if found else 0
