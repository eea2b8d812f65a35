"""A mixed pair that can't hear each other is found, and so is one that nobody tried."""

import unittest

from outcomes import Outcome, all_heard, directions
from plan import GATEWAYS, NEW, OLD

KINDS = ["message", "typing"]
STEPS = range(3)


def history():
    """All heard, after two steps that replace a gateway each."""
    builds = [dict(zip(GATEWAYS, both)) for both in ((OLD, OLD), (NEW, OLD), (NEW, NEW))]
    return [
        Outcome(step, here, there, (builds[step][here], builds[step][there]), kind, 20, 0.1, None)
        for step in STEPS for here, there in directions(GATEWAYS) for kind in KINDS]


class Outcomes(unittest.TestCase):
    def setUp(self):
        self.outcomes = history()

    def found(self):
        return all_heard(self.outcomes, STEPS, GATEWAYS, KINDS)

    def at(self, step, here, there, kind):
        return next(place for place, one in enumerate(self.outcomes)
                    if (one.step, one.here, one.there, one.kind) == (step, here, there, kind))

    def test_everything_was_heard(self):
        self.assertEqual(self.found(), [])

    def test_new_is_not_heard_by_old(self):
        place = self.at(1, "gateway-1", "gateway-2", "message")
        self.outcomes[place] = self.outcomes[place]._replace(failure="the message wasn't heard")
        self.assertEqual(
            self.found(), ["after step 1, gateway-1 (new) to gateway-2 (old): message: the message wasn't heard"])

    def test_one_failure_among_many_that_were_heard(self):
        place = self.at(1, "gateway-2", "gateway-1", "typing")
        self.outcomes += [self.outcomes[place]] * 9 + [self.outcomes[place]._replace(failure="typing wasn't heard")]
        self.assertEqual(
            self.found(), ["after step 1, gateway-2 (old) to gateway-1 (new): typing: typing wasn't heard"])

    def test_what_is_only_told_may_be_unheard_at_first(self):
        place = self.at(1, "gateway-1", "gateway-2", "typing")
        early = self.outcomes[place]._replace(since=2, failure="typing wasn't heard")
        self.outcomes.append(early)
        self.assertEqual(self.found(), [])
        # But a message may not, and nothing may stay unheard.
        self.outcomes.append(early._replace(kind="message"))
        self.assertEqual(len(self.found()), 1)
        self.outcomes = [one for one in self.outcomes if one.kind != "message"]
        self.outcomes[self.at(1, "gateway-1", "gateway-2", "typing")] = early
        self.assertIn("after step 1, gateway-1 to gateway-2 wasn't heard: message, typing", self.found())

    def test_a_direction_that_nobody_tried(self):
        self.outcomes.pop(self.at(1, "gateway-2", "gateway-1", "typing"))
        self.assertEqual(self.found(), ["after step 1, gateway-2 to gateway-1 wasn't heard: typing"])

    def test_a_step_that_nobody_tried(self):
        self.outcomes = [one for one in self.outcomes if one.step != 2]
        self.assertEqual(len(self.found()), len(directions(GATEWAYS)))


if __name__ == "__main__":
    unittest.main()
