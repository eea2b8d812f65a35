"""Honest neighbours: two friends at each gateway and two through HAProxy, who want to be served."""

import asyncio
import json
import threading
import time

import verdicts
from attack import tally_of
from caller import Caller
from dice import user
from peer import Peer
from session import Session
from stomp_wire import send, subscribe, topic
from tokens import token

PAUSE = 0.35
# Generous: attackers, servers and neighbours share the cores.
PATIENCE = 10
READS_EVERY = 4


class Friends:
    """They take turns: what one sends has to be acknowledged to him and to reach the other."""

    def __init__(self, world, place, tally):
        self.world, self.place, self.tally = world, place, tally
        self.address = world.addresses[place]
        self.users = [user(world.seed, "neighbour", place, number) for number in range(2)]
        self.tokens = [token(one, world.secret) for one in self.users]
        self.sessions = []
        self.conversation = None
        self.acknowledged, self.heard = {}, [set(), set()]
        self.longest, self.reads, self.is_cut = 0.0, 0, False
        self.news = asyncio.Event()

    def complain(self, kind, sentence):
        self.world.findings.add(kind, f"the neighbours at {self.place} {sentence}")

    async def meet(self):
        caller = Caller(self.tally, self.address)
        body = {"type": "DIRECT", "participantIds": self.users}
        answer = await caller.call("POST", "/api/conversations", self.tokens[0], body)
        self.conversation = json.loads(answer.body)["id"]
        caller.close()
        for bearer in self.tokens:
            session = Session(self.tally, self.address, bearer)
            if not await session.open():
                raise SystemExit(f"abuse: no neighbour can connect to {self.place}")
            await session.send(subscribe("e", "/user/queue/errors"))
            await session.send(subscribe("t", topic(self.conversation), receipt="t"))
            if await session.receive("RECEIPT", PATIENCE) is None:
                raise SystemExit(f"abuse: no neighbour can subscribe at {self.place}")
            self.sessions.append(session)

    async def live(self):
        readers = [asyncio.create_task(self.read(number)) for number in range(2)]
        number, next_read = 0, time.monotonic()
        while not self.world.is_over.is_set() and not self.is_cut:
            await self.exchange(number)
            if time.monotonic() > next_read:
                next_read = time.monotonic() + READS_EVERY
                await self.look_back(number % 2)
            number += 1
            await asyncio.sleep(PAUSE)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    async def exchange(self, number):
        sender, name = number % 2, f"{self.place}-{number}"
        body = {"conversationId": self.conversation, "content": f"hello {number}", "clientMessageId": name}
        begun = time.monotonic()
        await self.sessions[sender].send(send("/app/chat.send", body, receipt=name))
        while not (name in self.acknowledged and name in self.heard[1 - sender]) and not self.is_cut:
            left = begun + PATIENCE - time.monotonic()
            if left <= 0:
                missing = [what for what, where in (("RECEIPT", self.acknowledged), ("MESSAGE", self.heard[1 - sender]))
                           if name not in where]
                self.complain("a neighbour waits", f"have no {' and no '.join(missing)} after {PATIENCE} s")
                break
            self.news.clear()
            try:
                async with asyncio.timeout(left):
                    await self.news.wait()
            except TimeoutError:
                pass
        self.longest = max(self.longest, time.monotonic() - begun)

    async def read(self, number):
        session = self.sessions[number]
        while True:
            for said in session.said:
                if said.command == "RECEIPT" and "message-id" in said.headers:
                    self.acknowledged[said.headers["receipt-id"]] = int(said.headers["message-id"].rpartition(".")[2])
                elif said.command == "MESSAGE" and said.headers.get("subscription") == "t":
                    self.heard[number].add(json.loads(said.body).get("clientMessageId"))
                else:
                    self.complain("a neighbour is refused", f"got {said}")
            session.said.clear()
            self.news.set()
            await session.listen(1)
            if not session.peer.is_open:
                self.is_cut = True
                self.news.set()
                return self.complain("a neighbour was cut", f"were cut (close code {session.close_code})")

    async def look_back(self, number):
        if await self.page(number, "limit=20") is not None:
            self.reads += 1

    async def living(self):
        for address in [self.address, *self.world.addresses.values()]:
            try:
                (await Peer(self.tally, address).open()).close()
                return address
            except ConnectionError:
                continue
        return self.address

    async def page(self, number, query):
        caller = Caller(self.tally, self.address, PATIENCE)
        answer = None
        try:
            target = f"/api/conversations/{self.conversation}/messages?{query}"
            answer = await caller.call("GET", target, self.tokens[number])
        except ConnectionError:
            pass
        finally:
            caller.close()
        if answer is None or answer.status != 200:
            status = answer.status if answer else "none"
            return self.complain("a neighbour can't read", f"read the history: the answer is {status}")
        return json.loads(answer.body)

    async def reckon(self):
        """Whether all that was acknowledged is there in the end, at whichever node there still is."""
        self.address = await self.living()
        history, before = [], ""
        while (page := await self.page(0, f"limit=200{before}")) is not None:
            history += [(item["clientMessageId"], item["id"]) for item in page["items"]]
            if page["nextBefore"] is None:
                for sentence in verdicts.kept(self.acknowledged.items(), history):
                    self.complain("an acknowledged message is gone", f"miss something: {sentence}")
                return
            before = f"&before={page['nextBefore']}"


class Neighbours(threading.Thread):
    """All of them, in a thread and a loop of their own: the attacks keep theirs busy."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.tally = tally_of(world.findings)
        self.friends = []
        self.are_there = threading.Event()
        self.failure = None

    def run(self):
        try:
            asyncio.run(self.live())
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for the thread
            self.failure = error
        self.are_there.set()

    async def live(self):
        self.friends = [Friends(self.world, place, self.tally) for place in sorted(self.world.addresses)]
        for friends in self.friends:
            await friends.meet()
        self.are_there.set()
        await asyncio.gather(*(friends.live() for friends in self.friends))
        for friends in self.friends:
            await friends.reckon()
            for session in friends.sessions:
                session.close()

    @property
    def count(self):
        return sum(len(friends.sessions) for friends in self.friends)
