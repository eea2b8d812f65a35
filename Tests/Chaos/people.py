"""The people of the chaos run: they write, they listen, and they keep records of their own.

Each is a plain STOMP client over WebSocket that does what a good client has to do: it reconnects, to any gateway, sends
again under the same clientMessageId what wasn't acknowledged, and resumes after the last event that it has seen.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


def token(user, secret):
    def encoded(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=")

    message = encoded({"alg": "HS256", "typ": "JWT"}) + b"." + encoded({"sub": user, "exp": int(time.time()) + 86400})
    signature = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return (message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def frame(command, body="", **headers):
    lines = [command] + [f"{name.replace('_', '-')}:{value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n" + body + "\0"


def parse(text):
    head, _, body = text.partition("\n\n")
    command, *lines = head.split("\n")
    return command, dict(line.split(":", 1) for line in lines), body.removesuffix("\0")


class Lost(Exception):
    """The connection is gone, or as good as gone."""


class Person:
    """Somebody with a token who connects again and again, to whichever gateway there is."""

    # A gateway that is stopped answers nothing: after so long it counts as gone.
    PATIENCE = 8

    def __init__(self, world, user, random):
        self.world, self.user, self.random = world, user, random
        self.connections = 0

    async def run(self):
        while not self.world.is_over:
            url = self.random.choice(self.world.gateways).replace("http", "ws") + "/ws"
            headers = {"Authorization": "Bearer " + token(self.user, self.world.secret)}
            try:
                async with connect(
                    url, additional_headers=headers, compression=None, open_timeout=self.PATIENCE, ping_interval=None,
                    close_timeout=1, max_size=None,
                ) as self.socket:
                    await self.socket.send(frame("CONNECT", accept_version="1.2", host="x"))
                    command, _, _ = await self.receive()
                    if command != "CONNECTED":
                        raise Lost
                    self.connections += 1
                    await self.live()
            except (OSError, WebSocketException, Lost, TimeoutError):
                await asyncio.sleep(self.random.uniform(0.05, 0.3))

    async def receive(self):
        while True:
            text = await asyncio.wait_for(self.socket.recv(), self.PATIENCE)
            if text.strip():
                return parse(text)

    async def live(self):
        raise NotImplementedError


class Writer(Person):
    """Writes numbered messages; each is sent until it is acknowledged."""

    WINDOW = 20

    def __init__(self, world, user, random, conversation, name, pause):
        super().__init__(world, user, random)
        self.conversation, self.name, self.pause = conversation, name, pause
        self.written = 0
        self.waiting = {}
        self.acknowledged = {}
        self.trouble = {}

    async def live(self):
        await self.socket.send(frame("SUBSCRIBE", id="acks", destination="/user/queue/acks"))
        await self.socket.send(frame("SUBSCRIBE", id="errors", destination="/user/queue/errors"))
        # What the last connection left without an answer.
        for name in list(self.waiting):
            await self.send(name)
        writing = asyncio.create_task(self.write())
        try:
            while not self.world.is_over:
                await self.hear()
        finally:
            writing.cancel()

    async def write(self):
        while not self.world.is_closing:
            if len(self.waiting) < self.WINDOW:
                name = f"{self.name}-{self.written}"
                self.written += 1
                self.waiting[name] = time.monotonic()
                await self.send(name)
            await asyncio.sleep(self.random.uniform(0, 2 * self.pause))

    async def send(self, name):
        body = json.dumps({"conversationId": self.conversation, "content": f"content of {name}", "clientMessageId": name})
        await self.socket.send(frame("SEND", body, destination="/app/chat.send"))

    async def hear(self):
        command, headers, body = await self.receive()
        if command != "MESSAGE":
            raise Lost
        news = json.loads(body)
        name = news.get("clientMessageId")
        if headers["subscription"] == "acks":
            known = self.acknowledged.setdefault(name, news["messageId"])
            if known != news["messageId"]:
                self.world.violations.append(f"{name} was acknowledged as {known} and as {news['messageId']}")
            self.waiting.pop(name, None)
            return
        self.trouble[news["code"]] = self.trouble.get(news["code"], 0) + 1
        if news["code"] not in ("try-later", "outcome-unknown"):
            self.world.violations.append(f"{name} was refused: {news['code']}")
        await asyncio.sleep(0.1)
        if name in self.waiting:
            await self.send(name)


class Listener(Person):
    """Listens to a conversation, over however many connections, and keeps everything in the order it came."""

    def __init__(self, world, user, random, conversation):
        super().__init__(world, user, random)
        self.conversation = conversation
        self.heard = []
        self.position = 0
        self.unrecovered = 0

    async def live(self):
        destination = f"/topic/conversation/{self.conversation}"
        await self.socket.send(frame("SUBSCRIBE", id="errors", destination="/user/queue/errors"))
        await self.socket.send(
            frame("SUBSCRIBE", id="topic", destination=destination, receipt="r", resume_after=self.position))
        while not self.world.is_over:
            try:
                command, headers, body = await self.receive()
            except TimeoutError:
                # Silence is no fault where nobody writes; a ping tells the two apart.
                pong = await self.socket.ping()
                await asyncio.wait_for(pong, self.PATIENCE)
                continue
            if command == "RECEIPT":
                self.unrecovered += headers["recovered"] != "true"
            elif command == "MESSAGE" and headers["subscription"] == "topic":
                message = json.loads(body)
                self.heard.append((message["eventId"], message["clientMessageId"]))
                self.position = max(self.position, message["eventId"])
            else:
                # Refused for now: with another connection, a little later.
                raise Lost


class Stranger(Person):
    """Tries to listen to a conversation of others, and must never hear anything."""

    def __init__(self, world, user, random, conversation):
        super().__init__(world, user, random)
        self.conversation = conversation

    async def live(self):
        await self.socket.send(frame("SUBSCRIBE", id="errors", destination="/user/queue/errors"))
        while not self.world.is_over:
            destination = f"/topic/conversation/{self.conversation}"
            await self.socket.send(frame("SUBSCRIBE", id="topic", destination=destination))
            command, headers, body = await self.receive()
            if command != "MESSAGE" or headers["subscription"] != "errors":
                self.world.violations.append(f"a stranger heard {command} {body[:80]}")
            await asyncio.sleep(self.random.uniform(0.2, 1))
