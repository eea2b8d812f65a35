"""The tests run against Tests/ConformanceServer, of the debug build, on a port of its own."""

import os
import pathlib
import socket
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build" / "debug" / "ConformanceServer"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def port():
    """The port of a running ConformanceServer."""
    number = free_port()
    environment = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
    server = subprocess.Popen([PROGRAM, str(number)], env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline().startswith("listening"), "ConformanceServer doesn't start"
    yield number
    server.terminate()
    # It must have lived to the end, whatever the tests did to it.
    assert server.wait(timeout=10) == 0
