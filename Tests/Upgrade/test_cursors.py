"""Cursors that go backwards are found, wherever they are read."""

import random
import unittest
from types import SimpleNamespace

import cursors
from cursors import Forward
from readers import Reader

KEY = ("conversation", "user", "joined")


class Cursors(unittest.TestCase):
    def setUp(self):
        self.world = SimpleNamespace(violations=[])
        self.reader = Reader(self.world, "user", random.Random(1), "conversation", False)

    def told(self, user, delivered, read):
        self.reader.was_told({
            "conversationId": "conversation", "userId": user, "lastDeliveredMessageId": delivered,
            "lastReadMessageId": read})

    def test_forward(self):
        forward = Forward("PostgreSQL")
        for place in ((0, 0), (5, 3), (5, 3), (9, 9)):
            self.assertIsNone(forward.note(KEY, place))

    def test_one_of_the_two_goes_back(self):
        for place in ((4, 3), (5, 2)):
            forward = Forward("PostgreSQL")
            forward.note(KEY, (5, 3))
            self.assertEqual(forward.note(KEY, place), f"cursors of {KEY} went from (5, 3) to {place} in PostgreSQL")

    def test_who_is_a_member_again_begins_anew(self):
        forward = Forward("PostgreSQL")
        forward.note(KEY, (5, 3))
        self.assertIsNone(forward.note((*KEY[:2], "joined later"), (0, 0)))

    def test_receipts_go_back(self):
        self.told("one", 5, 3)
        self.told("other", 4, 2)
        self.assertEqual(self.world.violations, [])
        self.told("one", 5, 2)
        self.assertEqual(len(self.world.violations), 1)

    def test_what_was_read_is_not_read_in_postgres(self):
        self.reader.read = {"conversation": 7}
        self.assertEqual(cursors.unread_after_all([self.reader], {KEY: (9, 7)}), [])
        for places in ({KEY: (9, 6)}, {}):
            self.assertEqual(len(cursors.unread_after_all([self.reader], places)), 1)


if __name__ == "__main__":
    unittest.main()
