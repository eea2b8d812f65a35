"""Machines that vanish: no FIN, no RST, nothing, for whoever was connected with them."""

import asyncio
import signal
import time

import promises
from setup import LEASE
from stores import oldest, open_transactions

# How long what a dead machine holds in PostgreSQL may stay locked: twice a query's deadline (5 s), and some.
FREED = 15
# What waits for less, in seconds, is under way.
MOMENT = 2
# To catch a persister between two answers of PostgreSQL.
ATTEMPTS = 10


def stores(name):
    return [f"{name}>redis", f"{name}>postgres"]


def pull(setup, name):
    """Takes a machine off the network."""
    cable = setup.network.nic(name)
    if cable:
        cable.unplug()
    else:
        for link in stores(name):
            setup.network.set(link, "blackhole")


async def bring_back(setup, name, links):
    """A new machine with the old address, which knows nothing of the old one's connections."""
    for link in links:
        setup.network.set(link, "refuse")
    for link in links:
        setup.network.set(link, "pass")
    if cable := setup.network.nic(name):
        cable.plug()
    await asyncio.to_thread(setup.up)


async def unplug(setup, world, name, seconds):
    """The cable is out for a while: what was under way is lost, and TCP repeats it."""
    pull(setup, name)
    await asyncio.sleep(seconds)
    if cable := setup.network.nic(name):
        cable.plug()
    else:
        for link in stores(name):
            setup.network.set(link, "pass")


async def vanish_gateway(setup, world, name, seconds):
    """In the middle of a change of members, whose row it has locked."""
    fault, clients = f"vanish {name}", f"clients>{name}"
    operator = world.operator
    # It has the lock, and waits for Redis.
    setup.network.set(f"{name}>redis", "swallow-up")
    url = f"http://127.0.0.1:{setup.network.ports[clients]}"
    change = asyncio.create_task(asyncio.to_thread(operator.add, url, operator.guest))
    cable = setup.network.nic(name)
    held = await seen(world, lambda: not cable or open_transactions(world, cable.address), 1.5)
    setup.network.set(clients, "blackhole")
    pull(setup, name)
    setup.signal(name, signal.SIGKILL)
    begun = time.monotonic()
    if not held:
        world.notes.append(f"{fault}: it had no transaction open")
    others = [url for link, url in setup.clients.items() if link != clients]
    freed = await seen(world, lambda: operator.add(world.dice.choice(others), operator.guest) == 200, FREED + 10)
    world.violations += promises.in_time(
        fault, "the row that it had locked is free", time.monotonic() - begun if freed else None, FREED)
    await asyncio.sleep(max(0, seconds - (time.monotonic() - begun)))
    await bring_back(setup, name, [*stores(name), clients])
    await change
    await seen(world, lambda: operator.remove(world.dice.choice(others), operator.guest) == 200, 20)


async def vanish_persister(setup, world, name, seconds):
    """In the middle of a batch; the others have its partitions a lease later."""
    cable = setup.network.nic(name)
    for attempt in range(ATTEMPTS):
        # What is written is locked until it hears that it was; a batch is short, so one may be hit or not.
        setup.network.set(f"{name}>postgres", "swallow-down")
        await asyncio.sleep(0.3)
        if not cable or await asyncio.to_thread(open_transactions, world, cable.address):
            break
        setup.network.set(f"{name}>postgres", "pass")
        await asyncio.sleep(0.1)
    else:
        world.notes.append(f"vanish {name}: it had no transaction open")
    pull(setup, name)
    setup.signal(name, signal.SIGKILL)
    if setup.persisters_wanted > 1:
        await taken_over(world, f"vanish {name}", LEASE + FREED)
    await asyncio.sleep(min(seconds, 4))
    await bring_back(setup, name, stores(name))


async def taken_over(world, fault, limit):
    """Nothing waits longer than a moment any more; after a lease what nobody has waits for that long."""
    begun = time.monotonic()
    done = await seen(world, lambda: oldest(world) < MOMENT, limit + 10, first=LEASE)
    world.violations += promises.in_time(
        fault, "another persister has what was its own", time.monotonic() - begun if done else None, limit)


async def seen(world, condition, patience, first=0.0):
    await asyncio.sleep(first)
    deadline = time.monotonic() + patience - first
    while time.monotonic() < deadline:
        if await asyncio.to_thread(condition):
            return True
        await asyncio.sleep(0.1)
    return False


def kinds(gateways, persisters):
    known = {f"vanish {name}": ("machines", vanish_gateway, name) for name in gateways}
    known |= {f"vanish {name}": ("machines", vanish_persister, name) for name in persisters}
    return known | {f"unplug {name}": ("machines", unplug, name) for name in [*gateways, *persisters]}
