"""The network of a run: every connection between its processes leads through a proxy."""

import json
import pathlib
import subprocess
import sys
import time

import nic

PROXY = pathlib.Path(__file__).with_name("proxy.py")


def links(gateways, persisters=1):
    """All links by name, with the server that each leads to."""
    nodes = [f"gateway-{number}" for number in range(1, gateways + 1)]
    senders = nodes + [f"persister-{number}" for number in range(1, persisters + 1)]
    stores = {f"{node}>{store}": store for node in senders for store in ("redis", "postgres")}
    return stores | {f"clients>{node}": node for node in nodes}


class Proxy:
    """A proxy's process; it ends with this one, whose pipe it reads. One of a machine has a cable to it."""

    def __init__(self, ports, links, is_machine=False):
        command = [sys.executable, PROXY, ports, *(f"{name}={target}" for name, target in links.items())]
        if is_machine:
            command = ["unshare", "--net", *map(str, command)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.nic = self.plugged() if is_machine else None
        self.host = self.nic.address if self.nic else "127.0.0.1"
        self.process.stdin.write(self.host + "\n")
        self.process.stdin.flush()
        self.ports = json.loads(self.process.stdout.readline())

    def plugged(self):
        while not nic.in_namespace(self.process.pid):
            time.sleep(0.01)
        return nic.Nic(self.process.pid)

    def set(self, link, mode, delay=0.0):
        self.process.stdin.write(f"{link} {mode} {delay}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise SystemExit("chaos: the proxy has ended")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Network:
    """All links. With `machines` each process that connects to the stores does so from a machine of its own."""

    def __init__(self, ports, links, machines=False):
        self.proxies, self.of = [], {}
        groups = {}
        for name, target in links.items():
            sender = name.partition(">")[0]
            groups.setdefault(sender if machines and sender != "clients" else "clients", {})[name] = target
        for sender, group in groups.items():
            proxy = Proxy(ports, group, is_machine=machines and sender != "clients")
            self.proxies.append(proxy)
            self.of |= dict.fromkeys(group, proxy)
        self.ports = {name: self.of[name].ports[name] for name in links}

    def host(self, link):
        """Where a link listens."""
        return self.of[link].host

    def nic(self, machine):
        """The cable of a machine; None where there are no namespaces."""
        return self.of[f"{machine}>redis"].nic

    def set(self, link, mode, delay=0.0):
        self.of[link].set(link, mode, delay)

    def close(self):
        for proxy in self.proxies:
            proxy.close()
