"""PostgreSQL that is locked or slow: nobody may be finished off by those who wait for it."""

import asyncio
import os
import random
import signal
import subprocess
import time

import promises
from stores import backends, query

TABLES = ("messages", "participants", "conversations")
# How soon after it is over there are no more backends than before, in seconds: twice a query's deadline, and some.
BACK = 15


def lock(table):
    async def lock(setup, world, name, seconds):
        """As a migration or a VACUUM FULL does it."""
        # Whoever gives up does so at least twice.
        seconds = max(seconds, 12)
        command = [
            "psql", world.database, "-Xqc",
            f"set lock_timeout = '10s'; begin; lock table {table} in access exclusive mode; select pg_sleep({seconds})"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await watch_backends(setup, world, f"lock {table}", lambda: process.poll() is not None)
    return lock


async def stop_some(setup, world, name, seconds):
    """Half of PostgreSQL's processes that work for Parley stand still, with whatever locks they have."""
    rows = await asyncio.to_thread(
        query, world, "select pid from pg_stat_activity where backend_type = 'client backend' and datname = 'parley'")
    pids = [int(pid) for pid in rows.split()]
    chosen = random.Random(f"{seconds}").sample(pids, (len(pids) + 1) // 2)
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in chosen:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        if number == signal.SIGSTOP:
            await asyncio.sleep(seconds)
    await watch_backends(setup, world, "slow postgres", lambda: True)


async def watch_backends(setup, world, fault, is_over):
    """Counts until it is over, and then until they are back to what the pools may have, or should be."""
    most = 0

    async def count():
        nonlocal most
        try:
            number = await asyncio.to_thread(backends, world)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            # It takes no more connections: that is more than enough.
            number = 1000
        most = max(most, number)
        return number

    while not is_over():
        await count()
        await asyncio.sleep(0.5)
    begun = time.monotonic()
    while (number := await count()) > setup.pools and time.monotonic() - begun < BACK:
        await asyncio.sleep(0.5)
    world.notes.append(f"{fault}: at most {most} backends of PostgreSQL, {number} afterwards")
    world.violations += promises.backends_bounded(fault, promises.Backends(most, number), setup.pools)


def kinds():
    locks = {f"lock {table}": ("postgres", lock(table), "postgres") for table in TABLES}
    return locks | {"slow postgres": ("postgres", stop_some, "postgres")}
