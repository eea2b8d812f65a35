"""HAProxy of a test's own, in front of a gateway of a test's own."""

import pathlib
import socket
import subprocess

import parley
from servers import free_port


class Balancer:
    """Passes connections on to a port of this machine, from 127.0.0.3; `options` are those of its `server` line."""

    def __init__(self, target, options, folder):
        self.port = free_port()
        configuration = pathlib.Path(folder, f"haproxy-{self.port}.cfg")
        configuration.write_text(f"""
global
    fd-hard-limit 1000
defaults
    mode tcp
    timeout connect 3s
    timeout client 1m
    timeout server 1m
listen parley
    bind 127.0.0.1:{self.port}
    source 127.0.0.3
    server one 127.0.0.1:{target} {options}
""")
        self.process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", configuration], stderr=subprocess.DEVNULL)
        parley.wait_for(self.answers, what="HAProxy")

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
