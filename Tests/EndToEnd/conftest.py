"""The tests run against what scripts/up has started; its state.env is in the environment."""

import pytest

import parley
import processes
import servers
import wire


@pytest.fixture(autouse=True)
def nothing_ends_by_itself():
    """Fails the very test during which a process ends by itself, of the set-up or one that tests have started."""
    # Those of fixtures that last longer than a test were started before this one.
    others = servers.STARTED[:]
    yield
    try:
        servers.settle(others)
    finally:
        ended = processes.ended_by_themselves()
        assert not ended, ended


@pytest.fixture(scope="session", autouse=True)
def nothing_has_ended_by_itself_in_the_end():
    """What was noted after the last test, or ends in the last fixtures."""
    processes.ended_by_themselves()
    yield
    servers.settle([])
    ended = processes.ended_by_themselves()
    assert not ended, ended


@pytest.fixture
def clients():
    """Makes clients and closes them."""
    made = []

    def make(*arguments, **keywords):
        made.append(parley.Client(*arguments, **keywords))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def gateway():
    """Starts gateways of the test's own."""
    started = []

    def start(**settings):
        started.append(servers.Gateway(**settings))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def pair():
    """Two users with a DIRECT conversation: (one, other, conversation)."""
    one, other = parley.new_user(), parley.new_user()
    return one, other, parley.create("DIRECT", [one, other])


@pytest.fixture
def wired():
    made = []

    def make():
        made.append(wire.Wired())
        return made[-1]

    yield make
    for one in made:
        one.end()
