"""WebSocket (RFC 6455) as bytes: handshakes and frames that may be as wrong as one likes, and frames taken apart."""

import base64
import os
import struct
from typing import NamedTuple

import http_wire

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def handshake(token=None, target="/ws", headers=(), key=None):
    key = key or base64.b64encode(os.urandom(16)).decode()
    taken = {name.lower() for name, _ in headers}
    standard = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", key)]
    needed = [(name, value) for name, value in standard if name.lower() not in taken]
    return http_wire.request("GET", target, [*needed, *headers, *([http_wire.bearer(token)] if token else [])])


def length(count, size=None):
    """The length's bits and what follows them; `size` is how many bytes to use, though fewer would do."""
    size = size if size is not None else 0 if count < 126 else 2 if count < 2**16 else 8
    if size == 0:
        return count & 0x7F, b""
    return (126, struct.pack(">H", count & 0xFFFF)) if size == 2 else (127, struct.pack(">Q", count & (2**64 - 1)))


def frame(opcode, payload=b"", fin=True, reserved=0, mask=b"\0\0\0\0", says=None, size=None):
    """`mask` None leaves it out; `says` declares another length than the true one, in `size` bytes."""
    bits, more = length(len(payload) if says is None else says, size)
    head = bytes([fin << 7 | reserved << 4 | opcode, (mask is not None) << 7 | bits]) + more
    if mask is None:
        return head + payload
    if any(mask):
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return head + mask + payload


class Frame(NamedTuple):
    opcode: int
    fin: bool
    reserved: int
    payload: bytes


class Frames:
    """Takes the bytes of a server apart into frames."""

    def __init__(self):
        self.rest = bytearray()

    def feed(self, data):
        self.rest += data
        found, at = [], 0
        while (taken := self.read(at)) is not None:
            found.append(taken[0])
            at = taken[1]
        del self.rest[:at]
        return found

    def read(self, at):
        rest = self.rest
        if len(rest) < at + 2:
            return None
        count, begin = rest[at + 1] & 0x7F, at + 2
        size = {126: 2, 127: 8}.get(count, 0)
        if len(rest) < begin + size:
            return None
        if size:
            count = int.from_bytes(rest[begin : begin + size], "big")
            begin += size
        if len(rest) < begin + count:
            return None
        first = rest[at]
        payload = bytes(rest[begin : begin + count])
        return Frame(first & 15, bool(first & 0x80), first >> 4 & 7, payload), begin + count
