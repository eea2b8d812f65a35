"""A clock jumps while its process runs, and its monotonic clock doesn't."""

import pathlib
import subprocess
import tempfile
import time
import unittest

from clocks import LIBRARY, Clocks

# Tells both clocks whenever it gets a line.
PROGRAM = "import sys, time\nfor line in sys.stdin: print(time.time(), time.monotonic(), flush=True)"


@unittest.skipUnless(LIBRARY.exists(), "libfaketime isn't installed")
class Jumps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.clocks = Clocks(folder.name, ["redis"])
        script = self.clocks.lines("redis") + "\nexec /usr/bin/python3 -c \"$1\""
        self.process = subprocess.Popen(
            ["sh", "-c", script, "sh", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        exits = pathlib.Path(self.clocks.folder, "exits")
        exits.write_text(f"2026-11-27T10:00:00Z redis {self.process.pid} 137\n")
        self.clocks.forget(exits)
        self.assertFalse(pathlib.Path(f"/dev/shm/faketime_shm_{self.process.pid}").exists())

    def ahead(self):
        """How far its clocks are ahead of this one's, in whole minutes."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        day, monotonic = map(float, self.process.stdout.readline().split())
        return round((day - time.time()) / 60), round((monotonic - time.monotonic()) / 60)

    def test_forward_and_back(self):
        self.assertEqual(self.ahead(), (0, 0))
        for minutes in (5, -3, 0):
            self.clocks.set("redis", 60 * minutes)
            self.assertEqual(self.ahead(), (minutes, 0))

    def test_others_have_the_machine_s(self):
        self.assertEqual(self.clocks.lines("gateway-1"), ":")


if __name__ == "__main__":
    unittest.main()
