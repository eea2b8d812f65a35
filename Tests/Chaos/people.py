"""The people of the chaos run: plain STOMP clients over WebSocket that do what a good client has to do.

They reconnect, to any gateway, and live with every silence; what they do there, their own files tell.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


def token(user, secret, **claims):
    def encoded(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=")

    message = encoded({"alg": "HS256", "typ": "JWT"}) + b"." + encoded(
        {"sub": user, "exp": int(time.time()) + 86400, **claims})
    signature = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return (message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def frame(command, body="", **headers):
    lines = [command] + [f"{name.replace('_', '-')}:{value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n" + body + "\0"


def parse(text):
    head, _, body = text.partition("\n\n")
    command, *lines = head.split("\n")
    return command, dict(line.split(":", 1) for line in lines), body.removesuffix("\0")


def content(name, *words):
    """A content tells when it was first sent: "name seconds word…"."""
    return " ".join([name, f"{time.monotonic():.4f}", *words])


def sent_at(content):
    """When a message's present state was sent; nothing is told of deleted ones and of the server's own."""
    _, _, rest = content.partition(" ")
    try:
        return float(rest.partition(" ")[0])
    except ValueError:
        return 0.0


class Lost(Exception):
    """The connection is gone, or as good as gone."""


class Person:
    """Somebody with a token who connects again and again, to whichever gateway there is."""

    # A gateway that is stopped answers nothing: after so long it counts as gone.
    PATIENCE = 8

    def __init__(self, world, user, dice):
        self.world, self.user, self.dice = world, user, dice
        self.connections = 0
        self.has_left = False

    @property
    def is_done(self):
        return self.world.is_over or self.has_left

    @property
    def urls(self):
        return self.world.gateways

    async def run(self):
        while not self.is_done:
            url = self.dice.choice(self.urls).replace("http", "ws") + "/ws"
            headers = {"Authorization": "Bearer " + token(self.user, self.world.secret)}
            try:
                async with connect(
                    url, additional_headers=headers, compression=None, open_timeout=self.PATIENCE, ping_interval=None,
                    close_timeout=1, max_size=None, max_queue=1024,
                ) as self.socket:
                    await self.socket.send(frame("CONNECT", accept_version="1.2", host="x"))
                    command, _, _ = await self.receive()
                    if command != "CONNECTED":
                        raise Lost
                    self.connections += 1
                    await self.live()
            except (OSError, WebSocketException, Lost, TimeoutError):
                await asyncio.sleep(self.dice.uniform(0.05, 0.3))

    async def receive(self):
        while True:
            async with asyncio.timeout(self.PATIENCE):
                text = await self.socket.recv()
            if len(text) > 1:
                return parse(text)

    async def receive_or_ping(self):
        """Silence is no fault where nobody writes: None, if the gateway answers a ping."""
        try:
            return await self.receive()
        except TimeoutError:
            pong = await self.socket.ping()
            async with asyncio.timeout(self.PATIENCE):
                await pong
            return None

    async def subscribe(self, id, destination, **headers):
        await self.socket.send(frame("SUBSCRIBE", id=id, destination=destination, **headers))

    async def live(self):
        raise NotImplementedError
