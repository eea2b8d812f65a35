"""The tests run against what scripts/up has started; its state.env is in the environment."""

import pytest

import parley
import servers


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
