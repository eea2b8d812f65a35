"""A Parley of the run's own, started by scripts/up, in which each process runs one of two builds."""

import os
import random
import re
import shutil
import socket
import subprocess
import urllib.request

from builds import withheld
from plan import GATEWAYS, NEW, OLD, PERSISTERS, PROCESSES
from setup import ROOT, SetUp

import checks

# Stands where scripts/up looks for a program, and becomes that program of the build that was chosen for the process.
CHOSEN = """#!/bin/sh
. {folder}/builds/"${{PARLEY_NODE_ID:-$PARLEY_PERSISTER_ID}}"
exec "$PROGRAMS/{program}" "$@"
"""
OPERATOR = """#!/bin/sh
exec {programs}/parley "$@"
"""
SETTINGS = {
    "PARLEY_LOG_PUBLISH": "summary",
    # The least that is allowed: what rests for a minute is read from PostgreSQL again, by another build than wrote it.
    "PARLEY_STATE_TTL": "1m", "PARLEY_DEDUPE_WINDOW": "1m",
}
# Far above what the load needs, of every kind that a build knows: the buckets that all share are used, and never empty.
RATE = "10000/s:100000"


class CantStart(Exception):
    """A process of a build doesn't start beside the others."""


def free_port():
    """Below those that the kernel gives to outgoing connections: it has to be free at each start."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class RollingSetUp(SetUp):
    def __init__(self, folder, old, new):
        self.folder = folder
        self.all = {OLD: old, NEW: new}
        # What each process runs.
        self.builds = {}
        self.metrics_ports = {name: free_port() for name in PERSISTERS}
        self.lives = self.replaced = 0
        self.state = {}
        self.environment = self.settings() | {
            "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(free_port()), "PARLEY_BIN_DIR": str(folder / "bin")}
        self.write_programs()
        for name in PROCESSES:
            self.choose(name, OLD)

    def settings(self):
        """What scripts/up passes on to all; each build's programs are spared what they don't know."""
        known = set().union(*(build.settings for build in self.all.values()))
        rates = [name for name in known if name.startswith("PARLEY_RATE_")]
        outside = {name: value for name, value in os.environ.items() if name != "PARLEY_UPGRADE_DIR"}
        return dict.fromkeys(rates, RATE) | outside | SETTINGS

    @property
    def wanted(self):
        return ["--gateways", str(len(GATEWAYS)), "--persisters", str(len(PERSISTERS))]

    @property
    def gateways(self):
        """Where the load connects: HAProxy."""
        return [self.state["PARLEY_URL"]]

    @property
    def nodes(self):
        """Each gateway's own address."""
        return dict(zip(GATEWAYS, self.state["PARLEY_GATEWAY_URLS"].split()))

    def write_programs(self):
        for folder in ("bin", "builds"):
            (self.folder / folder).mkdir()
        texts = {name: CHOSEN.format(folder=self.folder, program=name) for name in ("gateway", "persister")}
        texts["parley"] = OPERATOR.format(programs=self.all[NEW].programs)
        for name, text in texts.items():
            file = self.folder / "bin" / name
            file.write_text(text)
            file.chmod(0o755)

    def choose(self, name, build):
        """What a process is started from the next time, as shell variables."""
        chosen, other = self.all[build], self.all[OLD if build == NEW else NEW]
        lines = [f"PROGRAMS={chosen.programs}", *(f"unset {setting}" for setting in withheld(chosen, other))]
        if name in self.metrics_ports:
            lines.append(f"export PARLEY_OPERATOR_LISTEN=127.0.0.1:{self.metrics_ports[name]}")
        file = self.folder / "builds" / name
        file.with_suffix(".next").write_text("\n".join(lines) + "\n")
        file.with_suffix(".next").rename(file)
        self.builds[name] = build

    def parley(self, name, *arguments):
        """The operator's command, of the build that a process runs."""
        settings = {one: self.state[one] for one in ("PARLEY_REDIS_URL", "PARLEY_DATABASE_URL", "PARLEY_JWT_SECRET")}
        plain = {one: value for one, value in os.environ.items() if not one.startswith("PARLEY_")}
        program = self.all[self.builds[name]].programs / "parley"
        return subprocess.run([program, *arguments], env=plain | settings, capture_output=True, text=True, timeout=20)

    def up(self):
        try:
            super().up()
        except SystemExit as error:
            raise CantStart(str(error)) from None

    def replace(self, name, build):
        """Starts a process that has ended from a build; the log of the one before stays, named after its build."""
        self.replaced += 1
        log = self.folder / "log" / f"{name}.log"
        log.rename(log.with_name(f"{name}.{self.replaced:02d}-{self.builds[name]}.log"))
        self.choose(name, build)
        self.up()

    def logs(self):
        """All logs of gateways and persisters, with the build that wrote each."""
        for file in sorted((self.folder / "log").glob("*.log")):
            if match := re.fullmatch(r"((?:gateway|persister)-\d+)(?:\.\d+(?:-(\w+))?)?\.log", file.name):
                yield file, match[2] or self.builds[match[1]]

    def partitions(self):
        """How many partitions each persister has; none where it doesn't answer."""
        return {name: self.metric(port, "parley_persister_partitions") for name, port in self.metrics_ports.items()}

    @staticmethod
    def metric(port, name):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
                lines = response.read().decode().splitlines()
        except OSError:
            return 0
        return next((int(float(line.split()[-1])) for line in lines if line.startswith(name + " ")), 0)

    def down(self):
        """Stops everything, and tells which processes ended by themselves, now or before."""
        subprocess.run([ROOT / "scripts" / "down"], env=self.environment, capture_output=True, text=True)
        return checks.ended_as_asked(self.folder / "log" / "exits")

    def wipe(self):
        subprocess.run([ROOT / "scripts" / "down", "--wipe"], env=self.environment, capture_output=True, text=True)
        shutil.rmtree(self.folder)
