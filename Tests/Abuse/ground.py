"""What there is to attack: users with conversations, a long history, files; made once, before anything is measured."""

import asyncio
import json
import random

from caller import Caller
from dice import user
from session import Session
from stomp_wire import send
from tokens import token

USERS = 16
# The history begins and ends with so many of the largest messages, which are a page of 3.2 MB, and small ones between.
LARGE, SMALL = 200, 1_600
LARGE_TEXT = "\U0001f600" * 4_000
SMALL_FILE, LARGE_FILE = 10_000, 24 * 2**20


class Ground:
    def __init__(self, seed, secret, address, tally):
        self.seed, self.secret, self.address, self.tally = seed, secret, address, tally
        self.users = [user(seed, "ground", number) for number in range(USERS)]
        self.tokens = [token(one, secret) for one in self.users]
        self.admin = token(user(seed, "operator"), secret, role="admin")
        # A group of all; a DIRECT conversation of each even one with the next; one with a long history.
        self.group = self.loud = None
        self.pairs = []
        self.message = 0
        self.small_file = self.large_file = self.link = None

    async def make(self):
        caller = Caller(self.tally, self.address, 30)
        self.group = await self.create(caller, 0, self.users[1:])
        self.loud = await self.create(caller, 0, self.users[1:])
        for number in range(0, USERS, 2):
            self.pairs.append(await self.create(caller, number, [self.users[number + 1]], "DIRECT"))
        for conversation in [self.group, *self.pairs]:
            self.message = await self.say(caller, conversation)
        await self.fill()
        letters = random.Random(str(self.seed))
        self.small_file = await self.upload(caller, letters.randbytes(SMALL_FILE))
        self.large_file = await self.upload(caller, letters.randbytes(LARGE_FILE))
        answer = await caller.call("GET", f"/api/files/{self.small_file}/link", self.tokens[0])
        self.link = self.read(answer)["url"]
        caller.close()

    def read(self, answer):
        if answer is None or answer.status not in (200, 201):
            raise SystemExit(f"abuse: what there is to attack can't be made: {answer}")
        return json.loads(answer.body)

    async def create(self, caller, creator, others, kind="GROUP"):
        body = {"type": kind, "participantIds": others}
        return self.read(await caller.call("POST", "/api/conversations", self.tokens[creator], body))["id"]

    async def say(self, caller, conversation):
        """A message of whoever is in it; its id."""
        number = 2 * self.pairs.index(conversation) if conversation in self.pairs else 0
        target = f"/api/conversations/{conversation}/messages"
        return self.read(await caller.call("POST", target, self.tokens[number], {"content": "here"}))["messageId"]

    async def upload(self, caller, data):
        target = f"/api/files?conversationId={self.group}&fileName=abuse.bin"
        answer = await caller.call(
            "POST", target, self.tokens[0], data, [("Content-Type", "application/octet-stream")])
        return self.read(answer)["fileId"]

    async def fill(self):
        """Sends without waiting for each; who reads on meanwhile is the session itself."""
        session = Session(self.tally, self.address, self.tokens[0])
        if not await session.open():
            raise SystemExit("abuse: no session can be opened")
        texts = [LARGE_TEXT] * LARGE + ["small " * 20] * SMALL + [LARGE_TEXT] * LARGE
        for begin in range(0, len(texts), 50):
            for number in range(begin, min(begin + 50, len(texts))):
                body = {"conversationId": self.loud, "content": texts[number]}
                await session.send(send("/app/chat.send", body, receipt=f"fill-{number}"), patience=20)
            await self.acknowledged(session, f"fill-{min(begin + 50, len(texts)) - 1}")
        session.close()

    async def acknowledged(self, session, receipt):
        async with asyncio.timeout(60):
            while (said := await session.receive("RECEIPT", 20)) is not None:
                if said.headers["receipt-id"] == receipt:
                    return
        raise SystemExit("abuse: the history can't be filled")
