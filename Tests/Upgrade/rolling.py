"""One step of a run: a process is replaced under load, then everything is tried in the mixture that this makes."""

import asyncio
import signal
import time
from dataclasses import dataclass, field

from faults import until
from plan import PERSISTERS
from reckoning import query, wait_until
from writers import Writer

# How long a process may take to end when it is asked to, in seconds.
DRAIN = 30
# How long after a step a writer may stay without an acknowledgement.
PATIENCE = 60
# How long PostgreSQL may be behind what was acknowledged, and persisters without their share: a lease and more.
BEHIND = 30
NEWEST = "select conversation_id, max(id) from messages group by 1"


@dataclass
class Result:
    """What became of one step."""

    builds: dict
    # Until the process had ended; until it was there again; until everybody who writes was served, in seconds.
    gone: float | None = None
    back: float | None = None
    served: float | None = None
    # Until PostgreSQL had what was acknowledged at the end of the step.
    behind: float | None = None
    acknowledged: int = 0
    refused: int = 0
    partitions: dict = field(default_factory=dict)


async def replace(setup, world, step):
    """Ends a process and starts the build in its place; how long each took."""
    begun = time.monotonic()
    if step.is_killed:
        setup.signal(step.process, signal.SIGKILL)
    else:
        setup.end(step.process)
    if not await until(lambda: not setup.runs(step.process), DRAIN):
        world.violations.append(f"step {step.number}: {step.process} doesn't end within {DRAIN} s")
        setup.signal(step.process, signal.SIGKILL)
        await until(lambda: not setup.runs(step.process), DRAIN)
    gone = time.monotonic()
    await asyncio.to_thread(setup.replace, step.process, step.build)
    world.changed_at = back = time.monotonic()
    served = None
    if await until(lambda: not world.unserved(back), PATIENCE):
        served = time.monotonic() - back
    else:
        names = ", ".join(writer.name for writer in world.unserved(back))
        world.violations.append(f"step {step.number}: {PATIENCE} s after it {names} weren't served")
    return gone - begun, back - gone, served


async def hold(world, number, builds, seconds):
    """Every pair tries everything again and again for so long, and once at least."""
    end = time.monotonic() + seconds

    async def go_on(pair):
        while True:
            await pair.round(number, builds)
            if time.monotonic() >= end:
                return

    await asyncio.gather(*(go_on(pair) for pair in world.pairs))
    await asyncio.sleep(max(0, end - time.monotonic()))


def behind(world, newest):
    """The conversations of which PostgreSQL lacks what was acknowledged."""
    stored = dict(line.split("|") for line in query(world, NEWEST).splitlines())
    return [conversation for conversation, id in newest.items() if int(stored.get(conversation, 0)) < id]


async def catch_up(setup, world, number):
    """Waits until PostgreSQL has what is acknowledged now, and both persisters work; how long the first took."""
    newest = {}
    for writer in world.those(Writer):
        writing = writer.writing
        newest[writing.conversation] = max([newest.get(writing.conversation, 0), *writing.acknowledged.values()])
    begun = time.monotonic()
    if not await wait_until(lambda: not behind(world, newest), BEHIND):
        world.violations.append(f"step {number}: PostgreSQL lacks what was acknowledged {BEHIND} s ago")
    took = time.monotonic() - begun
    partitions = {}

    def are_shared():
        partitions.update(setup.partitions())
        return all(partitions[name] > 0 for name in PERSISTERS)

    if not await wait_until(are_shared, BEHIND):
        world.violations.append(f"step {number}: the persisters have {partitions}: one of them has none")
    return took, partitions


async def take(setup, world, number, step, seconds):
    """The step of this number; 0 replaces nothing."""
    before, refused = world.acknowledged(), sum(world.refusals.values())
    times = await replace(setup, world, step) if step else (None, None, None)
    result = Result(dict(setup.builds), *times)
    await hold(world, number, result.builds, seconds)
    result.behind, result.partitions = await catch_up(setup, world, number)
    result.acknowledged = world.acknowledged() - before
    result.refused = sum(world.refusals.values()) - refused
    return result
