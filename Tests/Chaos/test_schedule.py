"""A seed is a schedule, and the schedule has every family of faults."""

import unittest

import faults
import schedule

KINDS = {name: family for name, (family, _, _) in faults.kinds(3).items()}


class Schedule(unittest.TestCase):
    def test_a_seed_gives_the_same_faults_again(self):
        self.assertEqual(schedule.make("7", 50, KINDS), schedule.make("7", 50, KINDS))
        self.assertNotEqual(schedule.make("7", 50, KINDS), schedule.make("8", 50, KINDS))

    def test_a_shorter_run_begins_like_a_longer_one(self):
        self.assertEqual(schedule.make("7", 10, KINDS), schedule.make("7", 50, KINDS)[:10])

    def test_a_long_run_has_every_family_and_both_ends_of_every_link(self):
        names = {fault.name for fault in schedule.make("1", 2000, KINDS)}
        self.assertEqual(names, set(KINDS))

    def test_only_what_was_asked_for(self):
        self.assertEqual({fault.name for fault in schedule.make("7", 20, KINDS, ["kill redis"])}, {"kill redis"})


if __name__ == "__main__":
    unittest.main()
