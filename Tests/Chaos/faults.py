"""What is broken on purpose: processes are killed and stopped, as kernels, operators and networks do it."""

import asyncio
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class SetUp:
    """A Parley of the run's own, started by scripts/up in a folder of its own."""

    def __init__(self, folder, port, gateways):
        self.folder, self.gateways_wanted = pathlib.Path(folder), gateways
        self.environment = {**os.environ, "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(port),
                            "PARLEY_LOG_PUBLISH": "summary"}
        self.state = {}

    def up(self):
        """Starts what doesn't run."""
        command = [ROOT / "scripts" / "up", "--detach", "--gateways", str(self.gateways_wanted)]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(result.stdout + result.stderr)
        lines = (self.folder / "state.env").read_text().splitlines()
        self.state = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}

    def down(self):
        subprocess.run([ROOT / "scripts" / "down", "--wipe"], env=self.environment, capture_output=True, text=True)

    def pid(self, name):
        return int(self.state[f"PARLEY_PID_{name}"])

    def processes(self, name):
        """A server and its children: PostgreSQL works in many."""
        pid = self.pid(name)
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except FileNotFoundError:
            return []
        return [pid, *map(int, children)]

    def runs(self, name):
        try:
            status = pathlib.Path(f"/proc/{self.pid(name)}/status").read_text()
        except FileNotFoundError:
            return False
        return "State:\tZ" not in status

    def signal(self, name, number):
        for pid in self.processes(name):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


async def kill(setup, name, random):
    """As the kernel kills it; started again after a while."""
    setup.signal(name, signal.SIGKILL)
    await asyncio.sleep(random.uniform(0.2, 4))
    await asyncio.to_thread(setup.up)


async def freeze(setup, name, random):
    """Stopped and continued: to everybody else it looks like a network that swallows everything."""
    setup.signal(name, signal.SIGSTOP)
    await asyncio.sleep(random.uniform(0.5, 9))
    setup.signal(name, signal.SIGCONT)


async def end(setup, name, random):
    """As an operator ends it; started again after a while."""
    setup.signal(name, signal.SIGINT if name == "POSTGRES" else signal.SIGTERM)
    await asyncio.sleep(random.uniform(1, 6))
    # A gateway takes its time to let its clients go.
    while setup.runs(name):
        await asyncio.sleep(0.1)
    await asyncio.to_thread(setup.up)


def kinds(gateways):
    """All faults by name."""
    servers = [f"GATEWAY_{number}" for number in range(1, gateways + 1)] + ["PERSISTER_1", "REDIS", "POSTGRES"]
    return {
        f"{how.__name__} {server.lower().replace('_', '-')}": (how, server)
        for server in servers
        for how in (kill, freeze, end)
    }
