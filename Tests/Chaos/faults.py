"""What is broken on purpose. Here processes are killed and stopped and the network is cut; others have the rest."""

import asyncio
import signal

import clock_faults
import filling
import machine_faults
import persister_faults
import postgres_faults
import redis_faults
from filling import until
from network import links


# How long (s) a process may take to end.
END_PATIENCE = 60


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
    if not await until(lambda: not setup.runs(name), END_PATIENCE):
        # With a clock of its own Redis can lock itself up: it logs the signal where it may just be allocating memory, and
        # libfaketime's time() allocates, too. Nothing else may.
        if name != "redis":
            world.violations.append(f"{name} hasn't ended {END_PATIENCE} s after it was asked to")
        setup.signal(name, signal.SIGKILL)
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


def kinds(gateways, persisters=1):
    """All faults by name: (family, how, what it is done to)."""
    nodes = [f"gateway-{number}" for number in range(1, gateways + 1)]
    workers = [f"persister-{number}" for number in range(1, persisters + 1)]
    servers = [*nodes, *workers, "redis", "postgres"]
    known = {
        f"{how.__name__} {server}": ("processes", how, server) for server in servers for how in (kill, freeze, end)}
    for link in links(gateways, persisters):
        for mode in ("refuse", "blackhole", "swallow-up", "swallow-down", "delay"):
            known[f"{mode} {link}"] = ("network", cut(mode), link)
        known[f"forget {link}"] = ("network", cut("blackhole", is_forgotten=True), link)
    return (
        known | filling.kinds(workers) | redis_faults.kinds() | postgres_faults.kinds()
        | clock_faults.kinds([*nodes, *workers, "redis"]) | machine_faults.kinds(nodes, workers)
        | persister_faults.kinds(workers))
