"""Who writes, edits and deletes."""

import asyncio
import json
import time

from people import Lost, Person, content, frame
from records import Writing


class Writer(Person):
    """Writes numbered messages, and sends each until it is acknowledged; changes some of them later."""

    WINDOW = 60
    # After a refusal.
    WAIT = 0.25
    # Of a hundred messages so many are edited; of those, so many deleted later.
    EDITED, DELETED = 3, 30
    # Whether it is always about to write: it is served, or something is wrong.
    is_prompt = True
    # Of a hundred that a lost connection left unacknowledged, so many are never sent again.
    ABANDONED = 10

    def __init__(self, world, user, dice, conversation, name, pause):
        super().__init__(world, user, dice)
        self.conversation, self.name, self.pause = conversation, name, pause
        self.writing = Writing(user, conversation)
        self.written = self.abandoned = 0
        # Name to content, of what isn't acknowledged; and message id to what it is to become.
        self.waiting, self.changing = {}, {}
        self.refused, self.resend_at = set(), 0.0
        # When the latest acknowledged message was first sent.
        self.served = 0.0

    async def live(self):
        await self.subscribe("acks", "/user/queue/acks")
        await self.subscribe("errors", "/user/queue/errors")
        self.refused.clear()
        # What the last connection left without an answer.
        for name in list(self.waiting):
            if self.dice.random() * 100 < self.ABANDONED:
                del self.waiting[name]
                self.abandoned += 1
            else:
                await self.send(name)
        for id in list(self.changing):
            await self.change(id)
        writing = asyncio.create_task(self.write())
        try:
            while not self.is_done:
                await self.hear()
        finally:
            writing.cancel()

    async def write(self):
        while True:
            await asyncio.sleep(self.dice.uniform(0, 2 * self.pause))
            if self.refused and time.monotonic() >= self.resend_at:
                refused, self.refused = self.refused, set()
                for one in refused:
                    await self.send(one) if one in self.waiting else await self.change(one)
            elif self.is_due():
                name = f"{self.name}-{self.written}"
                self.written += 1
                self.waiting[name] = content(name)
                await self.send(name)

    def is_due(self):
        """Whether it is time for something new."""
        return len(self.waiting) < self.WINDOW and not self.world.is_closing

    async def send(self, name):
        body = json.dumps({"conversationId": self.conversation, "content": self.waiting[name], "clientMessageId": name})
        await self.socket.send(frame("SEND", body, destination="/app/chat.send"))

    async def change(self, id):
        if id not in self.changing:
            return
        text = self.changing[id]
        body = {"conversationId": self.conversation, "messageId": id}
        if text is not None:
            body["content"] = text
        destination = "/app/chat.delete" if text is None else "/app/chat.edit"
        kind = "delete" if text is None else "edit"
        await self.socket.send(frame("SEND", json.dumps(body), destination=destination, receipt=f"{kind} {id}"))

    async def hear(self):
        command, headers, body = await self.receive_or_ping() or ("", {}, "")
        if command == "RECEIPT":
            await self.was_changed(headers["receipt-id"])
        elif command == "MESSAGE" and headers["subscription"] == "acks":
            await self.was_acknowledged(json.loads(body))
        elif command == "MESSAGE":
            self.was_refused(json.loads(body))
        elif command:
            raise Lost

    async def was_acknowledged(self, news):
        name, id = news["clientMessageId"], news["messageId"]
        known = self.writing.acknowledged.setdefault(name, id)
        if known != id:
            self.world.violations.append(f"{name} was acknowledged as {known} and as {id}")
        text = self.waiting.pop(name, None)
        if text is None:
            return
        self.served = max(self.served, float(text.split()[1]))
        if self.dice.random() * 100 < self.EDITED and not self.world.is_closing:
            self.changing[id] = content(name, "edited")
            await self.change(id)

    async def was_changed(self, receipt):
        kind, id = receipt.split()
        id = int(id)
        # An answer that comes twice, or late, to what was sent again.
        if id not in self.changing or (kind == "delete") != (self.changing[id] is None):
            return
        self.writing.changes[id] = self.changing.pop(id)
        if kind == "edit" and self.dice.random() * 100 < self.DELETED:
            self.changing[id] = None
            await self.change(id)

    def was_refused(self, news):
        code = news["code"]
        self.world.refusals[code] += 1
        if code not in ("try-later", "outcome-unknown"):
            self.world.violations.append(f"{self.name} was refused: {news}")
        receipt = news.get("receipt-id")
        self.refused.add(int(receipt.split()[1]) if receipt else news["clientMessageId"])
        self.resend_at = time.monotonic() + self.WAIT
