"""An older build beside this one: rolled forward and back under load, process by process, and then a reckoning."""

import argparse
import asyncio
import pathlib
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import checks
import cursors
import load
import logs
import plan
import reckoning
import rolling
import table
from builds import build
from client import Client
from outcomes import all_heard
from pairs import SESSION
from probes import ALWAYS
from readers import Reads
from rolling_setup import CantStart, RollingSetUp

# Each REST call that waits has a thread.
THREADS = 64
# What PostgreSQL hears of cursors a moment later than Redis.
CURSORS_LATER = 10


async def run(arguments, setup, steps):
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    world = load.UpgradeWorld(setup)
    load.populate(world, arguments.groups, arguments.queues, arguments.pause)
    results = []
    begun = time.monotonic()
    try:
        for number, step in enumerate([None, *steps]):
            results.append(await rolling.take(setup, world, number, step, arguments.step))
            told = f"{step.process} {step.build}" if step else "as it starts"
            print(f"  {number:2d}  {told}, {len(world.violations)} violations", flush=True)
    except CantStart as error:
        # scripts/up has stopped everything.
        world.violations.append(f"step {len(results)}: a process doesn't start: {error}")
        for task in world.tasks:
            task.cancel()
        return world, results, {}, time.monotonic() - begun
    await reckoning.settle(world)
    counts = await asyncio.to_thread(reckon, world, range(len(results)))
    return world, results, counts, time.monotonic() - begun


def reckon(world, numbers):
    """Adds what all checks find to the violations; returns counts for the table."""
    counts = reckoning.reckon(world)
    writings = [writing for pair in world.pairs for writing in pair.writings.values()]
    rows = reckoning.stored_rows(world)
    world.violations += checks.stored_once(writings, rows) + checks.changed(writings, rows)
    world.violations += all_heard(world.outcomes, numbers, plan.GATEWAYS, [SESSION, *ALWAYS])
    readers = world.those(Reads)
    deadline = time.monotonic() + CURSORS_LATER
    while (unread := cursors.unread_after_all(readers, cursors.stored(world))) and time.monotonic() < deadline:
        time.sleep(0.2)
    world.violations += unread
    # Theirs are counted with the server's own.
    own = "of them given up by their writers, or the server's own"
    pinned = sum(len(writing.acknowledged) for writing in writings)
    # Much of what chaos counts doesn't happen here.
    return {name: count for name, count in counts.items() if count} | {
        own: counts[own] - pinned,
        "messages between pinned clients": pinned,
        "tried between pinned clients": len(world.outcomes),
        "pinned clients asked to try later": sum(Client.refusals.values()),
        "reads acknowledged": sum(reader.moves for reader in readers),
        "receipts heard": sum(reader.receipts for reader in readers),
        "notices heard by readers": sum(reader.notices for reader in readers),
        "cursors looked at": world.watch.count,
        "pages of history read": sum(getattr(person, "pages", 0) for person in world.people),
    }


def read_logs(setup):
    """Violations, and the warnings of each build."""
    found, warnings = [], {plan.OLD: Counter(), plan.NEW: Counter()}
    for file, name in setup.logs():
        text = file.read_text(errors="replace")
        found += [f"{file.name}: {line}" for line in logs.unexpected(name, text)]
        warnings[name] += logs.warnings(text)
    for server in logs.SERVERS:
        text = (setup.folder / "log" / f"{server}.log").read_text(errors="replace")
        found += logs.unexpected_of_server(server, text)
    return found, warnings


def parse():
    parser = argparse.ArgumentParser(prog="scripts/upgrade-test", description=__doc__)
    parser.add_argument("--order", choices=[*plan.ORDERS, "both"], default="both", help="what is replaced first (both)")
    parser.add_argument("--step", type=float, default=20, help="how long each mixture is tried, in seconds (20)")
    parser.add_argument("--groups", type=int, default=6, help="each with two writers and five who hear (6)")
    parser.add_argument("--queues", type=int, default=3, help="each with a listener and two who write to it alone (3)")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between a writer's messages (0.1)")
    parser.add_argument("--plan", action="store_true", help="print the steps, and do nothing")
    parser.add_argument("--old-bin", type=pathlib.Path, help="the programs of the old build")
    parser.add_argument("--new-bin", type=pathlib.Path, help="the programs of the new build")
    parser.add_argument("--folder", type=pathlib.Path, help="where the data of the run goes")
    return parser.parse_args()


def main():
    arguments = parse()
    steps = plan.make(arguments.order)
    if arguments.plan:
        print(*steps, sep="\n")
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=arguments.folder))
    folder.chmod(0o755)
    # Ended as well as interrupted, it stops what it has started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    setup = RollingSetUp(folder, build(plan.OLD, arguments.old_bin), build(plan.NEW, arguments.new_bin))
    try:
        setup.up()
        print(f"order {arguments.order}, {len(steps)} steps of {arguments.step:.0f} s", flush=True)
        world, results, counts, took = asyncio.run(run(arguments, setup, steps))
    except BaseException:
        print(*setup.down(), f"Its data and logs stay in {folder}", sep="\n", flush=True)
        raise
    ended = setup.down()
    errors, warnings = read_logs(setup)
    violations = ended + world.violations + errors
    counts["processes that ended by themselves"] = len(ended)
    print(*table.steps(steps, results, world.outcomes), *table.directions(world.outcomes),
          *table.counts(arguments.order, took, counts, violations), *table.warned(warnings), sep="\n")
    if violations:
        print(f"Its data and logs stay in {folder}", flush=True)
    else:
        setup.wipe()
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
