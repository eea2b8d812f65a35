"""Many clients in one process: each connects, subscribes to its conversation and its user's queue, and counts what comes."""

import asyncio
import base64
import os
import time

HANDSHAKING, CONNECTING, SUBSCRIBING, READY, FAILED = range(5)
SUBSCRIPTIONS = 2


def frame(kind, payload):
    """A WebSocket frame of a client, under a key of zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | kind]) + length + b"\0\0\0\0" + payload


class Tally:
    def __init__(self):
        self.ready = 0
        self.messages = 0
        self.failures = {}
        self.last_ready = 0.0
        self.last_message = 0.0

    def failed(self, reason):
        self.failures[reason] = self.failures.get(reason, 0) + 1


class Client(asyncio.Protocol):
    def __init__(self, token, conversation, tally):
        self.token = token
        self.conversation = conversation
        self.tally = tally
        self.state = HANDSHAKING
        self.receipts = 0
        self.messages = 0
        self.rest = b""

    def connection_made(self, transport):
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write((
            f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nAuthorization: Bearer {self.token}\r\n\r\n").encode())

    def send(self, command, **headers):
        lines = "".join(f"{name.replace('_', '-')}:{value}\n" for name, value in headers.items())
        self.transport.write(frame(1, f"{command}\n{lines}\n\0".encode()))

    def connection_lost(self, error):
        if self.state != FAILED:
            self.tally.failed("closed" if error is None else type(error).__name__)
            self.state = FAILED

    def data_received(self, data):
        data = self.rest + data if self.rest else data
        start = 0
        if self.state == HANDSHAKING:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                return self.fail(data[9:12].decode())
            start = end + 4
            self.state = CONNECTING
            self.send("CONNECT", accept_version="1.2", host="x", heart_beat="0,0")
        while len(data) - start >= 2:
            size, head = data[start + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[start + 2:start + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[start + 2:start + 10], "big"), 10
            if len(data) - start < head + size:
                break
            self.receive(data[start] & 15, data[start + head:start + head + size])
            start += head + size
        self.rest = data[start:]

    def receive(self, kind, payload):
        if kind == 9:
            self.transport.write(frame(10, payload))
        elif payload.startswith(b"MESSAGE"):
            self.messages += 1
            self.tally.messages += 1
            self.tally.last_message = time.monotonic()
        elif payload.startswith(b"RECEIPT"):
            self.receipts += 1
            if self.receipts == SUBSCRIPTIONS:
                self.state = READY
                self.tally.ready += 1
                self.tally.last_ready = time.monotonic()
        elif payload.startswith(b"CONNECTED"):
            self.state = SUBSCRIBING
            self.send(
                "SUBSCRIBE", id="t", destination=f"/topic/conversation/{self.conversation}", receipt="t")
            self.send("SUBSCRIBE", id="q", destination="/user/queue/messages", receipt="q")
        elif payload.startswith(b"ERROR"):
            code = payload.partition(b"code:")[2].partition(b"\n")[0]
            self.fail(code.decode() or payload.decode(errors="replace"))

    def fail(self, reason):
        if self.state != FAILED:
            self.state = FAILED
            self.tally.failed(reason)
        self.transport.close()


async def connect(host, port, people, per_second, tally):
    """Opens a connection for each (token, conversation), so many per second; returns the clients."""
    loop = asyncio.get_running_loop()
    clients = []
    tasks = []
    start = time.monotonic()

    async def open_one(token, conversation):
        client = Client(token, conversation, tally)
        clients.append(client)
        try:
            await asyncio.wait_for(loop.create_connection(lambda: client, host, port), 60)
        except (OSError, asyncio.TimeoutError) as error:
            client.state = FAILED
            tally.failed(type(error).__name__)

    for place, (token, conversation) in enumerate(people):
        late = start + place / per_second - time.monotonic()
        if late > 0:
            await asyncio.sleep(late)
        tasks.append(loop.create_task(open_one(token, conversation)))
    await asyncio.gather(*tasks)
    return clients
