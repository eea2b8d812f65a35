"""The reckoning at the end of a run finds what is planted in the records of the load, and of the pinned clients."""

import random
import unittest
from types import SimpleNamespace
from unittest import mock

import upgrade
from load import UpgradeWorld
from outcomes import Outcome, directions
from pairs import SESSION
from plan import GATEWAYS, NEW, OLD
from planted import history
from probes import ALWAYS
from readers import Reader
from writers import Writer

LOAD, PINNED = "group", "pinned"


def heard(step, here, there, kind):
    return Outcome(step, here, there, (OLD, NEW), kind, 20, 0.1, None)


class Reckoning(unittest.TestCase):
    def setUp(self):
        setup = SimpleNamespace(
            gateways=[], nodes={}, parley=None,
            state=dict.fromkeys(("PARLEY_JWT_SECRET", "PARLEY_DATABASE_URL", "PARLEY_REDIS_URL"), ""))
        self.world = UpgradeWorld(setup)
        self.world.watch = SimpleNamespace(count=0)
        self.rows = []
        writer = Writer(self.world, "writer", random.Random(1), LOAD, "w", 0)
        self.reader = Reader(self.world, "listener", random.Random(1), LOAD, False)
        writer.writing, self.reader.hearing, _, rows = history(LOAD)
        self.world.people = [writer, self.reader]
        self.rows += rows
        self.pinned, _, _, rows = history(PINNED)
        self.world.pairs[0].writings["writer", PINNED] = self.pinned
        self.rows += rows
        self.world.outcomes = [
            heard(0, here, there, kind) for here, there in directions(GATEWAYS) for kind in (SESSION, *ALWAYS)]
        self.reader.read = {LOAD: 50}
        self.places = {(LOAD, "listener", "0"): (50, 50)}

    def found(self):
        with mock.patch("reckoning.stored_rows", lambda world: self.rows), \
                mock.patch("reckoning.dead_letters", lambda world: 0), \
                mock.patch("cursors.stored", lambda world: self.places), mock.patch("upgrade.CURSORS_LATER", 0):
            upgrade.reckon(self.world, range(1))
        return self.world.violations

    def drop(self, conversation, name):
        self.rows = [row for row in self.rows if (row.conversation, row.name) != (conversation, name)]

    def test_nothing_to_find(self):
        self.assertEqual(self.found(), [])

    def test_a_message_of_the_load_is_lost(self):
        self.drop(LOAD, "w-1")
        self.assertIn("w-1 was acknowledged as 20, stored is None", self.found())

    def test_a_message_of_a_pinned_client_is_lost(self):
        self.drop(PINNED, "w-1")
        self.assertEqual(self.found(), ["w-1 was acknowledged as 20, stored is None"])

    def test_a_change_of_a_pinned_client_is_lost(self):
        self.pinned.changes[10] = "w-0 9.0 edited"
        self.assertEqual(len(self.found()), 1)

    def test_a_reader_missed_something(self):
        for record in (self.reader.hearing.events, self.reader.hearing.messages, self.reader.hearing.names):
            record.pop(1)
        self.assertEqual(len(self.found()), 1)

    def test_a_direction_was_not_heard(self):
        self.world.outcomes[3] = self.world.outcomes[3]._replace(failure="the message wasn't heard")
        self.assertEqual(len(self.found()), 1)

    def test_a_read_was_forgotten(self):
        self.places = {(LOAD, "listener", "0"): (50, 40)}
        self.assertEqual(len(self.found()), 1)


if __name__ == "__main__":
    unittest.main()
