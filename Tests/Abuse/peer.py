"""A connection as a hostile client has it: nothing is read that nobody asked for, and it ends in any way there is."""

import asyncio
import socket
import struct

# The kernel doubles it; so little makes what isn't read reach the server soon.
SMALL = 2_048
WAYS = ("fin", "rst", "half and deaf", "half and reading", "read, then rst")


class Peer:
    def __init__(self, tally, address, small=False, hear=None):
        """`hear` is given what comes."""
        self.tally, self.address, self.hear = tally, address, hear
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.is_open = False

    async def open(self, patience=5):
        try:
            async with asyncio.timeout(patience):
                await asyncio.get_running_loop().sock_connect(self.socket, self.address)
        except (OSError, TimeoutError) as error:
            self.socket.close()
            self.tally.ends["not connected"] += 1
            raise ConnectionError("not connected") from error
        self.is_open = True
        return self

    async def send(self, data, patience=5):
        """Whether all of it went out; a server that doesn't read is no mistake."""
        if not self.is_open:
            return False
        try:
            async with asyncio.timeout(patience):
                await asyncio.get_running_loop().sock_sendall(self.socket, data)
            return True
        except TimeoutError:
            return False
        except OSError:
            self.ended("cut by the server")
            return False

    async def receive(self, patience=2):
        """Bytes; None where none came in time, or none will come any more."""
        if not self.is_open:
            return None
        try:
            async with asyncio.timeout(patience):
                data = await asyncio.get_running_loop().sock_recv(self.socket, 1 << 18)
        except TimeoutError:
            return None
        except OSError:
            self.ended("cut by the server")
            return None
        if not data:
            self.ended("closed by the server")
            return None
        if self.hear:
            self.hear(data)
        return data

    async def leave(self, way, seconds=0.3):
        """Goes away in one of the WAYS."""
        if not self.is_open:
            return
        if way == "read, then rst":
            await self.receive(seconds)
        if way.startswith("half"):
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                return self.ended("cut by the server")
            if way == "half and deaf":
                await asyncio.sleep(seconds)
            else:
                # Bounded, for an answer may be long.
                for _ in range(50):
                    if await self.receive(seconds) is None:
                        break
        if self.is_open:
            if way.endswith("rst"):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.ended("left: " + way)

    def ended(self, how):
        if self.is_open:
            self.is_open = False
            self.tally.ends[how] += 1
        self.socket.close()

    def close(self):
        """At the end of a run, whatever became of it."""
        self.ended("left: fin")
