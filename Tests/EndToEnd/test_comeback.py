"""Users who come back to much that they have missed; scripts/comeback does the same with thousands."""

import asyncio
import sys
import time
from pathlib import Path

import parley
from stores import redis

sys.path.append(str(Path(__file__).parents[1] / "Comeback"))

import backlog  # noqa: E402
import clients  # noqa: E402

USERS = 40
MISSED = 375


def reads():
    """How often an inbox was read."""
    lines = redis("INFO", "commandstats").splitlines()
    return sum(int(line.partition("calls=")[2].partition(",")[0]) for line in lines if "cmdstat_zrangebyscore" in line)


def knows_the_epoch():
    """Whether one more pair costs few reads: a gateway that hasn't heard of the epoch yet reads all partitions."""
    before = reads()
    pair = backlog.Pair()
    backlog.write([pair], 1)
    asyncio.run(come_back([pair], 1))
    return reads() - before <= 8


async def come_back(pairs, missed):
    host, port = parley.address(parley.GATEWAYS[0])
    tally = clients.Tally()
    people = [(parley.token(user), pair.conversation) for pair in pairs for user in pair.users]
    made = await clients.connect(host, port, people, 200, tally)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not tally.failures and tally.messages < len(people) * missed:
        await asyncio.sleep(0.05)
    counts = [client.messages for client in made]
    for client in made:
        client.state = clients.FAILED
        client.transport.abort()
    return tally, counts


def test_who_comes_back_gets_all_and_reads_one_inbox():
    parley.wait_for(knows_the_epoch, parley.PATIENCE, "an epoch of the inboxes")
    pairs = [backlog.Pair() for _ in range(USERS // 2)]
    backlog.write(pairs, MISSED)
    before = reads()
    tally, counts = asyncio.run(come_back(pairs, MISSED))
    assert not tally.failures, tally.failures
    assert tally.ready == USERS
    assert counts == [MISSED] * USERS
    # Before and behind the confirmation of the user's channel, in the one partition; and once more where something came in.
    assert reads() - before <= 4 * USERS
