"""When the attackers are gone: whether all is as before, the logs are clean, and everything still works."""

import asyncio
import pathlib
import time

import verdicts
from caller import Caller
from dice import user
from session import Session
from stomp_wire import send, subscribe
from tokens import token

PATIENCE = 40


async def metrics(world):
    """parley_sessions and parley_connections of all gateways together."""
    sums = {"parley_sessions": 0.0, "parley_connections": 0.0}
    for place, address in world.addresses.items():
        if place == "haproxy":
            continue
        caller = Caller(world.ground.tally, address)
        answer = await caller.call("GET", "/metrics")
        caller.close()
        for line in (answer.body.decode() if answer else "").splitlines():
            name, _, value = line.rpartition(" ")
            if name in sums:
                sums[name] += float(value)
    return sums["parley_sessions"], sums["parley_connections"]


async def settle(world, watch, guests):
    """Waits until each gateway is as it was before; what isn't in the end, and how long it took."""
    begun, found = time.monotonic(), []
    while time.monotonic() - begun < PATIENCE:
        found = []
        for name, after in watch.measure().items():
            found += verdicts.left_over(name, watch.before[name], after)
        try:
            found += verdicts.counted(*await metrics(world), guests)
        except ConnectionError as error:
            found.append(f"the metrics can't be read: {error}")
        if not found or watch.has_ended.is_set():
            break
        await asyncio.sleep(0.5)
    return found, time.monotonic() - begun


async def still_works(world):
    """A new user at each place: REST, a session, a message with its receipt."""
    for place, address in world.addresses.items():
        one, other = user(world.seed, "afterwards", place, 1), user(world.seed, "afterwards", place, 2)
        bearer = token(one, world.secret)
        caller, session = Caller(world.ground.tally, address), Session(world.ground.tally, address, bearer)
        try:
            body = {"type": "DIRECT", "participantIds": [other]}
            conversation = world.ground.read(await caller.call("POST", "/api/conversations", bearer, body))["id"]
            if not await session.open():
                raise ConnectionError("no session opens")
            await session.send(subscribe("e", "/user/queue/errors"))
            message = {"conversationId": conversation, "content": "still?"}
            await session.send(send("/app/chat.send", message, receipt="r"))
            if await session.receive("RECEIPT", 10) is None:
                raise ConnectionError("a message isn't acknowledged")
        except (ConnectionError, SystemExit) as error:
            yield f"{place} doesn't work any more: {error}"
        finally:
            caller.close()
            session.close()


def logs(folder):
    """Defects and other lines of the level error, in what the processes wrote."""
    defects, errors = [], []
    for log in sorted((pathlib.Path(folder) / "log").glob("*.log*")):
        with log.open(errors="replace") as lines:
            lines = lines.readlines()
        defects += [f"{log.name}: {line[:300]}" for line in verdicts.defects(lines)]
        errors += [f"{log.name}: {line[:300]}" for line in verdicts.error_lines(lines)]
    return defects, errors


def exits(folder):
    file = pathlib.Path(folder) / "log" / "exits"
    return list(verdicts.exits(file.read_text())) if file.exists() else []
