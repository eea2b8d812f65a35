"""Users come back, many of them to much that they have missed: how fast all are ready, who dies, and what it costs.

Run by scripts/comeback, against a set-up of its own; `docs/recovery.md` tells more.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import resource
import sys
import time

import backlog
import clients

PATIENCE = 300


def token(user):
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = encoded(b'{"alg":"HS256","typ":"JWT"}')
    message = head + b"." + encoded(json.dumps({"sub": user, "exp": int(time.time()) + 3600}).encode())
    secret = os.environ["PARLEY_JWT_SECRET"].encode()
    return (message + b"." + encoded(hmac.new(secret, message, hashlib.sha256).digest())).decode()


class Process:
    """What a process costs."""

    def __init__(self, pid):
        self.pid = pid

    def memory(self, field):
        with open(f"/proc/{self.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024

    def forget_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")

    def seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine():
    """Seconds that all processors were busy, and idle."""
    with open("/proc/stat") as file:
        numbers = [int(number) for number in file.readline().split()[1:]]
    tick = os.sysconf("SC_CLK_TCK")
    idle = numbers[3] + numbers[4]
    return (sum(numbers) - idle) / tick, idle / tick


def calls():
    """How often Redis has carried out each command."""
    import subprocess
    text = subprocess.run(
        ["redis-cli", "-u", os.environ["PARLEY_REDIS_URL"], "INFO", "commandstats"], capture_output=True, text=True,
        check=True).stdout
    pairs = (line.partition(":") for line in text.splitlines() if line.startswith("cmdstat_"))
    return {name[8:]: int(rest.partition("calls=")[2].partition(",")[0]) for name, _, rest in pairs}


async def run(arguments):
    host, port = os.environ["PARLEY_GATEWAY_URLS"].split()[0].removeprefix("http://").split(":")
    pairs = [backlog.Pair() for _ in range(arguments.users // 2)]
    others = [backlog.Pair() for _ in range((arguments.connections - arguments.users) // 2)]
    backlog.write(pairs, arguments.missed)
    if others:
        backlog.write(others, 0)
    people = [(token(user), pair.conversation) for pair in pairs + others for user in pair.users]
    # Those who have missed something come among the others.
    people = [people[place * 7919 % len(people)] for place in range(len(people))]
    gateway = Process(int(os.environ["PARLEY_PID_GATEWAY_1"]))
    redis = Process(int(os.environ["PARLEY_PID_REDIS"]))
    before = gateway.memory("VmRSS")
    gateway.forget_peak()
    spent = [gateway.seconds(), redis.seconds(), time.process_time(), *machine()]
    asked = calls()
    tally = clients.Tally()
    start = time.monotonic()
    opened = asyncio.create_task(clients.connect(host, int(port), people, arguments.per_second, tally))
    wanted = len(pairs) * 2 * arguments.missed
    while time.monotonic() < start + PATIENCE:
        await asyncio.sleep(0.2)
        settled = tally.ready + sum(tally.failures.values())
        if settled >= len(people) and (tally.messages >= wanted or tally.failures):
            break
    people_made = await opened
    used = [now - then for now, then in
            zip([gateway.seconds(), redis.seconds(), time.process_time(), *machine()], spent)]
    peak = gateway.memory("VmHWM")
    # Memory is given back when a loop has been idle for a moment.
    await asyncio.sleep(arguments.rest)
    now = calls()
    commands = {name: now[name] - asked.get(name, 0) for name in now if now[name] - asked.get(name, 0) > 100}
    print(json.dumps({
        "connections": len(people), "ready": tally.ready, "failures": tally.failures,
        "ready per second": round(tally.ready / max(0.001, tally.last_ready - start)),
        "messages": tally.messages, "of": wanted, "all after s": round(tally.last_message - start, 1),
        "gateway MiB before": round(before), "peak": round(peak), "after": round(gateway.memory("VmRSS")),
        "gateway CPU s": round(used[0], 1), "redis CPU s": round(used[1], 1), "generator CPU s": round(used[2], 1),
        "machine busy": f"{100 * used[3] / (used[3] + used[4]):.0f} %", "redis commands": commands,
    }, indent=1))
    for client in people_made:
        if client.state != clients.FAILED:
            client.state = clients.FAILED
            client.transport.abort()
    return 0 if tally.ready == len(people) and tally.messages >= wanted and not tally.failures else 1


def main():
    parser = argparse.ArgumentParser(prog="scripts/comeback", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=4000, help="who have missed something (4000)")
    parser.add_argument("--missed", type=int, default=375, help="messages that each of them has missed (375)")
    parser.add_argument("--connections", type=int, default=10000, help="of all users (10000)")
    parser.add_argument("--per-second", type=int, default=1000, help="connections begun per second (1000)")
    parser.add_argument("--rest", type=float, default=15, help="seconds before memory is looked at again (15)")
    arguments = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.exit(asyncio.run(run(arguments)))


if __name__ == "__main__":
    main()
