"""All people of a run, and what they share."""

import asyncio
import json
import random
import urllib.request
import uuid
from collections import Counter

from hearers import Listener, QueueListener
from members import Admin, Stranger
from people import token
from writers import Writer


class World:
    def __init__(self, setup):
        self.setup, self.gateways = setup, setup.gateways
        self.secret = setup.state["PARLEY_JWT_SECRET"]
        self.database = setup.state["PARLEY_DATABASE_URL"]
        self.redis = setup.state["PARLEY_REDIS_URL"]
        # Nothing new is written; and nobody listens any more.
        self.is_closing = self.is_over = False
        self.violations = []
        self.refusals = Counter()
        # Resumptions that were answered by "recovered:false"; fillings that filled nothing.
        self.unrecovered = self.unfilled = 0
        # Whether a clock has jumped yet; queues that had to be told that they missed something since.
        self.has_jumped, self.told = False, 0
        self.people, self.tasks = [], []
        # What a fault tells beside its line in the table, and those that couldn't be done here.
        self.notes, self.skipped = [], Counter()
        # Many write as fast as they can while this is true, until so many entries wait.
        self.is_flooding, self.backlog = False, 0
        # Who looks whether all but messages goes on; how many rounds of a loop Redis' Lua does in a second.
        self.operator = self.rounds = None
        # After how many seconds a conversation that nobody writes in is certainly out of Redis.
        self.cold_after = 75
        self.dice = random.Random()

    @property
    def direct_gateways(self):
        """The gateways past the proxy."""
        return self.setup.state["PARLEY_GATEWAY_URLS"].split()

    @property
    def refused(self):
        return self.refusals["try-later"]

    def begin(self, person):
        self.people.append(person)
        self.tasks.append(asyncio.get_running_loop().create_task(person.run()))

    def those(self, kind):
        return [person for person in self.people if isinstance(person, kind)]

    def hearers(self):
        return self.those(Listener) + self.those(QueueListener)

    def unserved(self, since):
        """The writers who had nothing acknowledged that they wrote after a moment."""
        return [writer for writer in self.those(Writer) if writer.is_prompt and writer.served < since]

    def skip(self, why):
        self.skipped[why] += 1


def create(world, kind, users, patience=10):
    request = urllib.request.Request(
        world.gateways[0] + "/api/conversations", json.dumps({"type": kind, "participantIds": users}).encode(),
        {"Authorization": "Bearer " + token(users[0], world.secret)})
    with urllib.request.urlopen(request, timeout=patience) as response:
        return json.load(response)["id"]


def populate(world, seed, groups, queues, pause):
    """Groups with an admin, two writers, two listeners, guests and a stranger; and listeners with two friends each, who
    write to them alone."""
    def dice(*of):
        return random.Random(" ".join(map(str, (seed, *of))))

    def user(*of):
        return str(uuid.UUID(int=dice("user", *of).getrandbits(128)))

    for number in range(groups):
        users = [user("group", number, place) for place in range(6)]
        conversation = create(world, "GROUP", users[:5])
        world.begin(Admin(world, users[0], dice("admin", number), conversation))
        for place in (1, 2):
            name = f"g{number}-{place}"
            world.begin(Writer(world, users[place], dice(name), conversation, name, pause))
        for place in (3, 4):
            world.begin(Listener(world, users[place], dice("listener", number, place), conversation, place == 4))
        world.begin(Stranger(world, users[5], dice("stranger", number), conversation))
    for number in range(queues):
        users = [user("queue", number, place) for place in range(3)]
        conversations = [create(world, "DIRECT", [users[0], friend]) for friend in users[1:]]
        world.begin(QueueListener(world, users[0], dice("queue", number), conversations, number % 2 == 1))
        for place, conversation in enumerate(conversations):
            name = f"q{number}-{place}"
            world.begin(Writer(world, users[place + 1], dice(name), conversation, name, pause))
