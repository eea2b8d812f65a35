"""Who listens and reads: moves the cursors, and watches those of others."""

import asyncio
import contextlib
import json

from hearers import Listener, QueueListener
from people import frame
from websockets.exceptions import ConnectionClosed

# Seconds between two moves of a reader.
PAUSE = (0.5, 2.0)
READ = "read "


class Reads:
    """Reads on as far as has been heard, and notes what was acknowledged; mixed into somebody who listens."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        # By conversation: the highest message up to which a read was acknowledged.
        self.read = {}
        self.moves = self.receipts = self.notices = 0
        # By conversation and user, of this connection: later ones may repeat earlier moves.
        self.seen = {}

    async def live(self):
        self.seen = {}
        await self.subscribe("receipts", "/user/queue/receipts")
        await self.subscribe("notices", "/user/queue/conversations")
        reading = asyncio.create_task(self.keep_reading())
        try:
            await super().live()
        finally:
            reading.cancel()

    async def keep_reading(self):
        with contextlib.suppress(ConnectionClosed):
            while not self.world.is_closing:
                await asyncio.sleep(self.dice.uniform(*PAUSE))
                for hearing in self.hearings:
                    if hearing.messages and hearing.messages[-1] > self.read.get(hearing.conversation, 0):
                        await self.move(hearing.conversation, hearing.messages[-1])

    async def move(self, conversation, id):
        body = json.dumps({"conversationId": conversation, "messageId": id})
        await self.socket.send(frame("SEND", body, destination="/app/chat.read", receipt=f"{READ}{conversation} {id}"))

    async def receive_or_ping(self):
        while heard := await super().receive_or_ping():
            if not self.takes(*heard):
                return heard

    def takes(self, command, headers, body):
        """What isn't for the one who listens."""
        if command == "RECEIPT" and headers["receipt-id"].startswith(READ):
            _, conversation, id = headers["receipt-id"].split()
            self.read[conversation] = max(self.read.get(conversation, 0), int(id))
            self.moves += 1
        elif command == "MESSAGE" and headers["subscription"] == "receipts":
            self.was_told(json.loads(body))
        elif command == "MESSAGE" and headers["subscription"] == "notices":
            self.notices += 1
        else:
            return False
        return True

    def was_told(self, told):
        self.receipts += 1
        key = told["conversationId"], told["userId"]
        now = told["lastDeliveredMessageId"], told["lastReadMessageId"]
        before = self.seen.get(key, (0, 0))
        if now[0] < before[0] or now[1] < before[1]:
            self.world.violations.append(
                f"{self.user} was told that {key[1]} has got and read {now} of {key[0]}, after {before}")
        self.seen[key] = now


class Reader(Reads, Listener):
    """Of a conversation's topic."""


class QueueReader(Reads, QueueListener):
    """Of DIRECT conversations, on the queue."""
