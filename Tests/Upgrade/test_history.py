"""A page of the history that lacks something, or has it in another state, is found."""

import math
import unittest

from history import faults_of_page


class History(unittest.TestCase):
    def setUp(self):
        self.items = [
            {"id": id, "clientMessageId": f"w-{id}", "content": f"w-{id} 1.0", "isDeleted": False}
            for id in (50, 40, 30)]
        self.acknowledged = {id: f"w-{id}" for id in (10, 20, 30, 40, 50)}
        self.changes = {}

    def found(self, low=30, high=math.inf):
        return faults_of_page(self.items, low, high, self.acknowledged, self.changes)

    def assert_finds(self, word):
        self.assertEqual([word in fault for fault in self.found()], [True], self.found())

    def test_a_page_without_fault(self):
        self.assertEqual(self.found(), [])

    def test_what_was_acknowledged_later_may_be_there(self):
        del self.acknowledged[50]
        self.assertEqual(self.found(), [])

    def test_a_message_is_missing(self):
        self.items.pop(1)
        self.assert_finds("lacks 1 messages, first 40 (w-40)")

    def test_the_newest_is_missing(self):
        self.acknowledged[60] = "w-60"
        self.assert_finds("lacks 1 messages, first 60")

    def test_the_oldest_is_missing_on_the_last_page(self):
        self.assertEqual(len(self.found(low=0)), 1)

    def test_a_message_is_there_twice(self):
        self.items.insert(1, self.items[1])
        self.assert_finds("twice")

    def test_two_are_in_the_wrong_order(self):
        self.items[0], self.items[1] = self.items[1], self.items[0]
        self.assert_finds("out of order")

    def test_another_message_has_the_id(self):
        self.items[1]["clientMessageId"] = "w-99"
        self.assert_finds("acknowledged is w-40")

    def test_an_edit_is_missing(self):
        self.changes[40] = "w-40 2.0 edited"
        self.assert_finds("was changed to 'w-40 2.0 edited'")
        self.items[1]["content"] = "w-40 2.0 edited"
        self.assertEqual(self.found(), [])

    def test_a_deleted_message_is_back(self):
        self.changes[40] = None
        self.assert_finds("was changed to None")
        self.items[1] |= {"content": "", "isDeleted": True}
        self.assertEqual(self.found(), [])


if __name__ == "__main__":
    unittest.main()
