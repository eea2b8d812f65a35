"""A network that can be broken: a TCP proxy with a link for every pair of processes.

    proxy.py PORTS LINK=TARGET...    such as gateway-1>redis=redis

PORTS is the file in which scripts/up notes who listens where; it is read for each connection, so a server may come back
on another port. The first line on standard input is the address on which the links listen; the first on standard output
tells each link's own port, as JSON. Then each line on standard input is LINK MODE [SECONDS], answered by a line; the
process ends with its standard input.

What a link does with bytes is what TCP makes of such a network: those that a cut holds back come late, or the
connection breaks; no byte is ever left out of a connection that goes on.
"""

import asyncio
import json
import pathlib
import socket
import struct
import sys
from collections import deque

# Which directions stand still: "up" goes to the server, "down" comes from it.
HOLDS = {
    "pass": (), "refuse": (), "delay": (), "blackhole": ("up", "down"), "swallow-up": ("up",),
    "swallow-down": ("down",)}


def reset(transport):
    """Ends a connection by RST, as a host does that knows nothing of it."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class End(asyncio.Protocol):
    """One end of a connection through a link; what comes in goes out at the other end."""

    def __init__(self, link, direction):
        self.link, self.direction = link, direction
        self.transport = self.other = None
        self.is_full = self.is_lost = False
        # What is under way while the link delays; None stands for the end.
        self.late = deque()

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Reading begins after this callback; nothing is read before there is another end to pass it to.
        asyncio.get_running_loop().call_soon(transport.pause_reading)

    def data_received(self, data):
        if self.link.delay or self.late:
            self.put_off(data)
        else:
            self.other.transport.write(data)

    def put_off(self, data):
        self.late.append(data)
        asyncio.get_running_loop().call_later(self.link.delay, self.pass_oldest)

    def pass_oldest(self):
        data = self.late.popleft()
        if data is None:
            self.other.transport.close()
        else:
            self.other.transport.write(data)

    def connection_lost(self, error):
        self.is_lost = True
        self.link.ends.discard(self)
        if self.other is None:
            return
        if self.late:
            self.put_off(None)
        elif self.direction in HOLDS[self.link.mode]:
            # The news of the end is held back like everything else.
            self.link.unheard.append(self.other)
        else:
            self.other.transport.close()

    def pause_writing(self):
        self.other.is_full = True
        self.other.read_or_wait()

    def resume_writing(self):
        self.other.is_full = False
        self.other.read_or_wait()

    def read_or_wait(self):
        if self.is_lost or self.transport.is_closing():
            return
        if self.is_full or self.direction in HOLDS[self.link.mode]:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()


class Link:
    """A port of its own that leads to a server, as long as the network is whole."""

    def __init__(self, name, target, ports):
        self.name, self.target, self.ports = name, target, ports
        self.mode, self.delay = "pass", 0.0
        self.ends, self.unheard = set(), []
        self.tasks = set()
        self.is_whole = asyncio.Event()
        self.is_whole.set()

    async def listen(self, host):
        server = await asyncio.get_running_loop().create_server(lambda: Entrance(self), host, 0, backlog=1024)
        return server.sockets[0].getsockname()[1]

    def target_port(self):
        lines = self.ports.read_text().splitlines()
        return next(int(line.split("=")[1]) for line in lines if line.startswith(self.target + "="))

    def connect(self, entrance):
        task = asyncio.get_running_loop().create_task(self.join(entrance))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def join(self, entrance):
        await self.is_whole.wait()
        try:
            _, exit = await asyncio.get_running_loop().create_connection(
                lambda: End(self, "down"), "127.0.0.1", self.target_port())
        except (OSError, StopIteration):
            if not entrance.is_lost:
                reset(entrance.transport)
            return
        if entrance.is_lost or self.mode == "refuse":
            reset(exit.transport)
            if not entrance.is_lost:
                reset(entrance.transport)
            return
        entrance.other, exit.other = exit, entrance
        for end in (entrance, exit):
            self.ends.add(end)
            end.read_or_wait()

    def set(self, mode, delay):
        self.mode, self.delay = mode, delay
        if mode == "blackhole":
            self.is_whole.clear()
        else:
            self.is_whole.set()
        if mode == "refuse":
            for end in list(self.ends):
                reset(end.transport)
        unheard, self.unheard = self.unheard, []
        for end in unheard:
            if not end.is_lost:
                end.transport.close()
        for end in list(self.ends):
            end.read_or_wait()


class Entrance(End):
    """The end towards who connects."""

    def __init__(self, link):
        super().__init__(link, "up")

    def connection_made(self, transport):
        super().connection_made(transport)
        if self.link.mode == "refuse":
            reset(transport)
        else:
            self.link.connect(self)


async def main(ports, arguments):
    links = {}
    for argument in arguments:
        name, target = argument.split("=")
        links[name] = Link(name, target, pathlib.Path(ports))
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    host = (await commands.readline()).decode().strip()
    print(json.dumps({name: await link.listen(host) for name, link in links.items()}), flush=True)
    while line := await commands.readline():
        name, mode, *seconds = line.decode().split()
        links[name].set(mode, float(seconds[0]) if seconds else 0.0)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
