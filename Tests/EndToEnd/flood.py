"""A peer that sends nothing good, as fast as it can, until it is killed: `flood.py KIND HOST PORT TOKEN CONVERSATION`."""

import base64
import json
import os
import socket
import sys

KIND, HOST, PORT, TOKEN, CONVERSATION = sys.argv[1:]


def handshake(token):
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n\r\n").encode()


def message(text):
    payload = text.encode()
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + payload


def stomp(command, body="", **headers):
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    return message(f"{command}\n{lines}\n{body}\0")


def connect():
    connection = socket.create_connection((HOST, int(PORT)), timeout=10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return connection


def once(*pieces):
    """A connection for one piece of nonsense, and what is said to it."""
    with connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
            connection.recv(4_096)


def too_fast():
    with connect() as connection:
        connection.sendall(handshake(TOKEN))
        connection.recv(4_096)
        connection.sendall(stomp("CONNECT", **{"accept-version": "1.2"}))
        for queue in ("acks", "errors"):
            connection.sendall(stomp("SUBSCRIBE", id=queue, destination=f"/user/queue/{queue}"))
        body = json.dumps({"conversationId": CONVERSATION, "content": "x"})
        batch = stomp("SEND", body, destination="/app/chat.send") * 50
        while True:
            connection.sendall(batch)
            connection.recv(1 << 20)


broken = TOKEN[:-6] + "AAAAAA"
KINDS = {
    "wrong tokens": lambda: once(handshake(broken)),
    "broken HTTP": lambda: once(b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    "broken frames": lambda: once(handshake(TOKEN), stomp("CONNECT", **{"accept-version": "1.2"}), b"\xff\xff\0\0\0\0"),
    "broken STOMP": lambda: once(handshake(TOKEN), message("NONSENSE\n\\x:y\n\n\0")),
    "too fast": too_fast,
}
while True:
    try:
        KINDS[KIND]()
    except OSError:
        pass
