"""What becomes of a process that ends by itself: it is started again, it is noted, and a test during which it happens fails."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

import parley
from processes import runs
from servers import STARTED, Server
from test_endurance import SCRIPTS

LIBRARY = """
set -euo pipefail
for file in common data ports process exits state postgres redis haproxy programs stack; do source "$0/$file.sh"; done
use_data_folder "$1"
make_data_folder
"""


class Kept:
    """A process under the keeper that scripts/up gives to each of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.log, self.exits, self.run = folder / "log" / "one.log", folder / "log" / "exits", folder / "run"

    def shell(self, script):
        return subprocess.run(
            ["bash", "-c", LIBRARY + script, SCRIPTS / "lib", self.folder], capture_output=True, text=True, timeout=30, check=True)

    def start(self, command, *, kept=True):
        self.shell(f"start one {command}\n" + "keep_processes" * kept)
        return self.pid

    def stop(self):
        return self.shell("stop_stack; stop one TERM 5")

    @property
    def pid(self):
        return int((self.run / "one.pid").read_text().split()[0])

    @property
    def statuses(self):
        """Of all ends that were noted, with the pids."""
        lines = self.exits.read_text().splitlines() if self.exits.exists() else []
        return [(int(pid), int(status)) for _, name, pid, status in map(str.split, lines) if name == "one"]

    def end(self, number):
        """Sends the signal; waits until the end is noted, which it returns."""
        pid, count = self.pid, len(self.statuses)
        os.kill(pid, number)
        parley.wait_for(lambda: len(self.statuses) > count, what="the note")
        assert self.statuses[count][0] == pid
        return self.statuses[count][1]

    def another(self, pid):
        parley.wait_for(lambda: self.pid != pid, what="another process")
        return self.pid

    def is_kept(self):
        """Whether a keeper lives: it holds this lock until its end."""
        file = self.run / "one.keeper"
        return file.exists() and subprocess.run(["flock", "-n", file, "true"]).returncode != 0


@pytest.fixture
def kept(tmp_path):
    one = Kept(tmp_path)
    yield one
    if one.run.exists():
        one.stop()


def ended_by_itself(exits, *more):
    return subprocess.run([SCRIPTS / "lib" / "ended-by-itself", exits, *more], capture_output=True, text=True)


@pytest.mark.parametrize("number, name", [(signal.SIGILL, "ILL"), (signal.SIGABRT, "ABRT"), (signal.SIGSEGV, "SEGV")])
def test_a_process_that_ends_by_itself_is_started_again(kept, number, name):
    first = kept.start("sleep 1000")
    kept.shell("printf 'PARLEY_URL=x\\nPARLEY_PID_ONE=1\\n' >$STATE")
    assert kept.end(number) == 128 + number
    second = kept.another(first)
    parley.wait_for(lambda: f"PARLEY_PID_ONE={second}\n" in (kept.folder / "state.env").read_text(), what="its pid in state.env")
    assert runs(second) and (kept.folder / "state.env").read_text().startswith("PARLEY_URL=x\n")
    # The log goes on behind the lines of the one that ended.
    assert kept.log.read_text() == f"one (pid {first}) ended by itself, signal {number:d} ({name}), and is started again\n"
    result = ended_by_itself(kept.exits)
    assert result.returncode == 1 and result.stdout.startswith(f"one (pid {first}) ended by itself at 2")
    assert result.stdout.endswith(f"Z, signal {number:d} ({name})\n")
    assert ended_by_itself(kept.exits, str(kept.exits.stat().st_size)).returncode == 0
    kept.stop()
    assert kept.statuses == [(first, 128 + number), (second, 143)] and not runs(second)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_somebody_ends_stays_down(kept, number):
    first = kept.start("sleep 1000")
    assert kept.end(number) == 128 + number
    parley.wait_for(lambda: not kept.is_kept(), what="the end of its keeper")
    assert kept.pid == first and not runs(first) and kept.log.read_text() == ""
    assert ended_by_itself(kept.exits).returncode == 0
    assert runs(kept.start("sleep 1000"))


def test_the_pauses_grow_and_stopping_is_heard_in_them(kept):
    flag = kept.folder / "flag"
    kept.start(f"bash -c 'test -e {flag} && exit 3; exec sleep 1000'")
    flag.touch()
    kept.end(signal.SIGILL)
    parley.wait_for(lambda: "in 2 s" in kept.log.read_text(), what="the third end")
    begun = time.monotonic()
    ends = [line.partition(" ended by itself, ")[2] for line in kept.log.read_text().splitlines()]
    assert ends == [
        "signal 4 (ILL), and is started again", "status 3, and is started again in 1 s", "status 3, and is started again in 2 s"]
    keeper = kept.is_kept()
    kept.stop()
    assert keeper and time.monotonic() - begun < 1.5
    # Nobody is left who could start it.
    assert len(kept.statuses) == 3 and [path.name for path in kept.run.iterdir()] == ["lock"]
    assert subprocess.run(["pgrep", "-f", f"keep {kept.folder} one"]).returncode == 1


def test_a_keeper_that_comes_late_starts_nothing(kept):
    """As scripts/up is ended between the two."""
    kept.shell('"$ROOT/scripts/lib/keep" "$DATA" one touch "$DATA/trace" 3>&1')
    assert not (kept.folder / "trace").exists() and not kept.exits.exists()


def test_what_cant_start_is_not_tried_again(kept):
    kept.start("bash -c 'echo so not; exit 78'", kept=False)
    parley.wait_for(lambda: not kept.is_kept(), what="the end of its keeper")
    assert [status for _, status in kept.statuses] == [78]
    assert kept.log.read_text().startswith("so not\n") and kept.log.read_text().endswith("ended by itself, status 78\n")
    assert kept.shell("first_ended").stdout == "one\n"


def test_a_process_that_ends_by_itself_while_it_is_stopped_is_told(kept):
    pid = kept.start("""bash -c 'trap "kill -ABRT \\$\\$" TERM; echo ready; while true; do sleep 0.1; done'""")
    parley.wait_for(lambda: "ready" in kept.log.read_text(), what="the trap")
    result = kept.shell("let_all_go; stop one TERM 5; ended_by_themselves $EXITS")
    assert result.stdout.startswith(f"one (pid {pid}) ended by itself") and result.stdout.endswith("signal 6 (ABRT)\n")
    assert not kept.is_kept()


def test_without_its_folder_nothing_is_started_again(kept):
    pid = kept.start("sleep 1000")
    keeper = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    subprocess.run(["rm", "-r", kept.run, kept.folder / "log"], check=True)
    os.kill(pid, signal.SIGILL)
    parley.wait_for(lambda: not runs(pid) and not runs(keeper), what="the end of both")


def test_a_server_of_a_test_that_ends_by_itself_fails_the_test():
    server = Server("persister", PERSISTER_ID="crashed")
    server.process.send_signal(signal.SIGKILL)
    server.kill()
    # As a trap of the compiler ends it.
    server = Server("persister", PERSISTER_ID="crashed")
    server.process.send_signal(signal.SIGILL)
    server.process.wait()
    for end in (server.stop, server.kill, server.check):
        with pytest.raises(AssertionError, match="persister .* ended by itself, SIGILL; its last lines"):
            end()
    STARTED.remove(server)
