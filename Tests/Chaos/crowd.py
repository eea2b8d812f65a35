"""Those who make a run more than a few who chat: a group of a thousand, who leaves with everything unread, who comes
seldom, who repeats what is old, and who floods."""

import asyncio
import random
import time
import uuid
from collections import deque

from hearers import Listener
from members import Admin
from people import Lost, Person, content
from promises import Repeat
from world import create
from writers import Writer

# The fewest members of a group that the name "large" fits; there is room for guests up to the limit of 1,000.
ROOM = 10


class SlowAdmin(Admin):
    """Changes the members of a large group: each of them is told of it, so not all the time."""

    PAUSE = (5, 15)


class Leaver(Person):
    """Asks for all that a conversation has, reads nothing of it, and is gone without a word. Past the proxy, for a
    client's own RST is what hurts."""

    # It isn't served by silence, either: it hangs on for less than the server would let it.
    STAYS = (0.5, 10)

    def __init__(self, world, user, dice, conversation):
        super().__init__(world, user, dice)
        self.conversation = conversation
        self.times = 0

    @property
    def urls(self):
        return self.world.direct_gateways

    async def live(self):
        await self.subscribe("topic", f"/topic/conversation/{self.conversation}", resume_after=0)
        self.socket.transport.pause_reading()
        await asyncio.sleep(self.dice.uniform(*self.STAYS))
        self.times += 1
        self.socket.transport.abort()
        raise Lost


class SeldomWriter(Writer):
    """Writes so seldom that Redis has forgotten the conversation by then (PARLEY_STATE_TTL)."""

    is_prompt = False
    EDITED = 30

    def __init__(self, world, user, dice, conversation, name, every):
        super().__init__(world, user, dice, conversation, name, 0.25)
        self.every = every
        self.due_at = time.monotonic() + dice.uniform(0, every)

    def is_due(self):
        if not super().is_due() or time.monotonic() < self.due_at:
            return False
        self.due_at = time.monotonic() + self.every * self.dice.uniform(0.9, 1.5)
        return True


class Repeater(Writer):
    """Writes little, and sends again what was acknowledged a while ago, under its old id: within PARLEY_DEDUPE_WINDOW
    and long after it. Nobody listens: what is told twice has two ids until PostgreSQL notices."""

    is_prompt = False
    EDITED = ABANDONED = 0
    # So many of the oldest are kept to be repeated; of a hundred chances so many are taken.
    KEPT, REPEATED = 400, 30

    def __init__(self, world, user, dice, conversation, name):
        super().__init__(world, user, dice, conversation, name, 0.5)
        self.old = deque(maxlen=self.KEPT)
        self.texts, self.repeating, self.repeats = {}, {}, []

    def is_due(self):
        return super().is_due() and self.dice.random() < 0.5

    async def send(self, name):
        # The same words as the first time.
        self.texts[name] = self.waiting[name]
        await super().send(name)
        if self.old and self.dice.random() * 100 < self.REPEATED:
            again = self.dice.choice(self.old)
            if again not in self.waiting and again in self.texts:
                self.repeating[again] = self.writing.acknowledged[again]
                self.waiting[again] = self.texts[again]
                await super().send(again)

    async def was_acknowledged(self, news):
        name, id = news["clientMessageId"], news["messageId"]
        if name in self.repeating:
            original = self.repeating[name]
            if name in self.waiting:
                del self.waiting[name]
            # An answer that comes twice is one repeat's.
            self.repeats.append(Repeat(self.conversation, name, original, id))
            return
        await super().was_acknowledged(news)
        if len(self.old) == self.KEPT:
            self.texts.pop(self.old[0], None)
        self.old.append(name)


class Flooder(Writer):
    """Writes as much as a session may have under way, while a backlog is wanted; else nothing."""

    is_prompt, floods = False, True
    EDITED = ABANDONED = 0
    WINDOW = 200

    async def write(self):
        while True:
            await asyncio.sleep(0.02)
            if self.refused and time.monotonic() >= self.resend_at:
                refused, self.refused = self.refused, set()
                for one in refused:
                    if one in self.waiting:
                        await self.send(one)
            while self.is_due() and self.world.is_flooding and not self.refused:
                name = f"{self.name}-{self.written}"
                self.written += 1
                self.waiting[name] = content(name)
                await self.send(name)


def gather(world, seed, large, leavers, seldom, repeaters, flooders, pause):
    """Makes their conversations and lets them begin."""
    def dice(*of):
        return random.Random(" ".join(map(str, (seed, *of))))

    def user(*of):
        return str(uuid.UUID(int=dice("user", *of).getrandbits(128)))

    if large:
        users = [user("large", place) for place in range(max(large - ROOM, 5))]
        conversation = create(world, "GROUP", users, patience=60)
        world.begin(SlowAdmin(world, users[0], dice("admin", "large"), conversation))
        world.begin(Writer(world, users[1], dice("large-1"), conversation, "large-1", 10 * pause))
        for place in (2, 3):
            world.begin(Listener(world, users[place], dice("listener", "large", place), conversation, place == 3))
    if leavers:
        users = [user("leavers", place) for place in range(leavers + 2)]
        conversation = create(world, "GROUP", users)
        world.begin(Writer(world, users[0], dice("leavers-0"), conversation, "leavers-0", pause))
        world.begin(Listener(world, users[1], dice("listener", "leavers"), conversation, False))
        for place in range(2, leavers + 2):
            world.begin(Leaver(world, users[place], dice("leaver", place), conversation))
    for number in range(seldom):
        users = [user("seldom", number, place) for place in range(2)]
        conversation = create(world, "DIRECT" if number % 2 else "GROUP", users)
        name = f"s{number}"
        world.begin(SeldomWriter(world, users[0], dice(name), conversation, name, world.cold_after))
        if number % 4 == 0:
            world.begin(Listener(world, users[1], dice("listener", name), conversation, True))
    for number in range(repeaters):
        users = [user("repeater", number, place) for place in range(2)]
        name = f"r{number}"
        world.begin(Repeater(world, users[0], dice(name), create(world, "GROUP", users), name))
    for number in range(flooders):
        users = [user("flooder", number, place) for place in range(2)]
        name = f"f{number}"
        world.begin(Flooder(world, users[0], dice(name), create(world, "GROUP", users), name, 0))
