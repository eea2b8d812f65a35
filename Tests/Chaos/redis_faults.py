"""Redis that is full, that can't write, or that is slow."""

import asyncio
import time

import disk
import promises
from readiness import readiness
from stores import redis, set_setting, setting
from waiting import wait_until

# Rounds of a loop in a script take as long as this machine says; the first slow script is measured.
ROUNDS = 2_000_000
# An empty Redis needs more: whatever is freed meanwhile, it stays full.
TOO_LITTLE = "1mb"
SPIN = "local x = 0 for i = 1, tonumber(ARGV[1]) do x = x + 1 end return x"


async def full(setup, world, name, seconds):
    """It may have less memory than it ever needs, long enough for what lapses without Redis to lapse."""
    await world.operator.warm_up()
    before = await asyncio.to_thread(setting, world, "maxmemory")
    await asyncio.to_thread(set_setting, world, "maxmemory", TOO_LITTLE)
    try:
        sights = await world.operator.watch(12 + seconds, is_strict=True)
    finally:
        await asyncio.to_thread(set_setting, world, "maxmemory", before)
    world.violations += promises.went_on("full redis", sights)
    await told_ready(world, "full redis")


async def misconf(setup, world, name, seconds):
    """Its snapshots fail, since its disk takes no new file; then it refuses all writes (MISCONF)."""
    if setup.disk is None:
        return world.skip("misconf redis needs a disk of its own, so root")
    await world.operator.warm_up()
    await asyncio.to_thread(setup.disk.allow_no_files)
    try:
        # It tries as soon as something has changed for a second.
        await asyncio.to_thread(set_setting, world, "save", "1 1")
        await wait_until(lambda: "rdb_last_bgsave_status:err" in redis(world, "INFO", "persistence"), 10)
        world.violations += promises.went_on(
            "misconf redis", await world.operator.watch(12 + seconds, is_strict=False))
    finally:
        await asyncio.to_thread(setup.disk.empty)
        await asyncio.to_thread(set_setting, world, "save", "")
    await told_ready(world, "misconf redis")


async def told_ready(world, fault):
    """Gateways may need a heartbeat to be ready again where they weren't."""
    def all_ready():
        return all(readiness(url) == "200" for url in world.direct_gateways)

    begun = time.monotonic()
    is_ready = await wait_until(all_ready, 20)
    world.violations += promises.in_time(
        fault, "all gateways are ready again", time.monotonic() - begun if is_ready else None, 20)


async def disk_full(setup, world, name, seconds):
    """Nothing can be appended to its file: with `appendfsync always` it ends then, and again at each start."""
    if setup.disk is None:
        return world.skip("disk full redis needs a disk of its own, so root")
    before = len(setup.exits())
    await asyncio.to_thread(setup.disk.fill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(setup.disk.empty)
    # The keeper may be in its pause; who starts it forbids that one.
    await asyncio.to_thread(setup.up)
    setup.asked |= {(name, pid) for name, pid, status in setup.exits()[before:] if name == "redis" and status == 1}


async def slow(setup, world, name, seconds):
    """A script of a second, then some time for the others, again and again."""
    await spin(world, 1, seconds)


async def busy(setup, world, name, seconds):
    """A script of up to ten seconds: beyond `lua-time-limit` Redis answers everybody that it is busy."""
    await spin(world, min(2 + seconds, 10), 0)


async def spin(world, length, seconds):
    """Scripts of this length, one after the other for so long, at least one."""
    if world.rounds is None:
        begun = time.monotonic()
        await asyncio.to_thread(redis, world, "EVAL", SPIN, 0, ROUNDS)
        world.rounds = ROUNDS / max(time.monotonic() - begun, 0.005)
    end = time.monotonic() + seconds
    while True:
        await asyncio.to_thread(redis, world, "EVAL", SPIN, 0, int(length * world.rounds), patience=120)
        if time.monotonic() > end:
            return
        await asyncio.sleep(0.3)


async def sleep(setup, world, name, seconds):
    """It does nothing at all for a while, yet its kernel takes what comes."""
    await asyncio.to_thread(redis, world, "DEBUG", "SLEEP", seconds, patience=60)


def kinds():
    return {
        "full redis": ("redis", full, "redis"), "misconf redis": ("redis", misconf, "redis"),
        "disk full redis": ("redis", disk_full, "redis"), "slow script redis": ("redis", slow, "redis"),
        "busy script redis": ("redis", busy, "redis"), "sleep redis": ("redis", sleep, "redis")}
