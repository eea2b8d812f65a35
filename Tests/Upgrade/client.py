"""A user's session at one certain gateway; what comes is kept by subscription until somebody asks for it."""

import asyncio
import contextlib
import json
from collections import Counter
from typing import NamedTuple

from people import frame, parse, token
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

# How long what was sent at one gateway may take until it is heard at another one, in seconds.
PATIENCE = 10
ERRORS = "errors"
FOR_NOW = ("try-later", "outcome-unknown")


class Unheard(Exception):
    """What was expected didn't come in time, or something else came."""


class Forbidden(Unheard):
    """What nobody may hear was heard."""


class Refused(Exception):
    """A frame was refused, with this code."""


class Heard(NamedTuple):
    headers: dict
    body: dict


class Client:
    # By code, of all clients.
    refusals = Counter()

    def __init__(self, socket):
        self.socket = socket
        self.queues, self.answers = {}, {}
        self.count = 0
        self.session = None
        self.ended = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, url, user, secret, ticket=None):
        """Connected, and told of refusals."""
        address = url.replace("http", "ws") + "/ws" + (f"?ticket={ticket}" if ticket else "")
        headers = {} if ticket else {"Authorization": "Bearer " + token(user, secret)}
        try:
            socket = await connect(
                address, additional_headers=headers, compression=None, open_timeout=PATIENCE, ping_interval=None,
                close_timeout=1, max_size=None)
        except (OSError, WebSocketException, TimeoutError) as error:
            raise Unheard(f"no session: {error!r}") from error
        client = cls(socket)
        reading = None
        try:
            await socket.send(frame("CONNECT", accept_version="1.2", host="x"))
            async with asyncio.timeout(PATIENCE):
                command, connected, _ = parse(await socket.recv())
            if command != "CONNECTED":
                raise Unheard(f"CONNECT was answered by {command}")
            client.session = connected["session"]
            reading = asyncio.create_task(client.read())
            await client.subscribe("/user/queue/errors", ERRORS)
            yield client
        except (ConnectionClosed, TimeoutError) as error:
            raise Unheard(f"the session has ended: {error!r}") from error
        finally:
            if reading:
                reading.cancel()
            await socket.close()

    async def read(self):
        try:
            async for text in self.socket:
                if len(text) > 1:
                    self.take(*parse(text))
        except ConnectionClosed:
            pass
        self.ended.set()
        for answer in self.answers.values():
            if not answer.done():
                answer.set_exception(Unheard(f"the session has ended with {self.socket.close_code}"))

    def take(self, command, headers, body):
        if command == "RECEIPT":
            self.settle(headers["receipt-id"], headers)
        elif command == "MESSAGE" and headers["subscription"] == ERRORS:
            refusal = json.loads(body)
            self.queue(ERRORS).put_nowait(Heard(headers, refusal))
            self.settle(refusal.get("receipt-id"), Refused(refusal["code"]))
        elif command == "MESSAGE":
            self.queue(headers["subscription"]).put_nowait(Heard(headers, json.loads(body)))

    def settle(self, receipt, outcome):
        answer = self.answers.pop(receipt, None)
        if answer is None or answer.done():
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    def queue(self, subscription):
        return self.queues.setdefault(subscription, asyncio.Queue())

    async def answered(self, command, body="", **headers):
        """Sends a frame with a receipt; the RECEIPT's headers."""
        self.count += 1
        receipt = f"r{self.count}"
        self.answers[receipt] = answer = asyncio.get_running_loop().create_future()
        await self.socket.send(frame(command, body, receipt=receipt, **headers))
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise Unheard(f"no RECEIPT for {command} {headers['destination']}") from None

    async def subscribe(self, destination, id, **headers):
        """The RECEIPT's headers."""
        return await self.insist("SUBSCRIBE", id=id, destination=destination, **headers)

    async def command(self, destination, body):
        """The RECEIPT's headers."""
        return await self.insist("SEND", json.dumps(body), destination=destination)

    async def insist(self, command, body="", **headers):
        """Sends a frame until it is taken: what is refused for now may be sent again."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await self.answered(command, body, **headers)
            except Refused as refusal:
                if str(refusal) not in FOR_NOW or asyncio.get_running_loop().time() > deadline:
                    raise Unheard(f"{command} {headers['destination']} was refused: {refusal}") from refusal
                self.refusals[str(refusal)] += 1
                await asyncio.sleep(0.25)

    async def hear(self, subscription, what, matches, patience=PATIENCE):
        """The first that matches; what comes before it is passed over."""
        try:
            async with asyncio.timeout(patience):
                while True:
                    heard = await self.queue(subscription).get()
                    if matches(heard):
                        return heard
        except TimeoutError:
            how = f", the session has ended with {self.socket.close_code}" if self.ended.is_set() else ""
            raise Unheard(f"{what} wasn't heard{how}") from None

    async def closed(self, code):
        """Waits until the gateway ends the session, by this code."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.ended.wait()
        except TimeoutError:
            raise Unheard("the session goes on") from None
        if self.socket.close_code != code:
            raise Unheard(f"the session was closed with {self.socket.close_code}")

    def has(self, subscription, matches):
        """Whether something has come already, which stays."""
        return any(matches(heard) for heard in self.queue(subscription)._queue)
