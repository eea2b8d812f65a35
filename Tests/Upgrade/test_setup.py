"""What scripts/up starts is the build that was chosen for the process, without the settings that it doesn't know."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from builds import build
from plan import NEW, OLD
from rolling_setup import RollingSetUp

PROGRAM = """#!/bin/sh
if [ "$1" = --help ]; then echo "{settings}"; else echo "{name} $*; ${{PARLEY_BOTH-}} ${{PARLEY_LATER-unset}}"; fi
"""
SETTINGS = {OLD: "PARLEY_BOTH PARLEY_RATE_SENDS", NEW: "PARLEY_BOTH PARLEY_RATE_SENDS PARLEY_LATER PARLEY_RATE_READS"}


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.setup = RollingSetUp(self.run_folder(), *(self.build(name) for name in (OLD, NEW)))

    def run_folder(self):
        folder = self.folder / "run"
        folder.mkdir()
        return folder

    def build(self, name):
        (self.folder / name).mkdir()
        for program in ("gateway", "persister"):
            file = self.folder / name / program
            file.write_text(PROGRAM.format(settings=SETTINGS[name], name=f"{name} {program}"))
            file.chmod(0o755)
        return build(name, self.folder / name)

    def started(self, program, **variables):
        environment = {**os.environ, "PARLEY_BOTH": "both", "PARLEY_LATER": "later", **variables}
        command = [self.setup.folder / "bin" / program, "word"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def test_each_process_is_of_the_build_that_was_chosen(self):
        self.setup.choose("gateway-2", NEW)
        self.assertEqual(self.started("gateway", PARLEY_NODE_ID="gateway-1"), "old gateway word; both unset\n")
        self.assertEqual(self.started("gateway", PARLEY_NODE_ID="gateway-2"), "new gateway word; both later\n")
        self.setup.choose("gateway-2", OLD)
        self.assertEqual(self.started("gateway", PARLEY_NODE_ID="gateway-2"), "old gateway word; both unset\n")
        persister = self.started("persister", PARLEY_PERSISTER_ID="persister-1")
        self.assertEqual(persister, "old persister word; both unset\n")

    def test_all_rates_that_a_build_knows_are_set(self):
        rates = {name for name in self.setup.settings() if name.startswith("PARLEY_RATE_")}
        self.assertLessEqual({"PARLEY_RATE_SENDS", "PARLEY_RATE_READS"}, rates)

    def test_nothing_is_left_of_a_run(self):
        self.setup.wipe()
        self.assertFalse(self.setup.folder.exists())


if __name__ == "__main__":
    unittest.main()
