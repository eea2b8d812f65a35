"""A seed is a schedule, and the schedule has every family of faults."""

import unittest

import faults
import schedule

KINDS = {name: family for name, (family, _, _) in faults.kinds(3, 2).items()}


class Schedule(unittest.TestCase):
    def test_a_seed_gives_the_same_faults_again(self):
        self.assertEqual(schedule.make("7", 50, KINDS), schedule.make("7", 50, KINDS))
        self.assertNotEqual(schedule.make("7", 50, KINDS), schedule.make("8", 50, KINDS))

    def test_a_shorter_run_begins_like_a_longer_one(self):
        self.assertEqual(schedule.make("7", 10, KINDS), schedule.make("7", 50, KINDS)[:10])

    def test_a_long_run_has_every_family_and_both_ends_of_every_link(self):
        names = {fault.name for fault in schedule.make("1", 5000, KINDS)}
        self.assertEqual(names, set(KINDS))

    def test_each_of_those_asked_for_once(self):
        wanted = ["kill redis", "full redis", "kill redis"]
        self.assertEqual([fault.name for fault in schedule.make("7", 20, KINDS, wanted, True)], wanted)

    def test_one_persister_alone_has_no_other(self):
        self.assertFalse([name for name, (family, _, _) in faults.kinds(3).items() if family == "persisters"])

    def test_only_what_was_asked_for(self):
        self.assertEqual({fault.name for fault in schedule.make("7", 20, KINDS, ["kill redis"])}, {"kill redis"})


if __name__ == "__main__":
    unittest.main()
