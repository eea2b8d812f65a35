"""An operator, and members of a conversation of their own, who look whether what isn't a message goes on."""

import asyncio
import json
import os
import subprocess
import time
import uuid

from members import call
from people import Lost, frame, parse, token
from promises import Sight
from readiness import readiness
from stores import redis
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

# Heartbeats come every five seconds.
HEARTBEAT = 9


class Operator:
    def __init__(self, setup, world, create):
        self.setup, self.world = setup, world
        self.admin, self.guest = str(uuid.uuid4()), str(uuid.uuid4())
        # One for messages, which Redis knows; and one whose members change, which it has to forget each time.
        self.conversation, changing = (create(world, "GROUP", [self.admin, str(uuid.uuid4())]) for _ in range(2))
        self.history = f"/api/conversations/{self.conversation}/messages?limit=5"
        self.members = f"/api/conversations/{changing}/participants"
        self.standing = None

    async def warm_up(self):
        """Before a fault: a session that stands, and a conversation that is in use."""
        deadline = time.monotonic() + 30
        while await self.send() != "acknowledged":
            await self.leave()
            if time.monotonic() > deadline:
                raise SystemExit("chaos: nothing is acknowledged before the fault")
            await asyncio.sleep(0.5)

    async def leave(self):
        if self.standing:
            await self.standing.close()
            self.standing = None

    async def watch(self, seconds, is_strict):
        """Looks at all of it again and again while a fault lasts. Where a disk takes nothing (`is_strict` is false)
        nothing can be noted, so only what needs no note goes on."""
        begun, sights = time.monotonic(), []

        def see(what, wanted, got):
            sights.append(Sight(what, time.monotonic() - begun, wanted, got))

        while True:
            for number, url in enumerate(self.world.direct_gateways, 1):
                see(f"gateway-{number} is ready", "200", await asyncio.to_thread(readiness, url))
            see("a message is refused", "try-later", await self.send())
            see("the history is read", "200", await self.rest("GET", self.history))
            if is_strict:
                see("a token is revoked", "0", await asyncio.to_thread(self.revoke))
                see("a session is noted", "noted", await self.connect_somebody())
                see("a member is added", "200", await self.rest("POST", self.members, {"userId": self.guest}))
                see("a member is removed", "200", await self.rest("DELETE", f"{self.members}/{self.guest}"))
            if time.monotonic() - begun > seconds:
                break
            await asyncio.sleep(0.5)
        if is_strict:
            see("heartbeats go on", "fresh", await asyncio.to_thread(self.heartbeats))
        await self.leave()
        return sights

    async def rest(self, method, path, body=None):
        url = self.world.dice.choice(self.world.gateways)
        return str(await asyncio.to_thread(call, self.world, url, method, path, self.admin, body))

    def add(self, url, user):
        """The status, where one is known."""
        return call(self.world, url, "POST", self.members, self.admin, {"userId": user})

    def remove(self, url, user):
        return call(self.world, url, "DELETE", f"{self.members}/{user}", self.admin)

    def revoke(self):
        """Of somebody who doesn't exist."""
        environment = {
            "PATH": os.environ["PATH"], "PARLEY_REDIS_URL": self.world.redis, "PARLEY_JWT_SECRET": self.world.secret}
        command = [self.setup.folder / "bin" / "parley", "revoke", "--user", str(uuid.uuid4())]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
        return str(result.returncode) if result.returncode == 0 else result.stderr.strip()[:120]

    def heartbeats(self):
        """Whether each gateway's last one is fresh, by its own clock, which is this one's."""
        # A gateway may have been stopped by somebody else; what isn't alive isn't asked.
        lines = redis(self.world, "ZRANGE", "nodes", 0, -1, "WITHSCORES")
        ages = {name: time.time() - int(at) / 1000 for name, at in zip(lines[::2], lines[1::2])}
        old = [f"{name} {age:.0f} s ago" for name, age in sorted(ages.items()) if age > HEARTBEAT]
        return ", ".join(old) or "fresh"

    async def connect(self, user):
        """A session of one who has just come; raises what went wrong."""
        url = self.world.dice.choice(self.world.direct_gateways).replace("http", "ws") + "/ws"
        headers = {"Authorization": "Bearer " + token(user, self.world.secret)}
        socket = await connect(url, additional_headers=headers, compression=None, ping_interval=None, close_timeout=1)
        await socket.send(frame("CONNECT", accept_version="1.2", host="x"))
        command, headers, _ = parse(await socket.recv())
        if command != "CONNECTED":
            raise Lost(f"{command} {headers.get('message')}")
        return socket

    async def connect_somebody(self):
        user = str(uuid.uuid4())
        try:
            async with asyncio.timeout(8):
                socket = await self.connect(user)
                # Sessions are noted after CONNECTED.
                for attempt in range(20):
                    if await asyncio.to_thread(redis, self.world, "HLEN", f"user:{user}:sessions") == ["1"]:
                        break
                    await asyncio.sleep(0.1)
                await socket.close()
                return "noted" if attempt < 19 else "not noted"
        except (OSError, WebSocketException, Lost, TimeoutError) as error:
            return repr(error)

    async def send(self):
        """What comes of a message in the session that stands."""
        try:
            async with asyncio.timeout(8):
                if not self.standing:
                    self.standing = await self.connect(self.admin)
                    await self.standing.send(frame("SUBSCRIBE", id="e", destination="/user/queue/errors"))
                    await self.standing.send(frame("SUBSCRIBE", id="a", destination="/user/queue/acks"))
                body = {"conversationId": self.conversation, "content": "x", "clientMessageId": str(uuid.uuid4())}
                await self.standing.send(frame("SEND", json.dumps(body), destination="/app/chat.send"))
                while True:
                    text = await self.standing.recv()
                    if len(text) > 1:
                        command, headers, body = parse(text)
                        if command != "MESSAGE":
                            return f"{command} {headers.get('message')}"
                        return "acknowledged" if headers["subscription"] == "a" else json.loads(body)["code"]
        except (OSError, WebSocketException, Lost, TimeoutError) as error:
            return repr(error)
