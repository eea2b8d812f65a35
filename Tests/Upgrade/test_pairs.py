"""The probes themselves, between nodes that hear each other, and between two of which one doesn't hear the other."""

import random
import unittest
from types import SimpleNamespace
from unittest import mock

import client
from client import Client
from fake_nodes import FakeNodes
from outcomes import all_heard, directions
from pairs import Pair, Scene
from plan import GATEWAYS, NEW, OLD
from probes import PROBES

KINDS = ["message to a group", "typing"]
BUILDS = (NEW, OLD)


class Pairs(unittest.IsolatedAsyncioTestCase):
    async def found(self, *cut):
        """The violations after all directions were tried between nodes from one of which nothing gets to the other."""
        nodes = FakeNodes(GATEWAYS)
        nodes.cut = set(cut)
        async with nodes.running():
            world = SimpleNamespace(nodes=nodes.urls, secret="secret", outcomes=[], violations=[], changed_at=0)
            for here, there in directions(GATEWAYS):
                await self.attempt_all(Pair(world, here, there, random.Random(1)))
            return all_heard(world.outcomes, [1], GATEWAYS, KINDS)

    async def attempt_all(self, pair):
        pair.group, pair.direct = f"group of {pair.name}", "direct"
        note = [1, *pair.places.values(), tuple(dict(zip(GATEWAYS, BUILDS))[place] for place in pair.places.values())]
        async with (Client.at(pair.url("here"), pair.alice, "secret") as writer,
                    Client.at(pair.url("there"), pair.bob, "secret") as hearer):
            topic = f"/topic/conversation/{pair.group}"
            await hearer.subscribe(topic, "topic")
            await hearer.subscribe(topic + "/typing", "typing")
            scene = Scene(pair, writer, hearer, None)
            for kind in KINDS:
                await pair.attempt(note, kind, PROBES[kind], scene)

    async def test_all_hear_each_other(self):
        self.assertEqual(await self.found(), [])

    async def test_new_does_not_get_to_old(self):
        with mock.patch.object(client, "PATIENCE", 0.2), mock.patch("probes.PATIENCE", 0.4), \
                mock.patch("probes.TYPING_PAUSE", 0.2), mock.patch.object(Client.hear, "__defaults__", (0.2,)):
            self.assertEqual(await self.found(GATEWAYS), [
                "after step 1, gateway-1 (new) to gateway-2 (old): message to a group: the message wasn't heard",
                "after step 1, gateway-1 (new) to gateway-2 (old): typing: typing:true wasn't heard"])


if __name__ == "__main__":
    unittest.main()
