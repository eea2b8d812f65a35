"""The network of a run: every connection between its processes leads through the proxy."""

import json
import pathlib
import subprocess
import sys

PROXY = pathlib.Path(__file__).with_name("proxy.py")


def links(gateways):
    """All links by name, with the server that each leads to."""
    nodes = [f"gateway-{number}" for number in range(1, gateways + 1)]
    stores = {f"{node}>{store}": store for node in [*nodes, "persister-1"] for store in ("redis", "postgres")}
    return stores | {f"clients>{node}": node for node in nodes}


class Network:
    """The proxy's process; it ends with this one, whose pipe it reads."""

    def __init__(self, ports, links):
        self.process = subprocess.Popen(
            [sys.executable, PROXY, ports, *(f"{name}={target}" for name, target in links.items())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())

    def set(self, link, mode, delay=0.0):
        self.process.stdin.write(f"{link} {mode} {delay}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise SystemExit("chaos: the proxy has ended")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
