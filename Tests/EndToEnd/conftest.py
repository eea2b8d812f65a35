"""What the end-to-end tests share: the addresses that scripts/up wrote to state.env and scripts/test exported."""

import os

import pytest


@pytest.fixture(scope="session")
def url():
    """Parley as its users reach it, through the balancer."""
    return os.environ["PARLEY_URL"]


@pytest.fixture(scope="session")
def gateway_urls():
    """Each gateway itself."""
    return os.environ["PARLEY_GATEWAY_URLS"].split()
