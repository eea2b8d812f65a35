"""What is broken on purpose: processes are killed and stopped, the network is cut, streams are filled."""

import asyncio
import signal
import time

from network import links

# How long a stream may take to fill, in seconds.
FILLING = 25


async def kill(setup, world, name, seconds):
    """As the kernel kills it; started again after a while."""
    setup.signal(name, signal.SIGKILL)
    await asyncio.sleep(min(seconds, 4))
    await asyncio.to_thread(setup.up)


async def freeze(setup, world, name, seconds):
    """Stopped and continued: it hears everything late, and knows nothing of it."""
    setup.signal(name, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    setup.signal(name, signal.SIGCONT)


async def end(setup, world, name, seconds):
    """As an operator ends it; started again after a while."""
    setup.end(name)
    await asyncio.sleep(min(seconds, 4))
    # A gateway takes its time to let its clients go.
    while setup.runs(name):
        await asyncio.sleep(0.1)
    await asyncio.to_thread(setup.up)


def cut(mode, is_forgotten=False):
    """A link in another mode for a while; where it is forgotten, no connection outlives that, as behind a firewall."""
    async def cut(setup, world, link, seconds):
        # Half a second each way is far beyond any network, and below every time limit.
        setup.network.set(link, mode, min(seconds / 10, 0.5) if mode == "delay" else 0)
        await asyncio.sleep(seconds)
        if is_forgotten:
            setup.network.set(link, "refuse")
        setup.network.set(link, "pass")
    return cut


def fill(cause):
    """Nothing reaches PostgreSQL until a stream is full and sends are refused."""
    async def fill(setup, world, target, seconds):
        refused = world.refused
        filling = asyncio.create_task(until(lambda: world.refused > refused, FILLING))
        if cause == "freeze":
            setup.signal(target, signal.SIGSTOP)
        elif cause == "kill":
            setup.signal(target, signal.SIGKILL)
        else:
            setup.network.set(target, "blackhole")
        world.unfilled += not await filling
        await asyncio.sleep(min(seconds, 2))
        if cause == "freeze":
            setup.signal(target, signal.SIGCONT)
        elif cause == "kill":
            await asyncio.to_thread(setup.up)
        else:
            setup.network.set(target, "pass")
    return fill


async def until(condition, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        await asyncio.sleep(0.05)
    return False


def kinds(gateways):
    """All faults by name: (family, how, what it is done to)."""
    servers = [f"gateway-{number}" for number in range(1, gateways + 1)] + ["persister-1", "redis", "postgres"]
    known = {f"{how.__name__} {server}": ("processes", how, server) for server in servers for how in (kill, freeze, end)}
    for link in links(gateways):
        for mode in ("refuse", "blackhole", "swallow-up", "swallow-down", "delay"):
            known[f"{mode} {link}"] = ("network", cut(mode), link)
        known[f"forget {link}"] = ("network", cut("blackhole", is_forgotten=True), link)
    for cause, target in (
            ("freeze", "persister-1"), ("kill", "persister-1"), ("freeze", "postgres"), ("kill", "postgres"),
            ("blackhole", "persister-1>postgres")):
        known[f"fill streams, {cause} {target}"] = ("streams", fill(cause), target)
    return known
