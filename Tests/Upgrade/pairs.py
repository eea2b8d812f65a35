"""Users at two gateways who try everything that has to get from one to the other, again and again."""

import asyncio
import time
import uuid
from typing import NamedTuple

from client import Client, Forbidden, Unheard
from outcomes import Outcome
from people import content
from probes import PROBES
from reckoning import redis
from records import Writing
from rest import insist

# Longer than a conversation's state stays in Redis, in seconds.
REST = 75
SESSION = "session"


class Sent(NamedTuple):
    name: str
    content: str
    id: int


class Rested(NamedTuple):
    """A group that nobody has written in since."""

    conversation: str
    since: float
    ids: list


class Pair:
    """`alice` is at one gateway, `bob` at the other, where `alice` has another device; `carol` comes and goes there."""

    def __init__(self, world, here, there, dice):
        self.world, self.name = world, f"{here}-{there}"
        self.places = {"here": here, "there": there}
        self.dice = dice
        self.alice, self.bob, self.carol = (self.new_user() for _ in range(3))
        self.direct = self.group = None
        self.writings = {}
        self.resting = []
        self.count = 0

    def new_user(self):
        return str(uuid.UUID(int=self.dice.getrandbits(128)))

    def url(self, place):
        return self.world.nodes[self.places[place]]

    async def make(self, kind):
        answer = await insist(self.world, self.url("here"), "POST", "/api/conversations", self.alice,
                              {"type": kind, "participantIds": [self.alice, self.bob]})
        if answer.status not in (200, 201):
            raise Unheard(f"a {kind} conversation was answered by {answer.status}")
        return answer.json["id"]

    async def round(self, step, builds):
        """Tries everything once; each result goes to the world's outcomes."""
        places = self.places["here"], self.places["there"]
        note = [step, *places, tuple(builds[place] for place in places)]
        attempt = Attempt(self.world, note, SESSION)
        try:
            self.direct = self.direct or await self.make("DIRECT")
            self.group = self.group or await self.make("GROUP")
            async with (Client.at(self.url("here"), self.alice, self.world.secret) as writer,
                        Client.at(self.url("there"), self.bob, self.world.secret) as hearer,
                        Client.at(self.url("there"), self.alice, self.world.secret) as device):
                scene = Scene(self, writer, hearer, device)
                await scene.listen()
                attempt.ends()
                for kind, probe in PROBES.items():
                    await self.attempt(note, kind, probe, scene)
                scene.leave()
        except Unheard as failure:
            attempt.ends(failure)

    async def attempt(self, note, kind, probe, scene):
        attempt = Attempt(self.world, note, kind)
        try:
            if await probe(scene) is not False:
                attempt.ends()
        except Unheard as failure:
            attempt.ends(failure)


class Attempt:
    """Something that is tried, from now on; how it ends goes to the world's outcomes."""

    def __init__(self, world, note, kind):
        self.world, self.note, self.kind = world, note, kind
        self.begun = time.monotonic()

    def ends(self, failure=None):
        if isinstance(failure, Forbidden):
            self.world.violations.append(str(failure))
        times = self.begun - self.world.changed_at, time.monotonic() - self.begun
        self.world.outcomes.append(Outcome(*self.note, self.kind, *times, failure and str(failure)))


class Scene:
    """The users' sessions of one round."""

    def __init__(self, pair, writer, hearer, device):
        self.pair, self.writer, self.hearer, self.device = pair, writer, hearer, device
        self.alice, self.bob, self.carol = pair.alice, pair.bob, pair.carol
        self.direct, self.group, self.fresh = pair.direct, pair.group, None
        self.ids = {}

    async def listen(self):
        topic = f"/topic/conversation/{self.group}"
        await self.hearer.subscribe(topic, "topic")
        await self.hearer.subscribe(topic + "/typing", "typing")
        for client in (self.hearer, self.device):
            await client.subscribe("/user/queue/conversations", "notices")
        await self.device.subscribe(f"/topic/conversation/{self.direct}", "direct")
        await self.hearer.subscribe("/user/queue/receipts", "receipts")
        await self.hearer.subscribe("/user/queue/messages", "queue")

    def leave(self):
        """The group of this round rests from now on."""
        if self.fresh and self.ids.get(self.fresh):
            self.pair.resting.append(Rested(self.fresh, time.monotonic(), self.ids[self.fresh]))

    def client(self, place, user, **arguments):
        return Client.at(self.pair.url(place), user, self.pair.world.secret, **arguments)

    async def rest(self, place, method, path, user, body=None, **claims):
        return await insist(self.pair.world, self.pair.url(place), method, path, user, body, **claims)

    def new_user(self):
        return self.pair.new_user()

    async def parley(self, place, *arguments):
        """The operator's command of the build that runs there."""
        process = await asyncio.to_thread(self.pair.world.parley, self.pair.places[place], *arguments)
        if process.returncode != 0:
            raise Unheard(f"parley {' '.join(arguments)}: {process.stderr}")

    @staticmethod
    def id(headers):
        """The event's id, by a RECEIPT."""
        return int(headers["message-id"].partition(".")[2])

    async def send(self, client, user, conversation, **fields):
        self.pair.count += 1
        name = f"{self.pair.name}-{self.pair.count}"
        text = content(name)
        body = {"conversationId": conversation, "content": text, "clientMessageId": name, **fields}
        sent = Sent(name, text, self.id(await client.command("/app/chat.send", body)))
        self.writing(user, conversation).acknowledged[name] = sent.id
        self.ids.setdefault(conversation, []).append(sent.id)
        return sent

    def writing(self, user, conversation):
        return self.pair.writings.setdefault((user, conversation), Writing(user, conversation))

    def changed(self, user, conversation, id, text):
        self.writing(user, conversation).changes[id] = text

    async def forgotten(self):
        """A group that Redis doesn't know any more, if there is one."""
        resting = self.pair.resting
        if not resting or time.monotonic() - resting[0].since < REST:
            return None
        group = resting.pop(0)
        keys = await asyncio.to_thread(redis, self.pair.world, "--scan", "--pattern", f"*:c:{group.conversation}")
        return None if keys else group
