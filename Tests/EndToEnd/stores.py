"""The stores of the set-up, asked by their own tools."""

import os
import re
import subprocess
import uuid


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


def carried_out(action):
    """What Redis carries out meanwhile: (the name of the connection, the command) of each call."""
    url = os.environ["PARLEY_REDIS_URL"]
    names = {}
    for line in redis("CLIENT", "LIST").splitlines():
        facts = dict(word.partition("=")[::2] for word in line.split())
        names[facts["addr"]] = facts["name"]
    found, end = [], str(uuid.uuid4())
    with subprocess.Popen(["redis-cli", "-u", url, "MONITOR"], stdout=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout.readline() == "OK\n"
        action()
        redis("ECHO", end)
        for line in monitor.stdout:
            if end in line:
                break
            address, command = re.search(r"\[\d+ ([^\]]*)\] (.*)", line).groups()
            found.append((names.get(address), command))
        monitor.terminate()
    return found
