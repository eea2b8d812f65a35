"""A socket that stands where a store would, and a network with links to it, for one test."""

import pathlib
import socket
import tempfile

from network import Network


def open_network(test, store, links, **options):
    """The listening socket and the network; the test closes both when it ends."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(5)
    test.addCleanup(server.close)
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    ports = pathlib.Path(folder.name) / "ports"
    ports.write_text(f"{store}={server.getsockname()[1]}\n")
    network = Network(ports, links, **options)
    test.addCleanup(network.close)
    return server, network
