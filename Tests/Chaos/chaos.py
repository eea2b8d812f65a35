"""Load and faults at once, then a reckoning: from the clients' own records and from PostgreSQL."""

import argparse
import asyncio
import os
import pathlib
import random
import signal
import socket
import sys
import tempfile
import time

import crowd
import disk
import faults
import nic
import reckoning
import report
import schedule
from operator_calls import Operator
from setup import LEASE, SetUp
from world import World, create, populate

# How long after a fault a writer may stay without an acknowledgement.
PATIENCE = 60
# How many make a backlog, each in a conversation of their own.
FLOODERS = 24
# So that things grow cold and old while one looks: the shortest that Parley takes.
SETTINGS = {"LEASE": f"{LEASE}s", "STATE_TTL": "1m", "DEDUPE_WINDOW": "1m"}


def port():
    if wanted := os.environ.get("PARLEY_PORT"):
        return int(wanted)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def break_things(setup, world, plan, known):
    results = []
    for fault in plan:
        await asyncio.sleep(fault.pause)
        setup.read_state()
        begun, refused, wrong = time.monotonic(), sum(world.refusals.values()), len(world.violations)
        _, how, target = known[fault.name]
        await how(setup, world, target, fault.seconds)
        ended, settled = time.monotonic(), None
        if fault.settles:
            if await faults.until(lambda: not world.unserved(ended), PATIENCE):
                settled = time.monotonic() - ended
            else:
                names = ", ".join(writer.name for writer in world.unserved(ended))
                world.violations.append(
                    f"{PATIENCE} s after fault {fault.number}, {fault.name}, {names} weren't served")
        found = world.violations[wrong:]
        results.append(report.Result(
            fault.name, ended - begun, settled, sum(world.refusals.values()) - refused, len(found)))
        again = "" if settled is None else f", all served after {settled:.1f} s"
        print(f"  {fault.number:4d}  {fault.name}, {ended - begun:.1f} s{again}", flush=True)
        print(*(f"        {violation}" for violation in found), sep="\n", end="\n" if found else "", flush=True)
    # Whatever still lies on the ground stands up for the reckoning.
    await asyncio.to_thread(setup.up)
    return results


async def run(arguments, setup, plan, known):
    world = World(setup)
    world.backlog = arguments.backlog
    world.operator = Operator(setup, world, create)
    populate(world, arguments.seed, arguments.groups, arguments.queues, arguments.pause)
    families = {known[fault.name][0] for fault in plan}
    crowd.gather(
        world, arguments.seed, large=arguments.large_group, leavers=arguments.leavers, seldom=arguments.seldom,
        repeaters=arguments.repeaters, flooders=FLOODERS if "backlogs" in families else 0, pause=arguments.pause)
    begun = time.monotonic()
    results = await break_things(setup, world, plan, known)
    await reckoning.settle(world)
    seconds = time.monotonic() - begun
    return world, results, reckoning.reckon(world), seconds


def parse():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--seed", default=str(random.randrange(1_000_000)), help="repeats a run's faults")
    parser.add_argument("--faults", type=int, default=20, help="how many faults (20)")
    parser.add_argument("--gateways", type=int, default=3, help="how many gateways (3)")
    parser.add_argument("--persisters", type=int, default=2, help="how many persisters (2)")
    parser.add_argument("--groups", type=int, default=6, help="each with two writers, two listeners, guests (6)")
    parser.add_argument("--queues", type=int, default=3, help="each with a listener and two who write to it alone (3)")
    parser.add_argument("--large-group", type=int, default=1000, help="members of one more group (1000)")
    parser.add_argument("--leavers", type=int, default=4, help="who ask for all of a conversation and read nothing (4)")
    parser.add_argument("--seldom", type=int, default=20, help="conversations that are cold when somebody writes (20)")
    parser.add_argument("--repeaters", type=int, default=3, help="who send old messages again (3)")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between a writer's messages (0.02)")
    parser.add_argument("--stream-bound", type=int, default=1000, help="entries that a stream may hold (1000)")
    parser.add_argument("--backlog", type=int, default=10_000, help="entries that wait before they are drained (10000)")
    parser.add_argument("--only", action="append", help="only this fault, such as 'kill redis'; may be repeated")
    parser.add_argument("--each", action="store_true", help="each of --only once, in this order")
    parser.add_argument("--plan", action="store_true", help="print the schedule, and do nothing")
    arguments = parser.parse_args()
    known = faults.kinds(arguments.gateways, arguments.persisters)
    for name in arguments.only or []:
        if name not in known:
            sys.exit(f"chaos: no fault {name!r}; there are: {', '.join(sorted(known))}")
    if arguments.each and not arguments.only:
        parser.error("--each needs --only")
    families = {name: family for name, (family, _, _) in known.items()}
    plan = schedule.make(arguments.seed, arguments.faults, families, arguments.only, arguments.each)
    return arguments, plan, known


def set_up(folder, arguments, plan, known):
    # A backlog lies in the streams of those who flood, some of which share a partition.
    bound = max(arguments.stream_bound, 2 * arguments.backlog // FLOODERS)
    clocks = {known[fault.name][2] for fault in plan if known[fault.name][0] == "clocks"}
    if not nic.possible():
        print("no namespaces here: machines vanish by a proxy that passes nothing on", flush=True)
    # A disk and clocks of their own only where a fault needs them: both make a process another one than it is.
    needs_disk = any("misconf" in fault.name or "disk" in fault.name for fault in plan)
    return SetUp(
        folder, port(), arguments.gateways, bound, arguments.persisters, machines=nic.possible(),
        clocks=clocks, own_disk=needs_disk and disk.possible(), settings=SETTINGS)


def main():
    arguments, plan, known = parse()
    if arguments.plan:
        print(*plan, sep="\n")
        return
    # Whoever ends the run ends what it has started, and takes its disk away.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    folder.chmod(0o755)
    setup = set_up(folder, arguments, plan, known)
    try:
        setup.up()
        print(f"seed {arguments.seed}, {len(plan)} faults", flush=True)
        world, results, counts, seconds = asyncio.run(run(arguments, setup, plan, known))
    except BaseException:
        print(*setup.down(), f"Its data and logs stay in {folder}", sep="\n", flush=True)
        setup.release_disk(is_kept=True)
        raise
    # A process can end by itself while it is stopped, too.
    ended = setup.down()
    violations = ended + world.violations
    setup.release_disk(is_kept=bool(violations))
    if violations:
        print(f"Its data and logs stay in {folder}", flush=True)
    else:
        setup.wipe()
    counts["processes that ended by themselves"] = len(ended)
    notes = world.notes + [f"skipped {times} times: {why}" for why, times in world.skipped.items()]
    print(*report.lines(arguments, results, counts, violations, seconds, notes), sep="\n")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
