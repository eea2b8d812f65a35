"""A Parley of the run's own, started by scripts/up in a folder of its own, its network led through the proxy."""

import os
import pathlib
import shutil
import signal
import subprocess

import checks
import disk
from clocks import Clocks
from network import Network, links

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Stands where scripts/up looks for a program, and becomes that program, with the stores' addresses that are its own.
ROUTED = """#!/bin/sh
case ${{PARLEY_NODE_ID:-$PARLEY_PERSISTER_ID}} in
{routes}
esac
exec {programs}/{program} "$@"
"""
ROUTE = "{name}) export PARLEY_REDIS_URL=redis://{host}:{redis} " \
    "PARLEY_DATABASE_URL=postgresql://parley:parley@{host}:{postgres}/parley; {clock} ;;"
# Machines of a run have no address of Redis' own; it listens on the loopback alone.
REDIS = """#!/bin/sh
{clock}
exec {redis} "$@" --protected-mode no --enable-debug-command local
"""
# PostgreSQL's rule for them.
RULE = "host all parley 198.18.0.0/15 scram-sha-256"

# In seconds: how soon another persister has what a dead one had. It has to outlast a query (5 s).
LEASE = 6


class SetUp:
    """`machines`: each process that connects to the stores does so from a machine of its own, if that can be.
    `clocks`: the processes whose clocks can be set. `settings`: of Parley, without their PARLEY_."""

    def __init__(
        self, folder, port, gateways, stream_bound, persisters=1, machines=False, clocks=(), own_disk=False,
        settings=None,
    ):
        self.folder, self.gateways_wanted, self.persisters_wanted = pathlib.Path(folder), gateways, persisters
        self.network = Network(self.folder / "ports", links(gateways, persisters), machines)
        self.clocks = Clocks(self.folder, clocks)
        self.has_machines = machines
        self.disk = disk.Disk(self.folder / "redis") if own_disk else None
        self.route_programs(pathlib.Path(os.environ.get("PARLEY_BIN_DIR") or ROOT / ".build" / "release").resolve())
        self.environment = {
            **os.environ, "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(port), "PARLEY_LOG_PUBLISH": "summary",
            "PARLEY_BIN_DIR": str(self.folder / "bin"), "PARLEY_STREAM_MAX_ENTRIES": str(stream_bound),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            **{"PARLEY_" + name: str(value) for name, value in (settings or {}).items()}}
        if machines:
            self.environment["PARLEY_POSTGRES_RULE"] = RULE
        self.state = {}
        self.lives = 0
        # Ends of processes that a fault asked for though no signal did, as pairs of name and pid.
        self.asked = set()

    def route_programs(self, programs):
        ports = self.network.ports
        routes = "\n".join(
            ROUTE.format(
                name=name, host=self.network.host(f"{name}>redis"), redis=ports[f"{name}>redis"],
                postgres=ports[f"{name}>postgres"], clock=self.clocks.lines(name))
            for name in self.machines)
        (self.folder / "bin").mkdir()
        texts = {
            program: ROUTED.format(routes=routes, programs=programs, program=program)
            for program in ("gateway", "persister", "parley")}
        texts["redis-server"] = REDIS.format(clock=self.clocks.lines("redis"), redis=shutil.which("redis-server"))
        for name, text in texts.items():
            file = self.folder / "bin" / name
            file.write_text(text)
            file.chmod(0o755)

    @property
    def persisters(self):
        return [f"persister-{number}" for number in range(1, self.persisters_wanted + 1)]

    @property
    def machines(self):
        """Who connects to the stores."""
        return [f"gateway-{number}" for number in range(1, self.gateways_wanted + 1)] + self.persisters

    @property
    def pools(self):
        """How many connections to PostgreSQL all pools together may have: twice four a loop, of which there is one a
        core, two of a persister, and one of each for what has a connection of its own."""
        loops = os.cpu_count() or 1
        return self.gateways_wanted * (8 * loops + 1) + self.persisters_wanted * 3

    @property
    def clients(self):
        """The links by which clients connect, and their URLs."""
        ports = self.network.ports.items()
        return {name: f"http://127.0.0.1:{port}" for name, port in ports if name.startswith("clients>")}

    @property
    def gateways(self):
        """Where clients connect."""
        return list(self.clients.values())

    @property
    def wanted(self):
        """What scripts/up is asked for."""
        return ["--gateways", str(self.gateways_wanted), "--persisters", str(self.persisters_wanted)]

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
        exits = self.folder / "log" / "exits"
        self.clocks.forget(exits)
        return checks.ended_as_asked(exits, self.asked)

    def wipe(self):
        self.release_disk(is_kept=False)
        subprocess.run([ROOT / "scripts" / "down", "--wipe"], env=self.environment, capture_output=True, text=True)
        shutil.rmtree(self.folder)

    def release_disk(self, is_kept):
        if self.disk:
            self.disk.close(is_kept)
            self.disk = None

    def exits(self):
        """How processes have ended so far: (name, pid, status)."""
        file = self.folder / "log" / "exits"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(name, int(pid), int(status)) for _, name, pid, status in (line.split() for line in lines)]

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
