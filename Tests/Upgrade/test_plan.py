"""Both orders are tried, everything goes back, and what is started in the end is the new build."""

import unittest

import plan
from plan import NEW, OLD


class Plan(unittest.TestCase):
    def test_every_leg_replaces_every_process_once(self):
        for order in (*plan.ORDERS, "both"):
            steps = plan.make(order)
            for at in range(0, len(steps), len(plan.PROCESSES)):
                leg = steps[at:at + len(plan.PROCESSES)]
                self.assertEqual(len({step.leg for step in leg}), 1)
                self.assertEqual({step.process for step in leg}, set(plan.PROCESSES))

    def test_forward_back_and_forward_again(self):
        for order in plan.ORDERS:
            mixtures = plan.mixtures(plan.make(order))
            ends = [set(mixture.values()) for mixture in mixtures[::len(plan.PROCESSES)]]
            self.assertEqual(ends, [{OLD}, {NEW}, {OLD}, {NEW}])

    def test_both_orders_have_every_mixture_of_gateways_and_persisters(self):
        mixtures = plan.mixtures(plan.make("both"))
        gateways, persisters = (
            {tuple(sorted(mixture[name] for name in names)) for mixture in mixtures}
            for names in (plan.GATEWAYS, plan.PERSISTERS))
        self.assertEqual(gateways, {(OLD, OLD), (NEW, OLD), (NEW, NEW)})
        self.assertEqual(persisters, gateways)

        def who_is_ahead(names, others):
            return any(set(mixture[name] for name in names) == {NEW} and set(mixture[name] for name in others) == {OLD}
                       for mixture in mixtures)

        self.assertTrue(who_is_ahead(plan.GATEWAYS, plan.PERSISTERS))
        self.assertTrue(who_is_ahead(plan.PERSISTERS, plan.GATEWAYS))

    def test_a_gateway_and_a_persister_are_killed(self):
        for order in plan.ORDERS:
            killed = {step.process.split("-")[0] for step in plan.make(order) if step.is_killed}
            self.assertEqual(killed, {"gateway", "persister"})


if __name__ == "__main__":
    unittest.main()
