"""The watch finds a process that ends while it looks."""

import pathlib
import subprocess
import tempfile
import unittest

import processes
from findings import Findings
from watch import Watch


class Ending(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.process = subprocess.Popen(["sleep", "60"])
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        (self.folder / "run").mkdir()
        text = f"{self.process.pid} {processes.start_time(self.process.pid)} boot\n"
        (self.folder / "run" / "gateway-1.pid").write_text(text)
        self.findings = Findings()
        self.watch = Watch(self.folder, self.findings)
        self.watch.begin()

    def test_who_lives_is_no_violation(self):
        self.assertFalse(self.watch.has_ended.wait(0.5))
        self.watch.end()
        self.assertEqual(len(self.findings), 0)

    def test_who_ends_is_one(self):
        # It stays a zombie, as under a parent that doesn't ask for it.
        self.process.kill()
        self.assertTrue(self.watch.has_ended.wait(5))
        self.watch.end()
        self.assertIn("gateway-1", next(self.findings.lines()))


if __name__ == "__main__":
    unittest.main()
