"""Load and faults at once, then a reckoning: from the clients' own records and from PostgreSQL."""

import argparse
import asyncio
import os
import pathlib
import random
import socket
import sys
import tempfile
import time

import faults
import reckoning
import report
import schedule
from setup import SetUp
from world import World, populate

# How long after a fault a writer may stay without an acknowledgement.
PATIENCE = 60


def port():
    if wanted := os.environ.get("PARLEY_PORT"):
        return int(wanted)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def break_things(setup, world, plan):
    kinds = faults.kinds(setup.gateways_wanted)
    results = []
    for fault in plan:
        await asyncio.sleep(fault.pause)
        setup.read_state()
        begun, refused = time.monotonic(), sum(world.refusals.values())
        _, how, target = kinds[fault.name]
        await how(setup, world, target, fault.seconds)
        ended, settled = time.monotonic(), None
        if fault.settles:
            if await faults.until(lambda: not world.unserved(ended), PATIENCE):
                settled = time.monotonic() - ended
            else:
                names = ", ".join(writer.name for writer in world.unserved(ended))
                world.violations.append(f"{PATIENCE} s after fault {fault.number}, {fault.name}, {names} weren't served")
        results.append(report.Result(fault.name, ended - begun, settled, sum(world.refusals.values()) - refused))
        again = "" if settled is None else f", all served after {settled:.1f} s"
        print(f"  {fault.number:4d}  {fault.name}, {ended - begun:.1f} s{again}", flush=True)
    # Whatever still lies on the ground stands up for the reckoning.
    await asyncio.to_thread(setup.up)
    return results


async def run(arguments, setup, plan):
    world = World(setup)
    populate(world, arguments.seed, arguments.groups, arguments.queues, arguments.pause)
    begun = time.monotonic()
    results = await break_things(setup, world, plan)
    await reckoning.settle(world)
    seconds = time.monotonic() - begun
    return world, results, reckoning.reckon(world), seconds


def parse():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--seed", default=str(random.randrange(1_000_000)), help="repeats a run's faults")
    parser.add_argument("--faults", type=int, default=20, help="how many faults (20)")
    parser.add_argument("--gateways", type=int, default=3, help="how many gateways (3)")
    parser.add_argument("--groups", type=int, default=6, help="each with two writers, two listeners, guests (6)")
    parser.add_argument("--queues", type=int, default=3, help="each with a listener and two who write to him alone (3)")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between a writer's messages (0.02)")
    parser.add_argument("--stream-bound", type=int, default=1000, help="entries that a stream may hold (1000)")
    parser.add_argument("--only", action="append", help="only this fault, such as 'kill redis'; may be repeated")
    parser.add_argument("--plan", action="store_true", help="print the schedule, and do nothing")
    arguments = parser.parse_args()
    known = faults.kinds(arguments.gateways)
    for name in arguments.only or []:
        if name not in known:
            sys.exit(f"chaos: no fault {name!r}; there are: {', '.join(sorted(known))}")
    families = {name: family for name, (family, _, _) in known.items()}
    return arguments, schedule.make(arguments.seed, arguments.faults, families, arguments.only)


def main():
    arguments, plan = parse()
    if arguments.plan:
        print(*plan, sep="\n")
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    folder.chmod(0o755)
    setup = SetUp(folder, port(), arguments.gateways, arguments.stream_bound)
    try:
        setup.up()
        print(f"seed {arguments.seed}, {arguments.faults} faults", flush=True)
        world, results, counts, seconds = asyncio.run(run(arguments, setup, plan))
    except BaseException:
        print(*setup.down(), f"Its data and logs stay in {folder}", sep="\n", flush=True)
        raise
    # A process can end by itself while it is stopped, too.
    ended = setup.down()
    violations = ended + world.violations
    if violations:
        print(f"Its data and logs stay in {folder}", flush=True)
    else:
        setup.wipe()
    counts["processes that ended by themselves"] = len(ended)
    print(*report.lines(arguments, results, counts, violations, seconds), sep="\n")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
