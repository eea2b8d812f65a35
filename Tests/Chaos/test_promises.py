"""Each check of what is promised meanwhile finds what was planted for it, and nothing where all went as it should."""

import unittest

import promises
from promises import Backends, Repeat, Sight
from records import Row

FAULT = "full redis"
# What an operator looks at while Redis is full, each as it should be.
GOOD = {
    "gateway-1 is ready": "200", "a message is refused": "try-later", "the history is read": "200",
    "a token is revoked": "0", "a session is noted": "noted", "a member is added": "200", "a member is removed": "200",
    "heartbeats go on": "fresh"}
BAD = {
    "gateway-1 is ready": "503 registered", "a message is refused": "acknowledged", "the history is read": "503",
    "a token is revoked": "OOM", "a session is noted": "not noted", "a member is added": "503",
    "a member is removed": "None", "heartbeats go on": "gateway-1 20 s ago"}


class WentOn(unittest.TestCase):
    def sights(self):
        return [Sight(what, at, wanted, wanted) for at in (0.1, 1.0) for what, wanted in GOOD.items()]

    def test_all_went_on(self):
        self.assertEqual(promises.went_on(FAULT, self.sights()), [])

    def test_each_that_stopped_is_told_once(self):
        for what, got in BAD.items():
            planted = [Sight(what, 2.0, GOOD[what], got), Sight(what, 3.0, GOOD[what], got)]
            found = promises.went_on(FAULT, self.sights() + planted)
            self.assertEqual(found, [f"{FAULT}: after 2.0 s {what}: wanted {GOOD[what]}, got {got}"])

    def test_all_that_stopped_are_told(self):
        planted = [Sight(what, 2.0, GOOD[what], got) for what, got in BAD.items()]
        self.assertEqual(len(promises.went_on(FAULT, planted)), len(BAD))


class BackendsAreBounded(unittest.TestCase):
    def test_as_many_as_the_pools_have(self):
        self.assertEqual(promises.backends_bounded("lock", Backends(27, 27), 27), [])

    def test_those_just_given_up_end_by_their_deadline(self):
        self.assertEqual(promises.backends_bounded("lock", Backends(54, 20), 27), [])

    def test_they_pile_up(self):
        self.assertEqual(len(promises.backends_bounded("lock", Backends(55, 20), 27)), 1)

    def test_they_are_left(self):
        self.assertEqual(len(promises.backends_bounded("lock", Backends(28, 28), 27)), 1)


class InTime(unittest.TestCase):
    def test_in_time(self):
        self.assertEqual(promises.in_time("vanish", "the row is free", 14.9, 15), [])

    def test_too_late(self):
        self.assertEqual(len(promises.in_time("vanish", "the row is free", 15.1, 15)), 1)

    def test_never(self):
        self.assertEqual(
            promises.in_time("vanish", "the row is free", None, 15), ["vanish: the row is free: not within 15 s"])


class RepeatsAreFound(unittest.TestCase):
    def setUp(self):
        self.rows = [Row("c", 10, 10, "w", "w-1", "w-1 1.0", False, 0)]

    def find(self, answered):
        return promises.repeats_found([Repeat("c", "w-1", 10, answered)], self.rows)

    def test_it_is_the_old_one(self):
        self.assertEqual(self.find(10), [])

    def test_it_is_marked_as_its_duplicate(self):
        self.rows.append(self.rows[0]._replace(id=20, last_event=20, duplicate_of=10))
        self.assertEqual(self.find(20), [])

    def test_it_is_nowhere(self):
        self.assertIn("not stored", *self.find(20))

    def test_it_is_another_message(self):
        self.rows.append(self.rows[0]._replace(id=20, last_event=20))
        self.assertIn("no duplicate", *self.find(20))

    def test_it_is_the_duplicate_of_another(self):
        self.rows.append(self.rows[0]._replace(id=20, last_event=20, duplicate_of=11))
        self.assertIn("no duplicate", *self.find(20))


if __name__ == "__main__":
    unittest.main()
