"""Redis' memory is full: nothing new is taken, and what was acknowledged makes its way out."""

import pytest

import parley
from servers import Server
from stores import redis, stored
from test_failures import kill, restarted, wait_for_room  # noqa: F401


@pytest.fixture
def memory_is_given_back(restarted):
    """Behind the test Redis has room again, before anything is started anew."""
    yield
    redis("CONFIG", "SET", "maxmemory", "0")


@pytest.fixture
def persister():
    """Starts a persister of the tests' own."""
    started = []
    yield lambda: started.append(Server("persister", PERSISTER_ID="late"))
    for server in started:
        server.stop()


def test_the_persister_makes_room(pair, clients, memory_is_given_back, persister):
    one, _, conversation = pair
    sender = clients(one)
    kill("PERSISTER_1")
    for number in range(300):
        sender.send(conversation, f"text {number}", receipt=f"r{number}")
    sender.receipt("r299")
    redis("CONFIG", "SET", "maxmemory", "1")
    path = f"/api/conversations/{conversation}/messages"
    refused = parley.call("POST", path, one, {"content": "no room"})
    assert refused.status == 503, refused.text
    # It starts while every ordinary command that writes is refused.
    persister()
    parley.wait_for(lambda: stored(conversation) == "300|300", 60, "every row in PostgreSQL")
    events = redis("--scan", "--pattern", f"*:c:{conversation}:events")
    parley.wait_for(lambda: redis("XLEN", events) == "100", what="a cache of the newest alone")
    redis("CONFIG", "SET", "maxmemory", "0")
    wait_for_room(path, one)
    rows = 300 + len(parley.GATEWAYS)
    parley.wait_for(lambda: stored(conversation) == f"{rows}|{rows}", what="the last rows")
