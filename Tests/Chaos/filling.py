"""Nothing reaches PostgreSQL for a while: until a stream is full, or until many entries wait."""

import asyncio
import signal
import time

import promises
from stores import redis, waiting

# How long a stream may take to fill, and a backlog to grow or to be drained, in seconds; a backlog's entries take more.
FILLING, GROWING = 25, 60
# At least so many entries a second are expected of both.
PACE = 500


async def until(condition, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        await asyncio.sleep(0.05)
    return False


class Stoppage:
    """What keeps PostgreSQL from getting anything, from all persisters."""

    def __init__(self, setup, cause, target):
        self.setup, self.cause = setup, cause
        self.victims = ["postgres"] if target == "postgres" else setup.persisters

    def begin(self):
        for victim in self.victims:
            if self.cause == "blackhole":
                self.setup.network.set(f"{victim}>postgres", "blackhole")
            else:
                self.setup.signal(victim, signal.SIGSTOP if self.cause == "freeze" else signal.SIGKILL)

    async def end(self):
        for victim in self.victims:
            if self.cause == "blackhole":
                self.setup.network.set(f"{victim}>postgres", "pass")
            elif self.cause == "freeze":
                self.setup.signal(victim, signal.SIGCONT)
        if self.cause == "kill":
            await asyncio.to_thread(self.setup.up)


def fill(cause):
    async def fill(setup, world, target, seconds):
        """Until a stream is full and sends are refused."""
        refused = world.refused
        filling = asyncio.create_task(until(lambda: world.refused > refused, FILLING))
        stoppage = Stoppage(setup, cause, target)
        stoppage.begin()
        world.unfilled += not await filling
        await asyncio.sleep(min(seconds, 2))
        await stoppage.end()
    return fill


def pile_up(cause):
    async def pile_up(setup, world, target, seconds):
        """Until a backlog waits, larger than ordinary load makes it; then it is drained, and that is measured."""
        stoppage, wanted = Stoppage(setup, cause, target), world.backlog
        fault, limit = f"backlog, {cause} {target}", GROWING + wanted / PACE
        await begin_flood(world)
        stoppage.begin()
        begun = time.monotonic()
        size = 0
        while size < wanted and time.monotonic() - begun < limit:
            await asyncio.sleep(0.2)
            size = await asyncio.to_thread(waiting, world)
        world.is_flooding = False
        await asyncio.to_thread(redis, world, "SLOWLOG", "RESET")
        ending = asyncio.create_task(stoppage.end())
        # The drain begins when the first is gone. The ordinary load goes on meanwhile: a hundredth waits always.
        released = begun = time.monotonic()
        rest = wanted / 100 + 50
        while (left := await asyncio.to_thread(waiting, world)) > rest and time.monotonic() - released < limit:
            if left >= size:
                size, begun = left, time.monotonic()
            await asyncio.sleep(0.05)
        seconds = time.monotonic() - begun
        await ending
        world.notes.append(
            f"{fault}: {size:,} of {wanted:,} entries waited; drained in {seconds:.1f} s, "
            f"{(size - left) / seconds:,.0f} a second; Redis' longest command took {longest_command(world)} ms")
        world.violations += promises.in_time(
            fault, f"{size:,} entries are drained", seconds if left <= rest else None, limit)
    return pile_up


async def begin_flood(world):
    """Those who flood write at once, so Redis knows their conversations: what is cold isn't accepted without
    PostgreSQL."""
    begun = time.monotonic()
    world.is_flooding = True
    await until(lambda: all(person.served > begun for person in world.people if getattr(person, "floods", False)), 20)


def longest_command(world):
    """In milliseconds, of those that Redis noted as slow (10 ms) since the drain began."""
    lines = redis(world, "EVAL", LONGEST, 0)
    return round(int(lines[0]) / 1000)


LONGEST = """
local longest = 0
for _, entry in ipairs(redis.call('SLOWLOG', 'GET', '128')) do
    if entry[3] > longest then longest = entry[3] end
end
return longest
"""


def kinds(persisters):
    """A fault of one persister alone stops nothing where there are two: all of them have it."""
    name = "persister-1" if len(persisters) == 1 else "persisters"
    known = {}
    for cause, target in (
            ("freeze", name), ("kill", name), ("freeze", "postgres"), ("kill", "postgres"),
            ("blackhole", f"{name}>postgres")):
        known[f"fill streams, {cause} {target}"] = ("streams", fill(cause), target)
    known[f"backlog, freeze {name}"] = ("backlogs", pile_up("freeze"), name)
    known["backlog, kill postgres"] = ("backlogs", pile_up("kill"), "postgres")
    return known
