"""Load and faults at once, then a reckoning: from the clients' own records and from PostgreSQL."""

import argparse
import asyncio
import json
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

import faults
from people import Listener, Stranger, Writer, token


class World:
    """What all people of a run share."""

    def __init__(self, setup):
        self.gateways = setup.state["PARLEY_GATEWAY_URLS"].split()
        self.secret = setup.state["PARLEY_JWT_SECRET"]
        self.database = setup.state["PARLEY_DATABASE_URL"]
        self.is_closing = False
        self.is_over = False
        self.violations = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def create_group(world, users):
    request = urllib.request.Request(
        world.gateways[0] + "/api/conversations", json.dumps({"type": "GROUP", "participantIds": users}).encode(),
        {"Authorization": "Bearer " + token(users[0], world.secret)})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["id"]


def populate(world, seed, count, pause):
    """Conversations with two writers and two listeners each, and a stranger."""
    people = []
    for number in range(count):
        users = [str(uuid.UUID(int=random.Random(f"{seed} {number} {place}").getrandbits(128))) for place in range(5)]
        conversation = create_group(world, users[:4])

        def dice(place):
            return random.Random(f"{seed} {number} dice {place}")

        people += [Writer(world, users[place], dice(place), conversation, f"{number}-{place}", pause) for place in (0, 1)]
        people += [Listener(world, users[place], dice(place), conversation) for place in (2, 3)]
        people.append(Stranger(world, users[4], dice(4), conversation))
    return people


async def break_things(setup, seed, count, names):
    dice = random.Random(f"{seed} faults")
    kinds = faults.kinds(setup.gateways_wanted)
    done = {}
    for number in range(count):
        await asyncio.sleep(dice.uniform(0.3, 2.5))
        name = dice.choice(names or sorted(kinds))
        print(f"  {number + 1:4d}  {name}", flush=True)
        how, server = kinds[name]
        await how(setup, server, dice)
        done[name] = done.get(name, 0) + 1
    # Whatever still lies on the ground stands up for the reckoning.
    await asyncio.to_thread(setup.up)
    return done


def query(world, sql):
    result = subprocess.run(["psql", world.database, "-Atc", sql], capture_output=True, text=True, check=True)
    return [line.split("|") for line in result.stdout.splitlines()]


async def wait_until(condition, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        await asyncio.sleep(0.2)
    return False


def reckon(world, people):
    """What the records say against the promise; returns counts for the table."""
    rows = query(world, "select conversation_id, id, client_message_id, coalesce(duplicate_of, 0) from messages")
    stored = {}
    for conversation, id, name, duplicate_of in rows:
        if duplicate_of != "0":
            continue
        if (conversation, name) in stored:
            world.violations.append(f"{name} is stored twice")
        stored[conversation, name] = int(id)
    writers = [person for person in people if isinstance(person, Writer)]
    listeners = [person for person in people if isinstance(person, Listener)]
    repeats = 0
    for writer in writers:
        for name, id in writer.acknowledged.items():
            if stored.get((writer.conversation, name)) != id:
                world.violations.append(f"{name} was acknowledged as {id}, stored is {stored.get((writer.conversation, name))}")
    for listener in listeners:
        expected = {id for (conversation, _), id in stored.items() if conversation == listener.conversation}
        ids = [id for id, _ in listener.heard]
        missing = expected - set(ids)
        if missing:
            world.violations.append(f"a listener missed {len(missing)} of {len(expected)}, the first {min(missing)}")
        seen = 0
        for id in ids:
            repeats += id <= seen
            seen = max(seen, id)
        fresh = list(dict.fromkeys(ids))
        if fresh != sorted(fresh):
            world.violations.append("a listener heard events out of order")
    return {
        "acknowledged": sum(len(writer.acknowledged) for writer in writers), "stored": len(stored),
        "duplicates hidden": sum(duplicate_of != "0" for *_, duplicate_of in rows),
        "heard": sum(len(listener.heard) for listener in listeners), "repeats": repeats,
        "connections": sum(person.connections for person in people),
        "try-later": sum(writer.trouble.get("try-later", 0) for writer in writers),
        "outcome-unknown": sum(writer.trouble.get("outcome-unknown", 0) for writer in writers),
    }


async def run(arguments, setup):
    world = World(setup)
    people = populate(world, arguments.seed, arguments.conversations, arguments.pause)
    tasks = [asyncio.create_task(person.run()) for person in people]
    started = time.monotonic()
    done = await break_things(setup, arguments.seed, arguments.faults, arguments.only)
    world.is_closing = True
    writers = [person for person in people if isinstance(person, Writer)]
    if not await wait_until(lambda: not any(writer.waiting for writer in writers), 90):
        world.violations.append("messages are still not acknowledged 90 s after the last fault")
    names = {(writer.conversation, name) for writer in writers for name in writer.acknowledged}
    await wait_until(lambda: int(query(world, "select count(*) from messages")[0][0]) >= len(names), 60)
    listeners = [person for person in people if isinstance(person, Listener)]
    acknowledged = {}
    for writer in writers:
        acknowledged.setdefault(writer.conversation, set()).update(writer.acknowledged.values())
    await wait_until(
        lambda: all(acknowledged[one.conversation] <= {id for id, _ in one.heard} for one in listeners), 60)
    world.is_over = True
    await asyncio.wait(tasks, timeout=15)
    for task in tasks:
        task.cancel()
    return world, done, reckon(world, people), time.monotonic() - started


def report(arguments, world, done, counts, seconds):
    print(f"\n| fault | times |\n|---|---|")
    for name in sorted(done):
        print(f"| {name} | {done[name]} |")
    print(f"\n| seed {arguments.seed} | {seconds:.0f} s |\n|---|---|")
    for name, count in counts.items():
        print(f"| {name} | {count} |")
    print(f"| **violations** | **{len(world.violations)}** |")
    for violation in world.violations[:20]:
        print(f"- {violation}")
    if world.violations:
        print(f"\nscripts/chaos --seed {arguments.seed} --faults {arguments.faults} repeats the same faults.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=str(random.randrange(1_000_000)), help="repeats a run's faults")
    parser.add_argument("--faults", type=int, default=20, help="how many faults (20)")
    parser.add_argument("--gateways", type=int, default=2, help="how many gateways (2)")
    parser.add_argument("--conversations", type=int, default=6, help="each with two writers and two listeners (6)")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between a writer's messages (0.02)")
    parser.add_argument("--only", action="append", help="only this fault, such as 'kill redis'; may be repeated")
    arguments = parser.parse_args()
    known = faults.kinds(arguments.gateways)
    for name in arguments.only or []:
        if name not in known:
            sys.exit(f"chaos: no fault {name!r}; there are: {', '.join(sorted(known))}")
    with tempfile.TemporaryDirectory(prefix="parley-chaos-") as folder:
        pathlib.Path(folder).chmod(0o755)
        setup = faults.SetUp(folder, free_port(), arguments.gateways)
        try:
            setup.up()
            print(f"seed {arguments.seed}, {arguments.faults} faults", flush=True)
            outcome = asyncio.run(run(arguments, setup))
        finally:
            setup.down()
    report(arguments, *outcome)
    sys.exit(1 if outcome[0].violations else 0)


if __name__ == "__main__":
    main()
