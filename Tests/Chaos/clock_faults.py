"""Clocks that jump by minutes, and back again."""

import asyncio


def jump(direction):
    async def jump(setup, world, name, seconds):
        # From some seconds to some minutes: across leases and lifetimes, below those of tokens.
        world.has_jumped = True
        setup.clocks.set(name, direction * int(10 + 60 * seconds))
        await asyncio.sleep(seconds)
        setup.clocks.set(name, 0)
    return jump


def kinds(names):
    return {
        f"clock {way} {name}": ("clocks", jump(direction), name)
        for name in names for way, direction in (("forward", 1), ("back", -1))}
