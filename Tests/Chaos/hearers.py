"""Who listens, and may: to a conversation's topic, or to the queue of his own."""

import json
import time

from people import Lost, Person
from records import Hearing


class Listener(Person):
    """Listens to a conversation over however many connections, and resumes after the last event that he has seen."""

    def __init__(self, world, user, dice, conversation, is_restless):
        super().__init__(world, user, dice)
        self.hearing = Hearing(user, conversation)
        self.is_restless = is_restless
        self.position = 0

    @property
    def hearings(self):
        return [self.hearing]

    async def live(self):
        await self.subscribe("errors", "/user/queue/errors")
        await self.subscribe(
            "topic", f"/topic/conversation/{self.hearing.conversation}", receipt="r", resume_after=self.position)
        leaves = time.monotonic() + (self.dice.uniform(1, 30) if self.is_restless else 86400)
        while not self.is_done and time.monotonic() < leaves:
            command, headers, body = await self.receive_or_ping() or ("", {}, "")
            if command == "RECEIPT":
                self.world.unrecovered += headers["recovered"] != "true"
            elif command == "MESSAGE" and headers["subscription"] == "topic":
                message = json.loads(body)
                self.hearing.note(message["eventId"], message["id"], message["clientMessageId"])
                self.position = max(self.position, message["eventId"])
            elif command:
                # Refused for now: with another connection, a little later.
                raise Lost


class QueueListener(Person):
    """Hears of his DIRECT conversations on his queue, and resumes by the position that it told him last."""

    def __init__(self, world, user, dice, conversations, is_restless):
        super().__init__(world, user, dice)
        self.of = {conversation: Hearing(user, conversation) for conversation in conversations}
        self.is_restless = is_restless
        self.position = None

    @property
    def hearings(self):
        return list(self.of.values())

    async def live(self):
        await self.subscribe("errors", "/user/queue/errors")
        resume = {} if self.position is None else {"resume_after": self.position}
        await self.subscribe("queue", "/user/queue/messages", receipt="r", **resume)
        leaves = time.monotonic() + (self.dice.uniform(1, 30) if self.is_restless else 86400)
        while not self.is_done and time.monotonic() < leaves:
            command, headers, body = await self.receive_or_ping() or ("", {}, "")
            if command == "RECEIPT":
                if headers["recovered"] != "true":
                    self.was_not_recovered()
                self.position = headers["position"]
            elif command == "MESSAGE" and headers["subscription"] == "queue":
                message = json.loads(body)
                self.position = headers["position"]
                if hearing := self.of.get(message["conversationId"]):
                    hearing.note(message["eventId"], message["id"], message["clientMessageId"])
                else:
                    self.world.violations.append(f"{self.user} heard on his queue what isn't his: {body[:80]}")
            elif command:
                raise Lost

    def was_not_recovered(self):
        """A position lies in the time of Redis: where a clock has gone back since, a gateway can't tell what came
        behind it, and says so. At any other time it has to know."""
        if not self.world.has_jumped:
            self.world.unrecovered += 1
            return
        self.world.told += 1
        for hearing in self.hearings:
            hearing.was_told = True
