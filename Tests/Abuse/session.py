"""A STOMP session over WebSocket: what is said is taken apart as far as one wants to know it."""

import time

import http_wire
import stomp_wire
import verdicts
import websocket_wire
from caller import take
from peer import Peer


class Session:
    def __init__(self, tally, address, token, small=False):
        self.tally, self.token = tally, token
        self.peer = Peer(tally, address, small)
        self.answers, self.frames = http_wire.Answers(), websocket_wire.Frames()
        self.said, self.partial = [], b""
        self.id, self.extensions, self.close_code = None, None, None
        # Whether a close was sent, which the server repeats.
        self.has_closed = False

    async def shake(self, headers=(), target="/ws"):
        """The handshake alone; whether it is a WebSocket now."""
        await self.peer.open()
        self.tally.requests += 1
        await self.peer.send(websocket_wire.handshake(self.token, target, headers))
        found = []
        while not found and (data := await self.peer.receive(5)):
            found = take(self.tally, self.answers, data)
        if found and found[0].status == 101:
            self.extensions = found[0].headers.get("sec-websocket-extensions")
            self.take(bytes(self.answers.rest))
            return True
        self.peer.close()
        return False

    async def open(self, **connect):
        """The handshake and CONNECT; whether the server said CONNECTED."""
        if not await self.shake():
            return False
        await self.send(stomp_wire.connect(**connect))
        connected = await self.receive("CONNECTED", 5)
        self.id = connected and connected.headers.get("session")
        return connected is not None

    async def send(self, *frames, patience=5, together=True):
        """Frames of STOMP, in one message of WebSocket or in one each."""
        self.tally.requests += len(frames)
        messages = [b"".join(frames)] if together else frames
        return await self.peer.send(
            b"".join(websocket_wire.frame(websocket_wire.TEXT, message) for message in messages), patience)

    def take(self, data):
        """Takes bytes apart; pings are answered by `listen`."""
        pings = []
        for frame in self.frames.feed(data):
            if frame.opcode == websocket_wire.PING:
                pings.append(frame.payload)
            elif frame.opcode == websocket_wire.CLOSE:
                self.close_code = int.from_bytes(frame.payload[:2], "big") or None
                self.tally.answers[f"close {self.close_code}"] += 1
                self.tally.judge("close 1011", verdicts.closed(self.close_code, self.has_closed))
            elif frame.opcode < 3:
                self.hear(frame)
        return pings

    def hear(self, frame):
        self.partial += frame.payload
        if not frame.fin:
            return
        # One that came compressed is somebody else's to read.
        said = None if frame.reserved else stomp_wire.parse(self.partial)
        self.partial = b""
        if said:
            self.tally.answers[said.command] += 1
            self.tally.judge("internal-error", verdicts.said(said))
            self.said.append(said)

    async def listen(self, patience):
        """Waits for something; whether there is anything more to come."""
        data = await self.peer.receive(patience)
        if data:
            for payload in self.take(data):
                await self.peer.send(websocket_wire.frame(websocket_wire.PONG, payload))
        return data is not None

    async def receive(self, command, patience=2):
        """The next frame of this command; what came before it is dropped. None where it doesn't come."""
        deadline = time.monotonic() + patience
        while True:
            while self.said:
                said = self.said.pop(0)
                if said.command == command:
                    return said
            left = deadline - time.monotonic()
            if left <= 0 or not await self.listen(left):
                return None

    async def drain(self, patience=1):
        """Reads until nothing comes for a moment, or the end."""
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0 and await self.listen(min(left, 0.3)):
            self.said.clear()
        self.said.clear()

    def close(self):
        self.peer.close()
