"""Each verdict finds what was planted for it, and nothing in a record without fault."""

import os
import pathlib
import tempfile
import unittest

import processes
import verdicts
from findings import Findings
from http_wire import Answer
from stomp_wire import Said
from verdicts import MIB


class Answers(unittest.TestCase):
    def test_what_is_allowed(self):
        for status in (101, 200, 404, 429, 501, 505):
            self.assertIsNone(verdicts.status(Answer(status, {}, b"")))
        self.assertIsNone(verdicts.status(Answer(503, {"retry-after": "1"}, b"")))
        self.assertIsNone(verdicts.said(Said("ERROR", {"code": "malformed-frame"}, b"")))
        self.assertIsNone(verdicts.said(Said("MESSAGE", {}, b'{"code":"not-found"}')))
        self.assertIsNone(verdicts.closed(1008, False))
        self.assertIsNone(verdicts.closed(1011, True))

    def test_what_is_found(self):
        for status in (500, 502, 504, 599):
            self.assertIn(str(status), verdicts.status(Answer(status, {}, b"")))
        self.assertIn("Retry-After", verdicts.status(Answer(503, {}, b"")))
        self.assertTrue(verdicts.said(Said("ERROR", {"code": "internal-error"}, b"")))
        self.assertTrue(verdicts.said(Said("MESSAGE", {}, b'{"code":"internal-error"}')))
        self.assertTrue(verdicts.closed(1011, False))


class Ends(unittest.TestCase):
    def test_ends_that_were_asked_for(self):
        lines = [f"2026-11-27T00:00:00Z gateway-1 17 {status}" for status in (0, 129, 130, 137, 143)]
        self.assertEqual(list(verdicts.exits("\n".join(lines))), [])

    def test_ends_by_itself(self):
        text = "1 gateway-1 17 132\n1 redis 18 0\n1 persister-1 19 1\nnonsense\n"
        self.assertEqual(list(verdicts.exits(text)), [
            "gateway-1 (pid 17) ended by signal 4", "persister-1 (pid 19) ended with status 1",
            "log/exits has a line that isn't one: 'nonsense'"])

    def test_a_process_that_is_gone_or_another(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "run" / "gateway-1.pid"
            file.parent.mkdir()
            started = processes.start_time(os.getpid())
            file.write_text(f"{os.getpid()} {started} boot\n")
            alive = processes.of(folder)
            self.assertEqual(list(processes.replaced(alive, folder)), [])
            gone = [alive[0]._replace(started="1")]
            self.assertIn("has ended", "".join(processes.replaced(gone, folder)))
            file.write_text(f"{os.getppid()} {processes.start_time(os.getppid())} boot\n")
            self.assertIn("was replaced", "".join(processes.replaced(alive, folder)))
            self.assertGreater(alive[0].resident(), MIB)
            self.assertGreater(alive[0].descriptors(), 2)


class Logs(unittest.TestCase):
    def test_defects_and_what_is_to_be_looked_at(self):
        lines = [
            "level=info msg=connected", "level=warning msg=\"request refused\"",
            "Fatal error: Attempted to read an unowned reference", "*** Swift runtime failure: arithmetic overflow ***",
            "level=error msg=\"hole stays open\"", "level=error msg=defect node=g", "level=error msg=crashed signal=SIGILL",
            "level=error msg=\"file can't be read\""]
        self.assertEqual(verdicts.defects(lines), lines[2:7])
        self.assertEqual(verdicts.error_lines(lines), lines[7:])


class Resources(unittest.TestCase):
    def test_memory(self):
        self.assertIsNone(verdicts.growth("g", 20 * MIB, 140 * MIB))
        self.assertIn("grew", verdicts.growth("g", 20 * MIB, 149 * MIB))

    def test_what_is_left_over(self):
        self.assertEqual(verdicts.left_over("g", (20 * MIB, 20), (60 * MIB, 30)), [])
        self.assertIn("memory", verdicts.left_over("g", (20 * MIB, 20), (69 * MIB, 20))[0])
        self.assertIn("descriptors", verdicts.left_over("g", (20 * MIB, 20), (20 * MIB, 37))[0])

    def test_counters(self):
        self.assertEqual(verdicts.counted(6, 8, 6), [])
        self.assertIn("sessions", verdicts.counted(7, 8, 6)[0])
        self.assertIn("connections", verdicts.counted(6, 5, 6)[0])
        self.assertIn("connections", verdicts.counted(6, 30, 6)[0])


class History(unittest.TestCase):
    def test_all_is_there(self):
        self.assertEqual(verdicts.kept([("a", 1), ("b", 2)], [("b", 2), ("a", 1), ("unanswered", 3)]), [])

    def test_one_is_gone_or_another_or_twice(self):
        self.assertEqual(len(verdicts.kept([("a", 1), ("b", 2)], [("a", 1)])), 1)
        self.assertEqual(len(verdicts.kept([("a", 1)], [("a", 5)])), 1)
        self.assertEqual(len(verdicts.kept([("a", 1)], [("a", 1), ("a", 1)])), 1)


class Whose(unittest.TestCase):
    class Run:
        label, detail = "rest-query:3", "GET /"

    def test_a_violation_names_what_was_under_way(self):
        findings, run = Findings(), self.Run()
        findings.begin(run)
        findings.add("memory", "it grew")
        self.assertIn("rest-query:3 (GET /)", next(findings.lines()))

    def test_what_has_just_ended_may_have_done_it(self):
        findings, run = Findings(), self.Run()
        findings.begin(run)
        findings.end(run)
        self.assertIn("rest-query:3", findings.under_way())

    def test_many_of_a_kind_are_counted(self):
        findings = Findings()
        for _ in range(10):
            findings.add_afterwards("kind", "sentence")
        self.assertEqual(len(findings), 10)
        self.assertEqual(list(findings.lines())[-1], "and 7 more like it: kind")


if __name__ == "__main__":
    unittest.main()
