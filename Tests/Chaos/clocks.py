"""Clocks that can be set while their process runs: by Debian's libfaketime, which reads a file at each look.

Only the time of day jumps (FAKETIME_DONT_FAKE_MONOTONIC); no machine's monotonic clock does.
"""

import pathlib

LIBRARY = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
# Before a program of a run; libc comes before jemalloc, which Debian's Redis uses: that asks for the time before
# libfaketime is ready, and both wait for one another.
PRELOADED = """export LD_PRELOAD="{library} libc.so.6" FAKETIME_TIMESTAMP_FILE={file} FAKETIME_NO_CACHE=1 \
FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1"""


class Clocks:
    """The clocks of the processes that have one of their own."""

    def __init__(self, folder, names):
        self.folder, self.names = pathlib.Path(folder) / "clocks", set(names)
        if self.names and not LIBRARY.exists():
            raise SystemExit(f"chaos: {LIBRARY} is missing: run scripts/install --tests")
        self.folder.mkdir()
        for name in self.names:
            self.set(name, 0)

    def set(self, name, seconds):
        """So many seconds ahead; the file is there whole or not at all."""
        file = self.folder / name
        new = file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(file)

    def lines(self, name):
        """What a shell does before it becomes the process."""
        return PRELOADED.format(library=LIBRARY, file=self.folder / name) if name in self.names else ":"

    def forget(self, exits):
        """Removes what libfaketime leaves behind for each process that was killed."""
        pids = [line.split()[2] for line in exits.read_text().splitlines()] if exits.exists() else []
        for pid in pids if self.names else []:
            for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
                pathlib.Path("/dev/shm", name).unlink(missing_ok=True)
