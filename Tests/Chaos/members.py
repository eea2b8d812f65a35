"""Who comes and goes as a member, who decides that, and who never is one."""

import asyncio
import json
import math
import time
import urllib.error
import urllib.request
import uuid

from people import Lost, Person, sent_at, token
from records import Presence


def call(world, url, method, path, user, body=None):
    """A REST call's status; None where it isn't known what became of it."""
    request = urllib.request.Request(
        url + path, None if body is None else json.dumps(body).encode(),
        {"Authorization": "Bearer " + token(user, world.secret)}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Stranger(Person):
    """Tries to listen to a conversation of others, and must never hear anything."""

    def __init__(self, world, user, dice, conversation):
        super().__init__(world, user, dice)
        self.conversation = conversation

    async def live(self):
        await self.subscribe("errors", "/user/queue/errors")
        while not self.is_done:
            await self.subscribe("topic", f"/topic/conversation/{self.conversation}")
            command, headers, body = await self.receive()
            if command != "MESSAGE" or headers["subscription"] != "errors":
                self.world.violations.append(f"a stranger heard {command} {body[:80]}")
            await asyncio.sleep(self.dice.uniform(0.2, 1))


class Guest(Person):
    """Listens whenever he is let in."""

    def __init__(self, world, user, dice, conversation):
        super().__init__(world, user, dice)
        self.conversation = conversation
        self.presence = Presence(user)

    async def live(self):
        await self.subscribe("errors", "/user/queue/errors")
        attempt, is_waiting = 0, False
        while not self.is_done:
            if not is_waiting:
                attempt += 1
                await self.subscribe(f"t{attempt}", f"/topic/conversation/{self.conversation}")
                is_waiting = True
            command, headers, body = await self.receive_or_ping() or ("", {}, "")
            if command != "MESSAGE":
                if command:
                    raise Lost
            elif headers["subscription"] == "errors":
                # Not let in, or sent out.
                await asyncio.sleep(0.1)
                is_waiting = False
            else:
                self.presence.note(time.monotonic(), sent_at(json.loads(body)["content"]))


class Admin:
    """Lets a guest into a conversation and removes him, again and again, through any gateway."""

    # Between two changes, in seconds.
    PAUSE = (0.5, 3)

    def __init__(self, world, user, dice, conversation):
        self.world, self.user, self.dice, self.conversation = world, user, dice, conversation
        self.path = f"/api/conversations/{conversation}/participants"
        self.changes = 0
        self.is_done = False

    async def run(self):
        while not self.world.is_closing:
            guest = self.invite()
            while await self.let_in(guest):
                await self.rest()
                await self.send_out(guest)
                await self.rest()
            guest.has_left = True
        self.is_done = True

    async def rest(self):
        end = time.monotonic() + self.dice.uniform(*self.PAUSE)
        while time.monotonic() < end and not self.world.is_closing:
            await asyncio.sleep(min(0.5, max(0, end - time.monotonic())))

    def invite(self):
        guest = Guest(self.world, str(uuid.UUID(int=self.dice.getrandbits(128))), self.dice, self.conversation)
        self.world.begin(guest)
        return guest

    async def ask(self, method, path, body=None):
        return await asyncio.to_thread(
            call, self.world, self.dice.choice(self.world.gateways), method, path, self.user, body)

    async def let_in(self, guest):
        """False where a request may still be on its way: it could let him in again at any later time."""
        if guest.presence.absences:
            guest.presence.absences[-1][1] = time.monotonic()
        while not self.world.is_closing:
            status = await self.ask("POST", self.path, {"userId": guest.user})
            if status == 200:
                self.changes += 1
                return True
            if status != 503:
                return False
            await asyncio.sleep(0.2)
        return False

    async def send_out(self, guest):
        while not self.world.is_over:
            if await self.ask("DELETE", f"{self.path}/{guest.user}") == 200:
                guest.presence.absences.append([time.monotonic(), math.inf])
                self.changes += 1
                return
            await asyncio.sleep(0.2)
