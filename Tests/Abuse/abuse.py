"""Attacks a Parley of its own, and looks whether it lives, serves its neighbours, and forgets its attackers."""

import argparse
import asyncio
import os
import pathlib
import resource
import shutil
import socket
import sys
import tempfile
import time

import aftermath
import crowds  # noqa: F401 - attacks register themselves
import disorder  # noqa: F401
import leaving  # noqa: F401
import members  # noqa: F401
import numbers_http  # noqa: F401
import numbers_rest  # noqa: F401
import numbers_stomp  # noqa: F401
import numbers_tokens  # noqa: F401
import numbers_websocket  # noqa: F401
import report
import unread  # noqa: F401
from attack import ATTACKS
from dice import seed_of_commit
from neighbours import Neighbours
from setup import ROOT, SetUp
from watch import Watch
from world import World

# How long neighbours talk alone before anything is measured.
WARM_UP = 3


def port():
    if wanted := os.environ.get("PARLEY_PORT"):
        return int(wanted)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def run(arguments, setup):
    world = World(setup, arguments.seed)
    await world.ground.make()
    neighbours = Neighbours(world)
    neighbours.start()
    await asyncio.to_thread(neighbours.are_there.wait)
    if neighbours.failure:
        raise SystemExit(f"abuse: {neighbours.failure}")
    await asyncio.sleep(WARM_UP)
    watch = Watch(setup.folder, world.findings)
    watch.begin()
    begun = time.monotonic()
    await world.attack(arguments.names, arguments.number, arguments.seconds, watch.has_ended)
    attacked = time.monotonic() - begun
    left, settled = await aftermath.settle(world, watch, neighbours.count)
    if not watch.has_ended.is_set():
        for sentence in left:
            world.findings.add_afterwards("it doesn't come back", f"{settled:.0f} s after the attacks {sentence}")
        async for sentence in aftermath.still_works(world):
            world.findings.add_afterwards("it doesn't work", sentence)
    world.is_over.set()
    await asyncio.to_thread(neighbours.join, 60)
    watch.end()
    return world, watch, neighbours, attacked, settled


def tell(world, watch, neighbours, attacked, settled, folder):
    """Prints what was found; how many violations."""
    defects, errors = aftermath.logs(folder)
    for line in defects:
        world.findings.add_afterwards("a defect in a log", line)
    for sentence in aftermath.exits(folder):
        world.findings.add_afterwards("log/exits", sentence)
    early = ", ended early" if watch.has_ended.is_set() else f", back to what it was after {settled:.1f} s"
    print(f"  {attacked:.0f} s of attacks{early}")
    print(*report.attacks(world), *report.neighbours(neighbours.friends), *report.gateways(watch), sep="\n")
    for line in errors:
        print(f"  to be looked at: {line}")
    for line in world.findings.lines():
        print(f"VIOLATION: {line}")
    return len(world.findings)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/abuse", description=__doc__)
    parser.add_argument("--seed", help="repeats a run's attacks (made of the commit)")
    parser.add_argument("--seconds", type=float, default=60, help="how long to attack (60), without start and checks")
    parser.add_argument("--only", action="append", metavar="ATTACK[:NUMBER]",
                        help="only this attack, of it only this run; may be repeated without a number")
    parser.add_argument("--list", action="store_true", help="tell all attacks, and do nothing")
    arguments = parser.parse_args()
    arguments.seed = arguments.seed or seed_of_commit(ROOT)
    only = [word.partition(":") for word in arguments.only or []]
    arguments.names = [name for name, _, _ in only] or list(ATTACKS)
    for name in arguments.names:
        if name not in ATTACKS:
            sys.exit(f"abuse: no attack {name!r}; there are: {', '.join(sorted(ATTACKS))}")
    numbers = [number for _, _, number in only if number]
    if numbers and (len(only) > 1 or not numbers[0].isdigit()):
        sys.exit("abuse: a number belongs to one attack alone, as in --only rest-query:3")
    arguments.number = int(numbers[0]) if numbers else None
    return arguments


def main():
    arguments = parse()
    if arguments.list:
        print(*report.known(), sep="\n")
        return
    print(f"seed {arguments.seed}, {arguments.seconds:.0f} s, {len(arguments.names)} attacks", flush=True)
    # A thousand at once are a thousand descriptors here, too.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-abuse-"))
    folder.chmod(0o755)
    violations = None
    setup = SetUp(folder, port())
    try:
        setup.up()
        world, *rest = asyncio.run(run(arguments, setup))
        violations = tell(world, *rest, folder)
    finally:
        setup.down(keeps_data=violations != 0)
        if violations == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"Its data and logs stay in {folder}", flush=True)
    requests = sum(tally.requests for tally in world.tallies.values())
    if violations:
        print(report.repeat(arguments.seed))
    print(f"abuse: {sum(world.runs.values()):,} attacks, {requests:,} requests, {violations} violations")
    sys.exit(1 if violations or world.mistakes else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        # Everything is stopped by then.
        sys.exit(130)
