"""The processes of a set-up as the kernel sees them: whether they live, and what they hold."""

import os
import pathlib
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """A pid is given to others again; with the start time it is one process."""

    name: str
    pid: int
    started: str

    def lives(self):
        return start_time(self.pid) == self.started

    def resident(self):
        try:
            return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE
        except (OSError, IndexError):
            return 0

    def descriptors(self):
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except OSError:
            return 0


def start_time(pid):
    """In ticks since boot; None where nothing runs, which a zombie doesn't."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(") ")[2].split()
    return None if fields[0] == "Z" else fields[19]


def of(folder):
    """What scripts/up has started, from its pid files."""
    found = []
    for file in sorted((pathlib.Path(folder) / "run").glob("*.pid")):
        pid, started, *_ = file.read_text().split()
        found.append(Process(file.stem, int(pid), started))
    return found


def replaced(processes, folder):
    """Those that don't run any more, or in whose place another one does."""
    now = {process.name: process for process in of(folder)}
    for process in processes:
        if not process.lives():
            yield f"{process.name} (pid {process.pid}) has ended"
        elif now.get(process.name) != process:
            yield f"{process.name} (pid {process.pid}) was replaced"
