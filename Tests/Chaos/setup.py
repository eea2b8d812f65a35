"""A Parley of the run's own, started by scripts/up in a folder of its own, its network led through the proxy."""

import os
import pathlib
import shutil
import signal
import subprocess

import checks
from network import Network, links

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Stands where scripts/up looks for a program, and becomes that program, with the stores' addresses that are its own.
ROUTED = """#!/bin/sh
case ${{PARLEY_NODE_ID:-$PARLEY_PERSISTER_ID}} in
{routes}
esac
exec {programs}/{program} "$@"
"""
ROUTE = "{name}) export PARLEY_REDIS_URL=redis://127.0.0.1:{redis} " \
    "PARLEY_DATABASE_URL=postgresql://parley:parley@127.0.0.1:{postgres}/parley ;;"


class SetUp:
    def __init__(self, folder, port, gateways, stream_bound):
        self.folder, self.gateways_wanted = pathlib.Path(folder), gateways
        self.network = Network(self.folder / "ports", links(gateways))
        self.route_programs(pathlib.Path(os.environ.get("PARLEY_BIN_DIR") or ROOT / ".build" / "release").resolve())
        self.environment = {
            **os.environ, "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(port), "PARLEY_LOG_PUBLISH": "summary",
            "PARLEY_BIN_DIR": str(self.folder / "bin"), "PARLEY_STREAM_MAX_ENTRIES": str(stream_bound)}
        self.state = {}
        self.lives = 0

    def route_programs(self, programs):
        ports = self.network.ports
        names = [f"gateway-{number}" for number in range(1, self.gateways_wanted + 1)] + ["persister-1"]
        routes = "\n".join(
            ROUTE.format(name=name, redis=ports[f"{name}>redis"], postgres=ports[f"{name}>postgres"]) for name in names)
        (self.folder / "bin").mkdir()
        for program in ("gateway", "persister", "parley"):
            file = self.folder / "bin" / program
            file.write_text(ROUTED.format(routes=routes, programs=programs, program=program))
            file.chmod(0o755)

    @property
    def gateways(self):
        """Where clients connect."""
        ports = self.network.ports
        return [f"http://127.0.0.1:{ports[name]}" for name in ports if name.startswith("clients>")]

    @property
    def wanted(self):
        """What scripts/up is asked for."""
        return ["--gateways", str(self.gateways_wanted)]

    def up(self):
        """Starts what doesn't run."""
        self.read_state()
        self.keep_logs()
        command = [ROOT / "scripts" / "up", "--detach", *self.wanted]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(result.stdout + result.stderr)
        self.read_state()

    def read_state(self):
        """The pid of a process that ended by itself and was started again is another one."""
        file = self.folder / "state.env"
        lines = file.read_text().splitlines() if file.exists() else []
        self.state = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}

    def keep_logs(self):
        """Each life of a process keeps a log of its own, for whoever looks for what went wrong."""
        self.lives += 1
        for name in self.names:
            log = self.folder / "log" / f"{name}.log"
            if log.exists() and not self.runs(name):
                log.rename(log.with_name(f"{name}.{self.lives}.log"))

    @property
    def names(self):
        prefix = "PARLEY_PID_"
        return [name.removeprefix(prefix).lower().replace("_", "-") for name in self.state if name.startswith(prefix)]

    def down(self):
        """Stops everything, and tells which processes ended by themselves, now or before."""
        subprocess.run([ROOT / "scripts" / "down"], env=self.environment, capture_output=True, text=True)
        self.network.close()
        return checks.ended_as_asked(self.folder / "log" / "exits")

    def wipe(self):
        subprocess.run([ROOT / "scripts" / "down", "--wipe"], env=self.environment, capture_output=True, text=True)
        shutil.rmtree(self.folder)

    def pid(self, name):
        return int(self.state["PARLEY_PID_" + name.upper().replace("-", "_")])

    def processes(self, name):
        """A server and its children: PostgreSQL works in many."""
        pid = self.pid(name)
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [pid, *map(int, children)]

    def runs(self, name):
        try:
            status = pathlib.Path(f"/proc/{self.pid(name)}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return "State:\tZ" not in status

    def signal(self, name, number):
        for pid in self.processes(name):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def end(self, name):
        self.signal(name, signal.SIGINT if name == "postgres" else signal.SIGTERM)
