"""The processes of the set-up: their pids, and how they ended, by what scripts/up notes."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("PARLEY_DATA_DIR", ROOT / ".parley"))
seen = 0


def read_pids():
    """Takes over the pids of what has been started again."""
    for line in (DATA / "state.env").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.startswith("PARLEY_PID_"):
            os.environ[name] = value.strip("'\"")


def runs(pid):
    try:
        return "State:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        # The second where it ends between opening and reading.
        return False


def ended_by_themselves():
    """A line for each that ended by itself since the last call."""
    global seen
    exits = DATA / "log" / "exits"
    # Most tests end nothing.
    size = exits.stat().st_size if exits.exists() else 0
    if size <= seen:
        return ""
    command = [ROOT / "scripts" / "lib" / "ended-by-itself", exits, str(seen)]
    seen = size
    lines = subprocess.run(command, capture_output=True, text=True).stdout
    # It may be that all has ended since.
    if lines and (DATA / "state.env").exists():
        read_pids()
    return lines
