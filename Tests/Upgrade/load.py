"""Who uses Parley while its processes are replaced."""

import math
import random
import uuid

from cursors import CursorWatch
from hearers import Listener
from history import HistoryReader
from members import Admin, Stranger
from outcomes import directions
from pairs import Pair
from plan import GATEWAYS
from readers import QueueReader, Reader, Reads
from world import World, create
from writers import Writer


class UpgradeWorld(World):
    def __init__(self, setup):
        super().__init__(setup)
        # Gateways' own addresses, by name.
        self.nodes = setup.nodes
        # The operator's command.
        self.parley = setup.parley
        self.outcomes = []
        # When the process of the present step was there again.
        self.changed_at = -math.inf
        self.pairs = [Pair(self, here, there, random.Random(f"{here} {there}")) for here, there in directions(GATEWAYS)]

    def acknowledged(self):
        return sum(len(writer.writing.acknowledged) for writer in self.those(Writer))


def dice(*of):
    return random.Random(" ".join(map(str, of)))


def user(*of):
    return str(uuid.UUID(int=dice("user", *of).getrandbits(128)))


def populate(world, groups, queues, pause):
    """Groups with an admin, guests, two writers, a listener, two readers, a stranger and a reader of the history; and
    users who hear of two DIRECT conversations on their queues."""
    for number in range(groups):
        add_group(world, number, pause)
    for number in range(queues):
        add_queue(world, number, pause)
    world.watch = CursorWatch(world, world.those(Reads))
    world.begin(world.watch)


def add_group(world, number, pause):
    users = [user("group", number, place) for place in range(7)]
    conversation = create(world, "GROUP", users[:6])
    world.begin(Admin(world, users[0], dice("admin", number), conversation))
    writers = []
    for place in (1, 2):
        name = f"g{number}-{place}"
        writers.append(Writer(world, users[place], dice(name), conversation, name, pause))
        world.begin(writers[-1])
    world.begin(Listener(world, users[3], dice("listener", number), conversation, True))
    for place in (4, 5):
        world.begin(Reader(world, users[place], dice("reader", number, place), conversation, place == 5))
    world.begin(Stranger(world, users[6], dice("stranger", number), conversation))
    world.begin(HistoryReader(world, users[3], dice("history", number), conversation, writers))


def add_queue(world, number, pause):
    users = [user("queue", number, place) for place in range(3)]
    conversations = [create(world, "DIRECT", [users[0], friend]) for friend in users[1:]]
    world.begin(QueueReader(world, users[0], dice("queue", number), conversations, number % 2 == 1))
    for place, conversation in enumerate(conversations):
        name = f"q{number}-{place}"
        writer = Writer(world, users[place + 1], dice(name), conversation, name, pause)
        world.begin(writer)
        world.begin(HistoryReader(world, users[0], dice("history", name), conversation, [writer]))
