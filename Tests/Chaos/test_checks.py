"""Each check finds what was planted for it, and nothing in a history without fault."""

import math
import pathlib
import tempfile
import unittest

import checks
from planted import EXITS, history

GROUP = "group"


class Checks(unittest.TestCase):
    def setUp(self):
        self.writing, self.hearing, self.presence, self.rows = history(GROUP)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.exits = pathlib.Path(folder.name, "exits")
        self.exits.write_text(EXITS)

    def all(self):
        writings, hearings, rows = [self.writing], [self.hearing], self.rows
        return {
            "stored_once": checks.stored_once(writings, rows), "changed": checks.changed(writings, rows),
            "heard_all": checks.heard_all(hearings, rows), "in_order": checks.in_order(hearings),
            "heard_truth": checks.heard_truth(hearings, rows),
            "heard_nothing_foreign": checks.heard_nothing_foreign([self.presence]),
            "ended_as_asked": checks.ended_as_asked(self.exits),
        }

    def assert_finds(self, *names):
        found = {name for name, violations in self.all().items() if violations}
        self.assertEqual(found, set(names))

    def row(self, at, **changes):
        self.rows[at] = self.rows[at]._replace(**changes)

    def test_a_history_without_fault(self):
        self.assert_finds()

    def test_a_duplicate_is_counted_apart(self):
        self.rows.append(self.rows[0]._replace(id=99, last_event=99, duplicate_of=self.rows[0].id))
        self.assert_finds()

    def test_an_acknowledged_message_is_lost(self):
        lost = self.rows.pop(1)
        self.hearing.events.remove(lost.last_event)
        at = self.hearing.messages.index(lost.id)
        self.hearing.messages.pop(at), self.hearing.names.pop(at)
        self.assert_finds("stored_once")

    def test_who_was_told_of_a_gap_may_miss_something(self):
        at = self.hearing.messages.index(self.rows[1].id)
        for heard in (self.hearing.events, self.hearing.messages, self.hearing.names):
            heard.pop(at)
        self.assert_finds("heard_all")
        self.hearing.was_told = True
        self.assert_finds()

    def test_an_acknowledged_message_has_another_id(self):
        self.writing.acknowledged["w-1"] += 1
        self.assert_finds("stored_once")

    def test_a_row_is_there_twice(self):
        self.rows.append(self.rows[0])
        self.assert_finds("stored_once")

    def test_an_unacknowledged_message_is_there_twice(self):
        del self.writing.acknowledged["w-4"]
        self.rows.append(self.rows[4]._replace(id=60, last_event=60))
        self.hearing.note(60, 60, "w-4")
        self.assert_finds("stored_once")

    def test_an_edit_is_lost(self):
        self.row(2, content="w-2 1.0")
        self.assert_finds("changed")

    def test_what_was_deleted_is_back(self):
        self.row(3, is_deleted=False, content="w-3 1.0")
        self.assert_finds("changed")

    def test_a_content_is_another_messages(self):
        self.row(1, content="w-0 1.0")
        self.assert_finds("changed")

    def test_a_message_was_not_heard(self):
        for record in (self.hearing.events, self.hearing.messages, self.hearing.names):
            record.pop(1)
        self.assert_finds("heard_all")

    def test_an_edit_was_not_heard(self):
        at = self.hearing.events.index(self.rows[2].last_event)
        for record in (self.hearing.events, self.hearing.messages, self.hearing.names):
            record.pop(at)
        self.assert_finds("heard_all")

    def test_two_messages_were_heard_in_the_wrong_order(self):
        for record in (self.hearing.events, self.hearing.messages, self.hearing.names):
            record[0], record[1] = record[1], record[0]
        self.assert_finds("in_order")

    def test_a_repeat_with_the_same_ids_is_allowed(self):
        self.hearing.note(self.rows[0].last_event, self.rows[0].id, self.rows[0].name)
        self.assert_finds()

    def test_a_repeat_under_other_ids(self):
        self.hearing.note(70, 70, "w-0")
        self.assert_finds("heard_truth")

    def test_a_message_under_anothers_id(self):
        self.hearing.names[0] = hash("w-1")
        self.assert_finds("heard_truth")

    def test_a_hidden_duplicate_was_heard(self):
        self.rows.append(self.rows[0]._replace(id=99, last_event=99, duplicate_of=self.rows[0].id))
        self.hearing.note(99, 99, "w-0")
        self.assert_finds("heard_truth")

    def test_a_removed_member_heard_what_was_sent_after_the_answer(self):
        self.presence.note(12.0, 11.0)
        self.assert_finds("heard_nothing_foreign")

    def test_a_removed_member_heard_late_what_was_sent_before_the_answer(self):
        self.presence.note(12.0, 9.0)
        self.assert_finds()

    def test_who_is_back_reads_what_was_sent_meanwhile(self):
        self.presence.note(25.0, 15.0)
        self.assert_finds()

    def test_the_last_removal_has_no_end(self):
        self.presence.absences.append([30.0, math.inf])
        self.presence.note(500.0, 31.0)
        self.assert_finds("heard_nothing_foreign")

    def test_a_process_ended_by_itself(self):
        ends = {132: "signal 4 (ILL)", 134: "signal 6 (ABRT)", 139: "signal 11 (SEGV)", 1: "status 1"}
        for status, how in ends.items():
            self.exits.write_text(EXITS + f"2026-11-27T10:00:04Z gateway-2 105 {status}\n")
            self.assert_finds("ended_as_asked")
            self.assertEqual(
                checks.ended_as_asked(self.exits),
                [f"gateway-2 (pid 105) ended by itself at 2026-11-27T10:00:04Z, {how}"])

    def test_a_process_could_do_nothing_else(self):
        self.exits.write_text(EXITS + "2026-11-27T10:00:04Z redis 105 1\n2026-11-27T10:00:05Z redis 106 1\n")
        found = checks.ended_as_asked(self.exits, {("redis", 105)})
        self.assertEqual(found, ["redis (pid 106) ended by itself at 2026-11-27T10:00:05Z, status 1"])

    def test_it_is_not_known_how_processes_ended(self):
        self.exits.unlink()
        self.assert_finds("ended_as_asked")


if __name__ == "__main__":
    unittest.main()
