"""Servers of the tests' own, beside those of the set-up, with settings of their own."""

import contextlib
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading

import parley

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("PARLEY_BIN_DIR", ROOT / ".build" / "release"))
# What scripts/up writes for scripts is no setting, and would be refused as one.
NOT_SETTINGS = {name for name in os.environ if name.startswith("PARLEY_PID_")} | {
    "PARLEY_URL", "PARLEY_GATEWAY_URLS", "PARLEY_DATA_DIR", "PARLEY_BIN_DIR"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# As in the set-up: a test that asks for limits names them.
UNLIMITED = dict.fromkeys(
    ("RATE_SENDS", "RATE_UPLOADS", "RATE_HANDSHAKES", "RATE_HANDSHAKES_PER_ADDRESS", "RATE_HANDSHAKES_PER_NODE"), "off")

# How the programs refuse to start: because of a setting, or of what they find.
REFUSALS = {78, 1}

# All servers of the tests that may still run.
STARTED = []


class Server:
    """A process that is started with the settings of the set-up and some of the test's, and `descriptors`, if so many only."""

    def __init__(self, program, *arguments, descriptors=None, **settings):
        self.program = program
        environment = {name: value for name, value in os.environ.items() if name not in NOT_SETTINGS}
        environment |= {"PARLEY_" + name: str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [PROGRAMS / program, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=descriptors and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))))
        # How it may end: as it should, or as a test makes it.
        self.good_ends = {0, -signal.SIGTERM, -signal.SIGKILL}
        STARTED.append(self)
        self.lines = []
        # The log is read as it comes, or the server would have to drop lines.
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()

    def stop(self):
        """Ends it as an operator does; what it logged."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self.reader.join(timeout=5)
        self.check()
        assert self.process.returncode == 0
        return self.lines

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.check()

    def refuses(self):
        """What it says instead of starting."""
        assert self.process.wait(timeout=20) in REFUSALS, self.process.returncode
        self.good_ends |= REFUSALS
        self.reader.join(timeout=5)
        return self.lines

    def check(self):
        assert not self.complaint, self.complaint

    @property
    def complaint(self):
        """How it has ended by itself, if it has."""
        code = self.process.poll()
        if code is None or code in self.good_ends:
            return None
        self.reader.join(timeout=5)
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        last = "".join(self.lines[-30:])
        return f"{self.program} (pid {self.process.pid}) ended by itself, {how}; its last lines:\n{last}"

    def memory(self):
        """Resident bytes."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


class Gateway(Server):
    """A gateway; `tls` is the context with which its clients connect where it has a certificate."""

    def __init__(self, tls=None, **settings):
        port = free_port()
        self.tls = tls
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        super().__init__(
            "gateway", **UNLIMITED | {
                "LISTEN": f"127.0.0.1:{port}", "NODE_ID": f"own-{port}", "LOOPS": 1, "SHUTDOWN_TIMEOUT": "0s"} | settings)
        try:
            parley.wait_for(self.is_ready, what="a gateway of the test's own")
        except AssertionError as error:
            if self.process.poll() in REFUSALS:
                self.refuses()
            else:
                self.kill()
            raise AssertionError("".join(self.lines)) from error

    @property
    def websocket(self):
        return self.url.replace("http", "ws") + "/ws"

    def is_ready(self):
        try:
            return parley.call("GET", "/readyz", url=self.url, tls=self.tls).status == 200
        except OSError:
            assert self.process.poll() is None, "".join(self.lines)
            return False

    def metric(self, name):
        text = parley.call("GET", "/metrics", url=self.url, tls=self.tls).text
        return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


@contextlib.contextmanager
def own_gateway(**settings):
    """The URL of a gateway with these settings, for as long as it is needed."""
    server = Gateway(**settings)
    try:
        yield server.url
    finally:
        server.stop()


def settle(others):
    """Ends what runs besides the others, and fails if any, of the others too, has ended by itself."""
    for server in STARTED:
        if server not in others and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    ended = [server for server in STARTED if server.process.poll() is not None]
    STARTED[:] = [server for server in STARTED if server not in ended]
    complaints = [complaint for server in ended if (complaint := server.complaint)]
    assert not complaints, "\n".join(complaints)


def run(program, *arguments, **environment):
    return subprocess.run(
        [PROGRAMS / program, *arguments], capture_output=True, text=True, timeout=30,
        env={name: value for name, value in {**os.environ, **environment}.items() if name not in NOT_SETTINGS})
