"""Persisters that are away for longer than a lease, while another one is there."""

import asyncio
import signal

from machine_faults import taken_over
from setup import LEASE

# How soon another one has the share of one that is gone: a lease, and a batch or two; or of one that can't reach a
# store, which has to notice that first.
LOST, SEVERED = LEASE + 10, LEASE + 30


async def lose(setup, world, name, seconds):
    """Killed, and only started again when its share isn't its own any more."""
    setup.signal(name, signal.SIGKILL)
    await taken_over(world, f"lose {name}", LOST)
    await asyncio.to_thread(setup.up)


async def outlive(setup, world, name, seconds):
    """Stopped for longer than its lease: it goes on in the middle of what isn't its own any more."""
    setup.signal(name, signal.SIGSTOP)
    await taken_over(world, f"outlive {name}", LOST)
    await asyncio.sleep(min(seconds, 3))
    setup.signal(name, signal.SIGCONT)


async def sever(setup, world, link, seconds):
    """It is well, but for one store that it doesn't reach and others do."""
    setup.network.set(link, "blackhole")
    await taken_over(world, f"sever {link}", SEVERED)
    setup.network.set(link, "pass")


def kinds(persisters):
    """Only where there is another one."""
    if len(persisters) < 2:
        return {}
    known = {
        f"{how.__name__} {name}": ("persisters", how, name) for name in persisters for how in (lose, outlive)}
    return known | {
        f"sever {name}>{store}": ("persisters", sever, f"{name}>{store}")
        for name in persisters for store in ("redis", "postgres")}
