"""A machine's way to the stores: a network namespace that a cable, which can be pulled, connects with the host.

The proxy of a machine's links runs in the namespace, so the stores see connections from a host of its own. While the
cable is out nothing arrives at either end: no FIN, no RST, and no answer to a keepalive. Linux and root only. The
namespace lives as long as the proxy's process does, so nothing is left behind, however the run ends.
"""

import os
import pathlib
import random
import shutil
import subprocess

# Addresses for tests of networks (RFC 2544), which nobody routes; each cable has four of them.
NETWORK = "198.{second}.{third}.{fourth}"


def possible():
    return os.geteuid() == 0 and all(shutil.which(tool) for tool in ("ip", "nsenter", "unshare"))


def ip(*words, inside=None):
    enter = ["nsenter", f"--target={inside}", "--net"] if inside else []
    result = subprocess.run([*enter, "ip", *map(str, words)], capture_output=True, text=True)
    if result.returncode != 0:
        raise OSError(f"ip {' '.join(map(str, words))}: {result.stderr.strip()}")


def allow_loopback(name, inside=None):
    """Lets 127.0.0.1 be reached over an interface: there the stores listen, and nowhere else."""
    enter = ["nsenter", f"--target={inside}", "--net"] if inside else []
    file = f"/proc/sys/net/ipv4/conf/{name}/route_localnet"
    subprocess.run([*enter, "sh", "-c", f"echo 1 >{file}"], check=True)


class Nic:
    """The cable of the namespace in which a process runs."""

    def __init__(self, process):
        self.process = process
        for attempt in range(50):
            third, fourth = random.randrange(256), 4 * random.randrange(64)
            base = NETWORK.format(second=random.choice((18, 19)), third=third, fourth="{}")
            self.host, self.address = base.format(fourth + 1), base.format(fourth + 2)
            if self.host not in subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True).stdout:
                break
        # No name of an interface may be longer than 15 characters.
        self.name = f"chaos{process:x}"
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", process)
        ip("addr", "add", f"{self.host}/30", "dev", self.name)
        ip("link", "set", self.name, "up")
        allow_loopback(self.name)
        ip("addr", "add", f"{self.address}/30", "dev", "eth0", inside=process)
        allow_loopback("eth0", inside=process)
        self.plug()

    def plug(self):
        ip("link", "set", "eth0", "up", inside=self.process)
        # The namespace's own loopback stays down, or 127.0.0.1 would be itself. The route goes with the cable.
        ip("route", "replace", "127.0.0.1/32", "via", self.host, inside=self.process)

    def unplug(self):
        ip("link", "set", "eth0", "down", inside=self.process)


def in_namespace(process):
    """Whether a process has left the namespace of this one, as `unshare` makes it do in a moment."""
    try:
        return os.readlink(f"/proc/{process}/ns/net") != os.readlink("/proc/self/ns/net")
    except OSError:
        return not pathlib.Path(f"/proc/{process}").exists()
